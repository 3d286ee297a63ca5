import type { Row, Value } from '../../dataset/parse-rows.ts';
import type { Locale } from '../../locale.ts';

/** The columns whose values are readable in every row, unlike map shapes. */
export function plainColumns(rows: readonly { readonly [column: string]: unknown }[]): string[] {
  const plain = (value: unknown) => value === null || typeof value !== 'object' || Array.isArray(value);
  return Object.keys(rows[0] ?? {}).filter((column) => rows.every((row) => plain(row[column])));
}

/** How a column reads on a page: in the words of the locale, or its name with spaces if the locale has none. */
export const columnWords = (column: string, { text }: Locale): string =>
  text('page.column', { column, name: column.replaceAll('_', ' ') });

/** A list's items as one text. */
export const plainCell = (value: unknown): string =>
  Array.isArray(value) ? value.join('; ') : String(value ?? '');

/**
 * The first characters of text that a spreadsheet would read as a formula, including full-width forms (OWASP, "CSV
 * Injection"), and the apostrophe itself, so that removing one restores the original text.
 */
const startsFormula = /^['=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
const needsQuotes = /[",\r\n]/;

/**
 * Rows as CSV according to RFC 4180, in UTF-8 with a header. Text that a spreadsheet could read as a formula, or that
 * begins with an apostrophe, gets an apostrophe in front; numbers are unchanged.
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
