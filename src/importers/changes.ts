import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import type { Day } from '../calendar.ts';
import { type ImportRecord, type IncidentStore, incidentColumns } from '../dataset/incidents.ts';
import { newestRows } from '../dataset/reading/newest-rows.ts';
import { AppError, type Fault } from '../errors.ts';
import type { Database, Running } from './database.ts';
import { quote } from '../dataset/sql.ts';
import { identifier, ONLY_AS, THOUSANDS } from './row-sql.ts';

/**
 * Refuses files in which more days need the other order of day and month than the order of the format: those that fit
 * both orders would be read with day and month exchanged. Refuses numbers that may have a sign between their thousands or
 * three decimals too, because one reading is a thousand times the other. Throws `import-failed`.
 */
export async function checkReadings({ rows }: Database, files: readonly string[]): Promise<void> {
  const isNumber = `starts_with(reason, ${quote(THOUSANDS)})`;
  const found = await rows(
    `SELECT file::INTEGER AS file, min("row")::INTEGER AS "row", reason, count(*)::INTEGER AS count
    FROM dropped AS other WHERE ${isNumber} OR starts_with(reason, ${quote(ONLY_AS)}) GROUP BY file, reason
    HAVING ${isNumber} OR count(*) > (SELECT count(*) FROM loaded
      WHERE loaded.file = other.file AND skipped IS NULL AND day(start) > 12)
    ORDER BY file, reason`,
    z.object({ file: z.number(), row: z.number(), reason: z.string(), count: z.number() }),
  );
  const faults = found.map(({ file, row, reason, count }): Fault => ({
    file: files[file] ?? '',
    row,
    ...(reason.startsWith(ONLY_AS)
      ? {
          problem: `${reason}; fewer rows need the order of the format.`,
          hint: `Give start the format '${reason.slice(ONLY_AS.length)}' in the mapping. As it is, day and month would be exchanged.`,
        }
      : {
          problem: `${reason}: a thousand, or three decimals?`,
          hint: `Write thousands: ',' or thousands: '.' into the mapping. The other sign is then that of decimals.`,
        }),
    ...(count > 1 && { count }),
  }));
  if (faults.length > 0) throw new AppError('import-failed', faults);
}

/**
 * Marks repeated rows as skipped. Of different rows with one id, the one that was published last is kept; if several
 * were published on one day, nothing says which is right. Throws `import-failed`.
 */
export async function keepOneRowPerId(
  { run, rows }: Database,
  { files, format }: { files: readonly string[]; format: string },
): Promise<void> {
  await run(`CREATE TABLE repeated AS
    SELECT id, file, "row", content_hash, published_on,
      row_number() OVER same AS place,
      first_value(content_hash) OVER same AS best_hash, first_value(published_on) OVER same AS best_published,
      first_value(file) OVER same AS best_file, first_value("row") OVER same AS best_row
    FROM kept WHERE id IN (SELECT id FROM kept GROUP BY id HAVING count(*) > 1)
    WINDOW same AS (PARTITION BY id ORDER BY published_on DESC NULLS LAST, content_hash, file, "row")`);
  const clashes = await rows(
    `SELECT file::INTEGER AS file, "row"::INTEGER AS "row", id,
      best_file::INTEGER AS best_file, best_row::INTEGER AS best_row FROM repeated
    WHERE content_hash <> best_hash AND published_on IS NOT DISTINCT FROM best_published ORDER BY file, "row" LIMIT 1000`,
    z.object({
      file: z.number(),
      row: z.number(),
      id: z.string(),
      best_file: z.number(),
      best_row: z.number(),
    }),
  );
  if (clashes.length > 0)
    throw new AppError(
      'import-failed',
      clashes.map(({ file, row, id, ...other }): Fault => ({
        file: files[file] ?? '',
        row,
        problem: `"${id}" is also the id of row ${other.best_row}${other.best_file === file ? '' : ` of ${basename(files[other.best_file] ?? '')}`}, with other content.`,
        hint:
          format === 'table'
            ? 'Correct one of the ids, or delete the row that is out of date.'
            : 'Export one row for each event: a file by actor repeats an event for each of its actors.',
      })),
    );
  await run(`INSERT INTO dropped SELECT file, "row",
      CASE WHEN content_hash = best_hash THEN 'repeats another row' ELSE 'is an older version of another row' END
    FROM repeated WHERE place > 1`);
}

/** What the rows of an import cover. */
const span = z.object({
  first_day: z.string().nullable(),
  last_day: z.string().nullable(),
  read: z.number(),
  kept: z.number(),
  countries: z.array(z.string()),
});

/**
 * The period of the rows is that of those dated to the day, because a row dated only to a month would widen it. Without
 * such rows it is that of all rows, up to the day of the import.
 */
export const spanOf = ({ rows }: Database, knownOn: Day) =>
  rows(
    `SELECT coalesce(min(start) FILTER (precision = 'day'), min(start))::VARCHAR AS first_day,
      coalesce(max("end") FILTER (precision = 'day'), max(least("end", DATE ${quote(knownOn)})))::VARCHAR AS last_day,
      (SELECT count(*)::INTEGER FROM loaded) AS read, count(*)::INTEGER AS kept,
      coalesce(list_sort(list(DISTINCT country) FILTER (country IS NOT NULL)), []) AS countries
    FROM kept`,
    span,
  );

/** Columns in which two rows of one incident agree, if both mappings give them. */
const alike = ['country', 'lat', 'lon', 'place', 'kind', 'title', 'summary', 'deaths_best'];
/** So many rows are compared by content, because days may have thousands each. */
const SAMPLE = 1000;

/**
 * Throws `import-failed` if no id of the files is in the dataset, although an earlier import read one of the same files,
 * or most rows are like rows of the same source: with other ids, the incidents would count twice. One workbook has several
 * sheets, so with `isSheet` only the rows decide. Follows `compare`.
 */
export async function checkNotDoubled(
  { rows }: Database,
  { imports }: IncidentStore,
  given: { source: string; hashes: readonly string[]; isSheet: boolean; into: string },
): Promise<void> {
  const numbersOf = (found: readonly ImportRecord[]): string =>
    `[${found.map(({ number }) => number).join(', ')}]::BIGINT[]`;
  const isSame = ({ sha256 }: ImportRecord['files'][number]): boolean => given.hashes.includes(sha256);
  const sameFile = numbersOf(given.isSheet ? [] : imports.filter(({ files }) => files.some(isSame)));
  const sameSource = numbersOf(imports.filter(({ source }) => source === given.source));
  const agree = alike.map((name) => `AND coalesce(sample.${name} = stays.${name}, true)`).join(' ');
  const [found] = await rows(
    `WITH sample AS (FROM kept ORDER BY content_hash LIMIT ${SAMPLE}),
      stays AS (FROM existing WHERE status = 'current' AND id NOT IN (SELECT id FROM changes)),
      same AS (SELECT sample.id, min(stays."import") AS "import" FROM sample JOIN stays
        ON sample.start = stays.start AND sample."end" = stays."end" ${agree}
        WHERE list_contains(${sameSource}, stays."import") GROUP BY sample.id)
    SELECT (SELECT count(*) FROM kept SEMI JOIN existing USING (id))::INTEGER AS known,
      (SELECT min("import") FROM stays WHERE list_contains(${sameFile}, "import"))::INTEGER AS of_file,
      (SELECT min("import") FROM same HAVING count(*) * 2 > (SELECT count(*) FROM sample))::INTEGER AS of_rows`,
    z.object({ known: z.number(), of_file: z.number().nullable(), of_rows: z.number().nullable() }),
  );
  const earlier = found?.of_file ?? found?.of_rows;
  if (found?.known !== 0 || typeof earlier !== 'number') return;
  const isSameFile = found.of_file !== null;
  throw new AppError('import-failed', {
    file: given.into,
    problem: `Every row is new, although import ${earlier} ${isSameFile ? 'read the same file' : 'has most of these incidents'} under other ids: they would count twice.`,
    hint: `If you changed id or prefix in the mapping, first undo that import: see "Undoing an import" in docs/data.md. ${
      isSameFile
        ? 'Other incidents of the file go into another dataset.'
        : 'If these are other incidents, give the mapping another source.'
    }`,
  });
}

/**
 * Creates `changes`: what each row of the files is to the dataset, for the incidents that it has, and the incidents that
 * the files no longer have. Rows of the files that are not in it are new.
 */
export async function compare(
  { run }: Database,
  store: IncidentStore,
  { prefix, complete, span: covered }: { prefix: string; complete: boolean; span: z.output<typeof span> },
): Promise<void> {
  const { first_day: first, last_day: last, countries } = covered;
  await run(
    `CREATE VIEW existing AS ${existing(store, ['id', 'status', 'content_hash', 'published_on', 'start', 'end', 'import', ...alike])}`,
  );
  await run(`CREATE TABLE changes AS
    SELECT loaded.file, loaded."row", loaded.id, existing."import" AS replaces,
      CASE WHEN existing.status = 'current' AND existing.content_hash = loaded.content_hash THEN 'unchanged'
        WHEN loaded.published_on < existing.published_on THEN 'older'
        ELSE 'revised' END AS change
    FROM kept AS loaded JOIN existing USING (id)`);
  if (!complete || first === null || last === null || store.imports.length === 0) return;
  // A row that was skipped is still in the file, and its incident is not withdrawn.
  await run(`INSERT INTO changes
    SELECT NULL, NULL, id, "import", 'withdrawn' FROM existing
    WHERE status = 'current' ${prefix === '' ? '' : `AND starts_with(id, ${quote(`${prefix}-`)})`}
      AND start >= ${quote(first)}::DATE AND "end" <= ${quote(last)}::DATE
      AND list_contains([${countries.map(quote).join(', ')}]::VARCHAR[], country)
      AND id NOT IN (SELECT id FROM loaded WHERE id IS NOT NULL)`);
}

/** Adds to `changes` the incidents of the dataset that their publisher withdrew. */
export async function withdraw({ run }: Database, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await run(`INSERT INTO changes
    SELECT NULL, NULL, id, "import", 'withdrawn' FROM existing
    WHERE status = 'current' AND id IN (SELECT unnest([${ids.map(quote).join(', ')}]))
      AND id NOT IN (SELECT id FROM changes)`);
}

/** The newest row of each incident, withdrawn ones included. */
function existing(store: IncidentStore, columns: readonly string[]): string {
  if (store.imports.length === 0)
    return `SELECT NULL::VARCHAR AS id, NULL::VARCHAR AS status, NULL::UBIGINT AS content_hash, NULL::DATE AS published_on,
      NULL::DATE AS start, NULL::DATE AS "end", NULL::BIGINT AS "import",
      ${alike.map((name) => `NULL AS ${name}`).join(', ')} WHERE false`;
  return newestRows(store, {
    imports: store.imports,
    columns: columns.map((name) => `stored.${identifier(name)}`).join(', '),
  });
}

/**
 * How rows are stored, in groups of so many. Small groups let a query that wants one country skip most of a file. A
 * dictionary pays for names and types; for texts, which are all different, DuckDB would give up on one only after
 * building most of it.
 */
export const storedIn = (rows: number): string =>
  `FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE ${rows}, DICTIONARY_SIZE_LIMIT 3_000`;
/** In the only file with its rows. */
export const WHOLE = 30_000;
/** In one of several, each with a part of every country. */
const PART = 5000;

/** The rows that were read from one file. */
export interface Loaded {
  /** A Parquet file in the order of the file. */
  readonly path: string;
  /** A SELECT without a condition, to which one on `file_row_number` can be added. */
  readonly select: string;
}

/**
 * Two threads that sort so much each stay within the limit of memory. The sort of a million rows at once would move half
 * of them to disk and back, on one thread, and take more than twice as long.
 */
const PART_BYTES = 75e6;
/** More than for reading: the files are read, and the whole process still stays below 600 MB. */
const SORT_LIMIT = '400MB';

/**
 * Writes the rows of the import into a folder in `staging`: in one file, or, if there are more than `PART_BYTES`, in a
 * sorted file for each part of them. Gives the names of these files, and the result of `meanwhile`, which may ask questions.
 */
export async function write<T>(
  database: Database,
  store: IncidentStore,
  {
    record,
    loaded,
    staging,
    meanwhile,
    onStep,
  }: {
    record: ImportRecord;
    loaded: readonly Loaded[];
    staging: string;
    meanwhile: () => Promise<T>;
    onStep: Running['onStep'];
  },
): Promise<{ readonly meanwhile: T; readonly names: readonly string[] }> {
  const folder = join(staging, 'import');
  await mkdir(folder);
  const own = { status: `'current'`, known_on: `${quote(record.known_on)}::DATE` };
  const selected = (values: { readonly [column: string]: string }): string =>
    [
      ...incidentColumns.map(({ name }) =>
        Object.hasOwn(values, name) ? `${values[name]} AS ${identifier(name)}` : identifier(name),
      ),
      `${record.number}::BIGINT AS "import"`,
      'content_hash',
    ].join(', ');
  const withdrawn =
    record.counts.withdrawn === 0
      ? ''
      : `UNION ALL SELECT ${selected({ ...own, status: `'withdrawn'` })}
        FROM (${existing(store, [...incidentColumns.map(({ name }) => name), 'content_hash'])})
        WHERE id IN (SELECT id FROM changes WHERE change = 'withdrawn')`;
  const { new: added, revised, read } = record.counts;
  const limit = (PART_BYTES * read) / (added + revised);
  const parts = await partsOf(database, { loaded, limit });
  const names = parts.map((_, index) => (parts.length === 1 ? 'rows.parquet' : `rows-${index + 1}.parquet`));
  // One thread for each of two statements: within one, both would sort and compress twice as much in memory.
  await database.run(`SET threads = 1; SET memory_limit=${quote(SORT_LIMIT)}`);
  let [next, done] = [0, 0];
  const writeParts = async (run: Database['run']): Promise<void> => {
    while (next < parts.length) {
      const index = next;
      next += 1;
      await run(
        `COPY (SELECT ${selected(own)} FROM (${parts[index]?.rows})
          ANTI JOIN dropped USING (file, "row")
          ANTI JOIN (FROM changes WHERE change IN ('unchanged', 'older')) AS left_out USING (file, "row")
          ${index === 0 ? withdrawn : ''} ORDER BY country, start, id)
        TO ${quote(join(folder, names[index] ?? ''))} (${storedIn(parts.length === 1 ? WHOLE : PART)})`,
        parts.length === 1 ? 'write' : undefined,
      );
      // Setting the limit gives freed memory back to the system.
      await run(`SET memory_limit=${quote(SORT_LIMIT)}`);
      done += 1;
      onStep?.('write', done / parts.length);
    }
  };
  const stopped = (error: unknown): never => {
    next = parts.length;
    throw error;
  };
  // A row of many megabytes makes a part larger.
  const isLarge = parts.some(({ bytes }) => bytes > limit);
  const [, result] = await Promise.all([
    writeParts(database.run).catch(stopped),
    (async () => {
      const of = await meanwhile();
      if (!isLarge) await writeParts(database.runBeside);
      return of;
    })().catch(stopped),
  ]);
  if (record.counts.revised + record.counts.withdrawn > 0)
    await database.run(`COPY (SELECT id, replaces AS "import" FROM changes WHERE change IN ('revised', 'withdrawn') ORDER BY id)
      TO ${quote(join(folder, 'superseded.parquet'))} (FORMAT parquet, COMPRESSION zstd)`);
  return { meanwhile: result, names };
}

/** SQL for the rows in parts of at most `limit` bytes, if no group of rows in a file is larger. At least one part. */
async function partsOf(
  { rows: ask }: Database,
  { loaded, limit }: { loaded: readonly Loaded[]; limit: number },
): Promise<{ readonly rows: string; readonly bytes: number }[]> {
  const parts: { spans: { select: string; first: number; end: number }[]; bytes: number }[] = [];
  for (const { path, select } of loaded) {
    const groups = await ask(
      `SELECT any_value(row_group_num_rows)::INTEGER AS count, sum(total_uncompressed_size)::DOUBLE AS bytes
      FROM parquet_metadata(${quote(path)}) GROUP BY row_group_id ORDER BY row_group_id`,
      z.object({ count: z.number(), bytes: z.number() }),
    );
    let first = 0;
    for (const { count, bytes } of groups) {
      let part = parts.at(-1);
      if (part === undefined || part.bytes + bytes > limit) parts.push((part = { spans: [], bytes: 0 }));
      const last = part.spans.at(-1);
      if (last?.select === select) last.end += count;
      else part.spans.push({ select, first, end: first + count });
      part.bytes += bytes;
      first += count;
    }
  }
  if (parts.length < 2) return [{ rows: 'FROM loaded', bytes: parts[0]?.bytes ?? 0 }];
  return parts.map(({ spans, bytes }) => ({
    rows: spans
      .map(
        ({ select, first, end }) =>
          `${select} WHERE file_row_number >= ${first} AND file_row_number < ${end}`,
      )
      .join(' UNION ALL '),
    bytes,
  }));
}
