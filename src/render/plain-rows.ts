import type { Row, Value } from '../dataset/parse-rows.ts';

/** The columns of rows that hold something to be read in each: no shapes of maps. */
export function plainColumns(rows: readonly { readonly [column: string]: unknown }[]): string[] {
  const plain = (value: unknown) => value === null || typeof value !== 'object' || Array.isArray(value);
  return Object.keys(rows[0] ?? {}).filter((column) => rows.every((row) => plain(row[column])));
}

/** The items of a list as one text. */
export const plainCell = (value: unknown): string =>
  Array.isArray(value) ? value.join('; ') : String(value ?? '');

/**
 * What a spreadsheet would take for a formula, in its first letter or its full-width form (OWASP, "CSV Injection"),
 * and the apostrophe itself, so that whoever takes one away gets back what was there.
 */
const startsFormula = /^['=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
const needsQuotes = /[",\r\n]/;

/**
 * Rows as CSV by RFC 4180, in UTF-8 with a header. A text that a spreadsheet could take for a formula, or that begins
 * with an apostrophe, has an apostrophe put before it; numbers stay as they are.
 */
export function toCsv(rows: readonly Row[]): string {
  const columns = plainColumns(rows);
  const cell = (value: Value | undefined): string => {
    const text = plainCell(value);
    const safe = typeof value !== 'number' && startsFormula.test(text) ? `'${text}` : text;
    return needsQuotes.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [columns.map(cell), ...rows.map((row) => columns.map((column) => cell(row[column])))]
    .map((cells) => `${cells.join(',')}\r\n`)
    .join('');
}
