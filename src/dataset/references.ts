import type { Fault } from '../errors.ts';
import { type RowOf, type TableName, tableNames, type Tables, tables as schemas } from './schema.ts';

/** A fault that shows only when rows are seen together, or a row as a whole. */
export interface RowFault extends Pick<Fault, 'field' | 'problem' | 'mend'> {
  readonly table: TableName;
  /** The row itself; none where the whole table is at fault. */
  readonly row?: TableRow['row'];
}

/** All rows of each id, oldest first. */
export type Versions = ReadonlyMap<string, readonly TableRow[]>;

/** What could not be read, and so must not be called missing. */
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

/** One id that a row cannot do without, and the field that names it. */
export interface Reference {
  readonly field: string;
  readonly id: string;
  /** The tables in which the id may stand. */
  readonly tables: readonly TableName[];
}

const evidence: readonly TableName[] = ['events', 'measures', 'judgments', 'readings'];
const fields: { readonly [T in TableName]: { readonly [field: string]: readonly TableName[] } } = {
  sources: {},
  actors: {},
  places: {},
  coverage: {},
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
 * The ids that a row cannot stand without: a row is told only while all of them are. A source's `via` is not among
 * them: a report was public before the analysis that carried it to us. `knownBy` adds the analysis as its carrier.
 */
export function references<T extends TableName>(table: T, row: RowOf<T>): Reference[] {
  const named = Object.entries(fields[table]).flatMap(([field, among]) => {
    const value: unknown = Reflect.get(row, field);
    const ids = Array.isArray(value) ? value.filter((id) => typeof id === 'string') : [value];
    return ids.flatMap((id) => (typeof id === 'string' ? [{ field, id, tables: among }] : []));
  });
  const { shape } = schemas[table];
  const figures = Object.entries(row).flatMap(([field, value]) =>
    // A column of the dataset's own is quoted as it came.
    typeof value === 'string' && Object.hasOwn(shape, field)
      ? placeholders(value)
          .filter(({ name }) => /^[A-Z]/.test(name))
          .map(({ name }) => ({ field, id: name, tables: tableNames }))
      : [],
  );
  return [...named, ...figures];
}

/** One row with the table it stands in. */
export type TableRow = {
  readonly [T in TableName]: { readonly table: T; readonly row: RowOf<T> };
}[TableName];

/** All rows of all tables in one list, in file order. */
export function eachRow(tables: Tables): TableRow[] {
  // That a table's rows are of its own kind is lost in a loop over all tables.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return tableNames.flatMap((table) => tables[table].map((row) => ({ table, row }) as TableRow));
}
