import negativeBinomial from '@stdlib/stats-base-dists-negative-binomial-pmf';
import poisson from '@stdlib/stats-base-dists-poisson-pmf';
import { compareRates } from './rate-test.ts';

/** A count before and a silence after: the input for inferences about the rate of events. */
export interface Silence {
  /** Events counted in the days before. If the count is a lower bound, so is every expectation derived from it. */
  readonly count: number;
  readonly baselineDays: number;
  readonly quietDays: number;
}

/** Events per day in the days before. */
export const dailyRate = ({ count, baselineDays }: Silence): number => count / baselineDays;

/** Events expected in the quiet days at the earlier rate. */
export const expectedEvents = (silence: Silence): number => dailyRate(silence) * silence.quietDays;

/** The chance of no event in the quiet days at the earlier rate: Poisson P(0) = exp(-expected). */
export const chanceOfSilence = (silence: Silence): number => poisson(0, expectedEvents(silence));

/**
 * The share of events that collection would still have to see for the chance of silence to be `chance`: the break-even
 * point of lost collection. Seeing a share s thins the Poisson count to s times its mean, so exp(-s * expected) =
 * chance.
 */
export const shareSeenAt = (silence: Silence, chance: number): number =>
  -Math.log(chance) / expectedEvents(silence);

/** The upper limit of the ratio of the later rate to the earlier rate, two-sided at `level`: see `compareRates`. */
export const rateRatioLimit = ({ count, baselineDays, quietDays }: Silence, level: number): number =>
  compareRates({ period: 0, periodDays: quietDays, baseline: count, baselineDays, dispersion: 1 }, 1 - level)
    .high ?? Infinity;

/**
 * The chance of silence when the earlier rate is known only from its count: given `count` events in total, the chance
 * that every one falls in the days before, (baselineDays / (baselineDays + quietDays)) ^ count.
 */
export const conditionalChance = ({ count, baselineDays, quietDays }: Silence): number =>
  (baselineDays / (baselineDays + quietDays)) ** count;

/**
 * The chance of an empty day when daily counts are negative binomial with the earlier mean and size `k`. The variance
 * is mean + mean² / k, so a small k means clustered days.
 */
export function emptyDayChance(silence: Silence, k: number): number {
  const mean = dailyRate(silence);
  return negativeBinomial(0, k, k / (k + mean));
}

/** The chance that all quiet days are empty when days are independent and clustered as in `emptyDayChance`. */
export const clusteredChance = (silence: Silence, k: number): number =>
  emptyDayChance(silence, k) ** silence.quietDays;

/**
 * The chance of a run of at least `length` empty days somewhere in `days` independent days, each empty with chance
 * `empty`. Recursion over the day on which the first such run ends: W. Feller, "An Introduction to Probability Theory
 * and Its Applications", volume 1, 3rd edition (1968), XIII.7.
 */
export function runChance({ days, length, empty }: { days: number; length: number; empty: number }): number {
  // endedBy[d] is the chance that the first run ends by day d. To end on a day, it requires a full run, a busy day before
  // it, and no earlier run.
  const endedBy = [0];
  const full = empty ** length;
  for (let day = 1; day <= days; day += 1) {
    const earlier = endedBy[day - length - 1];
    const first = day === length ? full : 0;
    const chance = earlier === undefined ? first : (1 - earlier) * (1 - empty) * full;
    endedBy.push((endedBy.at(-1) ?? 0) + chance);
  }
  return endedBy.at(-1) ?? 0;
}
