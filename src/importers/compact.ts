import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { importFolder, incidentColumns, storedColumns } from '../dataset/incidents.ts';
import { readIncidentStore } from '../dataset/reading/incident-store.ts';
import { type CompactRecord, newestRows, uniformColumns } from '../dataset/reading/newest-rows.ts';
import { describeStored } from '../dataset/reading/stored-files.ts';
import { storedIn, WHOLE } from './changes.ts';
import { type Database, openScratch, type Running } from './database.ts';
import { refuse } from './format.ts';
import { quote } from '../dataset/sql.ts';
import { identifier } from './row-sql.ts';
import { explained } from './source-file.ts';
import { lockDataset, putCompactionInPlace, removeReplaced } from './store.ts';

/** The version is for the record, the folder for temporary files. */
export type CompactContext = Running & { readonly version: string; readonly cacheFolder: string };

/** Fewer rows share a file with the next years. */
const FEWEST_ROWS_OF_FILE = 250_000;
/** A country with fewer rows shares files with others: many small files would slow down queries on all countries. */
const FEWEST_ROWS_OF_COUNTRY = 100_000;

/**
 * Writes the newest row of each incident of a dataset into a few sorted files, from which queries then read instead of
 * from each import. The imports stay as they are: an edition that goes back to one reads them. `record` is null if the
 * dataset has had no import since its last compaction, and nothing was written; `bytes` are those of the files that
 * queries read, before and after, and of all imports. Throws `import-failed`, and `dataset-invalid` for a damaged store;
 * the dataset then remains as it was.
 */
export async function compact(into: string, context: CompactContext) {
  const folder = resolve(into);
  await using lock = await lockDataset(folder);
  const store = lock.exists ? await readIncidentStore(folder, into) : undefined;
  const last = store?.imports.at(-1);
  if (store === undefined || last === undefined)
    throw refuse(into, 'has no incidents.', 'Name a dataset with incidents, such as data/region.');
  const { imports, compaction } = store;
  const bytesAfter = async (upTo: number): Promise<number> => {
    const later = imports.filter(({ number }) => number > upTo);
    const sizes = await Promise.all(
      later.map(({ number }) => bytesIn(join(store.folder, importFolder(number)))),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  };
  const ofCompaction = compaction === undefined ? 0 : await bytesIn(compaction.folder);
  const before = ofCompaction + (await bytesAfter(compaction?.up_to ?? 0));
  const bytes = { before, after: before, imports: await bytesAfter(0) };
  if (compaction?.up_to === last.number) {
    await removeReplaced(folder);
    return { record: null, bytes };
  }

  await using database = await openScratch(folder, context);
  const prepared = join(lock.staging, 'compact');
  await mkdir(prepared);
  const columns = [...incidentColumns, ...storedColumns].map(({ name }) => `stored.${identifier(name)}`);
  const rows = newestRows(store, { imports, columns: columns.join(', ') });
  const { files, same } = await explained(into, () => writeFiles(database, { rows, to: prepared, context }));
  const record: CompactRecord = {
    up_to: last.number,
    files: files.map(({ name }) => name),
    rows: files.reduce((sum, file) => sum + file.rows, 0),
    same,
    program: context.version,
    stored: await describeStored(prepared),
  };
  await writeFile(join(prepared, 'compact.json'), `${JSON.stringify(record, null, 2)}\n`);
  const written = await bytesIn(prepared);
  context.signal?.throwIfAborted();
  context.onStep?.('put in place');
  await putCompactionInPlace(folder, { prepared, upTo: last.number });
  return { record, bytes: { ...bytes, after: written } };
}

const yearCount = z.object({ own: z.string().nullable(), year: z.number(), count: z.number() });
/** A list of the one value of a column, or null if it has several. */
const wholeCount = z.object({ count: z.number() }).catchall(z.array(z.string().nullable()).nullable());

/**
 * Writes rows into files by country and by the years in which the incidents began, checks that every row is in one of
 * them, and finds the columns with one value. Files of one country are in a folder for it.
 */
async function writeFiles(
  { run, rows: ask }: Database,
  { rows, to, context }: { rows: string; to: string; context: CompactContext },
): Promise<{ files: readonly { name: string; rows: number }[]; same: CompactRecord['same'] }> {
  context.onStep?.('compare');
  const years = await ask(
    `SELECT own, year, sum(count)::INTEGER AS count FROM (
      SELECT CASE WHEN sum(count) OVER (PARTITION BY country) >= ${FEWEST_ROWS_OF_COUNTRY} THEN country END AS own, year, count
      FROM (SELECT country, year(start)::INTEGER AS year, count(*) AS count FROM (${rows}) GROUP BY ALL)
    ) GROUP BY ALL ORDER BY ALL`,
    yearCount,
  );
  const byCountry = Map.groupBy(years, ({ own }) => own);
  const own = [...byCountry.keys()].flatMap((country) => (country === null ? [] : [quote(country)]));
  const files = [...byCountry].flatMap(([country, of]) =>
    spansOf(of).map((span, index) => {
      const folder = country === null ? '' : `country=${country}`;
      const where =
        country === null
          ? `list_contains([${own.join(', ')}]::VARCHAR[], country) IS NOT TRUE`
          : `country = ${quote(country)}`;
      return { ...span, folder, where, name: join(folder, `${index + 1}.parquet`) };
    }),
  );
  // Two threads would sort and compress twice as much in memory at once.
  await run('SET threads = 1');
  for (const [index, { first, last, where, folder, name }] of files.entries()) {
    context.onStep?.('write', index / files.length);
    await mkdir(join(to, folder), { recursive: true });
    await run(`COPY (FROM (${rows}) WHERE ${where} AND start >= make_date(${first}, 1, 1) AND start < make_date(${last + 1}, 1, 1)
      ORDER BY country, start, id)
      TO ${quote(join(to, name))} (${storedIn(WHOLE)})`);
  }
  const values = Object.keys(uniformColumns).map(
    (
      name,
    ) => `CASE WHEN count("${name}") IN (0, count(*)) AND min("${name}") IS NOT DISTINCT FROM max("${name}")
      THEN [min("${name}")::VARCHAR] END AS "${name}"`,
  );
  const [written] = await ask(
    `SELECT count(*)::INTEGER AS count, ${values.join(', ')} FROM read_parquet(${quote(join(to, '**/*.parquet'))})`,
    wholeCount,
  );
  const { count = 0, ...columns } = written ?? {};
  const expected = files.reduce((sum, file) => sum + file.rows, 0);
  if (count !== expected) throw new Error(`${count} of ${expected} rows were written`);
  const same = Object.entries(columns).flatMap(([name, found]) =>
    (found ?? []).map((value) => [name, value] as const),
  );
  return { files, same: Object.fromEntries(same) };
}

/** Spans of years, each with enough rows for a file of its own, except perhaps the last. */
function spansOf(years: readonly z.output<typeof yearCount>[]) {
  const spans: { first: number; last: number; rows: number }[] = [];
  for (const { year, count } of years) {
    const open = spans.at(-1);
    if (open === undefined || open.rows >= FEWEST_ROWS_OF_FILE)
      spans.push({ first: year, last: year, rows: count });
    else {
      open.last = year;
      open.rows += count;
    }
  }
  return spans;
}

async function bytesIn(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  const stats = await Promise.all(names.map((name) => stat(join(folder, name))));
  return stats.reduce((sum, each) => sum + (each.isFile() ? each.size : 0), 0);
}
