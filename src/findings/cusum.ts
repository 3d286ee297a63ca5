import gammaln from '@stdlib/math-base-special-gammaln';
import { overdispersed } from './rate-test.ts';

/** One cumulative sum after its last week. */
export interface Cusum {
  readonly value: number;
  /** Weeks since the sum was last 0: how long the change may have lasted. */
  readonly weeks: number;
  readonly crossed: boolean;
}

/** In weeks: the mean time between false alarms of a sum is at least this. */
const FALSE_ALARM_WEEKS = 260;

/**
 * The cumulative sums of log-likelihood ratios of weekly counts, for half the expected mean (`low`) and for twice it
 * (`high`). `means` are the expected counts of the weeks; with a dispersion D above 1.5 counts are negative binomial
 * with the size mean / (D - 1), otherwise Poisson. The sums describe a series; no verdict depends on them. A week
 * without an expected count is left out.
 *
 * Source: E. S. Page, "Continuous inspection schemes", Biometrika 41 (1954) 100–115; for counts J. M. Lucas, "Counted
 * data CUSUM's", Technometrics 27 (1985) 129–144; as likelihood ratios of negative binomial counts M. Höhle and M. Paul,
 * "Count data regression charts for the monitoring of surveillance time series", Computational Statistics & Data
 * Analysis 52 (2008) 4357–4368. A sum has crossed above the logarithm of 260 weeks, which keeps false alarms of a known
 * mean at least 260 weeks apart on average: G. Lorden, "Procedures for reacting to a change in distribution", Annals of
 * Mathematical Statistics 42 (1971) 1897–1908.
 */
export function cusums(
  counts: readonly number[],
  { means, dispersion }: { means: readonly number[]; dispersion: number },
): { low: Cusum; high: Cusum } {
  const sumOf = (factor: number): Cusum => {
    let value = 0;
    let weeks = 0;
    for (const [week, count] of counts.entries()) {
      const mean = means[week] ?? 0;
      if (mean === 0) continue;
      value = Math.max(0, value + logRatio(count, { mean, factor, dispersion }));
      weeks = value === 0 ? 0 : weeks + 1;
    }
    return { value, weeks, crossed: value > Math.log(FALSE_ALARM_WEEKS) };
  };
  return { low: sumOf(0.5), high: sumOf(2) };
}

function logRatio(
  count: number,
  { mean, factor, dispersion }: { mean: number; factor: number; dispersion: number },
): number {
  if (dispersion <= overdispersed) return count * Math.log(factor) - (factor - 1) * mean;
  const size = mean / (dispersion - 1);
  return (
    gammaln(count + factor * size) -
    gammaln(factor * size) -
    gammaln(count + size) +
    gammaln(size) -
    (factor - 1) * size * Math.log(dispersion)
  );
}
