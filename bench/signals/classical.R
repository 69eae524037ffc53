# SPDX-License-Identifier: Apache-2.0
# Three rules over series of scores, in base R (client by client) and in data.table.
# Reads "method clients" from standard input; answers "seconds count count count".
words <- commandArgs(trailingOnly = TRUE)
clients <- as.integer(words[2])
sessions <- as.integer(words[3])
scores <- matrix(readBin(words[1], "double", clients * sessions), sessions, clients)
has_table <- requireNamespace("data.table", quietly = TRUE)
if (has_table) {
  suppressMessages(library(data.table))
  setDTthreads(2)
}
cat("data.table", if (has_table) as.character(packageVersion("data.table")) else "-", "\n")
flush(stdout())

base <- function(n) {
  found <- c(0L, 0L, 0L)
  for (one in seq_len(n)) {
    x <- scores[, one]
    k <- length(x)
    found[1] <- found[1] + sum(diff(x) <= -0.25)
    for (t in 4:k) {
      before <- x[1:(t - 1)]
      found[2] <- found[2] + (x[t] <= mean(before) - sd(before))
    }
    first <- x[1:6]
    limit <- mean(first) - 3 * mean(abs(diff(first))) / 1.128
    found[3] <- found[3] + sum(x[7:k] < limit)
  }
  found
}

table <- function(d) {
  made <- d[, {
    n <- seq_len(.N) - 1L
    s <- cumsum(score) - score
    q <- cumsum(score^2) - score^2
    sd <- sqrt(pmax((q - s^2 / n) / (n - 1), 0))
    limit <- mean(score[1:6]) - 3 * mean(abs(diff(score[1:6]))) / 1.128
    list(a = sum(diff(score) <= -0.25),
         b = sum((score <= s / n - sd)[n >= 3]),
         c = sum(score[n >= 6] < limit))
  }, by = dyad]
  c(sum(made$a), sum(made$b), sum(made$c))
}

input <- file("stdin", "r")
repeat {
  line <- readLines(input, n = 1)
  if (length(line) == 0) break
  asked <- strsplit(line, " ")[[1]]
  n <- as.integer(asked[2])
  if (asked[1] == "table") {
    d <- data.table(dyad = rep(seq_len(n), each = sessions), score = as.vector(scores[, seq_len(n)]))
  }
  gc(FALSE)
  start <- proc.time()[["elapsed"]]
  found <- if (asked[1] == "table") table(d) else base(n)
  cat(proc.time()[["elapsed"]] - start, found, "\n")
  flush(stdout())
}
