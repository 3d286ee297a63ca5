import type { DuckDBConnection } from '@duckdb/node-api';
import countries from 'i18n-iso-countries';
import { literal } from './format.ts';

/** Names in use by data providers that the list of ISO 3166-1 lacks. */
const otherNames: { readonly [code: string]: readonly string[] } = {
  BA: ['Bosnia-Herzegovina'],
  BN: ['Brunei'],
  CD: ['DR Congo', 'Democratic Republic of Congo', 'Congo, DR', 'Congo-Kinshasa'],
  CG: ['Republic of Congo', 'Congo-Brazzaville', 'Congo'],
  CI: ["Cote d'Ivoire", "Côte d'Ivoire", 'Ivory Coast'],
  CV: ['Cape Verde'],
  CW: ['Curacao'],
  FK: ['Falkland Islands'],
  FM: ['Micronesia'],
  GB: ['Great Britain'],
  GM: ['Gambia'],
  KP: ['North Korea'],
  KR: ['South Korea'],
  LA: ['Laos'],
  MD: ['Moldova'],
  MK: ['Macedonia', 'North Macedonia', 'Macedonia, FYR'],
  MM: ['Burma'],
  MO: ['Macau'],
  PS: ['Palestine', 'Palestinian Territory', 'West Bank and Gaza Strip'],
  RO: ['Rumania'],
  SR: ['Surinam'],
  SY: ['Syria'],
  SZ: ['Kingdom of eSwatini', 'eSwatini', 'Swaziland'],
  TL: ['East Timor', 'Timor Leste'],
  TR: ['Turkey', 'Türkiye'],
  TZ: ['Tanzania'],
  VA: ['Vatican City'],
  XK: ['Kosovo'],
};

/**
 * Creates the table `country_names`: each name and code of ISO 3166-1, in small letters, with its alpha-2 code. The
 * macro `country_code` looks one up.
 */
export async function createCountryNames(connection: DuckDBConnection): Promise<void> {
  const names = new Map<string, string>();
  for (const [code, given] of Object.entries(countries.getNames('en', { select: 'all' }))) {
    const codes = [code, countries.alpha2ToAlpha3(code), countries.alpha2ToNumeric(code)];
    for (const name of [...given, ...codes, ...(otherNames[code] ?? [])])
      if (name !== undefined) names.set(name.toLowerCase(), code);
  }
  const values = [...names].map((pair) => `(${pair.map(literal).join(', ')})`);
  // Not a join, which would lose the order of the rows, and not a map, in which DuckDB looks at one key after another.
  await connection.run(
    `CREATE TABLE country_names AS SELECT * FROM (VALUES ${values.join(', ')}) AS names(name, code);
    CREATE TYPE country_name AS ENUM (${[...names.keys()].map(literal).join(', ')});
    SET VARIABLE country_codes = [${[...names.values()].map(literal).join(', ')}];
    CREATE MACRO country_code(given) AS
      getvariable('country_codes')[enum_code(try_cast(lower(given) AS country_name)) + 1]`,
  );
}
