import { z } from 'zod';
import { day, daysBetween } from '../calendar.ts';
import type { Row, RowSets } from '../dataset/parse-rows.ts';
import { withoutUnfounded } from '../dataset/point-in-time.ts';
import { eachRow, placeholders } from '../dataset/references.ts';
import type { Tables } from '../dataset/schema.ts';
import {
  fixedOutward,
  longDay,
  percentAbout,
  percentAtMost,
  roundOutward,
  shortDay,
  spelled,
} from '../dataset/wording.ts';
import { AppError } from '../errors.ts';
import type { Brief, FindingConfig } from '../project/brief.ts';
import {
  chanceOfSilence,
  clusteredChance,
  conditionalChance,
  dailyRate,
  emptyDayChance,
  expectedEvents,
  rateRatioLimit,
  runChance,
  shareSeenAt,
} from './statistics.ts';

/** A result computed from the data: its fields as they read on the page, and the rows it was computed from. */
export interface Finding {
  readonly fields: { readonly [field: string]: string };
  readonly restsOn: readonly string[];
  /** The same result as rows, for charts and tables; empty where there is nothing to tabulate. */
  readonly rows: readonly Row[];
}
export type Findings = { readonly [name: string]: Finding };

/**
 * Computes the findings that a brief asks for. One whose rows are not known yet is left out, and so is every text that
 * names it.
 */
export function analyse(brief: Brief, sets: RowSets): Findings {
  const findings = Object.entries(brief.config.findings).flatMap(([name, config]) => {
    const rows = Object.hasOwn(sets, config.rows) ? sets[config.rows] : undefined;
    if (rows === undefined) {
      throw new AppError('brief-invalid', [
        {
          file: brief.definition.file,
          field: `findings.${name}.rows`,
          problem: `There is no query "${config.rows}".`,
          mend: `Name one of ${Object.keys({ ...brief.queries, ...sets }).join(', ')}.`,
        },
      ]);
    }
    if (rows.length === 0) return [];
    try {
      const result = compute(config, rows);
      return result === undefined ? [] : [[name, result] as const];
    } catch (cause) {
      if (!(cause instanceof z.ZodError)) throw cause;
      throw new AppError(
        'brief-invalid',
        cause.issues.map(({ path, message }) => ({
          file: brief.queries[config.rows]?.file ?? brief.definition.file,
          field: path.filter((part) => typeof part === 'string').join('.'),
          problem: `Row ${Number(path[0] ?? 0) + 1} of the query does not fit the finding "${name}" (${config.kind}): ${message}.`,
          mend: 'See docs/authoring.md for what the query of each kind of finding gives.',
        })),
        { cause },
      );
    }
  });
  return Object.fromEntries(findings);
}

/** Whether a row speaks of a finding that is not among `names`. The name of a finding begins with a small letter. */
const namesOther = (row: object, names: object): boolean =>
  Object.values(row).some(
    (value) =>
      typeof value === 'string' &&
      placeholders(value).some(({ name }) => /^[a-z]/.test(name) && !Object.hasOwn(names, name)),
  );

/**
 * Leaves out the rows that speak of a finding which the brief does not compute, since their text cannot be filled in.
 * `findings` is what `analyse` gave for the brief.
 */
export const withoutUntold = <R extends object>(rows: readonly R[], findings: Findings): R[] =>
  rows.filter((row) => !namesOther(row, findings));

/**
 * Leaves out the judgments on the brief's topic that speak of findings of other briefs, before queries pick the newest:
 * they find the newest that this brief can print.
 */
export function withoutOtherFindings(known: Tables, { config: { topic, findings } }: Brief): Tables {
  const other = known.judgments.filter(
    (row) => (topic === 'all' || row.topic === topic) && namesOther(row, findings),
  );
  if (other.length === 0) return known;
  const rows = eachRow(known).filter(({ row }) => !other.some(({ id }) => id === row.id));
  return withoutUnfounded(known, new Map(rows.map((entry) => [entry.row.id, entry])));
}

function compute(config: FindingConfig, rows: readonly Row[]): Finding | undefined {
  if (config.kind === 'count') return count(rows);
  if (config.kind === 'rest-of-share') return restOfShare(rows);
  return rateChange(config, rows);
}

const identified = z.object({ id: z.string() });

function count(rows: readonly Row[]): Finding {
  const ids = z
    .array(identified)
    .parse(rows)
    .map(({ id }) => id);
  return {
    fields: { count: spelled(ids.length), number: String(ids.length) },
    restsOn: [...new Set(ids)],
    rows: [],
  };
}

/** A lower bound of a share is an upper bound of the rest; the difference of two lower bounds would be none. */
function restOfShare(rows: readonly Row[]): Finding {
  const [share] = z
    .tuple([identified.extend({ value: z.number().min(0).max(100), bound: z.enum(['>=', '=']) })])
    .parse(rows);
  const rest = roundOutward(100 - share.value, 12, 'up');
  return {
    fields: { value: `${share.bound === '>=' ? 'at most ' : ''}${rest} per cent` },
    restsOn: [share.id],
    rows: [],
  };
}

const reading = z.object({
  id: z.string(),
  measure: z.string(),
  label: z.string(),
  role: z.enum(['headline', 'other', 'sensitivity']),
  count: z.number().int().positive(),
  baseline_start: day,
  baseline_end: day,
  quiet_start: day,
  observed_to: day,
  observed_note: z.string(),
});
type Reading = z.output<typeof reading>;

const silenceOf = ({ count: events, baseline_start, baseline_end, quiet_start, observed_to }: Reading) => ({
  count: events,
  baselineDays: daysBetween(baseline_start, baseline_end),
  quietDays: daysBetween(quiet_start, observed_to),
});

const percent = (share: number): string => `${Number((share * 100).toPrecision(12))} per cent`;

/**
 * Since the count is a lower bound, every figure is a limit, rounded to the side on which it still holds. Exceptions,
 * rounded to the nearest per cent: the shares of empty days and the shares of claims still seen.
 */
function rateChange(
  {
    level,
    clustering: [k, kLow],
    breakEven: [weak, strong],
  }: Extract<FindingConfig, { kind: 'rate-change' }>,
  rows: readonly Row[],
): Finding | undefined {
  const readings = z.array(reading).parse(rows);
  const headline = readings.find(({ role }) => role === 'headline');
  const other = readings.find(({ role }) => role === 'other');
  if (headline === undefined || other === undefined) return undefined;

  const silence = silenceOf(headline);
  const otherSilence = silenceOf(other);
  const ratio = (value: number) => `at most ${fixedOutward(value, 2, 'up')}`;
  const expected = (value: number) => `at least ${fixedOutward(value, 1, 'down')}`;
  const aDay = { ...silence, quietDays: 1 };
  // The run is as long as the silence that the headline states: the longer one of the other reading would look rarer.
  const run = (empty: number) => runChance({ days: silence.baselineDays, length: silence.quietDays, empty });
  return {
    fields: {
      rate: `at least ${fixedOutward(dailyRate(silence), 2, 'down')}`,
      expected: expected(expectedEvents(silence)),
      other_expected: expected(expectedEvents(otherSilence)),
      quiet_days: spelled(silence.quietDays),
      other_quiet_days: spelled(otherSilence.quietDays),
      baseline_days: String(silence.baselineDays),
      observed_to: longDay(headline.observed_to),
      observed_note: headline.observed_note,
      day: longDay(other.quiet_start),
      ratio: ratio(rateRatioLimit(silence, level)),
      other_ratio: ratio(rateRatioLimit(otherSilence, level)),
      level: percent(level),
      chance: `at most ${percentAtMost(chanceOfSilence(silence))}`,
      conditional: `at most ${percentAtMost(conditionalChance(silence))}`,
      k: String(k),
      k_low: String(kLow),
      clustered: percentAtMost(clusteredChance(silence, k)),
      clustered_low: percentAtMost(clusteredChance(silence, kLow)),
      empty: percentAbout(chanceOfSilence(aDay)),
      empty_clustered: percentAbout(emptyDayChance(silence, k)),
      empty_clustered_low: percentAbout(emptyDayChance(silence, kLow)),
      run: percentAtMost(run(chanceOfSilence(aDay))),
      run_clustered: percentAtMost(run(emptyDayChance(silence, k))),
      run_clustered_low: percentAtMost(run(emptyDayChance(silence, kLow))),
      break_even: percent(weak),
      break_even_seen: percentAbout(shareSeenAt(silence, weak)),
      break_even_high: percent(strong),
      break_even_high_seen: percentAbout(shareSeenAt(silence, strong)),
    },
    restsOn: [...new Set([headline.measure, headline.id, other.id])],
    rows: readings.map((row, order) => {
      const each = silenceOf(row);
      return {
        id: row.id,
        order,
        label: row.label,
        role: row.role,
        headline: row.role === 'headline',
        reading: `${shortDay(other.quiet_start)} as ${row.label}`,
        detail: `${spelled(each.quietDays)} quiet ${each.quietDays === 1 ? 'day' : 'days'} to ${shortDay(row.observed_to)}`,
        observed: 0,
        // The sensitivity readings stand in a table of their own, and not in the chart.
        cites: row.role === 'sensitivity' ? [] : [row.id],
        observed_label: 'none known',
        observed_to: longDay(row.observed_to),
        observed_note: row.observed_note,
        baseline_days: each.baselineDays,
        quiet_days: each.quietDays,
        rate_label: `≥ ${fixedOutward(dailyRate(each), 2, 'down')}`,
        expected: Number(fixedOutward(expectedEvents(each), 1, 'down')),
        expected_label: expected(expectedEvents(each)),
        expected_short: expected(expectedEvents(each)).replace('at least', '≥'),
        chance_label: `≤ ${percentAtMost(chanceOfSilence(each)).replace(' per cent', ' %')}`,
        ratio_short: ratio(rateRatioLimit(each, level)).replace('at most', '≤'),
      };
    }),
  };
}
