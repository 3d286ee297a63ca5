import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Day } from '../calendar.ts';
import { type ImportRecord, type IncidentStore, incidentColumns } from '../dataset/incidents.ts';
import { newestRows } from '../dataset/reading/newest-rows.ts';
import { AppError } from '../errors.ts';
import type { Database } from './database.ts';
import { identifier, literal } from './format.ts';

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
  {
    source,
    hashes,
    isSheet,
    into,
  }: { source: string; hashes: readonly string[]; isSheet: boolean; into: string },
): Promise<void> {
  const numbers = (of: (each: ImportRecord) => boolean): string =>
    `[${imports.flatMap((each) => (of(each) ? [each.number] : [])).join(', ')}]::BIGINT[]`;
  const sameFile = numbers(({ files }) => !isSheet && files.some(({ sha256 }) => hashes.includes(sha256)));
  const sameSource = numbers((each) => each.source === source);
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
    file: into,
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
  {
    prefix,
    complete,
    firstDay,
    lastDay,
    countries,
  }: { prefix: string; complete: boolean; firstDay: Day; lastDay: Day; countries: readonly string[] },
): Promise<void> {
  await run(
    `CREATE VIEW existing AS ${existing(store, ['id', 'status', 'content_hash', 'published_on', 'start', 'end', 'import', ...alike])}`,
  );
  await run(`CREATE TABLE changes AS
    SELECT loaded.file, loaded."row", loaded.id, existing."import" AS replaces,
      CASE WHEN existing.status = 'current' AND existing.content_hash = loaded.content_hash THEN 'unchanged'
        WHEN loaded.published_on < existing.published_on THEN 'older'
        ELSE 'revised' END AS change
    FROM kept AS loaded JOIN existing USING (id)`);
  if (!complete || store.imports.length === 0) return;
  // A row that was skipped is still in the file, and its incident is not withdrawn.
  await run(`INSERT INTO changes
    SELECT NULL, NULL, id, "import", 'withdrawn' FROM existing
    WHERE status = 'current' ${prefix === '' ? '' : `AND starts_with(id, ${literal(`${prefix}-`)})`}
      AND start >= ${literal(firstDay)}::DATE AND "end" <= ${literal(lastDay)}::DATE
      AND list_contains([${countries.map(literal).join(', ')}]::VARCHAR[], country)
      AND id NOT IN (SELECT id FROM loaded WHERE id IS NOT NULL)`);
}

/** Adds to `changes` the incidents of the dataset that their publisher withdrew. */
export async function withdraw({ run }: Database, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await run(`INSERT INTO changes
    SELECT NULL, NULL, id, "import", 'withdrawn' FROM existing
    WHERE status = 'current' AND id IN (SELECT unnest([${ids.map(literal).join(', ')}]))
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
 * How rows are stored. Small groups let a query that wants one country skip most of a file. A dictionary pays for names
 * and types; for texts, which are all different, DuckDB would give up on one only after building most of it.
 */
export const STORED =
  'FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 30_000, DICTIONARY_SIZE_LIMIT 3_000';

/** Writes the rows of the import into a folder in `staging`. */
export async function write(
  { run }: Database,
  store: IncidentStore,
  { record, staging }: { record: ImportRecord; staging: string },
): Promise<void> {
  const folder = join(staging, 'import');
  await mkdir(folder);
  const own = { status: `'current'`, known_on: `${literal(record.known_on)}::DATE` };
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
  // Two threads would sort and compress twice as much in memory at once.
  await run('SET threads = 1');
  await run(
    `COPY (SELECT ${selected(own)} FROM kept
      ANTI JOIN (FROM changes WHERE change IN ('unchanged', 'older')) AS left_out USING (file, "row")
      ${withdrawn} ORDER BY country, start, id)
    TO ${literal(join(folder, 'rows.parquet'))} (${STORED})`,
    'write',
  );
  if (record.counts.revised + record.counts.withdrawn > 0)
    await run(`COPY (SELECT id, replaces AS "import" FROM changes WHERE change IN ('revised', 'withdrawn') ORDER BY id)
      TO ${literal(join(folder, 'superseded.parquet'))} (FORMAT parquet, COMPRESSION zstd)`);
}
