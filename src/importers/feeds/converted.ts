import type { ImportRecord } from '../../dataset/incidents.ts';
import type { NoteTable } from '../../dataset/reading/notes.ts';

/** An object of a JSON document. */
export interface Json {
  readonly [key: string]: unknown;
}

/** Cells of a row, by column, as text. */
export interface Cells {
  readonly [column: string]: string;
}

/** A row for a table of notes. */
export interface Note {
  readonly table: NoteTable;
  readonly id: string;
  /** The other cells, without `known_on` and `status`; none of a row that is withdrawn. */
  readonly cells: Cells;
  /** What has no column. */
  readonly extra: Json | null;
  /** When its publisher last changed it, as a timestamp in UTC; empty if not given. */
  readonly modified: string;
  readonly isWithdrawn: boolean;
}

/** Documents made into rows. */
export interface Converted {
  readonly files: ImportRecord['files'];
  /** The rows of `incidents` of each file: the cells of its columns, with lists and `extra` as JSON. */
  readonly incidents: readonly (readonly Cells[])[];
  /** The ids of incidents that their publisher withdrew. */
  readonly withdrawn: readonly string[];
  readonly notes: readonly Note[];
  /** The number of notes and of what was left out: with the rows of incidents, what was read. */
  readonly read: number;
  /** What was left out, by reason. */
  readonly skipped: readonly { readonly what: string; readonly file: string; readonly count: number }[];
}

/** A parsed file. */
export interface Document {
  readonly name: string;
  readonly value: unknown;
  readonly description: ImportRecord['files'][number];
}
