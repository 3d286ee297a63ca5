import gammaln from '@stdlib/math-base-special-gammaln';
import type { Day } from '../calendar.ts';
import type { Row } from '../dataset/parse-rows.ts';
import { dayOf, shared } from '../dataset/spans.ts';
import { overdispersed } from './rate-test.ts';
import type { Judged } from './scan.ts';
import { countWithin, isWithin, weeksOf } from './windows.ts';

/**
 * Figures that describe a series: days since the last incident, cumulative sums, a change point. No verdict depends on
 * them.
 */
export function described({ series, covered, window, baseline, tests }: Judged): Row {
  const last = window.complete.to;
  // An incident without an exact day may have been on any day of its span.
  const isWhole = (from: number, to: number) =>
    isWithin({ from, to }, covered) && series.imprecise.every((each) => each.from > to || each.to <= from);
  const silence = silenceSoFar(
    [...series.dated.keys()].toSorted((a, b) => a - b),
    { until: last, isWhole },
  );
  const recent = shared({ from: window.recent.from, to: last }, covered);
  const weeks = weeksOf(recent);
  const weekly = tests ? (tests.low.counts.baseline / tests.low.counts.baselineDays) * 7 : 0;
  const sums = cusums(
    weeks.map((week) => countWithin(series, [week])),
    { mean: weekly, dispersion: baseline.dispersion },
  );
  const days = recent.flatMap(({ from, to }) =>
    Array.from({ length: to - from + 1 }, (_, index) => from + index),
  );
  const change = changePoint(
    days.map((each) => series.dated.get(each) ?? 0),
    baseline.dispersion,
  );
  const at = (index: number | undefined): Day | null => {
    const found = index === undefined ? undefined : days[index];
    return found === undefined ? null : dayOf(found);
  };
  return {
    last: silence === null ? null : dayOf(last - silence.emptyDays),
    empty_days: silence?.emptyDays ?? null,
    gaps: silence?.gaps ?? null,
    gap_share: silence?.share ?? null,
    cusum_low: sums.low.value,
    cusum_low_weeks: sums.low.weeks,
    cusum_low_crossed: sums.low.crossed,
    cusum_high: sums.high.value,
    cusum_high_weeks: sums.high.weeks,
    cusum_high_crossed: sums.high.crossed,
    change: at(change?.day),
    change_from: at(change?.from),
    change_to: at(change?.to),
    change_probability: change?.probability ?? null,
  };
}

/** With fewer gaps, no share below 5 per cent is possible. */
const FEWEST_GAPS = 20;

/**
 * Ranks the days since the last incident, `emptyDays`, among the gaps before it. `days` are the distinct days with
 * incidents, in order, counted from any fixed day; days after `until` do not count. Gaps that `isWhole` refuses, such as
 * those with uncovered days, are left out. `share` is that of gaps at least as long as this one, itself included, so it
 * is never 0: A. C. Davison and D. V. Hinkley, "Bootstrap Methods and their Application" (1997), 4.2. It is null if there
 * are too few gaps; all is null if there is no incident, or if the present gap is not whole.
 */
export function silenceSoFar(
  days: readonly number[],
  { until, isWhole }: { until: number; isWhole: (from: number, to: number) => boolean },
) {
  const known = days.filter((day) => day <= until);
  const last = known.at(-1);
  if (last === undefined || !isWhole(last, until)) return null;
  const emptyDays = until - last;
  const gaps = known.flatMap((day, index) => {
    const previous = known[index - 1];
    return previous !== undefined && isWhole(previous, day) ? [day - previous - 1] : [];
  });
  const longer = gaps.filter((gap) => gap >= emptyDays).length;
  return {
    emptyDays,
    gaps: gaps.length,
    share: gaps.length < FEWEST_GAPS ? null : (longer + 1) / (gaps.length + 1),
  };
}

/** In weeks: the mean time between false alarms of a sum is at least this. */
const FALSE_ALARM_WEEKS = 260;

/**
 * The cumulative sums of log-likelihood ratios of weekly counts, for half the expected mean (`low`) and for twice it
 * (`high`). `mean` is the expected count of a week; with a dispersion D above 1.5 counts are negative binomial with the
 * size mean / (D - 1), otherwise Poisson. Each has its `value` after the last week and the `weeks` since it was last 0,
 * which is how long the change may have lasted. The sums are 0 if no count is expected.
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
  { mean, dispersion }: { mean: number; dispersion: number },
) {
  const sumOf = (factor: number) => {
    let value = 0;
    let weeks = 0;
    for (const count of mean === 0 ? [] : counts) {
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

/**
 * Dates a single change of the rate of daily counts. The prior of each rate is a gamma distribution of shape 1 with the
 * overall mean, that of the first day of the new rate is uniform over all days but the first; the rates integrate out.
 * With a dispersion above 1, counts and days are divided by it, which widens the interval as the variance of the counts
 * demands. Null if there are fewer than two days or no incident.
 *
 * `day` is the most probable first day of the new rate, counted from 0. If the rate changed once, that day is `from` to
 * `to` with a probability of at least 95 per cent. `probability` is that of any change, if both were equally probable
 * before.
 *
 * Source: A. E. Raftery and V. E. Akman, "Bayesian analysis of a Poisson process with a change-point", Biometrika 73
 * (1986) 85–89; the division follows the quasi-likelihood of R. W. M. Wedderburn, Biometrika 61 (1974) 439–447.
 */
export function changePoint(daily: readonly number[], dispersion: number) {
  const weight = 1 / Math.max(1, dispersion);
  const total = daily.reduce((sum, count) => sum + count, 0) * weight;
  if (daily.length < 2 || total === 0) return null;
  const days = daily.length * weight;
  const priorRate = days / total;
  /** The log of the marginal likelihood of a stretch, up to a constant that all stretches share. */
  const evidence = (count: number, length: number) =>
    Math.log(priorRate) + gammaln(1 + count) - (1 + count) * Math.log(priorRate + length);
  let before = 0;
  const logs = daily.slice(0, -1).map((count, index) => {
    before += count * weight;
    const length = (index + 1) * weight;
    // Rounding may leave a sum just below 0.
    return evidence(before, length) + evidence(Math.max(0, total - before), days - length);
  });
  const most = Math.max(...logs);
  const weights = logs.map((log) => Math.exp(log - most));
  const sum = weights.reduce((all, each) => all + each, 0);
  const quantile = (share: number): number => {
    let reached = 0;
    const found = weights.findIndex((each) => (reached += each / sum) >= share);
    return (found === -1 ? weights.length - 1 : found) + 1;
  };
  const none = Math.exp(evidence(total, days) - most);
  const some = sum / weights.length;
  return {
    day: logs.indexOf(most) + 1,
    from: quantile(0.025),
    to: quantile(0.975),
    probability: some / (some + none),
  };
}
