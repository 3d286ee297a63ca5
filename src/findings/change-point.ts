import gammaln from '@stdlib/math-base-special-gammaln';

/** Positions count days from 0, the first day given. */
export interface ChangePoint {
  /** The most probable first day of the new rate. */
  readonly day: number;
  /** If the rate changed once, the first day is between these two with a probability of at least 95 per cent. */
  readonly from: number;
  readonly to: number;
  /** The probability that the rate changed at all, if both were equally probable before. */
  readonly probability: number;
}

/**
 * Dates a single change of the rate of daily counts. The prior of each rate is a gamma distribution of shape 1 with the
 * overall mean, that of the first day of the new rate is uniform over all days but the first; the rates integrate out.
 * With a dispersion above 1, counts and days are divided by it, which widens the interval as the variance of the counts
 * demands. It describes a series; no verdict depends on it. Null if there are fewer than two days or no incident.
 *
 * Source: A. E. Raftery and V. E. Akman, "Bayesian analysis of a Poisson process with a change-point", Biometrika 73
 * (1986) 85–89; the division follows the quasi-likelihood of R. W. M. Wedderburn, Biometrika 61 (1974) 439–447.
 */
export function changePoint(daily: readonly number[], dispersion: number): ChangePoint | null {
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
