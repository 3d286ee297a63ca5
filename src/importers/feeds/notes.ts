import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Day } from '../../calendar.ts';
import { importFolder, type IncidentStore } from '../../dataset/incidents.ts';
import { type NoteLine, type NoteTable, readNoteLines } from '../../dataset/reading/notes.ts';
import { loadDataset } from '../../dataset/reading/read.ts';
import { AppError } from '../../errors.ts';
import type { Note } from '../format.ts';

const extra = z.object({ id: z.string(), modified: z.string(), extra: z.unknown() });
type Extra = z.output<typeof extra>;

/**
 * Compares notes with those of earlier imports. What is new, revised or withdrawn becomes a line known on `knownOn`, with
 * what has no column in `extras`; `tables` counts the new and revised ones.
 */
export async function compareNotes(
  notes: readonly Note[],
  store: IncidentStore,
  { knownOn, into }: { knownOn: Day; into: string },
) {
  const known = await newestNotes(store, into);
  const counts = { new: 0, revised: 0, unchanged: 0, withdrawn: 0 };
  const tables: { [table in NoteTable]?: number } = {};
  const lines: NoteLine[] = [];
  const extras: Extra[] = [];
  let older = 0;
  for (const { table, id, cells, extra: rest, modified, isWithdrawn } of notes) {
    const old = known.get(id);
    const wasWithdrawn = old?.cells['status'] === 'withdrawn';
    if (old !== undefined && modified < old.modified) older += 1;
    else if (isWithdrawn) {
      // A row that the dataset never had need not be withdrawn.
      if (old === undefined || wasWithdrawn) continue;
      counts.withdrawn += 1;
      lines.push({ table, cells: { ...old.cells, status: 'withdrawn', known_on: knownOn } });
      extras.push({ id, modified, extra: old.extra });
    } else {
      const line = { table, cells: { id, known_on: knownOn, status: 'current', ...cells } };
      if (old !== undefined && !wasWithdrawn && contentOf(old) === contentOf({ ...line, extra: rest })) {
        counts.unchanged += 1;
        continue;
      }
      counts[old === undefined ? 'new' : 'revised'] += 1;
      tables[table] = (tables[table] ?? 0) + 1;
      lines.push(line);
      extras.push({ id, modified, extra: rest });
    }
  }
  const skipped = older === 0 ? [] : [{ what: 'is older than the row in the dataset', count: older }];
  return { counts, tables, lines, extras, skipped };
}

interface Known extends NoteLine, Omit<Extra, 'id'> {}

const contentOf = ({ cells, extra: rest }: Pick<Known, 'cells' | 'extra'>): string =>
  JSON.stringify([{ ...cells, known_on: '' }, rest]);

/** The newest row of each id that an import brought. */
async function newestNotes({ folder, imports }: IncidentStore, into: string): Promise<Map<string, Known>> {
  const known = new Map<string, Known>();
  for (const { number, notes } of imports) {
    if (notes === undefined) continue;
    const place = join(folder, importFolder(number));
    const lines = await readNoteLines(place, `${into}/incidents/${importFolder(number)}/notes.jsonl`);
    const text = await readFile(join(place, 'extra.jsonl'), 'utf8').catch(() => '');
    const extras = text.split('\n').flatMap((line) => (line === '' ? [] : extra.parse(JSON.parse(line))));
    const byId = new Map(extras.map((each) => [each.id, each]));
    for (const line of lines) {
      const { modified = '', extra: own = null } = byId.get(line.cells['id'] ?? '') ?? {};
      known.set(line.cells['id'] ?? '', { ...line, modified, extra: own });
    }
  }
  return known;
}

/**
 * Writes the notes into the folder `to` of an import that is not in its place yet, and checks that the dataset is valid
 * with them. `descriptor` is the text of datapackage.json for a new dataset. Throws `import-failed`.
 */
export async function addNotes(
  { lines, extras }: Awaited<ReturnType<typeof compareNotes>>,
  place: {
    to: string;
    folder: string;
    into: string;
    descriptor: string | undefined;
    scratch: string;
    isRepair: boolean;
  },
): Promise<void> {
  const { to, folder, into, descriptor } = place;
  const text = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  await writeFile(join(to, 'notes.jsonl'), text(lines));
  await writeFile(join(to, 'extra.jsonl'), text(extras));
  // The notes were valid when they were first imported, and the damaged dataset cannot be read.
  if (place.isRepair) return;
  const empty = join(place.scratch, 'dataset');
  if (descriptor !== undefined) {
    await mkdir(empty);
    await writeFile(join(empty, 'datapackage.json'), descriptor);
  }
  await loadDataset(descriptor === undefined ? folder : empty, into, to).catch((cause: unknown) => {
    throw cause instanceof AppError ? new AppError('import-failed', cause.faults, { cause }) : cause;
  });
}
