import type { Day } from '../calendar.ts';
import type { ImportRecord } from '../dataset/incidents.ts';
import type { NoteTable } from '../dataset/reading/notes.ts';
import { AppError } from '../errors.ts';
import type { RowSql } from './row-sql.ts';

/** A format: what it says about its source for the record of an import, and how its files become incidents. */
export interface Importer {
  readonly origin: Pick<ImportRecord, 'format' | 'prefix' | 'source' | 'lag_days' | 'licence' | 'mapping'>;
  /**
   * For a format whose files are documents: makes rows of them, whose columns are those of incidents. Throws
   * `import-failed`.
   */
  convert?(documents: readonly Document[], knownOn: Day): Converted;
  /** The names of the columns in a file without a header row, or undefined if its first row is a header. */
  namesWithoutHeader?(firstRow: readonly string[]): readonly string[] | undefined;
  /** Throws `import-failed` if the columns are not those of the format. */
  sqlFor(columns: readonly string[], file: string): RowSql;
}

/** An object of a JSON document. */
export type Json = Readonly<Record<string, unknown>>;

/** A parsed file. */
export interface Document {
  readonly name: string;
  readonly value: unknown;
  readonly description: ImportRecord['files'][number];
}

/** Documents made into rows. */
export interface Converted {
  /** The rows of `incidents` of each file: the cells of its columns, with lists and `extra` as JSON. */
  readonly incidents: readonly (readonly Cells[])[];
  /** The ids of incidents that their publisher withdrew. */
  readonly withdrawn: readonly string[];
  readonly notes: readonly Note[];
  /** What was left out, by reason. */
  readonly skipped: readonly { readonly what: string; readonly file: string; readonly count: number }[];
}

/** Cells of a row, by column, as text. */
export type Cells = Readonly<Record<string, string>>;

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

export const refuse = (file: string, problem: string, hint: string, cause?: unknown): AppError =>
  new AppError('import-failed', { file, problem, hint }, { cause });

/** What begins a file of each format, or is among its column names. */
const marks = [
  [/^\s*[[{].*"type"\s*:\s*"bundle"/s, 'Use "sitrep import stix": this is a STIX bundle.'],
  [/^\s*[[{].*"(Event|response)"\s*:/s, 'Use "sitrep import misp": this is an event of MISP.'],
  [/^[^\n]*\bevent_id_cnty\b/i, 'Use "sitrep import acled": this is an ACLED export.'],
  [/^[^\n]*\btype_of_violence\b/i, 'Use "sitrep import ucdp": these are events of UCDP GED.'],
] as const;

/** Which command imports a file, from its first characters or the names of its columns; or else `otherwise`. */
export const commandFor = (text: string, otherwise: string): string =>
  marks.find(([mark]) => mark.test(text))?.[1] ?? otherwise;

/** Throws `import-failed` if a file of the format `what` lacks one of the columns `needed`, written in any letters. */
export function needColumns(
  needed: readonly string[],
  { columns, file, what, hint }: { columns: readonly string[]; file: string; what: string; hint: string },
): void {
  const given = columns.map((name) => name.toLowerCase());
  const missing = needed.filter((name) => !given.includes(name));
  if (missing.length > 0)
    throw refuse(
      file,
      `is not ${what}: it has no column ${missing.join(', ')}.`,
      commandFor(columns.join(), hint),
    );
}
