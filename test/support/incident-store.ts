import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openInMemory } from '../../src/dataset/duckdb.ts';
import {
  importFolder,
  incidentColumns,
  type ImportRecord,
  storedColumns,
} from '../../src/dataset/incidents.ts';
import { loadDataset } from '../../src/dataset/reading/read.ts';
import type { Dataset } from '../../src/dataset/schema.ts';

/** One import as a test writes it. */
export interface TestImport {
  readonly knownOn: string;
  /** A query for the rows; columns that it leaves out are empty, or one incident that counts. */
  readonly rows: string;
  /** A query for `id` and `import` of the rows that this import replaces. */
  readonly replaced?: string;
  readonly record?: Partial<ImportRecord>;
}

/** The record of an import of incidents of January 2022. */
export const recordOf = (own: Partial<ImportRecord> = {}): ImportRecord => ({
  number: 1,
  known_on: '2022-01-31',
  format: 'table',
  prefix: 'T',
  source: 'Test feed',
  files: [],
  mapping: null,
  counts: { read: 1, new: 1, revised: 0, unchanged: 0, withdrawn: 0, skipped: {} },
  first_day: '2022-01-01',
  last_day: '2022-01-31',
  countries: [],
  complete: false,
  lag_days: null,
  licence: { name: 'CC-BY-4.0', url: null, attribution: 'Data by the test feed.', allows_rows: true },
  program: '0',
  ...own,
});

/** Adds incidents to the dataset in `folder`, in the layout of the importers, and a descriptor if there is none. */
export async function writeIncidents(folder: string, imports: readonly TestImport[]): Promise<void> {
  await writeFile(
    join(folder, 'datapackage.json'),
    JSON.stringify({
      name: 'incidents',
      title: 'Incidents of a test',
      resources: [{ name: 'incidents', path: 'incidents/0001/rows.parquet' }],
    }),
    { flag: 'wx' },
  ).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await using database = await openInMemory();
  const { connection } = database;
  for (const [index, { knownOn, rows, replaced, record }] of imports.entries()) {
    const number = index + 1;
    const place = join(folder, 'incidents', importFolder(number));
    await mkdir(place, { recursive: true });
    const defaults: { readonly [column: string]: string } = {
      status: `'current'`,
      known_on: `'${knownOn}'`,
      precision: `'day'`,
      counts: 'true',
      side_a: '[]',
      side_b: '[]',
      others: '[]',
      number: '1',
      import: String(number),
      content_hash: 'hash(id)',
    };
    await connection.run(`CREATE OR REPLACE TEMP TABLE given AS ${rows}`);
    const described = await connection.runAndReadAll(`DESCRIBE given`);
    const own = new Set(described.getRows().map(([name]) => String(name)));
    const columns = [...incidentColumns, ...storedColumns].map(({ name, type }) => {
      const value = own.has(name) ? `"${name}"` : name === 'end' ? 'start' : (defaults[name] ?? 'NULL');
      return `(${value})::${type} AS "${name}"`;
    });
    await connection.run(
      `COPY (SELECT ${columns.join(', ')} FROM given ORDER BY country, start) TO '${join(place, 'rows.parquet')}' (FORMAT parquet)`,
    );
    if (replaced !== undefined)
      await connection.run(`COPY (${replaced}) TO '${join(place, 'superseded.parquet')}' (FORMAT parquet)`);
    await writeFile(
      join(place, 'import.json'),
      JSON.stringify(
        recordOf({
          number,
          known_on: knownOn,
          counts: { ...recordOf().counts, revised: replaced === undefined ? 0 : 1 },
          ...record,
        }),
      ),
    );
  }
}

/** A dataset with incidents and nothing else. */
export async function incidentDataset(folder: string, imports: readonly TestImport[]): Promise<Dataset> {
  await writeIncidents(folder, imports);
  return loadDataset(folder, 'data/incidents');
}
