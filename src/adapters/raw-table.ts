import type { CellFault, RawRow } from '../model/parse-rows.ts';

/** What a table file holds, as text and in file order, and what of it could not be read. */
export interface RawTable {
  readonly rows: readonly RawRow[];
  readonly faults: readonly CellFault[];
  /** The text of rows that could not be split into fields. */
  readonly rejected: readonly string[];
  /** Whether the file could be read at all: it is there, and has the fields that it should have. */
  readonly readable: boolean;
}

export function unreadable(fault: CellFault): RawTable {
  return { rows: [], faults: [fault], rejected: [], readable: false };
}

/** A text as an SQL literal, where no parameter is taken. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
