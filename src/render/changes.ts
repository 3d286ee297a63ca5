import type { Period } from '../calendar.ts';
import type { Corrected, CorrectedSet } from '../dataset/corrections.ts';
import { likelihood } from '../dataset/fields.ts';
import { figureOf } from '../dataset/figures.ts';
import type { Row, RowSets } from '../dataset/parse-rows.ts';
import { type Change, changesBetween, changesConcerning, knownBy } from '../dataset/point-in-time.ts';
import { eachRow, placeholders, type TableRow } from '../dataset/references.ts';
import type { Dataset } from '../dataset/schema.ts';
import type { DatasetSettings } from '../dataset/settings.ts';
import { spelled } from '../dataset/wording.ts';
import type { Locale } from '../locale.ts';
import { type Brief, briefTopics, isOnTopic } from '../project/brief.ts';
import type { EvidenceSet } from '../query/evidence-set.ts';
import type { AppliedParameter } from '../query/select.ts';
import { textLocale } from './citations.ts';
import { titleOf, titleOfSet } from './row-details.ts';

interface Of {
  readonly brief: Brief;
  readonly dataset: Dataset;
  readonly period: Period;
  readonly applied: readonly AppliedParameter[];
}

/** Changes since the previous issue on the brief's topic, limited to the rows that its parameters name. */
export function changesOf(of: Of): Change[] {
  const { tables } = of.dataset;
  const { asOf, previousAsOf } = of.period;
  return of.applied.reduce(
    (changes, { id }) =>
      id === null ? changes : changesConcerning(changes, { id, tables, previousAsOf, asOf }),
    changesOnTopic(of),
  );
}

function changesOnTopic(
  { brief: { config }, dataset: { tables }, period: { asOf, previousAsOf } }: Of,
  include?: (entry: TableRow) => boolean,
): Change[] {
  const between = { previousAsOf, asOf, ...(include && { include }) };
  return changesBetween(tables, between).filter(({ row }) =>
    'topic' in row ? isOnTopic(config, row.topic) : briefTopics(config) === 'all',
  );
}

/**
 * The changes selected by the brief's query of changes, if it has one. Queries cannot see withdrawn rows, so
 * withdrawals are always included.
 */
export function chosenChanges(
  changes: readonly Change[],
  { brief, sets }: { brief: Brief; sets: RowSets },
): Change[] {
  const query = brief.config.changes;
  const chosen = query === null ? null : new Set((sets[query] ?? []).map(({ id }) => id));
  return changes.filter(({ id, change }) => chosen === null || change === 'withdrawn' || chosen.has(id));
}

/** A key judgment of our own that is not as the previous issue printed it. */
export interface JudgmentChange {
  /** `left` is one that the previous issue printed and this one does not, although it was not dropped. */
  readonly change: 'new' | 'raised' | 'lowered' | 'dropped' | 'left';
  readonly entry: TableRow & { readonly id: string };
  /** `likelihood from unlikely to likely`; null if it did not move. */
  readonly how: string | null;
  /** The words in which the previous issue printed one that is dropped or left; else null. */
  readonly said: string | null;
}

const scales = [
  ['likelihood', likelihood.options],
  ['confidence', ['low', 'moderate', 'high']],
] as const;

const isOurKey = ({ table, row }: TableRow): boolean =>
  table === 'judgments' && row.author === null && row.role === 'key';

/** Whether a key judgment of our own changed since the previous issue, which may then have printed others. */
export const haveJudgmentsChanged = (of: Of): boolean => changesOnTopic(of, isOurKey).length > 0;

/**
 * Changes in our key judgments since the previous issue, which printed `before`; this one prints `now`. Changes of
 * wording alone are omitted.
 */
export function judgmentChangesOf(
  of: Of,
  { before: printed, now }: { before: readonly Row[]; now: readonly Row[] },
): JudgmentChange[] {
  const { locale } = of.brief;
  // A value that chooses words has no spaces.
  const say = (word: string) => locale.text('page.changes.estimate', { word: word.replaceAll(' ', '_') });
  const known = knownBy(of.dataset.tables, of.period.previousAsOf);
  const words = textLocale(of) ?? locale;
  const rows = new Map(eachRow(known).map((entry) => [entry.row.id, entry]));
  /** With the figures of rows; computed ones are left out. */
  const filled = (text: string) =>
    placeholders(text).reduce((said, { source, name, field }) => {
      const entry = rows.get(name);
      return said.replace(source, () => (entry && figureOf(entry, field, words)) ?? '…');
    }, text);
  const has = (among: readonly Row[], id: string) => among.some((row) => row['id'] === id);
  const changes = changesOnTopic(of, isOurKey);
  const gone = known.judgments.flatMap((row): JudgmentChange[] => {
    const entry = { table: 'judgments', row, id: row.id } as const;
    if (!isOurKey(entry) || !has(printed, row.id) || has(now, row.id)) return [];
    const isDropped = changes.some(({ id, change }) => id === row.id && change === 'withdrawn');
    return [{ change: isDropped ? 'dropped' : 'left', entry, how: null, said: filled(row.text) }];
  });
  const changed = changes.flatMap((entry): JudgmentChange[] => {
    if (entry.table !== 'judgments' || entry.change === 'withdrawn') return [];
    if (entry.change === 'new') return [{ change: 'new', entry, how: null, said: null }];
    const before = known.judgments.find(({ id }) => id === entry.id);
    const moves = scales.flatMap(([field, scale]) => {
      const [was, is] = [before?.[field] ?? null, entry.row[field]];
      if (was === null || is === null || was === is) return [];
      const [from = 0, to = 0] = [was, is].map((word) => scale.findIndex((each) => each === word));
      const how = locale.text('page.changes.moved', { field, was: say(was), is: say(is) });
      return [{ isUp: to > from, how }];
    });
    const [first] = moves;
    if (first === undefined) return [];
    const how = locale.list(moves.map((each) => each.how));
    return [{ change: first.isUp ? 'raised' : 'lowered', entry, how, said: null }];
  });
  return [...changed, ...gone];
}

/**
 * The changed judgments as page one lists them: the new ones together, by their numbers unless all of those `printed`
 * there are new, then each of the others.
 */
export function judgedOnPage(
  changes: readonly JudgmentChange[],
  { printed, settings, locale }: { printed: readonly Row[]; settings: DatasetSettings; locale: Locale },
) {
  const said = changes
    .map(({ change, entry, how, said: text }) => ({
      change,
      ids: entry.id,
      count: 1,
      number: 1 + printed.findIndex((judgment) => judgment['id'] === entry.id),
      title: text === null ? titleOf(entry, { settings, locale }) : locale.text('page.quoted', { text }),
      how,
    }))
    .toSorted((a, b) => a.number - b.number);
  const fresh = said.filter(({ change, number }) => change === 'new' && number > 0);
  const rest = said.filter((each) => !fresh.includes(each));
  const numbers = (of: readonly { number: number }[]) =>
    locale.list(of.map(({ number }) => locale.number(number)));
  const together = fresh.slice(0, 1).map((first) => ({
    ...first,
    ids: fresh.map(({ ids }) => ids).join(' '),
    count: fresh.length,
    numbers: numbers(fresh),
    all: fresh.length === printed.length ? spelled(printed.length, locale) : null,
  }));
  return [
    ...together,
    ...rest.map((each) => ({ ...each, numbers: each.number > 0 ? numbers([each]) : null, all: null })),
  ];
}

/** Longer lists are summarised by table. */
const MOST_LISTED = 40;

/** Changes as lists print them; of a long list only `tables`: `Events: 10 new, 2 revised. Measures: 4 new.` */
export function summarised(changes: readonly Change[], locale: Locale) {
  if (changes.length <= MOST_LISTED) return { listed: changes, tables: '' };
  const tables = [...Map.groupBy(changes, ({ table }) => table)].map(([table, of]) => {
    const counts = Object.entries(countsOf(of)).flatMap(([change, count]) =>
      count === 0 ? [] : [locale.text('page.changes.count', { count, change })],
    );
    return locale.text('page.changes.table', { table, counts: locale.list(counts) });
  });
  return { listed: [], tables: tables.join(' ') };
}

/** The number of changes of each kind. */
export const countsOf = (changes: readonly Change[]): { [kind in Change['change']]: number } => {
  const count = (kind: Change['change']) => changes.filter(({ change }) => change === kind).length;
  return { new: count('new'), revised: count('revised'), withdrawn: count('withdrawn') };
};

/** A change as printed in lists. */
export const listed = (change: Change, words: { settings: DatasetSettings; locale: Locale }) => ({
  change: change.change,
  id: change.id,
  title: titleOf(change, words),
});

/** The old and new value of the figure by which readers recognise a row; null if it did not change. */
export function figuresBefore(
  { before, ...now }: Corrected,
  locale: Locale,
): { was: string; is: string } | null {
  if (now.change !== 'revised') return null;
  for (const field of ['value', 'date']) {
    const [was, is] = [figureOf(before, field, locale), figureOf(now, field, locale)];
    if (was !== undefined && is !== undefined && was !== is) return { was, is };
  }
  return null;
}

/** `revised: Operations claimed (M-claims): at least 12 operations, now at least 15 operations` */
export function correctionText(
  corrected: Corrected,
  { settings, locale }: { settings: DatasetSettings; locale: Locale },
): string {
  const { change, id } = corrected;
  const figures = figuresBefore(corrected, locale);
  const line = { change, id, title: titleOf(corrected, { settings, locale }) };
  return figures
    ? locale.text('page.correction.line_with_figures', { ...line, ...figures })
    : locale.text('page.correction.line', line);
}

/**
 * `Feed, 3 incidents in Yemen, 3–9 January 2022 (4 before): 1 revised, 1 withdrawn`, or `revised: Air strike, Hodeidah,
 * Yemen, 3 January 2022 (UCDP-1)` for one incident. Without `set`, it is one that was withdrawn, and only its id is left.
 */
export function correctedSetText(
  { name, revised, withdrawn, was }: CorrectedSet,
  { set, locale }: { set: EvidenceSet | undefined; locale: Locale },
): string {
  if (revised + withdrawn === 0) return locale.text('page.correction.comparison');
  if (set === undefined) {
    const title = locale.text('page.evidence.incidents', { count: 1 });
    return locale.text('page.correction.line', { change: 'withdrawn', title, id: name });
  }
  const title = titleOfSet(set, locale);
  if (set.incident !== null)
    return locale.text('page.correction.line', { change: 'revised', title, id: name });
  return locale.text('page.correction.incidents', {
    title,
    before: set.count === was ? 'same' : locale.number(was),
    revised: locale.number(revised),
    withdrawn: locale.number(withdrawn),
  });
}

/** A notice that the period brought nothing new, and whether anything was collected; null if it did bring something. */
export function nothingNew(of: Of): string | null {
  if (changesOf(of).length > 0) return null;
  const {
    brief: { config, locale },
    dataset: { tables },
    period: { start, asOf },
  } = of;
  const ends = knownBy(tables, asOf)
    .coverage.filter(({ topic }) => isOnTopic(config, topic))
    .map(({ end }) => end)
    .toSorted();
  const span = { start: locale.longDay(start), end: locale.longDay(asOf) };
  if (tables.coverage.length === 0) return locale.text('page.notice.nothing_new', span);
  const [first, last] = [ends[0], ends.at(-1)];
  if (first === undefined || last === undefined) return locale.text('page.notice.no_collection', span);
  const ended = { ...span, topics: first === last ? 'all' : 'some', ended: locale.longDay(first) };
  if (last < start) return locale.text('page.notice.nothing_collected', ended);
  if (first < asOf) return locale.text('page.notice.partly_collected', ended);
  return locale.text('page.notice.nothing_new', span);
}
