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

/** A series in one of its windows, in which it could be tested. */
type TestedWindow = Observation & { readonly tests: NonNullable<Observation['tests']> };
const isTested = (each: Observation): each is TestedWindow => each.tests !== undefined;
const pOf = ({ tests }: TestedWindow): number => Math.max(tests.low.p, tests.high.p);

/**
 * Applies the rule to each series; `scanned` has its windows, the shortest first. The window with the smallest p-value
 * is tested, and that p-value is multiplied by the number of windows (Bonferroni). Then the series are adjusted for
 * everything scanned, once for each way to count imprecise dates. The result is that of this window if it is
 * significant. Otherwise it is that of the longest one, in which the smallest drop would have been seen.
 */
export function judge(scanned: readonly (readonly Observation[])[], alpha: number): Judged[] {
  const series = scanned.map((windows) => {
    const tested = windows.filter(isTested);
    const [clearest] = tested.toSorted((a, b) => pOf(a) - pOf(b));
    return { windows, clearest, longest: tested.at(-1), lengths: tested.length };
  });
  const tested = series.filter(({ clearest }) => clearest !== undefined);
  const scan = (which: 'low' | 'high') => {
    const qs = adjusted(
      tested.map(({ clearest, lengths }) => Math.min(1, lengths * (clearest?.tests[which].p ?? 1))),
    );
    const significant = qs.filter((q) => q <= alpha).length;
    const adjustedOf = new Map(tested.map((each, index) => [each, qs[index] ?? 1]));
    return (each: (typeof tested)[number]): { q: number; alphaUsed: number } => {
      const q = adjustedOf.get(each) ?? 1;
      const used = alphaUsed(q, { alpha, significant, scanned: tested.length });
      return { q, alphaUsed: used / each.lengths };
    };
  };
  const [lowOf, highOf] = [scan('low'), scan('high')];
  return series.flatMap((each): Judged[] => {
    const { clearest, longest, windows } = each;
    if (clearest === undefined || longest === undefined) {
      const last = windows.at(-1);
      if (last === undefined) return [];
      return [
        { ...last, ...rule(observedIn(last), alpha), q: null, power: null, alphaUsed: null, weight: 0 },
      ];
    }
    const [low, high] = [lowOf(each), highOf(each)];
    const q = Math.max(low.q, high.q);
    const shown = q <= alpha ? clearest : longest;
    const powers = {
      low: powerOf(shown.tests.low.counts, low.alphaUsed),
      high: powerOf(shown.tests.high.counts, high.alphaUsed),
    };
    const test = (which: 'low' | 'high'): Tested => ({
      direction: clearest.tests[which].direction,
      q: which === 'low' ? low.q : high.q,
      dropVisible: powers[which].dropCount !== null,
    });
    const { counts, expected } = shown.tests.low;
    return [
      {
        ...shown,
        ...rule({ ...observedIn(shown), tests: { low: test('low'), high: test('high') } }, alpha),
        q,
        power: weaker(powers.low, powers.high),
        alphaUsed: Math.min(low.alphaUsed, high.alphaUsed),
        weight: Math.abs(counts.period - expected) / Math.sqrt(expected + 1),
      },
    ];
  });
}

const observedIn = ({ coveredDays, completeDays, baseline }: Observation) => ({
  coveredDays,
  completeDays,
  baselineWeeks: baseline.weeks,
});

/** The larger of the two drops, and of the two rises; no drop or rise counts as the largest. */
function weaker(a: Power, b: Power): Power {
  const [low, high] = [a.drop ?? Infinity, b.drop ?? Infinity];
  const drop = low >= high ? a : b;
  const rise = (a.rise ?? Infinity) >= (b.rise ?? Infinity) ? a : b;
  return { dropCount: drop.dropCount, drop: drop.drop, riseCount: rise.riseCount, rise: rise.rise };
}
