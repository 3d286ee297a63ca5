import { figureOf } from '../dataset/figures.ts';
import { placeholders, type TableRow } from '../dataset/references.ts';
import type { RowOf } from '../dataset/schema.ts';
import { type DatasetSettings, noSettings, topicTitle } from '../dataset/settings.ts';
import type { Locale } from '../locale.ts';
import type { EvidenceSet } from '../query/evidence-set.ts';

/** One source of a chain, with its reliability from A to F; null if nobody graded it. */
export type Link = Pick<RowOf<'sources'>, 'id' | 'name' | 'reliability'>;

/**
 * A row's Admiralty grade: the reliability of its chain of sources, from A to F, and then the credibility of the item,
 * from 1 to 6. A part that nobody graded is left out, since a dash would read as a minus; null if neither part is given.
 *
 * A chain is as reliable as its weakest graded link, since each link may have erred: B passed on by C is C. A link that
 * cannot be judged (F) makes the chain F, whatever the others are. A link that nobody graded does not count: the letter
 * is then that of the other links, and no better than they are. Credibility belongs to the item and does not depend on its chain.
 */
export function gradeOf({ row }: TableRow, chain: readonly Pick<Link, 'reliability'>[]): string | null {
  const credibility = 'credibility' in row ? row.credibility : null;
  const weakest = chain
    .flatMap(({ reliability }) => reliability ?? [])
    .toSorted()
    .at(-1);
  return weakest === undefined && credibility === null ? null : `${weakest ?? ''}${credibility ?? ''}`;
}

/** The ids of a source and its carriers, ending with the one that we read. */
export function sourceChain(id: string, find: (id: string) => RowOf<'sources'> | undefined): string[] {
  const chain: string[] = [];
  for (let next: string | null = id; next !== null && !chain.includes(next); next = find(next)?.via ?? null)
    if (find(next) !== undefined) chain.push(next);
  return chain;
}

/** The title of a row in lists, with its own figures filled in; judgments have no title and are listed by topic. */
export function titleOf(
  entry: TableRow,
  { locale, settings = noSettings }: { locale: Locale; settings?: DatasetSettings },
): string {
  const { table, row } = entry;
  if ('title' in row)
    return placeholders(row.title).reduce(
      (title, { source, name, field }) =>
        name === row.id ? title.replace(source, () => figureOf(entry, field, locale) ?? source) : title,
      row.title,
    );
  if ('name' in row) return row.name;
  if ('label' in row) return row.label;
  if (!('topic' in row)) return locale.text('page.rows.other');
  const topic = row.topic === 'all' ? locale.text('page.all_topics') : topicTitle(row.topic, settings);
  if (table === 'gaps') return locale.text('page.rows.gap', { topic });
  if (table === 'indicators') return locale.text('page.rows.indicator', { topic });
  if (table === 'coverage') return locale.text('page.rows.coverage', { topic });
  const isOurs = table === 'judgments' && row.author === null;
  return locale.text(isOurs ? 'page.rows.judgment_ours' : 'page.rows.judgment_theirs', { topic });
}

/** The id of a row's source or author; empty if it is our own. */
export function sourceOf({ table, row }: TableRow): string {
  if (table === 'events' || table === 'measures') return row.source ?? '';
  return table === 'judgments' ? (row.author ?? '') : '';
}

export const setsByName = (sets: readonly EvidenceSet[]): ReadonlyMap<string, EvidenceSet> =>
  new Map(sets.map((set) => [set.name, set]));

/**
 * `UCDP GED, 312 incidents in Yemen, 3–9 January 2022`; more than three countries are counted. One incident is
 * `Air strike, Hodeidah, Yemen, 3 January 2022`, with its own title in quotation marks.
 */
export function titleOfSet(set: EvidenceSet, locale: Locale): string {
  const { countries, incident } = set;
  const { count, span } = figuresOfSet(set, locale);
  if (incident !== null) {
    const { title, kind, sub_kind: subKind, place, admin1 } = incident;
    const what =
      title === null
        ? (subKind ?? kind ?? locale.text('page.evidence.incidents', { count: 1 }))
        : locale.text('page.evidence.quoted', { title });
    const where = [place, admin1 === place ? null : admin1, countriesInWords(countries, locale)];
    return [what, ...where, span]
      .filter((part) => part !== null && part !== '')
      .join(locale.text('page.between.parts'));
  }
  const values = {
    sources: locale.list(set.sources),
    count,
    what: set.what ?? locale.text('page.evidence.incidents', { count: set.count }),
    days: span,
  };
  if (countries.length === 0) return locale.text('page.evidence.title', values);
  return locale.text('page.evidence.title_with_places', {
    ...values,
    places: countriesInWords(countries, locale),
  });
}

/** The names of countries; more than three are counted. `codes` are ISO 3166-1 alpha-2. */
export function countriesInWords(codes: readonly string[], locale: Locale): string {
  const names = new Intl.DisplayNames(locale.tag, { type: 'region' });
  return codes.length > 3
    ? locale.text('page.evidence.countries', { count: codes.length })
    : locale.list(codes.map((code) => names.of(code) ?? code));
}

/** The figures of an evidence set, for use in a sentence. */
export const figuresOfSet = (
  { count, rows, start, end }: EvidenceSet,
  locale: Locale,
): { readonly [figure in 'count' | 'rows' | 'start' | 'end' | 'span']: string } & {
  readonly [figure: string]: string;
} => ({
  count: locale.number(count),
  rows: locale.number(rows),
  start: locale.longDay(start),
  end: locale.longDay(end),
  span: locale.daySpan(start, end),
});
