import type { z } from 'zod';
import type { Fault } from '../errors.ts';

/** One row of a table file before it is validated: every field is text, and empty where nothing is given. */
export interface RawRow {
  /** As a spreadsheet numbers it, the header being row 1; in a file without a header, from 1. */
  readonly number: number;
  readonly cells: { readonly [field: string]: string };
}

/** A fault inside a table, for whoever knows the file to complete. */
export type CellFault = Pick<Fault, 'row' | 'field' | 'problem' | 'mend'>;

export interface ParsedRows<R> {
  readonly rows: readonly R[];
  /** The row number of each of `rows`. */
  readonly numbers: readonly number[];
  readonly faults: readonly CellFault[];
  /** The ids of the rows with faults, so that nobody calls them missing. */
  readonly ids: readonly string[];
}

/** In characters. No text of a page is near it, and what reads texts, patterns among them, need not take more. */
const LONGEST_CELL = 20_000;

/** Validates rows of one table. A field that a row does not have (possible in JSON) is an empty one. */
export function parseRows<S extends z.ZodObject>(schema: S, raw: readonly RawRow[]): ParsedRows<z.output<S>> {
  const rows: z.output<S>[] = [];
  const numbers: number[] = [];
  const faults: CellFault[] = [];
  const ids: string[] = [];
  const blank = Object.fromEntries(Object.keys(schema.shape).map((field) => [field, '']));
  for (const { number, cells } of raw) {
    const tooLong = Object.entries(cells).filter(([, cell]) => cell.length > LONGEST_CELL);
    if (tooLong.length > 0) {
      ids.push(cells['id'] ?? '');
      faults.push(...tooLong.map(([field, cell]) => ({ row: number, field, ...describeLength(cell) })));
      continue;
    }
    const parsed = schema.safeParse({ ...blank, ...cells });
    if (parsed.success) {
      rows.push(parsed.data);
      numbers.push(number);
    } else {
      ids.push(cells['id'] ?? '');
      for (const issue of parsed.error.issues)
        faults.push({ row: number, ...describeIssue(issue, { ...blank, ...cells }) });
    }
  }
  return { rows, numbers, faults, ids };
}

const describeLength = ({ length }: string) => ({
  problem: `has ${length.toLocaleString('en-GB')} characters, more than ${LONGEST_CELL.toLocaleString('en-GB')}.`,
  mend: 'Shorten it, or make several rows of it.',
});

function describeIssue(
  issue: z.core.$ZodIssue,
  cells: RawRow['cells'],
): Pick<Fault, 'field' | 'problem' | 'mend'> {
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => `"${key}"`).join(', ');
    return { problem: `has a field that the table does not have: ${names}.`, mend: 'Remove or rename it.' };
  }
  // An optional field is a union of empty and its type: what the type says of the value is what helps.
  const meant = issue.code === 'invalid_union' ? (issue.errors.at(-1)?.[0] ?? issue) : issue;
  const field = String(issue.path[0] ?? '');
  const value = cells[field] ?? '';
  const found = value === '' ? 'is empty' : `"${value.length > 100 ? `${value.slice(0, 100)}…` : value}"`;
  if (meant.code === 'invalid_value') {
    const allowed = meant.values.map(String).join(', ');
    return {
      field,
      problem: `${found}${value === '' ? '' : ' is not allowed'}.`,
      mend: `Use one of: ${allowed}.`,
    };
  }
  if (value === '') return { field, problem: 'is empty.', mend: 'Fill it in.' };
  return { field, problem: `${found} ${meant.message}.`, mend: 'Correct it.' };
}

/** A value as SQL, charts and templates see it: dates are `YYYY-MM-DD`, whole and decimal numbers are numbers. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/** One row of a query's result. */
export type Row = { readonly [column: string]: Value };

/** The results of a brief's queries by name. */
export type RowSets = { readonly [name: string]: readonly Row[] };

/** What of it is given: JSON, and whoever checks it strictly, knows no undefined. */
export const definedOnly = <T>(given: { readonly [name: string]: T | undefined }): { [name: string]: T } =>
  Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
