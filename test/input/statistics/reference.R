# Writes reference.json, which the tests compare the statistics with. Needs R 4:
#   Rscript test/input/statistics/reference.R > test/input/statistics/reference.json
# Only base R is used; every method is written out here independently, or is R's own.
num <- function(x) ifelse(is.finite(x), formatC(x, digits = 15, format = "g"), "null")
obj <- function(...) { f <- list(...); paste0("{", paste0("\"", names(f), "\": ", unlist(f), collapse = ", "), "}") }
arr <- function(x) paste0("[", paste(x, collapse = ", "), "]")

# Exact conditional comparison: poisson.test has the Clopper-Pearson interval; its one-sided p-values give twice the
# smaller tail.
cases <- list(c(0, 7, 12, 84), c(3, 7, 105, 91), c(25, 14, 60, 90), c(5, 7, 0, 91), c(0, 7, 1, 28), c(1, 1, 4000, 3650),
              c(1000, 30, 20000, 365), c(520, 7, 7000, 91), c(52000, 31, 600000, 365))
poisson <- sapply(cases, function(v) {
  x <- c(v[1], v[3]); t <- c(v[2], v[4])
  less <- poisson.test(x, t, alternative = "less")$p.value
  greater <- poisson.test(x, t, alternative = "greater")$p.value
  ci <- poisson.test(x, t)$conf.int
  obj(period = v[1], periodDays = v[2], baseline = v[3], baselineDays = v[4], p = num(min(1, 2 * min(less, greater))),
      low = num(ci[1]), high = num(ci[2]))
})

# Negative binomial with a linear variance, conditional on the total, by brute force from dnbinom: no beta functions.
nbcases <- list(c(0, 7, 40, 84, 2), c(12, 7, 40, 84, 2.5), c(2, 14, 60, 90, 4), c(30, 28, 60, 91, 8), c(3, 7, 39, 91, 1.6),
                c(40, 7, 20, 91, 30), c(1, 28, 300, 91, 400), c(900, 60, 1100, 91, 900))
tails <- function(v, theta) {
  n <- v[1] + v[3]; rate <- v[3] / v[4]; d <- v[5]; k <- 0:n
  joint <- dnbinom(k, size = theta * rate * v[2] / (d - 1), prob = 1 / d, log = TRUE) +
    dnbinom(n - k, size = rate * v[4] / (d - 1), prob = 1 / d, log = TRUE)
  w <- exp(joint - max(joint)); w <- w / sum(w)
  c(sum(w[k <= v[1]]), sum(w[k >= v[1]]))
}
negative <- sapply(nbcases, function(v) {
  t <- tails(v, 1)
  low <- if (v[1] == 0) 0 else exp(uniroot(function(l) tails(v, exp(l))[2] - 0.025, c(-15, 10), tol = 1e-12)$root)
  high <- exp(uniroot(function(l) tails(v, exp(l))[1] - 0.025, c(-10, 15), tol = 1e-12)$root)
  obj(period = v[1], periodDays = v[2], baseline = v[3], baselineDays = v[4], dispersion = v[5],
      p = num(min(1, 2 * min(t))), low = num(low), high = num(high))
})

bins <- c(4, 9, 2, 0, 7, 15, 3, 1, 6, 11, 2, 5, 0)
dispersion <- var(bins) / mean(bins)

ps <- c(0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216, 0.222, 0.251, 0.269, 0.275, 0.34, 0.341,
        0.384, 0.569, 0.594, 0.696, 0.762, 0.94, 0.942, 0.975, 0.986)

# Change point: the marginal likelihood by numerical integration over both rates instead of the closed form. The yearly
# numbers of coal-mining disasters 1851-1962 (Jarrett 1979, in R's boot package as dates; the series of Carlin, Gelfand
# and Smith 1992).
coal <- c(4, 5, 4, 1, 0, 4, 3, 4, 0, 6, 3, 3, 4, 0, 2, 6, 3, 3, 5, 4, 5, 3, 1, 4, 4, 1, 5, 5, 3, 4, 2, 5, 2, 2, 3, 4, 2,
          1, 3, 2, 2, 1, 1, 1, 1, 3, 0, 0, 1, 0, 1, 1, 0, 0, 3, 1, 0, 3, 2, 2, 0, 1, 1, 1, 0, 1, 0, 1, 0, 0, 0, 2, 1, 0,
          0, 0, 1, 1, 0, 2, 3, 3, 1, 1, 2, 1, 1, 1, 1, 2, 4, 2, 0, 0, 0, 1, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1)
stretch <- function(s, n) {
  peak <- if (s == 0) 0 else s * log(s / n) - s
  f <- function(r) exp(dgamma(r, 1, length(coal) / sum(coal), log = TRUE) + (if (s == 0) 0 else s * log(r)) - n * r - peak)
  log(integrate(f, 0, 20, rel.tol = 1e-10, subdivisions = 2000)$value) + peak
}
T <- length(coal)
logs <- sapply(1:(T - 1), function(tau) stretch(sum(coal[1:tau]), tau) + stretch(sum(coal[(tau + 1):T]), T - tau))
post <- exp(logs - max(logs)); some <- mean(post); none <- exp(stretch(sum(coal), T) - max(logs)); cum <- cumsum(post / sum(post))
change <- obj(counts = arr(coal), day = which.max(post), from = which(cum >= 0.025)[1], to = which(cum >= 0.975)[1],
              probability = num(some / (some + none)))

# CUSUM as log-likelihood ratios of R's own densities.
weeks <- c(5, 3, 6, 4, 5, 2, 1, 0, 1, 0, 0, 2)
rising <- c(4, 2, 9, 12, 8, 11)
run <- function(llr) Reduce(function(s, x) max(0, s + x), llr, 0)
mean0 <- 4.5; D <- 3; size <- mean0 / (D - 1)
cus <- obj(counts = arr(weeks), rising = arr(rising), mean = mean0, dispersion = D,
  poissonLow = num(run(dpois(weeks, mean0 / 2, log = TRUE) - dpois(weeks, mean0, log = TRUE))),
  poissonHigh = num(run(dpois(rising, mean0 * 2, log = TRUE) - dpois(rising, mean0, log = TRUE))),
  negativeLow = num(run(dnbinom(weeks, size / 2, 1 / D, log = TRUE) - dnbinom(weeks, size, 1 / D, log = TRUE))),
  negativeHigh = num(run(dnbinom(rising, size * 2, 1 / D, log = TRUE) - dnbinom(rising, size, 1 / D, log = TRUE))))

cat(obj(version = paste0("\"", R.version.string, "\""), poisson = arr(poisson), negativeBinomial = arr(negative),
  dispersion = obj(bins = arr(bins), value = num(dispersion)),
  benjaminiHochberg = obj(p = arr(ps), q = arr(num(p.adjust(ps, "BH")))), changePoint = change, cusum = cus), "\n")
