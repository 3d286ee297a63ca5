import gammaln from '@stdlib/math-base-special-gammaln';
import betaQuantile from '@stdlib/stats-base-dists-beta-quantile';

/** Incidents counted in a period and in the baseline before it. */
export interface Counts {
  readonly period: number;
  readonly periodDays: number;
  readonly baseline: number;
  readonly baselineDays: number;
  /** Variance over mean of the baseline's bins, from `dispersionOf`. */
  readonly dispersion: number;
}

/** The rate of the period as a multiple of the rate of the baseline. */
export interface RateComparison {
  readonly method: 'poisson' | 'negative-binomial';
  /** Incidents expected in the period at the rate of the baseline. */
  readonly expected: number;
  /** Null if the baseline has no incident. */
  readonly ratio: number | null;
  /** The limits of the ratio at the level 1 - alpha; the upper one is null if it is infinite. */
  readonly low: number;
  readonly high: number | null;
  readonly direction: 'down' | 'up';
  /** Two-sided: twice the smaller tail, at most 1. It is below alpha exactly if the interval leaves out 1. */
  readonly p: number;
}

/** Counts are taken as negative binomial if their dispersion exceeds this. */
export const overdispersed = 1.5;

/**
 * The variance of the counts of bins of equal length, divided by their mean: 1 for a Poisson process. It is 1 if there
 * are fewer than two bins or no incident, which says nothing. Source: R. A. Fisher, "The significance of deviations
 * from expectation in a Poisson series", Biometrics 6 (1950) 17–24.
 */
export function dispersionOf(bins: readonly number[]): number {
  const mean = bins.reduce((sum, count) => sum + count, 0) / bins.length;
  if (bins.length < 2 || mean === 0) return 1;
  return bins.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (bins.length - 1) / mean;
}

/**
 * Compares the rate of a period with that of its baseline, given the total of both.
 *
 * Poisson: given the total n, the count of the period is binomial with the share ratio * periodDays / (ratio *
 * periodDays + baselineDays). The interval is Clopper–Pearson. Source: J. Przyborowski and H. Wilenski, "Homogeneity of
 * results in testing samples from Poisson series", Biometrika 31 (1940) 313–323; C. J. Clopper and E. S. Pearson,
 * "The use of confidence or fiducial limits illustrated in the case of the binomial", Biometrika 26 (1934) 404–413.
 *
 * Negative binomial, if the dispersion D exceeds 1.5: the count of t days at a daily rate r has the mean m = r * t and
 * the variance D * m (NEGBIN I: A. C. Cameron and P. K. Trivedi, "Econometric models based on count data", Journal of
 * Applied Econometrics 1 (1986) 29–53). In the usual parametrisation the size is m / (D - 1) and the probability 1 / D,
 * so sizes of separate days add up. Given n, the count of the period is then beta-binomial (negative hypergeometric)
 * with the two sizes as parameters: J. Hausman, B. H. Hall and Z. Griliches, "Econometric models for count data with an
 * application to the patents–R & D relationship", Econometrica 52 (1984) 909–938. The rate is that of the baseline. It
 * becomes the binomial as D approaches 1. The test is exact for a known D; D is an estimate.
 */
export function compareRates(counts: Counts, alpha: number): RateComparison {
  const { period, periodDays, baseline, baselineDays } = counts;
  const days = baselineDays / periodDays;
  const expected = baseline / days;
  const ratio = baseline === 0 ? null : period / expected;
  const clustered = isClustered(counts);
  const { lower, upper } = tails(counts, 1);
  const p = Math.min(1, 2 * Math.min(lower, upper));
  const odds = (share: number) => (share / (1 - share)) * days;
  const low =
    period === 0
      ? 0
      : clustered
        ? solve((theta) => tails(counts, theta).upper - alpha / 2)
        : odds(betaQuantile(alpha / 2, period, baseline + 1));
  const high =
    baseline === 0
      ? null
      : clustered
        ? solve((theta) => alpha / 2 - tails(counts, theta).lower)
        : odds(betaQuantile(1 - alpha / 2, period + 1, baseline));
  return {
    method: clustered ? 'negative-binomial' : 'poisson',
    expected,
    ratio,
    low,
    high,
    direction: period < expected ? 'down' : 'up',
    p,
  };
}

const isClustered = ({ baseline, dispersion }: Counts): boolean => dispersion > overdispersed && baseline > 0;

/** The chances of at most and of at least the count of the period, given the total, if the ratio is `theta`. */
function tails(counts: Counts, theta: number): { lower: number; upper: number } {
  const { period: x, periodDays, baseline, baselineDays, dispersion } = counts;
  const n = x + baseline;
  const total = theta * periodDays + baselineDays;
  const size = isClustered(counts) ? baseline / baselineDays / (dispersion - 1) : null;
  const a = size === null ? 0 : size * theta * periodDays;
  const b = size === null ? 0 : size * baselineDays;
  const odds = (theta * periodDays) / baselineDays;
  /** P(k + 1) / P(k). */
  const step = (k: number) => ((n - k) / (k + 1)) * (size === null ? odds : (k + a) / (n - k - 1 + b));
  const here = Math.exp(
    logChoose(n, x) +
      (size === null
        ? x * Math.log((theta * periodDays) / total) + (n - x) * Math.log(baselineDays / total)
        : logBeta(x + a, n - x + b) - logBeta(a, b)),
  );
  const sum = (from: number, direction: 1 | -1): number => {
    let term = here;
    let all = here;
    for (let k = from; direction === 1 ? k < n : k > 0; k += direction) {
      const factor = direction === 1 ? step(k) : 1 / step(k - 1);
      term *= factor;
      all += term;
      if (factor < 1 && term <= all * 1e-17) break;
    }
    return all;
  };
  // The tail that includes the bulk is the complement of the other.
  if (x * total < n * theta * periodDays) {
    const lower = sum(x, -1);
    return { lower: Math.min(1, lower), upper: Math.min(1, Math.max(0, 1 - lower + here)) };
  }
  const upper = sum(x, 1);
  return { lower: Math.min(1, Math.max(0, 1 - upper + here)), upper: Math.min(1, upper) };
}

const logChoose = (n: number, k: number): number => gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1);
const logBeta = (a: number, b: number): number => gammaln(a) + gammaln(b) - gammaln(a + b);

/** The ratio at which an increasing function is zero, by bisection of its logarithm. */
function solve(increasing: (theta: number) => number): number {
  let [low, high] = [-40, 40];
  for (let round = 0; round < 60; round += 1) {
    const middle = (low + high) / 2;
    if (increasing(Math.exp(middle)) < 0) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}

/** What could have been seen in a period, given its baseline. */
export interface Power {
  /** The largest count that the test would have called a drop; null if it calls not even 0 one. */
  readonly dropCount: number | null;
  /** The smallest count that the test would have called a rise. */
  readonly riseCount: number;
  /** The same as shares of the expected count: 0.6 is a drop by 60 per cent. */
  readonly drop: number | null;
  readonly rise: number | null;
}

/**
 * The smallest drop and rise that the test sees at `alpha`, as counts: the limits of its critical region, found by
 * bisection. A lasting change of just that size is seen in about half of all periods, so it is no promise.
 */
export function powerOf(baseline: Omit<Counts, 'period'>, alpha: number): Power {
  const expected = (baseline.baseline / baseline.baselineDays) * baseline.periodDays;
  const isSeen = (period: number, direction: 'lower' | 'upper') =>
    2 * tails({ ...baseline, period }, 1)[direction] <= alpha;
  const dropCount = isSeen(0, 'lower')
    ? lastThat((count) => isSeen(count, 'lower'), 0, Math.ceil(expected))
    : null;
  let above = Math.max(1, Math.ceil(expected) * 2);
  while (!isSeen(above, 'upper')) above *= 2;
  const riseCount = lastThat((count) => !isSeen(count, 'upper'), Math.floor(expected), above) + 1;
  return {
    dropCount,
    riseCount,
    drop: dropCount === null ? null : 1 - dropCount / expected,
    rise: expected === 0 ? null : riseCount / expected - 1,
  };
}

/** The last whole number from `low` for which the test is true, if it is true for `low` and false for `high`. */
function lastThat(test: (count: number) => boolean, low: number, high: number): number {
  let [yes, no] = [low, high];
  while (no - yes > 1) {
    const middle = Math.floor((yes + no) / 2);
    if (test(middle)) yes = middle;
    else no = middle;
  }
  return yes;
}
