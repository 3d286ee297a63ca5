import { expect, test } from 'vitest';
import { openInMemory } from '../../src/dataset/duckdb.ts';
import { countryMeant, createCountryNames } from '../../src/importers/places/countries.ts';

const known = {
  'Short forms': { DRC: 'CD', UAE: 'AE', USA: 'US', UK: 'GB', CAR: 'CF' },
  'Other languages': {
    Haïti: 'HT',
    Deutschland: 'DE',
    'República Dominicana': 'DO',
    'República Democrática do Congo': 'CD',
    هايتي: 'HT',
    Украина: 'UA',
    'États-Unis': 'US',
    Syrien: 'SY',
  },
  'Other apostrophes, no accents': {
    'Côte d’Ivoire': 'CI',
    'Cote d’Ivoire': 'CI',
    'Etats-Unis': 'US',
    Mexico: 'MX',
    الاردن: 'JO',
  },
  'English first': { Congo: 'CG', Niger: 'NE', Georgia: 'GE', Jordan: 'JO', Guinea: 'GN' },
  // In Portuguese, both parts of one island.
  'No country, or two': { 'São Martinho': null, Ruritania: null, Indonesa: null },
};

test.each(Object.entries(known))('names of countries: %s', async (_, names) => {
  await using database = await openInMemory();
  await createCountryNames(database.connection);
  const given = Object.keys(names).map((name) => `('${name}')`);
  const reader = await database.connection.runAndReadAll(
    `SELECT name, country_code(name) FROM (VALUES ${given.join(', ')}) AS given(name)`,
  );
  expect(Object.fromEntries(reader.getRows())).toEqual(names);
});

test.each([
  ['Indonesa', 'Indonesia'],
  ['Republic of Haiti', 'Haiti'],
  ['the Kingdom of Norway', 'Norway'],
  ['Columbia', 'Colombia'],
  ['Phillipines', 'Philippines'],
  ['Ruritania', undefined],
  ['Somaliland', undefined],
  ['High seas', undefined],
])('%s was perhaps meant to be %s', (given, meant) => {
  expect(countryMeant(given)).toBe(meant);
});
