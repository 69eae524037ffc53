# Finds sudden gains in R. Reads a matrix (clients × sessions, column by column, NaN = missing) once;
# then for each line "METHOD CLIENTS" on stdin runs once and prints seconds and the number of gains.
# "package": suddengains::create_bysg, as its documentation shows, where it can be loaded.
# "loop": the same three criteria in plain R, client by client.
args <- commandArgs(trailingOnly = TRUE)
n <- as.integer(args[2])
k <- as.integer(args[3])
con <- file(args[1], "rb")
x <- matrix(readBin(con, "double", n = n * k), ncol = k)
close(con)
x[is.nan(x)] <- NA
names <- paste0("s", seq_len(k))
colnames(x) <- names
if (length(args) > 3 && nzchar(args[4])) .libPaths(c(args[4], .libPaths()))
there <- suppressPackageStartupMessages(requireNamespace("suddengains", quietly = TRUE))
factors <- qt(.975, 1:4)
loop <- function(clients) {
  found <- 0L
  for (i in seq_len(clients)) {
    y <- x[i, ]
    for (t in 2:(k - 2)) {
      before <- y[t]
      after <- y[t + 1]
      if (is.na(before) || is.na(after)) next
      pre <- y[max(1, t - 2):t]
      post <- y[(t + 1):min(k, t + 3)]
      pre <- pre[!is.na(pre)]
      post <- post[!is.na(post)]
      if (length(pre) < 2 || length(post) < 2) next
      change <- before - after
      df <- length(pre) + length(post) - 2
      pooled <- sqrt(((length(pre) - 1) * var(pre) + (length(post) - 1) * var(post)) / df)
      if (change >= 7 && change >= .25 * before &&
            mean(pre) - mean(post) > factors[df] * pooled) found <- found + 1L
    }
  }
  found
}
package <- function(clients) {
  data <- data.frame(id = seq_len(clients), x[seq_len(clients), , drop = FALSE])
  found <- suppressWarnings(suppressMessages(suddengains::create_bysg(
    data = data, sg_crit1_cutoff = 7, id_var_name = "id", sg_var_list = names,
    tx_start_var_name = names[1], tx_end_var_name = names[k], sg_measure_name = "bdi"
  )))
  nrow(found)
}
cat(if (there) as.character(packageVersion("suddengains")) else "absent", "\n", sep = "")
flush(stdout())
input <- file("stdin", "r")
while (length(line <- readLines(input, n = 1)) > 0) {
  words <- strsplit(line, " ")[[1]]
  gc(FALSE)
  run <- if (words[1] == "package") package else loop
  seconds <- system.time(found <- run(as.integer(words[2])))[["elapsed"]]
  cat(sprintf("%.6f %d\n", seconds, found))
  flush(stdout())
}
