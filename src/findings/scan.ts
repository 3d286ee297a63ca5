import { shared, type Span } from '../dataset/spans.ts';
import { compareRates, type Counts, type Power, powerOf, type RateComparison } from './rate-test.ts';
import { FEWEST_WEEKS, rule } from './verdict.ts';
import { type Baseline, chooseBaseline, daysIn, readingsOf, type Series } from './windows.ts';

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
  if (observation.completeDays === 0 || baseline.weeks < FEWEST_WEEKS || baseline.isVague) return observation;
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

/**
 * The Benjamini–Hochberg adjusted p-values, in the order given. Calling those at most alpha significant keeps the
 * expected share of false ones among them at most alpha. Source: Y. Benjamini and Y. Hochberg, "Controlling the false
 * discovery rate", Journal of the Royal Statistical Society B 57 (1995) 289–300.
 */
export function adjusted(ps: readonly number[]): number[] {
  const order = ps.map((p, index) => ({ p, index })).toSorted((a, b) => b.p - a.p);
  const qs = Array.from<number>({ length: ps.length });
  let least = 1;
  for (const [place, { p, index }] of order.entries()) {
    least = Math.min(least, (p * ps.length) / (ps.length - place));
    qs[index] = least;
  }
  return qs;
}

/**
 * The largest p-value at which a test with the adjusted p-value `q` would be significant, given that `significant` of
 * the `scanned` tests are: a test that is not significant would have been one more.
 */
export function alphaUsed(
  q: number,
  { alpha, significant, scanned }: { alpha: number; significant: number; scanned: number },
): number {
  return (alpha * (q <= alpha ? significant : significant + 1)) / scanned;
}

export interface Judged extends Observation, ReturnType<typeof rule> {
  /** The larger of the two adjusted p-values, one for each way to count imprecise dates. */
  readonly q: number | null;
  readonly power: Power | null;
  readonly alphaUsed: number | null;
  /** The number of windows that were tested. */
  readonly lengths: number;
  /** Orders rows of one verdict: how far the count is from the expected one, roughly in standard deviations. */
  readonly weight: number;
}

const withoutTest = { q: null, power: null, alphaUsed: null, lengths: 0, weight: 0 };

/** A series in a window in which it could be tested, and the reciprocal of the share of alpha that the window has. */
type TestedWindow = Observation & {
  readonly tests: NonNullable<Observation['tests']>;
  readonly times: number;
};
const isTested = (each: Observation): each is Omit<TestedWindow, 'times'> => each.tests !== undefined;
const pOf = ({ tests, times }: TestedWindow): number => times * Math.max(tests.low.p, tests.high.p);

/**
 * Applies the rule to each series; `scanned` has its windows, the shortest first. The p-value of each window is divided by
 * its share of alpha, and the smallest quotient is the p-value of the series (weighted Bonferroni: C. R. Genovese,
 * K. Roeder and L. Wasserman, Biometrika 93 (2006) 509–524). The shortest window has twice the share of any other,
 * because only it shows a stop at once. Then the series are adjusted for everything scanned, once for each way to count
 * imprecise dates. A significant result is that of the window with the smallest quotient. Any other is that of the
 * longest window in which a drop would have been seen.
 */
export function judge(scanned: readonly (readonly Observation[])[], alpha: number): Judged[] {
  const series = scanned.flatMap((windows) => {
    const tested = windows
      .filter(isTested)
      .map((each, index, { length }) => ({ ...each, times: (length + 1) / (index === 0 ? 2 : 1) }));
    const [clearest] = tested.toSorted((a, b) => pOf(a) - pOf(b));
    return clearest === undefined ? [] : [{ tested, clearest }];
  });
  const adjust = (which: 'low' | 'high') => {
    const qs = adjusted(series.map(({ clearest }) => Math.min(1, clearest.times * clearest.tests[which].p)));
    const significant = qs.filter((q) => q <= alpha).length;
    return qs.map((q) => ({ q, used: alphaUsed(q, { alpha, significant, scanned: series.length }) }));
  };
  const [lows, highs] = [adjust('low'), adjust('high')];
  const untested = scanned
    .filter((windows) => !windows.some(isTested))
    .flatMap((windows) => windows.slice(-1));
  return [
    ...untested.map((last) => ({ ...last, ...rule({ ...last, tests: undefined }, alpha), ...withoutTest })),
    ...series.flatMap(({ tested, clearest }, index): Judged[] => {
      const [low, high] = [lows[index], highs[index]];
      if (low === undefined || high === undefined) return [];
      const q = Math.max(low.q, high.q);
      const withPower = (each: TestedWindow) => {
        const { tests, times } = each;
        const one = powerOf(tests.low.counts, low.used / times);
        const other = powerOf(tests.high.counts, high.used / times);
        return { ...each, power: weaker(one, other) };
      };
      const seesDrop = ({ power }: { power: Power }) => power.dropCount !== null;
      const [first = clearest, ...shorter] = q <= alpha ? [clearest] : tested.toReversed();
      const longest = withPower(first);
      const shown = seesDrop(longest) ? longest : (shorter.map(withPower).find(seesDrop) ?? longest);
      const dropVisible = seesDrop(shown);
      const tests = {
        low: { direction: clearest.tests.low.direction, q: low.q, dropVisible },
        high: { direction: clearest.tests.high.direction, q: high.q, dropVisible },
      };
      const { counts, expected } = shown.tests.low;
      return [
        {
          ...shown,
          ...rule({ ...shown, tests }, alpha),
          q,
          alphaUsed: Math.min(low.used, high.used) / shown.times,
          lengths: tested.length,
          weight: Math.abs(counts.period - expected) / Math.sqrt(expected + 1),
        },
      ];
    }),
  ];
}

/** The larger of the two drops, and of the two rises; no drop or rise counts as the largest. */
function weaker(a: Power, b: Power): Power {
  const [low, high] = [a.drop ?? Infinity, b.drop ?? Infinity];
  const drop = low >= high ? a : b;
  const rise = (a.rise ?? Infinity) >= (b.rise ?? Infinity) ? a : b;
  return { dropCount: drop.dropCount, drop: drop.drop, riseCount: rise.riseCount, rise: rise.rise };
}
