import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Day } from '../calendar.ts';
import { type ImportRecord, type IncidentStore, incidentColumns } from '../dataset/incidents.ts';
import { newestRows } from '../dataset/reading/newest-rows.ts';
import type { Database } from './database.ts';
import { identifier, literal } from './format.ts';

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
    `CREATE VIEW existing AS ${existing(store, ['id', 'status', 'content_hash', 'published_on', 'country', 'start', 'end', 'import'])}`,
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
      NULL::VARCHAR AS country, NULL::DATE AS start, NULL::DATE AS "end", NULL::BIGINT AS "import" WHERE false`;
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
