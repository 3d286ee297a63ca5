import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openInMemory } from '../../src/dataset/duckdb.ts';
import { incidentsAsOf } from '../../src/dataset/incidents.ts';
import { readIncidentStore } from '../../src/dataset/reading/incident-store.ts';
import { AppError, type Fault } from '../../src/errors.ts';
import { hashOf } from '../../src/hash.ts';
import { importIncidents, type ImportReport, type ImportRequest } from '../../src/importers/import.ts';
import { temporaryFolder } from './dataset.ts';

type Cells = { readonly [column: string]: string | undefined };

/** An event as ACLED exports it. */
export const acledEvent = (cells: Cells): Cells => ({
  event_id_cnty: 'FRA1',
  event_date: '2024-03-10',
  year: '2024',
  time_precision: '1',
  disorder_type: 'Political violence',
  event_type: 'Battles',
  sub_event_type: 'Armed clash',
  actor1: 'Red Group',
  assoc_actor_1: '',
  inter1: '2',
  actor2: 'Blue Group',
  assoc_actor_2: '',
  inter2: '1',
  interaction: '12',
  civilian_targeting: '',
  iso: '250',
  region: 'Europe',
  country: 'France',
  admin1: 'Normandy',
  admin2: 'Manche',
  admin3: '',
  location: 'Saint-Lo',
  latitude: '49.1157',
  longitude: '-1.0906',
  geo_precision: '1',
  source: 'Gazette',
  source_scale: 'National',
  notes: 'A clash.',
  fatalities: '3',
  tags: '',
  timestamp: '1710201600',
  ...cells,
});

/** An event of the UCDP GED. */
export const ucdpEvent = (cells: Cells): Cells => ({
  id: '1001',
  relid: 'FRA-2024-1',
  year: '2024',
  active_year: '1',
  code_status: 'Clear',
  type_of_violence: '1',
  conflict_dset_id: '1',
  conflict_new_id: '1',
  conflict_name: 'France: Government',
  dyad_dset_id: '1',
  dyad_new_id: '1',
  dyad_name: 'Government of France - Red Group',
  side_a_dset_id: '1',
  side_a_new_id: '1',
  side_a: 'Government of France',
  side_b_dset_id: '2',
  side_b_new_id: '2',
  side_b: 'Red Group',
  number_of_sources: '1',
  source_article: 'Gazette, 2024-03-11',
  source_office: 'Gazette',
  source_date: '2024-03-11',
  source_headline: 'Clash in Saint-Lo',
  source_original: 'Police',
  where_prec: '1',
  where_coordinates: 'Saint-Lo town',
  where_description: 'Saint-Lo',
  adm_1: 'Normandy',
  adm_2: 'Manche',
  latitude: '49.1157',
  longitude: '-1.0906',
  geom_wkt: 'POINT (-1.0906 49.1157)',
  priogrid_gid: '200000',
  country: 'France',
  country_id: '220',
  region: 'Europe',
  event_clarity: '1',
  date_prec: '1',
  date_start: '2024-03-10T00:00:00',
  date_end: '2024-03-10T00:00:00',
  deaths_a: '1',
  deaths_b: '2',
  deaths_civilians: '0',
  deaths_unknown: '0',
  best: '3',
  high: '4',
  low: '2',
  gwnoa: '220',
  gwnob: '',
  ...cells,
});

const cell = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** The text of a CSV file; its columns are those of the first row. */
export function csv(
  rows: readonly Cells[],
  {
    columns = Object.keys(rows[0] ?? {}),
    header = true,
  }: { columns?: readonly string[]; header?: boolean } = {},
): string {
  const lines = rows.map((row) => columns.map((column) => cell(row[column] ?? '')).join(','));
  return [...(header ? [columns.join(',')] : []), ...lines].map((line) => `${line}\n`).join('');
}

/** A project folder of one test, in which it imports files, by default on `today`. */
export async function newDesk(dataset = 'desk', today = '2024-04-01') {
  const folder = await temporaryFolder();
  const into = join(folder, 'data', dataset);
  let files = 0;
  const write = async (content: string | Uint8Array, name = `file-${(files += 1)}.csv`): Promise<string> => {
    const file = join(folder, name);
    await writeFile(file, content);
    return file;
  };
  const run = (
    importer: ImportRequest['importer'],
    paths: readonly string[],
    { knownOn = today, ...request }: Partial<Omit<ImportRequest, 'files'>> & { knownOn?: string } = {},
  ): Promise<ImportReport> =>
    importIncidents(
      { importer, files: paths, into, complete: false, ...request },
      { knownOn, version: '0', cacheFolder: join(folder, 'cache') },
    );
  return {
    folder,
    into,
    write,
    /** Imports files that exist. */
    run,
    /** Writes rows as one CSV file and imports it. */
    add: async (
      importer: ImportRequest['importer'],
      rows: readonly Cells[],
      options: Parameters<typeof run>[2] = {},
    ): Promise<ImportReport> => run(importer, [await write(csv(rows))], options),
    /** The rows known by a day, or some of their columns. */
    rows: (select = '*', { asOf = '2030-01-01', upTo }: { asOf?: string; upTo?: number } = {}) =>
      rowsIn(into, { select, asOf, upTo }),
    /** The names and hashes of every file of the dataset. */
    files: () => filesIn(into),
  };
}

async function rowsIn(
  into: string,
  { select, asOf, upTo = Infinity }: { select: string; asOf: string; upTo?: number | undefined },
): Promise<{ readonly [column: string]: unknown }[]> {
  const { sql } = incidentsAsOf(await readIncidentStore(into, into), { asOf, upTo });
  await using database = await openInMemory();
  const reader = await database.connection.runAndReadAll(`SELECT ${select} FROM (${sql}) ORDER BY ALL`);
  return reader.getRowObjectsJson();
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    return entry.isFile() ? `${path} ${hashOf(await readFile(path))}` : path;
  });
  return (await Promise.all(files)).toSorted();
}

/** The faults of an import that must fail. */
export async function faultsOf(failing: Promise<unknown>): Promise<readonly Fault[]> {
  try {
    await failing;
  } catch (error) {
    if (error instanceof AppError && ['import-failed', 'dataset-invalid'].includes(error.code))
      return error.faults;
    throw error;
  }
  throw new Error('The import did not fail.');
}
