import type { DuckDBConnection } from '@duckdb/node-api';
import countries from 'i18n-iso-countries';
import { z } from 'zod';
import { similarTo } from '../../errors.ts';
import { quote } from '../../dataset/sql.ts';

/** Names and short forms in use by data providers that the package lacks in all of `languages`. */
const otherNames: { readonly [code: string]: readonly string[] } = {
  BA: ['Bosnia'],
  BF: ['Burkina'],
  // The package has the Portuguese names of the two Congos the wrong way round.
  CD: [
    'República Democrática do Congo',
    'DRC',
    'RDC',
    'RD Congo',
    'R.D. Congo',
    'DR Congo',
    'Democratic Republic of Congo',
    'Congo, DR',
  ],
  CF: ['CAR', 'RCA', 'Centrafrique'],
  CG: ['República Popular do Congo', 'República do Congo', 'Republic of Congo', 'Congo'],
  FK: ['Falkland Islands'],
  MK: ['Macedonia', 'Macedonia, FYR'],
  MM: ['Burma'],
  NL: ['Holland'],
  PS: ['Palästina', 'Palestinian Territory', 'West Bank and Gaza Strip', 'West Bank', 'Gaza Strip', 'Gaza'],
  SZ: ['Kingdom of eSwatini'],
  TL: ['East Timor'],
  VA: ['Vatican City'],
};

/** English comes first. The names of every language of the package would take 0.2 s. */
const languages = 'en ar de es fa fr id it nl pl pt ru sw tr uk zh'.split(' ');

/** Those of the program. The package has only official names for some countries, and not États-Unis or Syrien. */
const commonLanguages = 'en ar de es fr'.split(' ');

/**
 * Each name and code of ISO 3166-1, in small letters, with its alpha-2 code. Another language's name for two countries
 * is left out.
 */
function countryCodes(): ReadonlyMap<string, string> {
  const codes = new Map<string, string>();
  for (const [code, given] of Object.entries(countries.getNames('en', { select: 'all' }))) {
    const own = [code, countries.alpha2ToAlpha3(code), countries.alpha2ToNumeric(code)];
    for (const name of [...given, ...own]) if (name !== undefined) codes.set(name.toLowerCase(), code);
  }
  // They decide between two countries: the package gives "Congo" to both.
  for (const [code, given] of Object.entries(otherNames))
    for (const name of given) codes.set(name.toLowerCase(), code);
  const foreign = new Map<string, string | null>();
  const add = (given: string, code: string): void => {
    const name = given.toLowerCase();
    const known = foreign.get(name) ?? (foreign.has(name) ? null : code);
    if (!codes.has(name)) foreign.set(name, known === code ? code : null);
  };
  for (const language of languages)
    for (const [code, given] of Object.entries(countries.getNames(language, { select: 'all' })))
      for (const name of given) add(name, code);
  for (const language of commonLanguages) {
    const common = new Intl.DisplayNames(language, { type: 'region' });
    for (const code of Object.keys(countries.getNames('en'))) add(common.of(code) ?? code, code);
  }
  for (const [name, code] of foreign) if (code !== null) codes.set(name, code);
  foreign.clear();
  for (const [name, code] of codes) {
    add(name.replaceAll("'", '\u2019'), code);
    add(name.normalize('NFD').replaceAll(/\p{M}/gu, ''), code);
  }
  for (const [name, code] of foreign) if (code !== null) codes.set(name, code);
  return codes;
}

/** The English name that a name of no country was probably meant to be: `Haiti` for `Republic of Haiti`. */
export function countryMeant(given: string): string | undefined {
  const names = Object.values(countries.getNames('en', { select: 'all' })).flat();
  const core = given.replace(/^.*\b(?:republic|kingdom|state) of (?:the )?/i, '');
  // Names of countries are often alike: Gaza is not Ghana, nor Ruritania Mauritania.
  const alike = names.filter((name) => name[0] === given[0]);
  return (
    names.find((name) => name.toLowerCase() === core.toLowerCase()) ??
    similarTo(given, alike, given.length < 8 ? 1 : 2)
  );
}

/** How often a name occurs. */
export const nameCount = z.object({ name: z.string(), count: z.number() });
export type NameCount = Readonly<z.output<typeof nameCount>>;

const MOST_NAMES = 5;
/** `Ruritania (12), Indonesa (3) and 2 more` */
export function namesOf(names: readonly NameCount[]): string {
  const inDigits = (count: number): string => count.toLocaleString('en-GB');
  const listed = names.slice(0, MOST_NAMES).map(({ name, count }) => `${name} (${inDigits(count)})`);
  const more = names.length > MOST_NAMES ? ` and ${inDigits(names.length - MOST_NAMES)} more` : '';
  return `${listed.join(', ')}${more}`;
}

/** Names of no country, the most frequent first: as a list, and what those in the list were probably meant to be. */
export function unknownCountries(
  names: readonly NameCount[],
): { readonly listed: string; readonly meant: ReadonlyMap<string, string> } | undefined {
  if (names.length === 0) return undefined;
  const meant = new Map<string, string>();
  for (const { name } of names.slice(0, MOST_NAMES)) {
    const country = countryMeant(name);
    if (country !== undefined) meant.set(name, country);
  }
  return { listed: namesOf(names), meant };
}

/** Creates the table `country_names` of `countryCodes`. The macro `country_code` looks one up. */
export async function createCountryNames(connection: DuckDBConnection): Promise<void> {
  codes ??= countryCodes();
  // A list that is one text is planned in a third of the time.
  const listOf = (texts: Iterable<string>): string =>
    `string_split(${quote([...texts].join('\n'))}, chr(10))`;
  // Not a join, which would lose the order of the rows, and not a map, in which DuckDB looks at one key after another.
  await connection.run(
    `CREATE TYPE country_name AS ENUM (${[...codes.keys()].map(quote).join(', ')});
    SET VARIABLE country_codes = ${listOf(codes.values())};
    CREATE TABLE country_names AS SELECT unnest(${listOf(codes.keys())}) AS name;
    CREATE MACRO country_code(given) AS
      getvariable('country_codes')[enum_code(try_cast(lower(given) AS country_name)) + 1]`,
  );
}

let codes: ReadonlyMap<string, string> | undefined;
