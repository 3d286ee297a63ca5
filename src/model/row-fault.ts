import type { TableName } from './dataset.ts';
import type { Fault } from './fault.ts';
import type { TableRow } from './references.ts';

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
