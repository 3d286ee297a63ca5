import type { Row } from '../dataset/parse-rows.ts';
import type { TableRow } from '../dataset/references.ts';
import type { Fault } from '../errors.ts';
import { idsNamed } from '../render/citations.ts';
import { uncitedDrawings } from './charts.ts';
import { type Draft, excerpt } from './draft.ts';
import type { Text } from './html.ts';

/**
 * Each row that a query gives to the page, or that stands behind a chart, names a row of the dataset: or else nobody
 * could tell what it was made from, how that is marked, and whether it was revised since.
 */
export function untraceable(draft: Draft): Fault[] {
  const { brief, asked, charts, rows: known } = draft;
  const { config, queries, definition } = brief;
  // A query without "cites" leaves its chart without citations: charts-cite reports that, unless it is waived.
  const uncited = config.waive.some(({ rule }) => rule === 'charts-cite') ? [] : uncitedDrawings(draft);
  const drawn = charts.flatMap(({ name, rows }): [string, readonly Row[]][] => {
    const query = config.charts[name]?.rows ?? '';
    const isReported = uncited.some(({ field }) => field === `charts.${name}`);
    return isReported || Object.hasOwn(config.findings, query) ? [] : [[query, rows]];
  });
  const given = new Map([...Object.entries(asked), ...drawn]);
  return [...given].flatMap(([query, rows]) => {
    const nameless = rows.find((row) => idsNamed([row], known).length === 0 && !saysNothing(row));
    if (nameless === undefined) return [];
    return [
      {
        file: queries[query]?.file ?? definition.file,
        problem: `A row that the query "${query}" gives to the page names no row that is known: ${excerpt(JSON.stringify(nameless))}.`,
        mend: 'Let the query return id, or a list of the ids that it was made from: list(id) AS cites.',
      },
    ];
  });
}

/** A day or group on which nothing is known: a count of nought, of an empty list of ids. */
const saysNothing = (row: Row): boolean =>
  Object.values(row).every(
    (value) =>
      value === null ||
      value === 0 ||
      (typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value)) ||
      (Array.isArray(value) && value.length === 0),
  );

/**
 * Whether a value of a query is a name, or another word, of an actor or place, as the row that it is of has it. Who
 * somebody is rests on no report: it stands in a register of the dataset.
 */
export function isOfRegister(
  { text, row }: Text,
  known: ReadonlyMap<string, TableRow>,
  { settings: { affiliations } }: Draft['dataset'],
): boolean {
  const entry = row?.own == null ? undefined : known.get(row.own);
  if (entry?.table !== 'actors' && entry?.table !== 'places') return false;
  const wanted = wordsOf(text);
  const texts = Object.values(entry.row).flatMap((value) =>
    typeof value === 'string' ? [value] : Array.isArray(value) ? [value.join(' ')] : [],
  );
  if (texts.some((own) => ` ${wordsOf(own)} `.includes(` ${wanted} `))) return true;
  if (entry.table !== 'actors') return false;
  const { affiliation } = entry.row;
  const title = affiliations.find(({ name }) => name === affiliation)?.title;
  // The words of its affiliation and of the title of that, in any order.
  const words = new Set(['of', ...wordsOf(`${affiliation ?? ''} ${title ?? ''}`).split(' ')]);
  return wanted.split(' ').every((word) => words.has(word));
}

const wordsOf = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
