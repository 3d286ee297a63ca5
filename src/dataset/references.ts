import type { Fault } from '../errors.ts';
import { type RowOf, type TableName, tableNames, type Tables, tables as schemas } from './schema.ts';

/** A fault found by comparing rows or checking a whole row. */
export interface RowFault extends Pick<Fault, 'field' | 'problem' | 'hint'> {
  readonly table: TableName;
  readonly row: TableRow['row'];
}

/** All rows of each id, oldest first. */
export type Versions = ReadonlyMap<string, readonly TableRow[]>;

/** Tables and rows that could not be read, and so must not be reported as missing. */
export interface Unread {
  readonly tables: ReadonlySet<TableName>;
  readonly ids: ReadonlySet<string>;
}

/** A figure named in a row's text: `{F07.value}` is the field `value` of the row or finding `F07`. */
export interface Placeholder {
  readonly source: string;
  readonly name: string;
  readonly field: string;
}

const pattern = /\{([A-Za-z][A-Za-z0-9-]*)\.([a-z_]+)\}/g;

export function placeholders(text: string): Placeholder[] {
  return [...text.matchAll(pattern)].map(([source, name = '', field = '']) => ({ source, name, field }));
}

/** An id that a row requires, and the field that names it. */
export interface Reference {
  readonly field: string;
  readonly id: string;
  /** The tables in which the id may be. */
  readonly tables: readonly TableName[];
}

/** Whether a name is that of a finding or an evidence set of a brief: ids of rows begin with a capital letter. */
const isComputed = (name: string): boolean => /^[a-z]/.test(name);

/** The findings and evidence sets that a row requires: those named in its texts and in `rests_on`. */
export const computedNames = (row: object): string[] =>
  Object.entries(row).flatMap(([field, value]) => {
    if (typeof value === 'string')
      return placeholders(value)
        .map(({ name }) => name)
        .filter(isComputed);
    return field === 'rests_on' && Array.isArray(value)
      ? value.filter((name) => typeof name === 'string').filter(isComputed)
      : [];
  });

const evidence: readonly TableName[] = ['events', 'measures', 'judgments', 'readings'];
const fields: { readonly [T in TableName]?: { readonly [field: string]: readonly TableName[] } } = {
  events: {
    actors: ['actors'],
    targets: ['actors'],
    place: ['places'],
    part_of: ['measures'],
    source: ['sources'],
  },
  measures: {
    within: ['measures'],
    actors: ['actors'],
    targets: ['actors'],
    place: ['places'],
    source: ['sources'],
  },
  readings: { measure: ['measures'], rests_on: evidence },
  judgments: { author: ['sources'], rests_on: evidence },
  gaps: { rests_on: evidence },
  indicators: { rests_on: evidence },
};

/**
 * The ids that a row requires: the row is known only while all of them are. A source's `via` is not among them, because
 * a report was public before the analysis that carried it to us. `knownBy` adds the analysis as its carrier.
 */
export function references<T extends TableName>(table: T, row: RowOf<T>): readonly Reference[] {
  const known = found.get(row);
  if (known !== undefined) return known;
  const named = Object.entries<readonly TableName[]>(fields[table] ?? {}).flatMap(([field, among]) => {
    const value: unknown = Reflect.get(row, field);
    const ids: readonly unknown[] = Array.isArray(value) ? value : [value];
    return ids.flatMap((id) =>
      typeof id === 'string' && !isComputed(id) ? [{ field, id, tables: among }] : [],
    );
  });
  const { shape } = schemas[table];
  const figures = Object.entries(row).flatMap(([field, value]) =>
    // A column that is not in the model is quoted unchanged.
    typeof value === 'string' && Object.hasOwn(shape, field)
      ? placeholders(value)
          .filter(({ name }) => !isComputed(name))
          .map(({ name }) => ({ field, id: name, tables: tableNames }))
      : [],
  );
  const all = [...named, ...figures];
  found.set(row, all);
  return all;
}

/** Rows never change, and a page asks for those of one row many times. */
const found = new WeakMap<object, readonly Reference[]>();

/** A row and its table. */
export type TableRow = {
  readonly [T in TableName]: { readonly table: T; readonly row: RowOf<T> };
}[TableName];

/** All rows of all tables in one list, in file order. */
export function eachRow(tables: Tables): TableRow[] {
  // A loop over all tables loses the link between a table and its row type.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return tableNames.flatMap((table) => tables[table].map((row) => ({ table, row }) as TableRow));
}

/** The rows of tables that have one row for each id, by id. */
export const rowsById = (tables: Tables): ReadonlyMap<string, TableRow> =>
  new Map(eachRow(tables).map((entry) => [entry.row.id, entry]));
