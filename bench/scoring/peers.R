# Scores the task in R. Reads answers once, then for each line on stdin runs one method once and
# prints: seconds, sum of all scores, number of scores.
args <- commandArgs(trailingOnly = TRUE)
n <- as.integer(args[2])
con <- file(args[1], "rb")
x <- matrix(readBin(con, "integer", n = n * 12, size = 1, signed = TRUE), ncol = 12)
close(con)
x[x == -128L] <- NA
colnames(x) <- paste0("i", 1:12)
reversed <- c(2, 7, 11)
parts <- list(total = 1:12, goal = 1:4, task = 5:8, bond = 9:12)
needed <- c(10, 4, 4, 4)
suppressPackageStartupMessages(library(psych))
keys <- lapply(parts, function(items) {
  ifelse(items %in% reversed, paste0("-i", items), paste0("i", items))
})
base <- function() {
  y <- x
  y[, reversed] <- 6L - y[, reversed]
  there <- !is.na(y)
  sapply(seq_along(parts), function(k) {
    score <- rowMeans(y[, parts[[k]], drop = FALSE], na.rm = TRUE)
    score[rowSums(there[, parts[[k]], drop = FALSE]) < needed[k]] <- NA
    score
  })
}
methods <- list(
  base = base,
  scoreItems = function() {
    scoreItems(keys, x, totals = FALSE, missing = TRUE, impute = "none", min = 1, max = 5)$scores
  },
  scoreFast = function() {
    scoreFast(keys, x, totals = FALSE, missing = TRUE, impute = "none", min = 1, max = 5)
  }
)
cat("ready\n")
flush(stdout())
input <- file("stdin", "r")
while (length(line <- readLines(input, n = 1)) > 0) {
  gc(FALSE)
  seconds <- system.time(s <- suppressWarnings(suppressMessages(methods[[line]]())))[["elapsed"]]
  cat(sprintf("%.6f %.17g %d\n", seconds, sum(s, na.rm = TRUE), sum(!is.na(s))))
  flush(stdout())
  rm(s)
}
