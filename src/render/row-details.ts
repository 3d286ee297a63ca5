import { figureOf } from '../dataset/figures.ts';
import { placeholders, type TableRow } from '../dataset/references.ts';
import type { RowOf } from '../dataset/schema.ts';
import { type DatasetSettings, noSettings, topicTitle } from '../dataset/settings.ts';
import type { Locale } from '../locale.ts';

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
