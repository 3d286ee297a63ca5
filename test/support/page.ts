/** What a reader of a composed page sees of it. */
export interface Page {
  /** The text of each block in order, without citation numbers and without the rows behind figures. */
  readonly blocks: readonly string[];
  /** The same, a block on each line. */
  readonly text: string;
  /** Each sentence of the blocks; drawings are left out, since a label is no sentence. */
  readonly sentences: readonly string[];
  readonly headings: readonly string[];
}

const entities: { readonly [name: string]: string } = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  '#x27': "'",
  '#x60': '`',
  '#x3D': '=',
};
const decode = (text: string): string =>
  text.replaceAll(/&(#?\w+);/g, (entity, name: string) => entities[name] ?? entity);

const blockTags = 'h[1-6]|p|li|div|section|header|aside|figure|figcaption|table|tr|td|th|ul|ol|text|br';
const blockStart = new RegExp(`</?(?:${blockTags})\\b[^>]*>`, 'g');

const tidy = (html: string): string =>
  decode(html.replaceAll(/<[^>]*>/g, ''))
    .replaceAll(/\s+/g, ' ')
    .trim();

const shownBody = (html: string): string =>
  html.slice(Math.max(html.indexOf('<body'), 0)).replaceAll(/<details\b[\s\S]*?<\/details>/g, '');
const bodyOf = (html: string): string => shownBody(html).replaceAll(/<sup class="cite">[\s\S]*?<\/sup>/g, '');

const blocksOf = (html: string): string[] =>
  html
    .replaceAll(blockStart, '\n')
    .split('\n')
    .map(tidy)
    .filter((block) => block !== '');

/** The text of each block with its citation numbers, as it is printed. */
export const printedBlocks = (html: string): string[] => blocksOf(shownBody(html));

/** Reads a page of ours as text. It knows no HTML but what our templates write. */
export function readPage(html: string): Page {
  const body = bodyOf(html);
  const blocks = blocksOf(body);
  const prose = blocksOf(body.replaceAll(/<svg\b[\s\S]*?<\/svg>/g, ''));
  return {
    blocks,
    text: blocks.join('\n'),
    sentences: prose.flatMap((block) => block.split(/(?<=[.;?])\s+(?=[A-Z“])/)),
    headings: headingsIn(body),
  };
}

/** The text of every heading, as bookmarks should read. */
const headingsIn = (html: string): string[] =>
  [...html.matchAll(/<h[1-6]\b[^>]*>([\s\S]*?)<\/h[1-6]>/g)].map(([, content = '']) => tidy(content));

/** The text below one heading, to the next of any level. Throws when there is no such heading. */
export function sectionOf(html: string, heading: string): string {
  const parts = bodyOf(html).split(/(?=<h[1-6]\b)/);
  const part = parts.find((each) => headingsIn(each)[0] === heading);
  if (part === undefined) throw new Error(`There is no heading "${heading}".`);
  return blocksOf(part.replace(/<\/h[1-6]>/, '\n'))
    .slice(1)
    .join('\n');
}

const changed = (html: string, attribute: string): string[] =>
  [...html.matchAll(new RegExp(`data-change="(\\w+)" ${attribute}="([^"]+)"`, 'g'))]
    .flatMap(([, change, ids = '']) => ids.split(' ').map((id) => `${change} ${id}`))
    .toSorted();

/** The reports listed as changed: `new F11`. */
export const changesOn = (html: string): string[] => changed(html, 'data-row');

/** Our judgments that changed since the issue before: `raised K-1`. */
export const judgedOn = (html: string): string[] => changed(html, 'data-rows');

/** The charts that a page shows, in its order. */
export const chartsOn = (html: string): string[] =>
  [...html.matchAll(/<figure class="chart ([\w-]+)[ "]/g)].map(([, name = '']) => name);

/** The rows behind a figure, as the page lists them below it. */
export function rowsBehind(html: string, chart: string): { readonly [column: string]: string }[] {
  const figure = html.split(/(?=<figure\b)/).find((part) => chartsOn(part)[0] === chart);
  const table = /<details\b[\s\S]*?<\/details>/.exec(figure ?? '')?.[0];
  if (table === undefined) throw new Error(`There is no chart "${chart}" with its rows.`);
  const cells = (row: string) =>
    [...row.matchAll(/<t[hd]\b[^>]*>([\s\S]*?)<\/t[hd]>/g)].map(([, cell = '']) => tidy(cell));
  const [head = [], ...rows] = [...table.matchAll(/<tr>[\s\S]*?<\/tr>/g)].map(([row]) => cells(row));
  const columns = head.map((column) => columnsAsPrinted[column] ?? column);
  return rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index] ?? ''])));
}

/** Columns of queries by the words that are printed for them. */
const columnsAsPrinted: { readonly [printed: string]: string | undefined } = {
  row: 'id',
  'first day': 'start',
  'last day': 'end',
};

/** The labels of a drawing. */
export const labelsOf = (svg: string): string[] =>
  [...svg.matchAll(/<text\b[^>]*>([\s\S]*?)<\/text>/g)].map(([, label = '']) => tidy(label));

const monthNames = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
// Blanks, not line breaks: a month and a year on an axis may stand below one another.
const dayWithYear =
  /\b(\d{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? ((?:19|20)\d\d)\b/gi;
const monthWithYear = /\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? ((?:19|20)\d\d)\b/gi;

/**
 * The earliest day that each date in a text can mean, `YYYY-MM-DD`: days, months by their first day, and bare years
 * by theirs.
 */
export function datesIn(text: string): string[] {
  const iso = (year = '', name = 'Jan', day = '1') => {
    const number = monthNames.findIndex((each) => each.toLowerCase() === name.slice(0, 3).toLowerCase()) + 1;
    return `${year}-${String(number).padStart(2, '0')}-${day.padStart(2, '0')}`;
  };
  const days = [...text.matchAll(dayWithYear)].map(([, day, name, year]) => iso(year, name, day));
  const months = [...text.matchAll(monthWithYear)].map(([, name, year]) => iso(year, name));
  const years = [...text.matchAll(/(?<![\d/.,-])(?:19|20)\d\d(?![\d.,]\d)/g)].map(([year]) => iso(year));
  const isoDays = [...text.matchAll(/\b(?:19|20)\d\d-\d\d-\d\d\b/g)].map(([day]) => day);
  return [...new Set([...days, ...months, ...years, ...isoDays])].toSorted();
}
