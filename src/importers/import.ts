import { stat, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { type Day } from '../calendar.ts';
import { type ImportRecord, importRecord } from '../dataset/incidents.ts';
import { describeStored } from '../dataset/reading/stored-files.ts';
import { AppError, type Fault } from '../errors.ts';
import {
  checkNotDoubled,
  checkReadings,
  compare,
  keepOneRowPerId,
  type Loaded,
  spanOf,
  withdraw,
  write,
} from './changes.ts';
import { createCountryNames, nameCount } from './places/countries.ts';
import { type Database, MEMORY_LIMIT, openScratch, type Running } from './database.ts';
import { checkRepaired, openEarlier } from './earlier.ts';
import { openCells, readDocument } from './feeds/document.ts';
import { type Converted, type Document, type Importer, refuse } from './format.ts';
import { checkPlaces, type RowsOfFile } from './places/check.ts';
import { quote } from '../dataset/sql.ts';
import { describeFile, explained, openSource, rowNumberSql } from './source-file.ts';
import { descriptorOf, lockDataset, putBack, putInPlace, syncAll } from './store.ts';
import type { ReadOptions } from './table/mapping.ts';

export interface ImportRequest {
  readonly importer: Importer;
  readonly files: readonly string[];
  readonly options?: ReadOptions;
  /** The dataset's folder; its parent is created if it is missing. */
  readonly into: string;
  /** Whether the files have every incident of their period and countries, so that missing ones are withdrawn. */
  readonly complete: boolean;
  /** Overrides the lag of the format. */
  readonly lagDays?: number | undefined;
  /** The name of the source that is refreshed, for the record. */
  readonly feed?: string | undefined;
  /** Called with the counts before anything is written; if it throws, nothing is. */
  readonly accept?: (counts: ImportRecord['counts']) => void;
}

/** Settings and effects that the caller passes in. */
export interface ImportContext extends Running {
  /** The day of the import, in UTC. */
  readonly knownOn: Day;
  /** The program's version, for the record. */
  readonly version: string;
  /** For temporary files, up to a few times the size of the import. */
  readonly cacheFolder: string;
}

/** Rows of one file that were skipped for one reason, or that have one field in common. */
export interface RowGroup extends RowsOfFile {
  /** The reason why rows were skipped, or the field that they have in common. */
  readonly what: string;
}

/** The reason to skip a row that the dataset has in a newer version. */
export const OLDER = 'is older than the row in the dataset';

export type ImportReport = Awaited<ReturnType<typeof importIncidents>>;

/**
 * Imports incidents into a dataset, which is created if it does not exist. Rows that are in the dataset with the same
 * content are left out; if nothing remains, nothing is written, and `record` is null. `isRepair` says whether a damaged
 * import was restored, whose record it is, and nothing else imported. Throws `import-failed`, and `dataset-invalid` for a
 * damaged store; the dataset then remains as it was.
 */
export async function importIncidents(request: ImportRequest, { knownOn: today, ...context }: ImportContext) {
  const { importer, files, into } = request;
  const { origin } = importer;
  const folder = resolve(into);
  await using lock = await lockDataset(folder);
  const given = { knownOn: today, complete: request.complete };
  const { store, complete, knownOn, repaired } = lock.exists
    ? await openEarlier(folder, { into, importer, files, ...given })
    : { store: { folder: '', imports: [], checks: [] }, ...given, repaired: undefined };
  await using database = await openScratch(folder, context);

  context.onStep?.('read');
  const isDocument = importer.convert !== undefined;
  const documents = isDocument ? await Promise.all(files.map(readDocument)) : [];
  const converted = importer.convert?.(documents, knownOn) ?? nothing;
  const { signal } = context;
  const { described, loaded } = await read(database, { request, documents, converted, knownOn, signal });
  context.onStep?.('compare');
  await checkReadings(database, files);
  await keepOneRowPerId(database, { files, format: origin.format });
  const [span] = await spanOf(database, knownOn);
  const skipped = await groups(database, { what: 'reason', from: 'dropped', files });
  // What reads datasets is loaded for notes only: most imports have none.
  const ofNotes = isDocument ? await import('./feeds/notes.ts') : undefined;
  const notes = await ofNotes?.compareNotes(converted.notes, store, { knownOn, into });
  const file = files.map((name) => basename(name)).join(', ');
  for (const group of [...converted.skipped, ...(notes?.skipped ?? [])])
    skipped.push({ file, ...group, rows: [] });
  const hasOthers = converted.notes.length + converted.withdrawn.length > 0;
  if (span === undefined || (span.first_day === null && !hasOthers)) throw nothingToImport(files, skipped);
  const { first_day, last_day, countries } = span;
  const far = await checkPlaces(database, { files, importer, isRepair: repaired !== undefined });
  await compare(database, store, { prefix: origin.prefix, complete, span });
  if (origin.format === 'table' && store.imports.length > 0 && repaired === undefined)
    await checkNotDoubled(database, store, {
      source: origin.source,
      hashes: described.map(({ sha256 }) => sha256),
      isSheet: request.options?.sheet !== undefined,
      into,
    });
  await withdraw(database, converted.withdrawn);
  const changes = await database.rows(
    'SELECT change, count(*)::INTEGER AS count FROM changes GROUP BY change',
    z.object({ change: z.string(), count: z.number() }),
  );
  const count = (change: string): number => changes.find((each) => each.change === change)?.count ?? 0;
  if (count('older') > 0) {
    const rows = await database.rows(
      `SELECT "row"::INTEGER AS "row" FROM changes WHERE change = 'older' ORDER BY file, "row" LIMIT 3`,
      z.object({ row: z.number() }),
    );
    skipped.push({ what: OLDER, file, count: count('older'), rows: rows.map(({ row }) => row) });
  }
  const leftOut = converted.skipped.reduce((sum, group) => sum + group.count, 0);
  const counts: ImportRecord['counts'] = {
    read: span.read + converted.notes.length + leftOut,
    new: span.kept - count('revised') - count('unchanged') - count('older'),
    revised: count('revised'),
    unchanged: count('unchanged'),
    withdrawn: count('withdrawn'),
    skipped: {},
  };
  for (const { what, count: rows } of skipped) counts.skipped[what] = (counts.skipped[what] ?? 0) + rows;
  const describe = async () => ({
    counts,
    // The rows of other tables; undefined for formats that have none.
    notes,
    // Null if there were no incidents.
    firstDay: first_day,
    lastDay: last_day,
    countries,
    // The rows of a document have no numbers.
    skipped: isDocument ? skipped.map((group) => ({ ...group, rows: [] })) : skipped,
    // Fields whose values did not fit their column. The values are in `extra`.
    unreadable: await groups(database, {
      what: 'unnest(unreadable)',
      from: 'loaded WHERE len(unreadable) > 0',
      files,
    }),
    unknownCountries: await database.rows(
      `SELECT country_given AS name, count(*)::INTEGER AS count FROM kept WHERE country IS NULL AND country_given IS NOT NULL GROUP BY ALL ORDER BY count DESC, name`,
      nameCount,
    ),
    far,
    // The names in the sides of the imported rows, the most frequent first.
    actors: await database.rows(actorsSql, nameCount),
  });
  request.accept?.(counts);
  if (repaired !== undefined) checkRepaired(repaired, counts, into);
  const changed = counts.new + counts.revised + counts.withdrawn;
  if (changed + (notes?.lines.length ?? 0) === 0)
    return { record: null, ...(await describe()), isRepair: false };

  context.onStep?.('write');
  const number = (store.imports.at(-1)?.number ?? 0) + 1;
  const record: ImportRecord = repaired ?? {
    number,
    known_on: knownOn,
    ...origin,
    ...(request.feed !== undefined && { feed: request.feed }),
    lag_days: request.lagDays ?? origin.lag_days,
    files: described,
    counts,
    ...(notes && { notes: notes.counts }),
    first_day,
    last_day,
    countries,
    complete,
    program: context.version,
  };
  const { meanwhile: report, names } = await explained(into, () =>
    write(database, store, {
      record,
      loaded,
      staging: lock.staging,
      meanwhile: describe,
      onStep: context.onStep,
    }),
  );
  const descriptor = lock.exists ? undefined : descriptorOf(basename(folder), record, names);
  const written = join(lock.staging, 'import');
  if (notes !== undefined) {
    const { scratch } = database;
    const isRepair = repaired !== undefined;
    await ofNotes?.addNotes(notes, { to: written, folder, into, descriptor, scratch, isRepair });
  }
  // They are hashed while the disk writes them.
  const [stored] = await Promise.all([describeStored(written), syncAll(written)]);
  const whole = importRecord.parse({ ...record, stored });
  await writeFile(join(written, 'import.json'), `${JSON.stringify(whole, null, 2)}\n`);
  context.signal?.throwIfAborted();
  context.onStep?.('put in place');
  if (repaired === undefined) await putInPlace(folder, { staging: lock.staging, number, descriptor });
  else await putBack(folder, { prepared: written, number });
  return { record: whole, ...report, isRepair: repaired !== undefined };
}

/** What becomes of files that are no documents. */
const nothing: Converted = { incidents: [], withdrawn: [], notes: [], skipped: [] };

/**
 * The file is read a few times and then removed: dictionaries would take half the time of reading. Larger groups hold more
 * rows than one buffer of the CSV reader, and within the limit of memory DuckDB would then move them about, which takes
 * twice as long.
 */
const SCRATCH = 'ROW_GROUP_SIZE 10_000, COMPRESSION lz4_raw, DICTIONARY_SIZE_LIMIT 1';

/**
 * Reads every file into the view `loaded`, and describes it. The rows that cannot be imported are in `dropped`, the
 * others in the view `kept`. A file that changes meanwhile is refused.
 */
async function read(
  { connection, run, scratch }: Database,
  given: {
    request: ImportRequest;
    documents: readonly Document[];
    converted: Converted;
    knownOn: Day;
    signal: AbortSignal | undefined;
  },
): Promise<{ readonly described: ImportRecord['files']; readonly loaded: readonly Loaded[] }> {
  const { converted, documents, knownOn } = given;
  const { importer, files, options = {} } = given.request;
  await createCountryNames(connection);
  // The rows stay in the order of the file, so that their places give their numbers: to number them while they are
  // read would take one thread.
  // With less, the threads often wait for one another, and take twice as long; they use a fraction of it.
  await connection.run(`SET preserve_insertion_order=true; SET memory_limit='1GB'`);
  const described: ImportRecord['files'] = [];
  const loaded: Loaded[] = [];
  for (const [index, name] of files.entries()) {
    const rows = converted.incidents[index];
    const source = rows
      ? await openCells(join(scratch, `cells-${index}.jsonl`), { name, rows })
      : await openSource(connection, { name, scratch, options, importer });
    const sql = importer.sqlFor(source.columns, name).select(source.sql);
    const path = join(scratch, `loaded-${index}.parquet`);
    const to = quote(path);
    const before = await stat(name, { bigint: true });
    const [description] = await Promise.all([
      describeFile(source, given.signal),
      explained(name, () => run(`COPY (${sql}) TO ${to} (FORMAT parquet, ${SCRATCH})`, 'read')),
    ]);
    const after = await stat(name, { bigint: true });
    if (before.mtimeNs !== after.mtimeNs || before.size !== after.size)
      throw refuse(name, 'changed while it was read.', 'Import it once it is complete.');
    const numbers = await explained(name, () => rowNumberSql(source, description.hasEmptyLine));
    const select = `SELECT ${index}::BIGINT AS file, ${numbers} AS "row", * EXCLUDE (file_row_number)
      FROM read_parquet(${to}, file_row_number = true)`;
    loaded.push({ path, select });
    described.push(documents[index]?.description ?? description.file);
  }
  await connection.run(`SET preserve_insertion_order=false; SET memory_limit='${MEMORY_LIMIT}'`);
  await connection.run(`CREATE VIEW loaded AS ${loaded.map(({ select }) => select).join(' UNION ALL ')}`);
  await connection.run(
    `CREATE TABLE dropped AS SELECT file, "row", reason FROM (
      SELECT file, "row", coalesce(skipped, CASE WHEN start > DATE ${quote(knownOn)}
        THEN ${quote(`begins after ${knownOn}, the day of the import`)} END) AS reason FROM loaded
    ) WHERE reason IS NOT NULL`,
  );
  await connection.run('CREATE VIEW kept AS FROM loaded ANTI JOIN dropped USING (file, "row")');
  return { described, loaded };
}

const actorsSql = `SELECT name, count(*)::INTEGER AS count
  FROM (SELECT unnest(list_distinct(list_concat(side_a, side_b, others))) AS name FROM kept)
  GROUP BY name ORDER BY count DESC, name`;

function nothingToImport(files: readonly string[], skipped: readonly RowGroup[]): AppError {
  const again = 'choose the right format, or export the file again, because spreadsheets rewrite days.';
  const ofRows = skipped.flatMap(({ what, file, rows: [row], count }) =>
    row === undefined
      ? []
      : [{ file, row, problem: `${what}.`, hint: `No row can be imported: ${again}`, count }],
  );
  const inDocuments = skipped.filter(({ rows }) => rows.length === 0);
  const ofObjects = [...Map.groupBy(inDocuments, ({ file }) => file)].map(([file, reasons]) => ({
    file,
    problem: `has nothing to import: ${reasons.map(({ what, count }) => `${count} × ${what}`).join('; ')}.`,
    hint: 'Choose a file with other objects: docs/data.md names those that become rows.',
    count: reasons.reduce((sum, { count }) => sum + count, 0),
  }));
  const faults = [...ofRows, ...ofObjects].map(({ count, ...fault }): Fault =>
    count > 1 ? { ...fault, count } : fault,
  );
  if (faults.length === 0) return refuse(files.join(', '), 'has no rows.', 'Export it again.');
  return new AppError('import-failed', faults);
}

async function groups(
  { rows }: Database,
  { what, from, files }: { what: string; from: string; files: readonly string[] },
): Promise<RowGroup[]> {
  const found = await rows(
    `SELECT what, file::INTEGER AS file, count(*)::INTEGER AS count, list_sort(min("row"::INTEGER, 3)) AS "rows"
    FROM (SELECT ${what} AS what, file, "row" FROM ${from}) WHERE what IS NOT NULL
    GROUP BY what, file ORDER BY file, count DESC, what`,
    z.object({ what: z.string(), file: z.number(), count: z.number(), rows: z.array(z.number()) }),
  );
  return found.map(({ file, ...group }) => ({ ...group, file: basename(files[file] ?? '') }));
}
