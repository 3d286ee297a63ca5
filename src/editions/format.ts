import { type Day, today } from '../calendar.ts';
import type { EditionState, Recipients } from '../ledger/records.ts';
import type { EditionDetail } from '../ledger/views.ts';
import type { Explanation } from '../production/explain.ts';
import type { ExplainedPlace, ExplainedRow } from '../provenance/explain-page.ts';
import type { Origin } from '../provenance/origin.ts';

type Approver = Pick<EditionDetail['approvals'][number], 'user' | 'namedBy' | 'claimedName'>;

/** Who decided. A claimed name is marked as such, unlike one known to the system or the server. */
export function decidedBy({ user, namedBy, claimedName }: Approver): string {
  const known = `${user} (${namedBy === 'system' ? 'system user' : 'logged in on the server'})`;
  return claimedName === null ? known : `${claimedName}, as stated by ${known}`;
}

/** A table of an edition's approvals and disapprovals. */
export const decisionsTable = (approvals: EditionDetail['approvals']): string =>
  alignColumns([
    ['DECISION', 'AT (UTC)', 'BY', 'SHA-256'],
    ...approvals.map((approval) => {
      const { decision, decidedAt, sha256 } = approval;
      return [decision, toSecond(decidedAt), decidedBy(approval), sha256];
    }),
  ]);

/** Text such as `2 of 3 received, 1 failed`; empty for an edition without recipients. */
export function receivedText({ total, received, failed, waiting }: Recipients): string {
  if (total === 0) return '';
  const rest = Object.entries({ failed, waiting }).filter(([, count]) => count > 0);
  return [`${received} of ${total} received`, ...rest.map(([state, count]) => `${count} ${state}`)].join(
    ', ',
  );
}

/** The state for lists, where "done" or "delivering" must not hide a failed delivery. */
export const shownState = ({
  state,
  recipients,
}: Pick<EditionDetail, 'state' | 'recipients'>): EditionState | 'incomplete' =>
  recipients.failed > 0 && (state === 'done' || state === 'delivering') ? 'incomplete' : state;

/** Lines of text with aligned columns; the first line is the header. */
export function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A time such as `Mon, 30 Aug 2021, 06:00 BST`, in a time zone. */
export function localTime(at: Date | undefined, timeZone: string): string {
  return (
    at?.toLocaleString('en-GB', {
      timeZone,
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      timeZoneName: 'short',
    }) ?? 'never'
  );
}

/** A time such as `2021-08-30 05:00:07`, in UTC. */
export const toSecond = (at: Date): string => at.toISOString().slice(0, 19).replace('T', ' ');
/** A time such as `2021-08-30 05:00`, in UTC. */
export const toMinute = (at: Date): string => toSecond(at).slice(0, 16);

/** A time such as `2021-08-30T05:00Z`. */
export const utcTime = (at: Date | undefined): string =>
  at?.toISOString().replace(/:00\.000Z$/, 'Z') ?? 'never';

/** Warnings about a requested day that is still in the future in a time zone. */
export const ofFuture = (asOf: Day, { timezone, now }: { timezone: string; now: Date }): string[] => {
  const current = today(now, timezone);
  return asOf <= current
    ? []
    : [
        `${asOf} is in the future: in ${timezone} it is ${current}. The page cannot include what becomes known until then.`,
      ];
};

/** Formats an explanation as lines of text. */
export function explained({ phrase, edition, places, near, warnings, differences }: Explanation): string {
  const count = places.length === 1 ? 'one place' : `${places.length} places`;
  return [
    ...warnings.map((each) => `Warning: ${each}`),
    ...differences.map(({ kind, says }) => `  ${kind}: ${says}`),
    places.length === 0
      ? `"${phrase}" is not on the page of ${edition}.`
      : `"${phrase}" is in ${count} of ${edition}.`,
    ...(near.length === 0 ? [] : ['Similar text on the page:', ...near.map((each) => `  ${excerpt(each)}`)]),
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
