import { z } from 'zod';
import { day, type Period } from '../calendar.ts';
import { coverageOfImports, type ImportRecord } from '../dataset/incidents.ts';
import { dayOf, merged, numberOf, shared } from '../dataset/spans.ts';
import { spelled } from '../dataset/wording.ts';
import type { Locale } from '../locale.ts';
import type { FindingConfig } from '../project/brief.ts';
import { daysText, outcomeOf, rowOf, weekRows } from './activity-rows.ts';
import { reportingLag } from './reporting-lag.ts';
import { byKey, judge, type Judged, keyOf, type Named, observe, type Window } from './scan.ts';
import { type Verdict, verdicts } from './verdict.ts';

type ActivityConfig = Extract<FindingConfig, { kind: 'activity' }>;

const key = z.object({
  actor: z.string().nullable().default(null),
  place: z.string().nullable().default(null),
});
/** Incidents with the same first and last possible day, counted by SQL. */
const counted = z.object({ start: day, end: day.nullish(), count: z.number().int().nonnegative() });
/** A count of 0, as for each empty day, is no incident. */
const some = z.array(counted).transform((all) => all.filter(({ count }) => count > 0));
const series = key.extend({ incidents: some, cites: z.array(z.string()).nullish() });
/** A row has a list of counts, or is one count. With a row for each day, a query soon reaches its limit of rows. */
const counts = z.preprocess(
  (row) =>
    typeof row === 'object' && row !== null && !('incidents' in row) ? { ...row, incidents: [row] } : row,
  series,
);
/** Days with collection; of every actor or place if it names none. Assumed from the imports, or on record. */
const coverage = key.extend({ start: day, end: day.nullable(), assumed: z.boolean().default(false) });
const reports = z.object({ start: day, known_on: day, count: z.number().int().nonnegative().default(1) });

/** Reads the rows of a query by a schema. Throws `brief-invalid`. */
export type ReadRows = <T>(query: string, schema: z.ZodType<T>) => T[];

/**
 * Compares the incidents of a period with a baseline, for each actor, place or both. Each row has the verdict of `rule`,
 * what it rests on, and what describes the series without deciding. The most striking rows come first. Without a query of
 * the coverage, the days since the first incident are covered, but only those on which every country of `imports` is,
 * because a series may be of any country. Without imports, all of them are.
 */
export function activity(
  config: ActivityConfig,
  { period, words, imports }: { period: Period; words: Locale; imports: readonly ImportRecord[] },
  read: ReadRows,
) {
  const rows = read(config.rows, counts);
  const lag = lagOf(config, read);
  const asOf = numberOf(period.asOf);
  const lengths = [...new Set([config.days ?? asOf - numberOf(period.start) + 1].flat())].toSorted(
    (a, b) => a - b,
  );
  const start = asOf - Math.max(...lengths) + 1;
  const first = rows
    .flatMap(({ incidents }) => incidents)
    .reduce((least, each) => Math.min(least, numberOf(each.start)), Infinity);
  const collected = config.coverage === undefined ? null : read(config.coverage, coverage);
  const sinceFirst = { from: first, to: asOf };
  const assumed =
    imports.length === 0
      ? [sinceFirst]
      : shared(
          sinceFirst,
          coverageOfImports(imports)
            .filter(({ country }) => country === null)
            .map(({ start: from, end: to }) => ({ from: numberOf(from), to: numberOf(to) })),
        );
  const isAssumed = collected === null ? imports.length > 0 : collected.some((each) => each.assumed);
  // All lengths have one baseline, so that no week is in the period of one and in the baseline of another.
  const windows = lengths.map((length): Window => {
    const from = asOf - length + 1;
    return {
      period: { from, to: asOf },
      complete: { from, to: asOf - lag.days },
      recent: { from: start - config.baseline, to: start - 1 },
    };
  });
  const observed = seriesOf(rows, { by: config.by, asOf }).map((named) => {
    const covered =
      collected === null
        ? assumed
        : merged(
            collected
              .filter((each) => [null, named.actor].includes(each.actor))
              .filter((each) => [null, named.place].includes(each.place))
              .map((each) => ({
                from: numberOf(each.start),
                to: Math.min(asOf, each.end === null ? asOf : numberOf(each.end)),
              })),
          );
    return windows.map((window) => observe(named, { window, covered, alpha: config.alpha }));
  });
  const judged = judge(observed, config.alpha);
  /** Incidents of a series at any time: among series with too few data, a reader looks for the most active. */
  const total = ({ series: { dated, imprecise } }: Judged) =>
    [...dated.values(), ...imprecise.map(({ count }) => count)].reduce((sum, count) => sum + count, 0);
  const ordered = judged.toSorted(
    (a, b) =>
      verdicts.indexOf(a.verdict) - verdicts.indexOf(b.verdict) ||
      b.weight - a.weight ||
      total(b) - total(a) ||
      byKey(a, b),
  );
  const isMoved = ({ verdict, actor }: Judged, to: Verdict) =>
    verdict === to && actor !== null && config.by === 'both';
  /** Other places in which the same actor has the opposite verdict. */
  const elsewhere = (of: Judged, from: Verdict, to: Verdict) =>
    isMoved(of, from)
      ? ordered.filter((each) => isMoved(each, to) && each.actor === of.actor).map(({ place }) => place)
      : [];
  const result = ordered.map((each, index) => ({
    ...rowOf(each, words),
    order: index,
    up_in: elsewhere(each, 'quiet', 'surged'),
    quiet_in: elsewhere(each, 'surged', 'quiet'),
  }));
  const number = (verdict: Verdict) =>
    spelled(judged.filter((each) => each.verdict === verdict).length, words);
  const moved = result.filter(({ up_in }) => up_in.length > 0).length;
  return {
    fields: {
      outcome: outcomeOf(judged, { moved, start, asOf, lag: lag.days, words }),
      scanned: spelled(judged.length, words),
      quiet: number('quiet'),
      surged: number('surged'),
      normal: number('within normal variation'),
      too_few: number('too few data'),
      within_lag: number('within reporting lag'),
      not_covered: number('not covered'),
      moved: spelled(moved, words),
      start: words.longDay(dayOf(start)),
      // Empty if no day is compared.
      complete_to: lag.days > asOf - start ? '' : words.longDay(dayOf(asOf - lag.days)),
      days: daysText(asOf - start + 1, words),
      baseline_days: daysText(config.baseline, words),
      lag: daysText(lag.days, words),
      lag_basis: words.text('figures.activity.basis', { basis: lag.basis }),
      coverage_basis: words.text('figures.activity.basis', {
        basis: isAssumed ? 'imports' : collected === null ? 'assumed' : 'recorded',
      }),
      alpha: words.number(config.alpha, { maximumSignificantDigits: 12 }),
    },
    restsOn: [...new Set(rows.flatMap(({ cites }) => cites ?? []))].toSorted(),
    rows: result,
    weeks: ordered
      .slice(0, config.charted)
      .flatMap((each, index) => weekRows(each, { index, alpha: config.alpha })),
  };
}

/** A declared lag, or one estimated from successive imports. Without enough imports it is unknown, and taken as 0. */
function lagOf({ lag }: ActivityConfig, read: ReadRows): { days: number; basis: string } {
  if (typeof lag === 'number') return { days: lag, basis: 'declared' };
  const estimate = reportingLag(read(lag, reports));
  return { days: estimate ?? 0, basis: estimate === null ? 'unknown' : 'estimated' };
}

/** The series of a scan, in a fixed order. */
function seriesOf(
  rows: readonly z.output<typeof series>[],
  { by, asOf }: { by: ActivityConfig['by']; asOf: number },
): Named[] {
  // A row without a name belongs to no series.
  const named = rows
    .map((row) => ({
      ...row,
      actor: by === 'place' ? null : row.actor,
      place: by === 'actor' ? null : row.place,
    }))
    .filter(({ actor, place }) => (by === 'place' || actor !== null) && (by === 'actor' || place !== null));
  return [...Map.groupBy(named, keyOf).values()]
    .flatMap(([first, ...others]) => (first === undefined ? [] : [{ first, all: [first, ...others] }]))
    .map(({ first: { actor, place }, all }): Named => {
      // An incident that is known by the last day has happened by then, even if its date is the whole month.
      const spans = all
        .flatMap(({ incidents }) => incidents)
        .map(({ start, end, count }) => ({
          from: numberOf(start),
          to: Math.min(asOf, numberOf(end ?? start)),
          count,
        }))
        .filter(({ from, to }) => from <= to);
      const dated = new Map<number, number>();
      for (const { from, to, count } of spans)
        if (from === to) dated.set(from, (dated.get(from) ?? 0) + count);
      return {
        actor,
        place,
        series: { dated, imprecise: spans.filter(({ from, to }) => from !== to) },
        cites: [...new Set(all.flatMap(({ cites }) => cites ?? []))].toSorted(),
      };
    })
    .toSorted(byKey);
}
