import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { importFolder, type IncidentStore, INCIDENTS_FOLDER } from '../incidents.ts';
import { MOST_ROWS } from './csv.ts';
import type { RawRow } from '../parse-rows.ts';

/** The tables of which an import may bring rows. */
export const noteTables = ['sources', 'actors', 'places', 'judgments'] as const;
export type NoteTable = (typeof noteTables)[number];

/** A line of `notes.jsonl`: a row of a table, with its cells as text. */
const noteLine = z.object({ table: z.enum(noteTables), cells: z.record(z.string(), z.string()) });
export type NoteLine = Readonly<z.output<typeof noteLine>>;

/** A row that an import brought, and the file and line that have it. */
export interface ImportedRow extends RawRow {
  readonly table: NoteTable;
  readonly file: string;
}

/**
 * The rows that imports brought to the tables of a dataset, oldest import first. `displayPath` is the dataset's path for
 * messages, `staged` the folder of a further import that is not in its place yet. Throws `dataset-invalid`.
 */
export async function readNotes(
  { folder, imports }: IncidentStore,
  { displayPath, staged }: { displayPath: string; staged?: string | undefined },
): Promise<ImportedRow[]> {
  const places = imports
    .filter(({ notes }) => notes !== undefined)
    .map(({ number }) => ({ place: join(folder, importFolder(number)), name: importFolder(number) }));
  if (staged !== undefined) places.push({ place: staged, name: 'new' });
  const rows: ImportedRow[] = [];
  for (const { place, name } of places) {
    const file = `${displayPath.replace(/\/+$/, '')}/${INCIDENTS_FOLDER}/${name}/notes.jsonl`;
    const lines = await readNoteLines(place, file);
    for (const [index, line] of lines.entries()) rows.push({ ...line, number: index + 1, file });
    if (rows.length > MOST_ROWS) throw new AppError('dataset-invalid', [{ file, ...tooMany }]);
  }
  return rows;
}

/** All notes are in memory whenever the dataset is read. */
const tooMany = {
  problem: `has, with the imports before it, more than ${MOST_ROWS.toLocaleString('en-GB')} notes.`,
  hint: 'Begin a new dataset, and import what the briefs still need.',
};

/** The lines of `notes.jsonl` in an import's folder; none if there is no such file. `file` is its name for messages. */
export async function readNoteLines(place: string, file: string): Promise<NoteLine[]> {
  try {
    const text = await readFile(join(place, 'notes.jsonl'), 'utf8');
    return text.split('\n').flatMap((line) => (line === '' ? [] : noteLine.parse(JSON.parse(line))));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    const problem = 'is not the rows of an import.';
    const hint = 'Restore the folder from a backup: an import is never changed by hand.';
    throw new AppError('dataset-invalid', [{ file, problem, hint }], { cause });
  }
}

/**
 * The rows that count beside a table's `own` rows. A row is left out if the table, or a later import of the same day,
 * has a row of the same id and day, and if it withdraws a row that was brought and withdrawn on one day.
 */
export function besideOwn(imported: readonly ImportedRow[], own: readonly RawRow[]): ImportedRow[] {
  const keyOf = ({ cells }: RawRow): string => `${cells['id'] ?? ''} ${cells['known_on'] ?? ''}`;
  const taken = new Set(own.map(keyOf));
  const last = new Map(imported.map((row) => [keyOf(row), row]));
  const rows = [...last.values()].filter((row) => !taken.has(keyOf(row)));
  const first = new Map<string, string>();
  for (const { cells } of [...own, ...rows.filter(({ cells: { status } }) => status !== 'withdrawn')]) {
    const [id = '', knownOn = ''] = [cells['id'], cells['known_on']];
    if (knownOn < (first.get(id) ?? '9')) first.set(id, knownOn);
  }
  return rows.filter(
    ({ cells }) =>
      cells['status'] !== 'withdrawn' || (first.get(cells['id'] ?? '') ?? '9') < (cells['known_on'] ?? ''),
  );
}
