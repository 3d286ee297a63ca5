import { type Baseline, chooseBaseline } from './baseline.ts';
import { adjusted, alphaUsed } from './false-discovery.ts';
import { compareRates, type Counts, type Power, powerOf, type RateComparison } from './rate-test.ts';
import { FEWEST_WEEKS, type Ruling, rule, type Tested } from './verdict.ts';
import { daysIn, readingsOf, type Series, shared, type Span } from './windows.ts';

/** The incidents of an actor, a place, or an actor in a place. */
export interface Named {
  readonly actor: string | null;
  readonly place: string | null;
  readonly series: Series;
  /** What the rows of the series cite. */
  readonly cites: readonly string[];
}

/** The name of a series, as printed. */
export const nameOf = ({ actor, place }: Pick<Named, 'actor' | 'place'>): string =>
  [actor, place].filter((part) => part !== null).join(' · ');
export const keyOf = ({ actor, place }: Pick<Named, 'actor' | 'place'>): string =>
  JSON.stringify([actor, place]);
export const byKey = (a: Named, b: Named): number => {
  const [one, other] = [keyOf(a), keyOf(b)];
  return one < other ? -1 : Number(one > other);
};

export interface Window {
  readonly period: Span;
  /** The period without the days within the reporting lag; if no day remains, it ends before it begins. */
  readonly complete: Span;
  readonly recent: Span;
}

/** A series with its tests, before the adjustment for everything scanned. */
export interface Observation extends Named {
  readonly window: Window;
  readonly covered: readonly Span[];
  readonly coveredDays: number;
  readonly completeDays: number;
  readonly baseline: Baseline;
  readonly tests?: { readonly low: Test; readonly high: Test };
}
interface Test extends RateComparison {
  readonly counts: Counts;
}

/** Tests one series. Without complete days, or with too few weeks before them, there is nothing to test. */
export function observe(
  named: Named,
  { window, covered, alpha }: { window: Window; covered: readonly Span[]; alpha: number },
): Observation {
  const { series } = named;
  const complete = shared(window.complete, covered);
  const baseline = chooseBaseline(series, { period: window.complete, recent: window.recent, covered });
  const observation = {
    ...named,
    window,
    covered,
    coveredDays: daysIn(shared(window.period, covered)),
    completeDays: daysIn(complete),
    baseline,
  };
  if (observation.completeDays === 0 || baseline.weeks < FEWEST_WEEKS) return observation;
  const readings = readingsOf(series, { period: complete, baseline: baseline.spans });
  const test = (reading: typeof readings.low): Test => {
    const counts = {
      ...reading,
      periodDays: observation.completeDays,
      baselineDays: daysIn(baseline.spans),
      dispersion: baseline.dispersion,
    };
    return { counts, ...compareRates(counts, alpha) };
  };
  return { ...observation, tests: { low: test(readings.low), high: test(readings.high) } };
}

export interface Judged extends Observation, Ruling {
  /** The larger of the two adjusted p-values, one for each way to count imprecise dates. */
  readonly q: number | null;
  readonly power: Power | null;
  readonly alphaUsed: number | null;
  /** Orders rows of one verdict: how far the count is from the expected one, roughly in standard deviations. */
  readonly weight: number;
}

/** Adjusts the tests for everything scanned, once for each way to count imprecise dates, and applies the rule. */
export function judge(observed: readonly Observation[], alpha: number): Judged[] {
  const tested = observed.flatMap(({ tests }) => tests ?? []);
  const scan = (which: 'low' | 'high') => {
    const qs = adjusted(tested.map((tests) => tests[which].p));
    const significant = qs.filter((q) => q <= alpha).length;
    const adjustedOf = new Map(tested.map((tests, index) => [tests, qs[index] ?? 1]));
    return (tests: (typeof tested)[number]): Tested & { power: Power; alphaUsed: number } => {
      const q = adjustedOf.get(tests) ?? 1;
      const { counts, direction } = tests[which];
      const used = alphaUsed(q, { alpha, significant, scanned: tested.length });
      const power = powerOf(counts, used);
      return { direction, q, dropVisible: power.dropCount !== null, power, alphaUsed: used };
    };
  };
  const [lowOf, highOf] = [scan('low'), scan('high')];
  return observed.map((each): Judged => {
    const { coveredDays, completeDays, baseline } = each;
    const observation = { coveredDays, completeDays, baselineWeeks: baseline.weeks };
    if (each.tests === undefined)
      return { ...each, ...rule(observation, alpha), q: null, power: null, alphaUsed: null, weight: 0 };
    const tests = { low: lowOf(each.tests), high: highOf(each.tests) };
    return {
      ...each,
      ...rule({ ...observation, tests }, alpha),
      q: Math.max(tests.low.q, tests.high.q),
      power: weaker(tests.low.power, tests.high.power),
      alphaUsed: Math.min(tests.low.alphaUsed, tests.high.alphaUsed),
      weight:
        Math.abs(each.tests.low.counts.period - each.tests.low.expected) /
        Math.sqrt(each.tests.low.expected + 1),
    };
  });
}

/** The larger of the two drops, and of the two rises; no drop or rise counts as the largest. */
function weaker(a: Power, b: Power): Power {
  const [low, high] = [a.drop ?? Infinity, b.drop ?? Infinity];
  const drop = low >= high ? a : b;
  const rise = (a.rise ?? Infinity) >= (b.rise ?? Infinity) ? a : b;
  return { dropCount: drop.dropCount, drop: drop.drop, riseCount: rise.riseCount, rise: rise.rise };
}
