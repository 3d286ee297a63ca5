import type { Baseline } from './windows.ts';

/** What can be said about the incidents of a period, in the order of a page. */
export const verdicts = [
  'quiet',
  'surged',
  'within normal variation',
  'too few data',
  'within reporting lag',
  'not covered',
] as const;
export type Verdict = (typeof verdicts)[number];

/** The result of the test of one way to count imprecise dates. */
export interface Tested {
  readonly direction: 'down' | 'up';
  /** Adjusted for everything scanned. */
  readonly q: number;
  /** Whether the test would have called a count of 0 a drop. */
  readonly dropVisible: boolean;
}

interface Observed {
  /** Days of the period with collection. */
  readonly coveredDays: number;
  /** The same without those within the reporting lag. */
  readonly completeDays: number;
  readonly baseline: Pick<Baseline, 'weeks' | 'isVague'>;
  /** Imprecise dates counted out of the period and into it; absent if nothing was tested. */
  readonly tests?: { readonly low: Tested; readonly high: Tested } | undefined;
}

/** With fewer weeks, nothing is known about how counts vary. */
export const FEWEST_WEEKS = 4;

/**
 * The only rule that decides. The phrase says more than the verdict: too few data has four causes. A period without collection or without complete days has no result. Quiet and surged need
 * a test that is significant at `alpha` after adjustment, with imprecise dates counted out and in. A series in which no
 * drop could have been seen has too few data, whatever else its test says.
 */
export function rule(
  { coveredDays, completeDays, baseline: { weeks, isVague }, tests }: Observed,
  alpha: number,
): { readonly verdict: Verdict; readonly phrase: Phrase } {
  if (coveredDays === 0) return { verdict: 'not covered', phrase: 'not-covered' };
  if (completeDays === 0) return { verdict: 'within reporting lag', phrase: 'within-reporting-lag' };
  if (isVague && weeks >= FEWEST_WEEKS) return { verdict: 'too few data', phrase: 'no-known-week' };
  if (weeks < FEWEST_WEEKS || tests === undefined)
    return { verdict: 'too few data', phrase: 'too-few-weeks' };
  const { low, high } = tests;
  const [one, other] = [outcome(low, alpha), outcome(high, alpha)];
  if (one !== other) return { verdict: 'too few data', phrase: 'imprecise-dates' };
  if (one !== 'normal') return { verdict: one, phrase: one };
  if (!low.dropVisible || !high.dropVisible) return { verdict: 'too few data', phrase: 'too-few-incidents' };
  return { verdict: 'within normal variation', phrase: 'within-normal-variation' };
}

const outcome = ({ direction, q }: Tested, alpha: number): 'normal' | 'quiet' | 'surged' =>
  q > alpha ? 'normal' : direction === 'down' ? 'quiet' : 'surged';

/** The message for each outcome. It says what was reported and what was expected, and nothing about a cause. */
export const phrases = {
  quiet: 'figures.activity.quiet',
  surged: 'figures.activity.surged',
  'within-normal-variation': 'figures.activity.within_normal_variation',
  'too-few-incidents': 'figures.activity.too_few_incidents',
  'imprecise-dates': 'figures.activity.imprecise_dates',
  'too-few-weeks': 'figures.activity.too_few_weeks',
  'no-known-week': 'figures.activity.no_known_week',
  'within-reporting-lag': 'figures.activity.within_reporting_lag',
  'not-covered': 'figures.activity.not_covered',
} as const;
type Phrase = keyof typeof phrases;
