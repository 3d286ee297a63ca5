import type { Explanation } from '../production/explain.ts';
import type { ExplainedPlace } from '../provenance/explain-page.ts';
import type { ExplainedRow } from '../provenance/explained-row.ts';
import type { Origin } from '../provenance/origin.ts';

/** Formats an explanation as lines of text. */
export function explained({ phrase, edition, places, near, warnings, differences }: Explanation): string {
  const count = places.length === 1 ? 'one place' : `${places.length} places`;
  return [
    ...warnings.map((each) => `Warning: ${each}`),
    ...differences.map(({ kind, says }) => `  ${kind}: ${says}`),
    places.length === 0
      ? `"${phrase}" does not stand on the page of ${edition}.`
      : `"${phrase}" stands in ${count} of ${edition}.`,
    ...(near.length === 0 ? [] : ['What stands there is:', ...near.map((each) => `  ${excerpt(each)}`)]),
    ...places.flatMap((place, index) => placeLines(place, { number: index + 1, phrase })),
  ].join('\n');
}

function placeLines(
  { what, text, under, page, origins, rows }: ExplainedPlace,
  { number, phrase }: { number: number; phrase: string },
): string[] {
  const where = [
    page === null ? [] : `page ${page}`,
    under === null ? [] : `under “${excerpt(under)}”`,
  ].flat();
  const cited = rows.filter(({ why }) => why === 'cited');
  const from = rows.filter(({ why }) => why !== 'cited');
  return [
    '',
    `${number}. ${[what, ...where].join(', ')}`,
    `   “${around(phrase, text)}”`,
    ...origins.flatMap(originLines).map((line) => `   ${line}`),
    ...(from.length === 0 ? [] : ['   comes from', ...from.flatMap(rowLines)]),
    ...(cited.length === 0 ? [] : ['   and cites', ...cited.flatMap(rowLines)]),
    ...(rows.length === 0 ? ['   It rests on no row.'] : []),
  ];
}

/** How a piece of text got onto the page, one sentence or place per line. */
export const originLines = ({ says, template, expression, query }: Origin): string[] => [
  says.replace(/^./, (first) => first.toUpperCase()),
  ...(query === undefined || query.file === '' ? [] : [`query ${query.name}: ${query.file}`]),
  ...(template.file === ''
    ? []
    : [
        `template ${template.file}, line ${template.line}${expression === null ? '' : `: {{${expression}}}`}`,
      ]),
];

function rowLines({ id, table, known_on, title, values, sources, grade }: ExplainedRow): string[] {
  const chain = chainOf(sources);
  const figures = valuesOf(values);
  return [
    `     ${id} in ${table}, known on ${known_on}: ${excerpt(title)}`,
    ...(figures === '' ? [] : [`       ${figures}`]),
    ...(chain === ''
      ? []
      : [`       ${table === 'sources' ? 'through' : 'source'}: ${chain}; grade ${grade}`]),
  ];
}

/** The source and those through which it was received, with their grades. */
export const chainOf = (sources: ExplainedRow['sources']): string =>
  sources.map(({ name, reliability }) => `${name} (${reliability ?? 'not graded'})`).join(' ← ');

/** The columns for amounts, times and certainty. A row's texts are left out because the page shows them. */
const shown = [
  'bound',
  'value',
  'unit',
  'date_start',
  'date_end',
  'window_start',
  'window_end',
  'claim_status',
  'confidence',
  'rests_on',
  'rows',
  'count',
  'query',
  'sha256',
  'ids',
];

/** The values of those columns in one line. */
export function valuesOf(values: object): string {
  return Object.entries(values)
    .filter(([column, value]) => shown.includes(column) && value !== null && String(value) !== '')
    .map(([column, value]) => `${column} ${Array.isArray(value) ? value.join(' ') : String(value)}`)
    .join(', ');
}

/** An excerpt of a text around a phrase, or from the start if the exact phrase is not in it. */
function around(phrase: string, text: string): string {
  const at = text.toLowerCase().indexOf(phrase.toLowerCase());
  const start = Math.max(0, at - 80);
  return `${start > 0 ? '…' : ''}${excerpt(text.slice(start))}`;
}

const excerpt = (text: string): string => (text.length > 160 ? `${text.slice(0, 160).trim()}…` : text);
