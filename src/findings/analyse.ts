import { z } from 'zod';
import { day, daysBetween, type Period } from '../calendar.ts';
import type { ImportRecord } from '../dataset/incidents.ts';
import type { Row, RowSets } from '../dataset/parse-rows.ts';
import { withoutUnfounded } from '../dataset/point-in-time.ts';
import { computedNames, eachRow } from '../dataset/references.ts';
import type { Tables } from '../dataset/schema.ts';
import {
  fixedOutward,
  percentAbout,
  percentAtMost,
  percentNearest,
  roundOutward,
  spelled,
  withDecimals,
} from '../dataset/wording.ts';
import { AppError } from '../errors.ts';
import type { Locale } from '../locale.ts';
import { type Brief, type FindingConfig, isOnTopic, queriesOfFinding } from '../project/brief.ts';
import type { Queries, QueryParameters } from '../query/query.ts';
import { activity } from './activity.ts';
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

/** A result computed from the data: its fields as printed on the page, and the rows used to compute it. */
export interface Finding {
  readonly fields: { readonly [field: string]: string };
  readonly restsOn: readonly string[];
  /** The same result as rows, for charts and tables; empty if there is nothing to tabulate. */
  readonly rows: readonly Row[];
  /** Counts by week of the first rows, for charts; only of the kind `activity`. */
  readonly weeks?: readonly Row[];
}
export type Findings = { readonly [name: string]: Finding };

/**
 * Computes the findings of a brief for a period. A finding whose rows are not known yet is omitted, and so is every text
 * that names it. `imports` are those of the incidents that the queries saw.
 */
export function analyse(
  brief: Brief,
  sets: RowSets,
  { period, imports }: { period: Period; imports: readonly ImportRecord[] },
): Findings {
  const findings = Object.entries(brief.config.findings).flatMap(([name, config]) => {
    for (const { setting, query } of queriesOfFinding(config)) {
      if (Object.hasOwn(sets, query)) continue;
      throw new AppError('brief-invalid', {
        file: brief.definition.file,
        field: `findings.${name}.${setting}`,
        problem: `There is no query "${query}".`,
        hint: `Name one of ${Object.keys({ ...brief.queries, ...sets }).join(', ')}.`,
      });
    }
    /** Throws `brief-invalid` for rows that do not fit. */
    const reading = <T>(query: string, work: (rows: readonly Row[]) => T): T => {
      try {
        return work(sets[query] ?? []);
      } catch (cause) {
        if (!(cause instanceof z.ZodError)) throw cause;
        throw new AppError(
          'brief-invalid',
          cause.issues.map(({ path, message }) => ({
            file: brief.queries[query]?.file ?? brief.definition.file,
            field: path.filter((part) => typeof part === 'string').join('.'),
            problem: `Row ${Number(path[0] ?? 0) + 1} of the query does not fit the finding "${name}" (${config.kind}): ${message}.`,
            hint: 'See docs/authoring.md for the columns that each kind of finding needs.',
          })),
          { cause },
        );
      }
    };
    if ((sets[config.rows] ?? []).length === 0) return [];
    const result =
      config.kind === 'activity'
        ? activity(config, { period, words: brief.locale, imports }, (query, schema) =>
            reading(query, (rows) => z.array(schema).parse(rows)),
          )
        : reading(config.rows, (rows) => {
            if (config.kind === 'count') return count(rows, brief.locale);
            if (config.kind === 'rest-of-share') return restOfShare(rows, brief.locale);
            return rateChange(config, rows, brief.locale);
          });
    return result === undefined ? [] : [[name, result] as const];
  });
  return Object.fromEntries(findings);
}

interface Given {
  readonly period: Period;
  readonly parameters: QueryParameters;
  readonly imports: readonly ImportRecord[];
}

/**
 * The first finding of the kind `activity` with other printed figures in `after` than in `before`; undefined if there is
 * none. Throws `query-failed`, and `brief-invalid` for rows that do not fit.
 */
export async function changedActivity(
  brief: Brief,
  { before, after, ...given }: Given & { before: () => Promise<Queries>; after: Queries },
): Promise<string | undefined> {
  for (const [name, config] of Object.entries(brief.config.findings)) {
    if (config.kind !== 'activity') continue;
    const alone = { ...brief, config: { ...brief.config, findings: { [name]: config } } };
    const was = await figuresOf(alone, await before(), given);
    if (was !== (await figuresOf(alone, after, given))) return name;
  }
  return undefined;
}

/** The texts in the fields and rows of a brief's findings. Numbers that are not texts are for charts. */
async function figuresOf(brief: Brief, queries: Queries, { parameters, ...given }: Given): Promise<string> {
  const sets: { [query: string]: Row[] } = {};
  for (const { query } of Object.values(brief.config.findings).flatMap(queriesOfFinding)) {
    const source = brief.queries[query];
    if (source !== undefined)
      sets[query] = await queries.query({ sql: source.text, file: source.file, parameters });
  }
  const found = Object.values(analyse(brief, sets, given));
  const texts = (row: Row) => Object.entries(row).filter(([, value]) => typeof value === 'string');
  return JSON.stringify(found.map(({ fields, rows }) => [fields, rows.map(texts)]));
}

/** The reasons why findings of a brief are missing, by name, for messages about references to them. */
export function missingFindings(brief: Brief, { sets, findings }: { sets: RowSets; findings: Findings }) {
  const missing = Object.entries(brief.config.findings).filter(([name]) => !Object.hasOwn(findings, name));
  return Object.fromEntries(
    missing.map(([name, { rows: query }]): [string, string] => [
      name,
      (sets[query] ?? []).length === 0
        ? `its query "${query}" gives no row`
        : `no row of its query "${query}" has the role "headline"`,
    ]),
  );
}

/** Whether a row names a finding or evidence set that is not among `names`. */
const namesOther = (row: object, names: object): boolean =>
  computedNames(row).some((name) => !Object.hasOwn(names, name));

/**
 * Omits rows that name, in their text or under `rests_on`, a finding that the brief does not compute or an evidence set
 * that it does not have, because they cannot be printed. `findings` is the result of `analyse` for the brief.
 */
export const withPrintableFindings = <R extends object>(
  rows: readonly R[],
  { findings, config }: { findings: Findings; config: Brief['config'] },
): R[] => rows.filter((row) => !namesOther(row, { ...findings, ...config.evidence }));

/**
 * Omits judgments on the brief's topic that name other briefs' findings or evidence sets. This runs before queries pick the newest
 * judgment, so that they find one that this brief can print.
 */
export function withoutOtherFindings(known: Tables, { config }: Brief): Tables {
  const other = known.judgments.filter(
    (row) => isOnTopic(config, row.topic) && namesOther(row, { ...config.findings, ...config.evidence }),
  );
  if (other.length === 0) return known;
  const rows = eachRow(known).filter(({ row }) => !other.some(({ id }) => id === row.id));
  return withoutUnfounded(known, new Map(rows.map((entry) => [entry.row.id, entry])));
}

const identified = z.object({ id: z.string() });

const citing = identified.extend({ cites: z.array(z.string()).nullish() });

/** Rows that cite nothing else are themselves what the count rests on. */
function count(rows: readonly Row[], words: Locale): Finding {
  const counted = z.array(citing).parse(rows);
  return {
    fields: {
      count: spelled(counted.length, words),
      number: words.number(counted.length, { useGrouping: false }),
    },
    restsOn: [...new Set(counted.flatMap(({ id, cites }) => cites ?? [id]))],
    rows: [],
  };
}

/** A lower bound of a share is an upper bound of the rest. The difference of two lower bounds is not a bound. */
function restOfShare(rows: readonly Row[], words: Locale): Finding {
  const [share] = z
    .tuple([identified.extend({ value: z.number().min(0).max(100), bound: z.enum(['>=', '=']) })])
    .parse(rows);
  const rest = roundOutward(100 - share.value, 12, 'up');
  const value = perCent(rest, words);
  return {
    fields: { value: share.bound === '>=' ? words.text('figures.at_most', { value }) : value },
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
  /** The kind of count: exact, unless the query marks it as a lower bound or an estimate. */
  bound: z.enum(['>=', '=', '~']).default('='),
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

/** A number in per cent, with all its digits. */
const perCent = (value: number, words: Locale): string =>
  words.text('figures.per_cent', { value: words.number(value, { maximumSignificantDigits: 12 }) });

const percent = (share: number, words: Locale): string =>
  perCent(Number((share * 100).toPrecision(12)), words);

/**
 * If the count is a lower bound, figures that rise with it are lower bounds, and figures that fall with it are upper
 * bounds: each is rounded so that it remains true. Otherwise figures are rounded to nearest.
 */
const limits = {
  '>=': {
    rising: 'figures.at_least',
    risingSign: '≥ ',
    falling: 'figures.at_most',
    fallingSign: '≤ ',
    fixed: (value: number, decimals: number) => fixedOutward(value, decimals, 'down'),
    percent: percentAtMost,
  },
  '=': {
    rising: null,
    risingSign: '',
    falling: null,
    fallingSign: '',
    fixed: toFixed,
    percent: percentNearest,
  },
  '~': {
    rising: 'figures.about',
    risingSign: '≈ ',
    falling: 'figures.about',
    fallingSign: '≈ ',
    fixed: toFixed,
    percent: percentNearest,
  },
} as const;

function toFixed(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}

const expectedIn = (each: Reading): number => limits[each.bound].fixed(expectedEvents(silenceOf(each)), 1);
/** The upper limit of an interval, for every kind of count. */
const ratioIn = (each: Reading, { level, words }: { level: number; words: Locale }): string =>
  withDecimals(fixedOutward(rateRatioLimit(silenceOf(each), level), 2, 'up'), 2, words);

/** The rate before a silence, and the events it predicts for the quiet days. `other` is a second way to date them. */
function rateChange(
  {
    level,
    clustering: [k, kLow],
    breakEven: [weak, strong],
  }: Extract<FindingConfig, { kind: 'rate-change' }>,
  rows: readonly Row[],
  words: Locale,
): Finding | undefined {
  const readings = z.array(reading).parse(rows);
  const headline = readings.find(({ role }) => role === 'headline');
  const other = readings.find(({ role }) => role === 'other');
  if (headline === undefined) return undefined;

  const silence = silenceOf(headline);
  const { rising, falling, fixed, percent: shareOf } = limits[headline.bound];
  const bounded = (key: string | null, value: string) => (key === null ? value : words.text(key, { value }));
  const percentOf = (share: number) => words.text('figures.per_cent', { value: shareOf(share, words) });
  const about = (share: number) => percentAbout(share, words);
  const expectedWords = (each: Reading) =>
    bounded(limits[each.bound].rising, withDecimals(expectedIn(each), 1, words));
  const ratio = (each: Reading) => words.text('figures.at_most', { value: ratioIn(each, { level, words }) });
  const digits = (value: number) => words.number(value, { useGrouping: false });
  const aDay = { ...silence, quietDays: 1 };
  // The run is as long as the silence of the headline reading. The longer one of the other reading would look rarer.
  const run = (empty: number) => runChance({ days: silence.baselineDays, length: silence.quietDays, empty });
  const firstQuiet = (other ?? headline).quiet_start;
  return {
    fields: {
      rate: bounded(rising, withDecimals(fixed(dailyRate(silence), 2), 2, words)),
      expected: expectedWords(headline),
      quiet_days: spelled(silence.quietDays, words),
      baseline_days: digits(silence.baselineDays),
      observed_to: words.longDay(headline.observed_to),
      observed_note: headline.observed_note,
      day: words.longDay(firstQuiet),
      ratio: ratio(headline),
      ...(other && {
        other_expected: expectedWords(other),
        other_quiet_days: spelled(silenceOf(other).quietDays, words),
        other_ratio: ratio(other),
      }),
      level: percent(level, words),
      chance: bounded(falling, percentOf(chanceOfSilence(silence))),
      conditional: bounded(falling, percentOf(conditionalChance(silence))),
      k: words.number(k, { maximumSignificantDigits: 12 }),
      k_low: words.number(kLow, { maximumSignificantDigits: 12 }),
      clustered: percentOf(clusteredChance(silence, k)),
      clustered_low: percentOf(clusteredChance(silence, kLow)),
      empty: about(chanceOfSilence(aDay)),
      empty_clustered: about(emptyDayChance(silence, k)),
      empty_clustered_low: about(emptyDayChance(silence, kLow)),
      run: percentOf(run(chanceOfSilence(aDay))),
      run_clustered: percentOf(run(emptyDayChance(silence, k))),
      run_clustered_low: percentOf(run(emptyDayChance(silence, kLow))),
      break_even: percent(weak, words),
      break_even_seen: about(shareSeenAt(silence, weak)),
      break_even_high: percent(strong, words),
      break_even_high_seen: about(shareSeenAt(silence, strong)),
    },
    restsOn: [...new Set([headline.measure, headline.id, ...(other ? [other.id] : [])])],
    rows: readings.map((row, order) => {
      const each = silenceOf(row);
      const limit = limits[row.bound];
      return {
        id: row.id,
        order,
        label: row.label,
        role: row.role,
        headline: row.role === 'headline',
        reading: other
          ? words.text('figures.reading', { day: words.shortDay(firstQuiet), label: row.label })
          : row.label,
        detail: words.text('figures.quiet_days', {
          days: spelled(each.quietDays, words),
          day: words.shortDay(row.observed_to),
        }),
        quiet_start: row.quiet_start,
        quiet_end: row.observed_to,
        observed: 0,
        // The sensitivity readings have their own table and are not in the chart.
        cites: row.role === 'sensitivity' ? [] : [row.id],
        observed_label: words.text('figures.none_known'),
        observed_to: words.longDay(row.observed_to),
        observed_note: row.observed_note,
        baseline_days: each.baselineDays,
        quiet_days: each.quietDays,
        rate_label: `${limit.risingSign}${withDecimals(limit.fixed(dailyRate(each), 2), 2, words)}`,
        expected: expectedIn(row),
        expected_label: expectedWords(row),
        expected_short: `${limit.risingSign}${withDecimals(expectedIn(row), 1, words)}`,
        chance_label: `${limit.fallingSign}${words.text('figures.per_cent_short', { value: limit.percent(chanceOfSilence(each), words) })}`,
        ratio_short: `≤ ${ratioIn(row, { level, words })}`,
      };
    }),
  };
}
