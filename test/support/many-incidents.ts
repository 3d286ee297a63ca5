import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dayAfter } from '../../src/calendar.ts';
import { openInMemory } from '../../src/dataset/duckdb.ts';
import { importFolder, incidentColumns, storedColumns } from '../../src/dataset/incidents.ts';
import { acled } from '../../src/importers/acled.ts';
import { recordOf } from './incident-store.ts';

const lastDay = '2024-12-31';
const allCountries = ['CO', 'IN', 'ML', 'MM', 'MX', 'NE', 'NG', 'SO', 'TD', 'YE'];

/**
 * Writes a dataset with one import of invented incidents, without an importer: up to ten countries, `days` days up to the
 * end of 2024, in the form of ACLED's. The same number of rows gives the same rows. They are made in the order in which the store sorts
 * them, because to sort ten million would take most of the time.
 */
export async function writeManyIncidents(
  folder: string,
  { rows, days = 3653, countries = 10 }: { rows: number; days?: number; countries?: number },
): Promise<void> {
  const countryCodes = allCountries.slice(-countries);
  const firstDay = dayAfter(lastDay, 1 - days);
  const place = join(folder, 'incidents', importFolder(1));
  await mkdir(place, { recursive: true });
  const perCountry = Math.ceil(rows / countryCodes.length);
  /** A whole number below `most`, from the number of the row. */
  const pick = (column: number, most: number): string => `(hash(n * 64 + ${column}) % ${most})::INTEGER`;
  const day = `(DATE '${firstDay}' + (n % ${perCountry} * ${days} // ${perCountry})::INTEGER)`;
  const words = Array.from({ length: 8 }, (_, index) => `'w' || ${pick(20 + index, 5000)}`).join(
    ` || ' ' || `,
  );
  const values: { readonly [column: string]: string } = {
    // In another order than the rows, as in a real dataset.
    id: `'ACLED-EVT' || (n * 7919 + 13) % ${rows}`,
    status: `'current'`,
    known_on: `DATE '2025-01-06'`,
    published_on: `${day} + 7`,
    start: day,
    end: `${day} + (CASE WHEN ${pick(2, 20)} = 0 THEN 6 ELSE 0 END)`,
    precision: `CASE WHEN ${pick(2, 20)} = 0 THEN 'week' ELSE 'day' END`,
    kind: `['Battles', 'Explosions/Remote violence', 'Violence against civilians', 'Protests', 'Riots', 'Strategic developments'][1 + ${pick(3, 6)}]`,
    sub_kind: `'Kind ' || ${pick(4, 25)}`,
    counts: `${pick(3, 6)} < 5`,
    side_a: `['Armed group ' || ${pick(5, 800)}]`,
    side_b: `CASE WHEN ${pick(9, 3)} = 0 THEN [] ELSE ['Forces of district ' || ${pick(10, 500)}] END`,
    others: `CASE WHEN ${pick(6, 4)} = 0 THEN ['Militia ' || ${pick(7, 300)}, 'Clan ' || ${pick(8, 300)}] ELSE [] END`,
    number: '1',
    country: `[${countryCodes.map((code) => `'${code}'`).join(', ')}][1 + n // ${perCountry}]`,
    admin1: `'Province ' || ${pick(13, 20)}`,
    admin2: `'District ' || ${pick(14, 200)}`,
    place: `'Town ' || ${pick(15, 5000)}`,
    lat: `round(${pick(16, 400_000)} / 10000.0 - 10, 4)`,
    lon: `round(${pick(17, 900_000)} / 10000.0, 4)`,
    place_precision: `['exact', 'near', 'admin1'][1 + ${pick(18, 3)}]`,
    civilians_targeted: `${pick(11, 4)} = 0`,
    deaths_best: pick(45, 12),
    source: `'Gazette ' || ${pick(19, 90)}`,
    summary: `${words} || '. It was reported. End.'`,
    extra: `'{"region":"Region"}'`,
    import: '1',
    content_hash: 'hash(n)',
  };
  const columns = [...incidentColumns, ...storedColumns].map(
    ({ name, type }) => `(${values[name] ?? 'NULL'})::${type} AS "${name}"`,
  );
  await using database = await openInMemory();
  const file = join(place, 'rows.parquet').replaceAll("'", "''");
  await database.connection.run(`SET threads = 2`);
  await database.connection.run(`COPY (SELECT ${columns.join(', ')} FROM range(${rows}) AS numbers(n))
    TO '${file}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 30_000)`);
  const record = recordOf({
    ...acled.origin,
    known_on: '2025-01-06',
    counts: { read: rows, new: rows, revised: 0, unchanged: 0, withdrawn: 0, skipped: {} },
    first_day: firstDay,
    last_day: lastDay,
    countries: countryCodes,
    complete: true,
  });
  await writeFile(join(place, 'import.json'), `${JSON.stringify(record, null, 2)}\n`);
  await writeFile(
    join(folder, 'datapackage.json'),
    JSON.stringify({
      name: 'many',
      title: 'Invented incidents',
      resources: [{ name: 'incidents', path: 'incidents/0001/rows.parquet' }],
    }),
  );
}
