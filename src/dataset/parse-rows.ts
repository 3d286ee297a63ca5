import { z } from 'zod';
import { day } from '../calendar.ts';
import { type Fault, meantBy } from '../errors.ts';
import { type Column, list, optional } from './fields.ts';

/** One row of a table file before validation: every field is text, and empty if not given. */
export interface RawRow {
  /** The row number in a spreadsheet, with the header as row 1; in a file without a header, from 1. */
  readonly number: number;
  readonly cells: { readonly [field: string]: string };
}

/** A fault in a table; the caller adds the file. */
export type CellFault = Pick<Fault, 'row' | 'field' | 'problem' | 'hint'>;

/** In characters. No text on a page comes close, and the limit bounds the work of regular expressions. */
const LONGEST_CELL = 20_000;

/** How to read the cells of columns that are not in the model. */
const readers: { readonly [type in Column['type']]: z.ZodType } = {
  VARCHAR: optional(z.string()),
  'VARCHAR[]': list,
  DATE: optional(day),
  TIMESTAMP: optional(
    z
      .string()
      .transform((value) => value.trim().replace(' ', 'T'))
      .refine(
        (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value) && !Number.isNaN(Date.parse(value)),
        'is not a time such as 2021-08-25T14:30:00Z',
      )
      // A time without a zone is read as UTC, so that it is the same on every machine.
      .transform((value) => new Date(/(Z|[+-]\d\d:?\d\d)$/i.test(value) ? value : `${value}Z`).toISOString()),
  ),
  DOUBLE: optional(
    z
      .string()
      .regex(/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i, 'is not a number')
      .transform(Number),
  ),
  BIGINT: optional(
    z
      .string()
      .regex(/^\s*[+-]?\d+\s*$/, 'is not a whole number')
      .transform(Number)
      .refine(Number.isSafeInteger, 'is too large to stay exact: declare it as a string'),
  ),
  BOOLEAN: optional(
    z
      .string()
      .regex(/^\s*(true|false|1|0)\s*$/i, 'is neither true nor false')
      .transform((value) => /^\s*(true|1)\s*$/i.test(value)),
  ),
};

/**
 * Validates the rows of one table, with its own columns in `extra`. A missing field counts as empty. The result has the
 * number of each valid row, and the `ids` of faulty ones, so that references to them are not reported as missing.
 */
export function parseRows<S extends z.ZodObject>(
  schema: S,
  raw: readonly RawRow[],
  extra: readonly Column[] = [],
) {
  const own = z.object(Object.fromEntries(extra.map(({ name, type }) => [name, readers[type]])));
  const rows: z.output<S>[] = [];
  const numbers: number[] = [];
  const faults: CellFault[] = [];
  const ids: string[] = [];
  const { shape } = schema;
  const blank = Object.fromEntries(Object.keys({ ...shape, ...own.shape }).map((field) => [field, '']));
  for (const { number, cells } of raw) {
    const tooLong = Object.entries(cells).filter(([, cell]) => cell.length > LONGEST_CELL);
    if (tooLong.length > 0) {
      ids.push(cells['id'] ?? '');
      for (const [field, { length }] of tooLong)
        faults.push({
          row: number,
          field,
          problem: `has ${length.toLocaleString('en-GB')} characters, more than ${LONGEST_CELL.toLocaleString('en-GB')}.`,
          hint: 'Shorten it, or split it into several rows.',
        });
      continue;
    }
    const all: RawRow['cells'] = { ...blank, ...cells };
    const parsed = schema.safeParse(
      Object.fromEntries(Object.entries(all).filter(([field]) => Object.hasOwn(shape, field))),
    );
    const added = own.safeParse(all);
    if (parsed.success && added.success) {
      rows.push(extra.length === 0 ? parsed.data : { ...parsed.data, ...added.data });
      numbers.push(number);
    } else {
      ids.push(cells['id'] ?? '');
      for (const { error } of [parsed, added])
        for (const issue of error?.issues ?? []) faults.push({ row: number, ...describeIssue(issue, all) });
    }
  }
  return { rows, numbers, faults, ids };
}

/** Validates the rows of a table that is not in the model. */
export const parseOwnRows = (raw: readonly RawRow[], columns: readonly Column[]) =>
  parseRows(
    z.object(
      Object.fromEntries(columns.map(({ name, type }) => [name, name === 'known_on' ? day : readers[type]])),
    ),
    raw,
  );

function describeIssue(
  issue: z.core.$ZodIssue,
  cells: RawRow['cells'],
): Pick<Fault, 'field' | 'problem' | 'hint'> {
  // An optional field is a union of empty and its type: only the type's message is helpful.
  const meant = issue.code === 'invalid_union' ? (issue.errors.at(-1)?.[0] ?? issue) : issue;
  const field = String(issue.path[0] ?? '');
  const value = cells[field] ?? '';
  const allowed = meant.code === 'invalid_value' ? meant.values.map(String) : undefined;
  if (value === '') {
    const hint = allowed ? `Use one of: ${allowed.join(', ')}.` : (hints[field] ?? 'Fill it in.');
    return { field, problem: 'is empty.', hint };
  }
  const quoted = `"${value.length > 100 ? `${value.slice(0, 100)}…` : value}"`;
  return allowed
    ? { field, problem: `${quoted} is not allowed.`, hint: meantBy(value, allowed) }
    : { field, problem: `${quoted} ${meant.message}.`, hint: hintFor(field, value) };
}

function hintFor(field: string, value: string): string {
  if (/^\d{1,2}[./-]\d{1,2}[./-]\d{4}$/.test(value.trim()))
    return 'Write days as year-month-day. A spreadsheet does if you format the column as yyyy-mm-dd.';
  if (field === 'id' && /^[a-z0-9][A-Za-z0-9-]*$/.test(value)) {
    const id = /^\d/.test(value) ? `E${value}` : value.replace(/^./, (first) => first.toUpperCase());
    return `Write "${id}", for example.`;
  }
  return 'Correct it.';
}

/** Hints for cells that are often left empty. */
const hints: { readonly [field: string]: string } = {
  known_on:
    'Give the day on which you learned of it. If that is the day of each event, declare "knownOn": "date" in datapackage.json, under sitrep.',
  title: 'Give it a title or a summary.',
  topic: 'Name one of the topics that datapackage.json declares.',
};

/** A value in SQL results, charts and templates: dates are `YYYY-MM-DD`, whole and decimal numbers are numbers. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/** One row of a query result. */
export type Row = { readonly [column: string]: Value };

/** The results of a brief's queries, by name. */
export type RowSets = { readonly [name: string]: readonly Row[] };
