# Counts the verdicts that real weekly series would have had, each looked at every week on its own: reports of diseases
# that come with the R package surveillance. Needs R 4 and surveillance 1.20:
#   Rscript test/input/statistics/real.R
suppressMessages(library(surveillance))
lowerTail <- function(x, n, b, t1, t0, d) {
  if (x < 0) return(0)
  if (d <= 1.5 || b == 0) return(pbinom(x, n, t1 / (t1 + t0)))
  k <- 0:n; rate <- b / t0
  w <- lbeta(k + rate * t1 / (d - 1), n - k + rate * t0 / (d - 1)) + lchoose(n, k)
  w <- exp(w - max(w)); sum(w[k <= x]) / sum(w)
}
series <- list(hepatitisA = "hepatitisA", salmonella.agona = "salmonella.agona", salmonella.newport = "salmNewport",
               measles = "measles.weser", campylobacter = "campyDE")
cat("| series | weeks | a week | dispersion | days | baseline | quiet a year | surged a year |\n|", rep(" ---: |", 8), "\n", sep = "")
for (name in names(series)) {
  e <- new.env(); data(list = series[[name]], package = "surveillance", envir = e); s <- e[[series[[name]]]]
  x <- if (is.data.frame(s)) s$case else if (is(s, "sts")) rowSums(observed(s)) else rowSums(as.matrix(s$observed))
  # Lengths in weeks, the shortest first, and the weeks of their baseline. The shortest length has twice the share of alpha.
  for (w in list(list(1, 13), list(4, 13), list(4, 52), list(1:8, 52))) {
    lengths <- w[[1]]; longest <- max(lengths); times <- (length(lengths) + 1) / c(2, rep(1, length(lengths) - 1))
    at <- (longest + w[[2]]):length(x)
    found <- sapply(at, function(t) {
      before <- x[(t - longest - w[[2]] + 1):(t - longest)]; b <- sum(before)
      d <- if (mean(before) == 0) 1 else var(before) / mean(before)
      tails <- sapply(lengths, function(l) {
        now <- sum(x[(t - l + 1):t]); n <- now + b
        c(lowerTail(now, n, b, l, w[[2]], d), 1 - lowerTail(now - 1, n, b, l, w[[2]], d))
      })
      p <- 2 * apply(tails, 2, min) * times; clearest <- which.min(p)
      if (p[clearest] > 0.05) "other" else if (tails[1, clearest] < tails[2, clearest]) "quiet" else "surged"
    })
    starts <- function(v) sum(found == v & c("other", head(found, -1)) != v) / (length(at) / 52)
    cat(sprintf("| %s | %d | %.1f | %.1f | %s | %d | %.1f | %.1f |\n", name, length(x), mean(x), var(x) / mean(x), paste(7 * unique(range(lengths)), collapse = "-"), 7 * w[[2]], starts("quiet"), starts("surged")))
  }
}

# Explosions in coal mines with ten or more deaths, 1851 to 1962: a series of incidents that comes with the R package
# boot (Debian: r-cran-boot), whose rate fell around 1890. Prints when each alarm began and ended.
library(boot)
week <- floor((coal$date - 1851) * 365.25 / 7) + 1
x <- tabulate(week, floor((1963 - 1851) * 365.25 / 7))
for (w in list(c(52, 260), c(104, 520))) {
  at <- sum(w):length(x)
  found <- sapply(at, function(t) {
    now <- x[(t - w[1] + 1):t]; before <- x[(t - sum(w) + 1):(t - w[1])]; n <- sum(now) + sum(before)
    low <- lowerTail(sum(now), n, sum(before), w[1], w[2], var(before) / mean(before))
    up <- 1 - lowerTail(sum(now) - 1, n, sum(before), w[1], w[2], var(before) / mean(before))
    if (2 * low <= 0.05) "quiet" else if (2 * up <= 0.05) "surged" else "other"
  })
  runs <- rle(found); last <- cumsum(runs$lengths); first <- last - runs$lengths + 1; year <- function(i) round(1851 + 7 * at[i] / 365.25, 1)
  shown <- runs$values != "other"
  cat(sprintf("days %d, baseline %d: %s, %.1f to %.1f\n", 7 * w[1], 7 * w[2], runs$values, year(first), year(last))[shown], sep = "")
}
