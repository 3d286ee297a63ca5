# Compares the test of a period against its baseline with the CUSUM and the improved Farrington method of the R package
# surveillance, on weekly counts whose rate drops. Needs R 4 and surveillance 1.20:
#   Rscript test/input/statistics/delay.R > test/input/statistics/delay.md
# It takes about ten minutes of one core. Every method gets the threshold at which it has one false alarm in two years on series
# without a drop, so that delays can be compared. A false alarm is the first of successive weeks beyond the threshold.
suppressMessages(library(surveillance))
set.seed(14)
HISTORY <- 270; YEARS <- 2; SERIES <- 200; FARRINGTON <- 30; LONGEST <- 26
draw <- function(n, mean, d) if (mean == 0) rep(0, n) else if (d == 1) rpois(n, mean) else rnbinom(n, size = mean / (d - 1), prob = 1 / d)

# The lower tail of the test, as in src/findings/rate-test.ts; reference.json shows that they agree.
lowerTail <- function(x, b, periodWeeks, baselineWeeks, d) {
  n <- x + b
  if (d <= 1.5 || b == 0) return(pbinom(x, n, periodWeeks / (periodWeeks + baselineWeeks)))
  rate <- b / baselineWeeks; k <- 0:n
  w <- lbeta(k + rate * periodWeeks / (d - 1), n - k + rate * baselineWeeks / (d - 1)) + lchoose(n, k)
  w <- exp(w - max(w)); sum(w[k <= x]) / sum(w)
}
# Statistics rise as a drop becomes clearer. `at` are the weeks to evaluate.
ours <- function(period, baseline) function(counts, at) sapply(at, function(t) {
  now <- counts[(t - period + 1):t]; before <- counts[(t - period - baseline + 1):(t - period)]
  d <- if (mean(before) == 0) 1 else var(before) / mean(before)
  -log(max(1e-300, lowerTail(sum(now), sum(before), period, baseline, d)))
})
# The clearest of the windows of these lengths, in weeks, that end with the week: one baseline before the longest of them.
# The first, the shortest, has twice the share of alpha of any other.
scan <- function(periods, baseline) function(counts, at) sapply(at, function(t) {
  before <- counts[(t - max(periods) - baseline + 1):(t - max(periods))]
  d <- if (mean(before) == 0) 1 else var(before) / mean(before)
  max(c(log(2), rep(0, length(periods) - 1)) +
    sapply(periods, function(p) -log(max(1e-300, lowerTail(sum(counts[(t - p + 1):t]), sum(before), p, baseline, d)))))
})
cusumR <- function(k) function(counts, at) {
  m <- mean(counts[1:(HISTORY)]); if (m == 0) m <- 0.01
  range <- (HISTORY + 1):max(at)
  mirrored <- list(observed = 2 * m - counts, freq = 52, start = c(2000, 1))
  algo.cusum(mirrored, list(range = range, k = k, h = 1e9, m = m, trans = "standard", alpha = 0.1))$cusum[at - HISTORY]
}
farrington <- function(counts, at) {
  s <- sts(counts, frequency = 52, start = c(2000, 1))
  r <- suppressWarnings(farringtonFlexible(s, list(range = at, b = 5, w = 3, noPeriods = 10, reweight = TRUE,
    weightsThreshold = 2.58, pastWeeksNotIncluded = 26, trend = TRUE, pThresholdTrend = 1, thresholdMethod = "nbPlugin",
    alpha = 0.05)))
  mu <- r@control$mu0Vector; phi <- pmax(1, r@control$phiVector); x <- counts[at]
  tail <- ifelse(phi > 1.001, pnbinom(x, size = mu / (phi - 1), mu = mu), ppois(x, mu))
  -log(pmax(1e-300, ifelse(is.finite(tail), tail, 1)))
}
methods <- list(`7 days against 91` = ours(1, 13), `14 days against 91` = ours(2, 13), `28 days against 91` = ours(4, 13),
  `7 days against 364` = ours(1, 52), `14 days against 364` = ours(2, 52), `28 days against 364` = ours(4, 52), `56 days against 364` = ours(8, 52),
  `1 to 8 weeks against 52` = scan(1:8, 52), `1 to 8 weeks against 255` = scan(1:8, 255), `1 to 13 weeks against 255` = scan(1:13, 255),
  `CUSUM, k = 0.5` = cusumR(0.5), `CUSUM, k = 1.04` = cusumR(1.04), `improved Farrington` = farrington)
# With an argument, only the methods whose name has it; the series are the same.
methods <- methods[grepl(paste(c("", commandArgs(TRUE)), collapse = ""), names(methods))]

starts <- function(values, threshold) { over <- values > threshold; sum(over & !c(FALSE, head(over, -1))) }
calibrate <- function(runs, wanted) {
  candidates <- sort(unique(unlist(runs)), decreasing = TRUE)
  low <- 1; high <- length(candidates); total <- length(runs) * YEARS
  # Starts rise with a lower threshold, until runs merge: take the highest that has the wanted number.
  for (c in candidates) if (sum(sapply(runs, starts, threshold = c)) / total >= wanted) return(c)
  min(candidates) - 1
}
cat("| a week | dispersion | drop |", paste(names(methods), collapse = " | "), "|\n")
cat("|", paste(rep("---:", 3 + length(methods)), collapse = " | "), "|\n")
for (mean in c(2, 10)) for (d in c(1, 3)) {
  control <- replicate(SERIES, draw(HISTORY + 52 * YEARS, mean, d), simplify = FALSE)
  at <- (HISTORY + 1):(HISTORY + 52 * YEARS)
  few <- function(name, all) if (name == "improved Farrington") all[1:FARRINGTON] else all
  thresholds <- sapply(names(methods), function(name) calibrate(lapply(few(name, control), methods[[name]], at = at), 0.5))
  for (drop in c(0.5, 1)) {
    changed <- replicate(SERIES, c(draw(HISTORY + 13, mean, d), draw(LONGEST, mean * (1 - drop), d)), simplify = FALSE)
    after <- HISTORY + 13 + 1:LONGEST
    delays <- sapply(names(methods), function(name) {
      first <- sapply(few(name, changed), function(counts) {
        if (name == "improved Farrington") { for (w in seq_along(after)) if (farrington(counts, after[w]) > thresholds[[name]]) return(w); return(LONGEST) }
        hit <- which(methods[[name]](counts, after) > thresholds[[name]]); if (length(hit)) hit[1] else LONGEST
      })
      sprintf("%.1f", mean(first))
    })
    cat(sprintf("| %g | %g | %g %% | %s |\n", mean, d, 100 * drop, paste(delays, collapse = " | ")))
  }
}
