import { z } from 'zod';
import { type Day, day, type Period } from '../calendar.ts';
import type { Row } from '../dataset/parse-rows.ts';
import { longDay, percentAbout, spelled } from '../dataset/wording.ts';
import type { FindingConfig } from '../project/brief.ts';
import { type Baseline, chooseBaseline } from './baseline.ts';
import { changePoint } from './change-point.ts';
import { cusums } from './cusum.ts';
import { adjusted, alphaUsed } from './false-discovery.ts';
import { compareRates, type Counts, type Power, powerOf, type RateComparison } from './rate-test.ts';
import { reportingLag } from './reporting-lag.ts';
import { silenceSoFar } from './silence-so-far.ts';
import { FEWEST_WEEKS, type Phrase, phrases, rule, type Tested, type Verdict, verdicts } from './verdict.ts';
import {
  countTouching,
  countWithin,
  dayOf,
  daysIn,
  isWithin,
  merged,
  numberOf,
  readingsOf,
  type Series,
  shared,
  type Span,
  weeksOf,
} from './windows.ts';

type ActivityConfig = Extract<FindingConfig, { kind: 'activity' }>;

const key = z.object({
  actor: z.string().nullable().default(null),
  place: z.string().nullable().default(null),
});
/** Incidents of one actor and place with the same first and last possible day, counted by SQL. */
const counted = key.extend({
  start: day,
  end: day.nullish(),
  count: z.number().int().nonnegative(),
  cites: z.array(z.string()).nullish(),
});
/** Days with collection; of every actor or place if it names none. */
const coverage = key.extend({ start: day, end: day.nullable() });
const reports = z.object({ start: day, known_on: day, count: z.number().int().nonnegative().default(1) });

/** Reads the rows of a query by a schema. Throws `brief-invalid`. */
export type ReadRows = <T>(query: string, schema: z.ZodType<T>) => T[];

/**
 * Compares the incidents of a period with a baseline, for each actor, place or both. Each row has the verdict of `rule`,
 * what it rests on, and what describes the series without deciding. The most striking rows come first.
 */
export function activity(config: ActivityConfig, period: Period, read: ReadRows) {
  const rows = read(config.rows, counted);
  const lag = lagOf(config, read);
  const asOf = numberOf(period.asOf);
  const start = config.days === undefined ? numberOf(period.start) : asOf - config.days + 1;
  const first = rows.reduce((least, row) => Math.min(least, numberOf(row.start)), Infinity);
  const collected = config.coverage === undefined ? null : read(config.coverage, coverage);
  const window: Window = {
    period: { from: start, to: asOf },
    complete: { from: start, to: asOf - lag.days },
    recent: { from: start - config.baseline, to: start - 1 },
  };
  const observed = seriesOf(rows, config.by).map((named) => {
    const covered =
      collected === null
        ? [{ from: first, to: asOf }]
        : merged(
            collected
              .filter((each) => [null, named.actor].includes(each.actor) || named.actor === null)
              .filter((each) => [null, named.place].includes(each.place) || named.place === null)
              .map((each) => ({
                from: numberOf(each.start),
                to: Math.min(asOf, each.end === null ? asOf : numberOf(each.end)),
              })),
          );
    return observe(named, { window, covered, alpha: config.alpha });
  });
  const judged = judge(observed, config.alpha);
  const ordered = judged.toSorted(
    (a, b) =>
      verdicts.indexOf(a.verdict) - verdicts.indexOf(b.verdict) || b.weight - a.weight || compare(a, b),
  );
  const isMoved = ({ verdict, actor }: Judged, to: Verdict) =>
    verdict === to && actor !== null && config.by === 'both';
  /** Other places in which the same actor has the opposite verdict. */
  const elsewhere = (of: Judged, from: Verdict, to: Verdict) =>
    isMoved(of, from)
      ? ordered.filter((each) => isMoved(each, to) && each.actor === of.actor).map(({ place }) => place)
      : [];
  const result = ordered.map((each, index) => ({
    ...rowOf(each),
    order: index,
    up_in: elsewhere(each, 'quiet', 'surged'),
    quiet_in: elsewhere(each, 'surged', 'quiet'),
  }));
  const number = (verdict: Verdict) => spelled(judged.filter((each) => each.verdict === verdict).length);
  return {
    fields: {
      scanned: spelled(judged.length),
      quiet: number('quiet'),
      surged: number('surged'),
      normal: number('within normal variation'),
      too_few: number('too few data'),
      within_lag: number('within reporting lag'),
      not_covered: number('not covered'),
      moved: spelled(result.filter(({ up_in }) => up_in.length > 0).length),
      start: longDay(dayOf(start)),
      complete_to: longDay(dayOf(asOf - lag.days)),
      days: daysText(asOf - start + 1),
      baseline_days: daysText(config.baseline),
      lag: daysText(lag.days),
      lag_basis: lag.basis,
      coverage_basis: config.coverage === undefined ? 'assumed' : 'recorded',
      alpha: String(config.alpha),
    },
    restsOn: [...new Set(rows.flatMap(({ cites }) => cites ?? []))].toSorted(),
    rows: result,
    weeks: ordered
      .slice(0, config.charted)
      .flatMap((each, index) => weekRows(each, { window, index, alpha: config.alpha })),
  };
}

/** A declared lag, or one estimated from successive imports. Without enough imports it is unknown, and taken as 0. */
function lagOf({ lag }: ActivityConfig, read: ReadRows): { days: number; basis: string } {
  if (typeof lag === 'number') return { days: lag, basis: 'declared' };
  const estimate = reportingLag(read(lag, reports));
  return { days: estimate ?? 0, basis: estimate === null ? 'unknown' : 'estimated' };
}

interface Named {
  readonly actor: string | null;
  readonly place: string | null;
  readonly series: Series;
}

function seriesOf(rows: readonly z.output<typeof counted>[], by: ActivityConfig['by']): Named[] {
  const found = new Map<
    string,
    Named & { series: { dated: Map<number, number>; imprecise: (Span & { count: number })[] } }
  >();
  for (const row of rows) {
    const actor = by === 'place' ? null : row.actor;
    const place = by === 'actor' ? null : row.place;
    // A row without a name belongs to no series.
    if ((by !== 'place' && actor === null) || (by !== 'actor' && place === null)) continue;
    const id = JSON.stringify([actor, place]);
    let named = found.get(id);
    if (named === undefined) {
      named = { actor, place, series: { dated: new Map(), imprecise: [] } };
      found.set(id, named);
    }
    const from = numberOf(row.start);
    const to = numberOf(row.end ?? row.start);
    const { dated, imprecise } = named.series;
    if (from === to) dated.set(from, (dated.get(from) ?? 0) + row.count);
    else imprecise.push({ from, to, count: row.count });
  }
  return [...found.values()].toSorted(compare);
}

const compare = (a: Omit<Named, 'series'>, b: Omit<Named, 'series'>): number => {
  const [one, other] = [JSON.stringify([a.actor, a.place]), JSON.stringify([b.actor, b.place])];
  return one < other ? -1 : Number(one > other);
};

interface Window {
  readonly period: Span;
  /** The period without the days within the reporting lag; it ends before it begins if there are no others. */
  readonly complete: Span;
  readonly recent: Span;
}

/** A series with its tests, before the adjustment for everything scanned. */
interface Observation extends Named {
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

function observe(
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

interface Judged extends Observation {
  readonly verdict: Verdict;
  readonly phrase: Phrase;
  /** The weaker of the two readings. */
  readonly q: number | null;
  readonly power: Power | null;
  readonly alphaUsed: number | null;
  /** Orders rows of one verdict: how improbable, then how many. */
  readonly weight: number;
}

/** Adjusts the tests for everything scanned, once for each way to count imprecise dates, and applies the rule. */
function judge(observed: readonly Observation[], alpha: number): Judged[] {
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

function weaker(low: Power, high: Power): Power {
  const dropBlind =
    low.drop === null || (high.drop !== null && high.drop > low.drop)
      ? low.drop === null
        ? low
        : high
      : high.drop === null
        ? high
        : low;
  const rise = low.rise === null || (high.rise !== null && low.rise >= high.rise) ? low : high;
  return { dropCount: dropBlind.dropCount, drop: dropBlind.drop, riseCount: rise.riseCount, rise: rise.rise };
}

const daysText = (days: number): string => `${spelled(days)} ${days === 1 ? 'day' : 'days'}`;
const rounded = (value: number): string =>
  value >= 9.95 ? Math.round(value).toLocaleString('en-GB') : value.toFixed(1);
const range = (low: string, high: string): string => (low === high ? low : `${low} to ${high}`);

/** A row as templates and tables print it, with the figures that charts need. */
function rowOf(each: Judged): Row {
  const { actor, place, verdict, phrase, tests, power, baseline, completeDays } = each;
  const low = tests?.low;
  const high = tests?.high;
  const count =
    low && high
      ? range(low.counts.period.toLocaleString('en-GB'), high.counts.period.toLocaleString('en-GB'))
      : '';
  const expected = low && high ? range(rounded(high.expected), rounded(low.expected)) : '';
  const drop = power?.drop == null ? '' : percentAbout(power.drop);
  return {
    actor,
    place,
    name: [actor, place].filter((part) => part !== null).join(' · '),
    verdict,
    text: phrases[phrase]({ count, expected, days: daysText(completeDays), drop }),
    phrase,
    days: completeDays,
    count,
    count_low: low?.counts.period ?? null,
    count_high: high?.counts.period ?? null,
    expected,
    expected_low: high?.expected ?? null,
    expected_high: low?.expected ?? null,
    ratio_low: low?.low ?? null,
    ratio_high: high?.high ?? null,
    p: low && high ? Math.max(low.p, high.p) : null,
    q: each.q,
    alpha_used: each.alphaUsed,
    method: low?.method ?? null,
    dispersion: tests ? baseline.dispersion : null,
    baseline: baseline.kind,
    baseline_years: baseline.years,
    drop,
    drop_count: power?.dropCount ?? null,
    rise: power?.rise == null ? '' : percentAbout(power.rise),
    rise_count: power?.riseCount ?? null,
    ...described(each),
  };
}

/** What describes a series and decides nothing: days since the last incident, cumulative sums, a change of its rate. */
function described({ series, covered, window, baseline, tests }: Judged): Row {
  const last = window.complete.to;
  const isWhole = (from: number, to: number) => isWithin({ from, to }, covered);
  const silence = silenceSoFar(
    [...series.dated.keys()].toSorted((a, b) => a - b),
    { until: last, isWhole },
  );
  const recent = shared({ from: window.recent.from, to: last }, covered);
  const weeks = weeksOf(recent);
  const weekly = tests ? (tests.low.counts.baseline / tests.low.counts.baselineDays) * 7 : 0;
  const sums = cusums(
    weeks.map((week) => countWithin(series, [week])),
    { means: weeks.map(() => weekly), dispersion: baseline.dispersion },
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

/** The counts of whole covered weeks, cut from the end of the period, with the counts that a single test calls usual. */
function weekRows(
  { actor, place, series, covered, baseline, verdict, tests }: Judged,
  { window, index, alpha }: { window: Window; index: number; alpha: number },
): Row[] {
  const counts = tests?.low.counts;
  const band = counts && powerOf({ ...counts, periodDays: 7 }, alpha);
  return weeksOf([{ from: window.recent.from, to: window.period.to }])
    .filter((week) => isWithin(week, covered))
    .map((week) => ({
      name: [actor, place].filter((part) => part !== null).join(' · '),
      actor,
      place,
      order: index,
      verdict,
      week: dayOf(week.from),
      end: dayOf(week.to),
      count: countWithin(series, [week]),
      count_high: countTouching(series, [week]),
      expected: counts ? (counts.baseline / counts.baselineDays) * 7 : null,
      usual_low: band ? (band.dropCount ?? -1) + 1 : null,
      usual_high: band ? band.riseCount - 1 : null,
      baseline: baseline.kind,
      in_period: week.to >= window.period.from,
      complete: week.to <= window.complete.to,
    }));
}
