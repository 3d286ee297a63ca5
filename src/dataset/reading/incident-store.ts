import { readdir, readFile, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { type Day, day } from '../../calendar.ts';
import { AppError, type Fault } from '../../errors.ts';
import { type ImportRecord, importRecord, INCIDENTS_FOLDER, type IncidentStore } from '../incidents.ts';
import { quote } from '../sql.ts';
import { readChecks, type SourceCheck } from './checks.ts';
import { importFolder, newestRows, readCompaction, rowFiles } from './newest-rows.ts';
import { damagedFile } from './stored-files.ts';

/**
 * Reads the imports of the dataset in `folder`; `displayPath` is its path for messages. Throws `dataset-invalid` if a
 * record or a file is missing or damaged. Damaged files are added to `damaged` instead, if it is given.
 */
export async function readIncidentStore(
  folder: string,
  displayPath: string,
  damaged?: Damage[],
): Promise<IncidentStore> {
  const place = join(await realpath(folder), INCIDENTS_FOLDER);
  const names = await readdir(place).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const imports: ImportRecord[] = [];
  const shown = `${displayPath.replace(/\/+$/, '')}/${INCIDENTS_FOLDER}`;
  for (const name of names.filter((each) => /^\d{4,}$/.test(each))) {
    const file = `${shown}/${name}/import.json`;
    const read = await readFile(join(place, name, 'import.json'), 'utf8')
      .then((text) => importRecord.extend({ number: z.literal(Number(name)) }).parse(JSON.parse(text)))
      .catch((cause: unknown) => {
        const problem = 'is missing or is not the record of an import.';
        const hint = 'Restore the folder from a backup: an import is never changed by hand.';
        throw new AppError('dataset-invalid', [{ file, problem, hint }], { cause });
      });
    imports.push(read);
  }
  imports.sort((a, b) => a.number - b.number);
  const gap = imports.findIndex(({ number }, index) => number !== index + 1);
  if (gap !== -1) {
    const problem = 'is missing, although later imports are there.';
    const hint = 'Restore the folder from a backup, or delete the dataset and import its files again.';
    throw new AppError('dataset-invalid', [{ file: `${shown}/${importFolder(gap + 1)}`, problem, hint }]);
  }
  const store = {
    folder: place,
    imports,
    checks: withImports(await readChecks(place, displayPath), imports),
    compaction: await readCompaction(place, { names, displayPath: shown }),
  };
  const found = await damagedFiles(store, displayPath, { isThorough: damaged !== undefined });
  damaged?.push(...found);
  if (damaged === undefined && found.length > 0)
    throw new AppError(
      'dataset-invalid',
      found.map(({ fault }) => fault),
    );
  if (found.length > 0) return store;
  for (const [index, each] of imports.entries())
    if (each.last_day !== null && each.last_day > each.known_on)
      imports[index] = { ...each, last_day: await lastReported(each, { place, shown }) };
  return store;
}

/** An import with a file that is missing or not as it was written, or null for the compaction. */
export interface Damage {
  readonly import: ImportRecord | null;
  readonly fault: Fault;
}

/**
 * The imports, and the compaction, with damaged files. Changes that left the size and the time of a file as they were
 * are found only if `isThorough`.
 */
export async function damagedFiles(
  { folder, imports, compaction }: Omit<IncidentStore, 'checks'>,
  displayPath: string,
  { isThorough }: { isThorough: boolean },
): Promise<Damage[]> {
  const shown = `${displayPath.replace(/\/+$/, '')}/${INCIDENTS_FOLDER}`;
  const damaged: Damage[] = [];
  for (const each of imports) {
    const { number, counts, notes, stored, files, feed } = each;
    const names = [
      'rows.parquet',
      ...(counts.revised + counts.withdrawn > 0 ? ['superseded.parquet'] : []),
      ...(notes === undefined ? [] : ['notes.jsonl']),
    ];
    const own = importFolder(number);
    const wrong = await damagedFile(join(folder, own), { record: 'import.json', stored, names, isThorough });
    if (wrong === undefined) continue;
    const { name, problem } = wrong;
    const again =
      feed === undefined
        ? `Import ${files.map((file) => `"${file.name}"`).join(' and ')} again, which restores it, or restore`
        : 'Restore';
    const hint = `${again} the folder ${own} from a backup.`;
    damaged.push({ import: each, fault: { file: `${shown}/${own}/${name}`, problem, hint } });
  }
  if (compaction === undefined) return damaged;
  const own = basename(compaction.folder);
  const { stored, files } = compaction;
  const of = { record: 'compact.json', stored, names: files, isThorough };
  const wrong = await damagedFile(compaction.folder, of);
  if (wrong === undefined) return damaged;
  const { name, problem } = wrong;
  const hint = `Delete the folder ${own}: the imports beside it have every row.`;
  return [...damaged, { import: null, fault: { file: `${shown}/${own}/${name}`, problem, hint } }];
}

/**
 * The last day with rows of an import of an earlier version, which took a row dated to the future for the end of what it
 * covers. Null if all were. A row dated to a month may end after the import.
 */
async function lastReported(
  { known_on: by, ...of }: ImportRecord,
  { place, shown }: { place: string; shown: string },
): Promise<Day | null> {
  // Those versions wrote one file.
  const [name = ''] = rowFiles(of);
  const [row] = await readRows(
    `SELECT coalesce(
      max("end") FILTER (precision = 'day' AND "end" <= ${quote(by)}::DATE),
      max(least("end", ${quote(by)}::DATE)) FILTER (start <= ${quote(by)}::DATE))::VARCHAR AS last
    FROM read_parquet(${quote(join(place, name))})`,
    `${shown}/${name}`,
  );
  return z.object({ last: day.nullable() }).parse(row).last;
}

/** The rows of a query over stored files; `file` is their place for messages. Throws `dataset-invalid`. */
export async function readRows(sql: string, file: string): Promise<unknown[]> {
  const { openInMemory } = await import('../duckdb.ts');
  await using database = await openInMemory();
  try {
    return (await database.connection.runAndReadAll(sql)).getRowObjectsJson();
  } catch (cause) {
    const [message] = String(cause instanceof Error ? cause.message : cause).split('\n');
    const problem = `cannot be read: ${message}.`;
    const hint = 'Restore it from a backup, or delete the dataset and import its files again.';
    throw new AppError('dataset-invalid', [{ file, problem, hint }], { cause });
  }
}

/** Warnings about incidents dated after the day of their import, which earlier versions of the program imported. */
export async function datedAhead(store: IncidentStore, displayPath: string): Promise<Fault[]> {
  const { imports } = store;
  if (imports.every(({ stored }) => stored !== undefined)) return [];
  const file = `${displayPath.replace(/\/+$/, '')}/${INCIDENTS_FOLDER}`;
  const rows = await readRows(
    `SELECT id, start::VARCHAR AS start FROM (${newestRows(store, { imports, columns: 'id, status, start, known_on' })})
    WHERE status = 'current' AND start > known_on ORDER BY ALL`,
    file,
  );
  return z
    .array(z.object({ id: z.string(), start: day }))
    .parse(rows)
    .map(({ id, start }) => ({
      file,
      problem: `"${id}" begins on ${start}, after the day of its import.`,
      hint: 'Correct the day in the source and import it again; an incident without an id of its own stays, so delete the dataset first.',
    }));
}

/** A refresh that was killed after its import did not record the check. */
function withImports(checks: readonly SourceCheck[], imports: readonly ImportRecord[]): SourceCheck[] {
  const all = [...checks];
  for (const { feed, known_on: checkedOn, number } of imports)
    if (feed !== undefined && !all.some((each) => each.source === feed && each.checkedOn === checkedOn))
      all.push({ source: feed, checkedOn, import: number });
  const place = ({ checkedOn, source }: SourceCheck): string => `${checkedOn} ${source}`;
  return all.sort((a, b) => (place(a) < place(b) ? -1 : 1));
}
