import { join } from 'node:path';
import { parse } from 'yaml';
import { expect, test } from 'vitest';
import { suggestFor } from '../../src/importers/table/suggest.ts';
import { tableImporter } from '../../src/importers/table/importer.ts';
import { mapping, mappingKeys, parseMapping } from '../../src/importers/table/mapping.ts';
import { newDesk } from '../support/incidents.ts';

async function suggestion(text: string | Buffer, name?: string) {
  const desk = await newDesk('desk', '2027-01-01');
  const file = await desk.write(text, name);
  const yaml = await suggestFor(file, {}, { cacheFolder: join(desk.folder, 'cache') });
  const parsed = parseMapping(yaml, 'log.yaml');
  const read = () =>
    desk.run(tableImporter(parsed.mapping, { file: 'log.yaml', sha256: parsed.sha256 }), [file], {
      options: parsed.mapping,
    });
  return { yaml, mapping: parsed.mapping, columns: parsed.mapping.columns, read, rows: desk.rows };
}

const cells = [
  '7',
  '13.04.2024',
  'FR',
  'Manche',
  'Saint-Lo',
  '49,1',
  '-1,1',
  '2',
  'A clash',
  'Radio',
  'Red',
  'Raid',
];
test.each([
  'Ref|Date|Country|Province|Town|Latitude|Longitude|Number of dead|Description|Source|Actor|Type of attack',
  'Numéro|Date de l’incident|Pays|Gouvernorat|Lieu|Latitude|Longitude|Nombre de morts|Résumé|Sources|Acteur|Catégorie',
  'Nr.|Datum|Land|Bundesland|Ort|Breite|Länge|Anzahl Tote|Beschreibung|Quelle|Täter|Art des Vorfalls',
  'Nº|Fecha|País|Provincia|Lugar|Latitud|Longitud|Víctimas mortales|Descripción|Fuente|Autor|Tipo',
  'الرقم|التاريخ|الدولة|المحافظة|المدينة|خط العرض|خط الطول|عدد القتلى|الوصف|المصدر|الجهة|نوع الحادث',
])('the columns of a table are recognised by their names: %s', async (header) => {
  const names = header.split('|');
  const { columns, read, rows } = await suggestion(
    `${names.join(';')}\n${cells.join(';')}\n8${cells.join(';').slice(1)}\n`,
  );
  const [id, field, country, admin1, place, lat, lon, deaths_best, summary, source, side_a, kind] = names;
  expect(columns).toEqual({
    id,
    start: { field, format: '%d.%m.%Y' },
    country,
    admin1,
    place,
    lat,
    lon,
    deaths_best,
    summary,
    source,
    side_a,
    kind,
  });
  await read();
  expect(await rows('id, deaths_best, side_a, lat')).toContainEqual({
    id: 'DESK-7',
    deaths_best: '2',
    side_a: ['Red'],
    lat: 49.1,
  });
});

test('days in several forms, with numbers that a spreadsheet wrote, give a list of formats that works', async () => {
  const days = [
    '03.02.2026',
    '14.02.2026',
    '15.02.2026 08:30',
    '2026-02-16T00:00:00.000Z',
    '46070',
    '18 Feb 2026',
  ];
  const { columns, read, rows } = await suggestion(
    `Meldedatum;Datum\n${days.map((day) => `20.02.2026;${day}\n`).join('')}`,
  );
  expect(columns).toEqual({
    start: { field: 'Datum', format: ['%d.%m.%Y', '%d.%m.%Y %H:%M', '%d %b %Y', 'excel'] },
    published_on: { field: 'Meldedatum', format: '%d.%m.%Y' },
  });
  expect((await read()).skipped).toEqual([]);
  expect((await rows('start')).map(({ start }) => start).toSorted()).toEqual(
    ['03', '14', '15', '16', '17', '18'].map((day) => `2026-02-${day}`),
  );
});

test.each([
  [
    '%d %B %Y',
    ['3 janvier 2026', '4 aout 2026', '5 August 2026', '6 June 2026', '7 mai 2026', '8 يوليو 2026'],
  ],
  [
    '%d. %B %Y',
    ['3. Januar 2026', '4. August 2026', '5. August 2026', '6. Juni 2026', '7. Mai 2026', '8. Juli 2026'],
  ],
  [
    '%d de %B de %Y',
    [
      '3 de enero de 2026',
      '4 de agosto de 2026',
      '5 de agosto de 2026',
      '6 de junio de 2026',
      '7 de mayo de 2026',
      '8 de julio de 2026',
    ],
  ],
])('names of months in the languages of the program: %s', async (format, days) => {
  const { columns, read, rows } = await suggestion(
    `Ref;Datum\n${days.map((day, index) => `${index};${day}\n`).join('')}`,
  );
  expect(columns.start).toEqual({ field: 'Datum', format });
  await read();
  expect((await rows('start')).map(({ start }) => start).toSorted()).toEqual([
    '2026-01-03',
    '2026-05-07',
    '2026-06-06',
    '2026-07-08',
    '2026-08-04',
    '2026-08-05',
  ]);
});

test('the names of all months in English', async () => {
  const months = Array.from({ length: 12 }, (_, month) =>
    new Intl.DateTimeFormat('en', { month: 'long', timeZone: 'UTC' }).format(Date.UTC(2024, month)),
  );
  const { read, rows } = await suggestion(
    `Ref;Datum\n${months.map((month, index) => `${index};9 ${month} 2025\n`).join('')}`,
  );
  await read();
  expect(
    (await rows('month(start)::INTEGER AS month'))
      .map(({ month }) => Number(month))
      .toSorted((a, b) => a - b),
  ).toEqual(months.map((_, index) => index + 1));
});

test('the day of an incident is preferred to that of its report, and a number of cases is no day', async () => {
  const { columns } = await suggestion('Cases,Date reported,Date of incident\n46070,2026-02-20,2026-02-03\n');
  expect(columns).toMatchObject({ start: 'Date of incident', published_on: 'Date reported' });
});

test('a file in Latin-1, with what Windows adds to it, is recognised as one', async () => {
  const {
    mapping: given,
    read,
    rows,
  } = await suggestion(Buffer.from('Datum;Täter\n2026-02-03;Böse \x96 L\x92\x80\n', 'latin1'));
  expect(given).toMatchObject({ encoding: 'latin-1', columns: { side_a: 'Täter' } });
  await read();
  expect(await rows('side_a')).toEqual([{ side_a: ['Böse – L’€'] }]);
});

test('texts that mean "not given" are suggested as blank, so that they are no actors', async () => {
  const {
    yaml,
    mapping: given,
    read,
    rows,
  } = await suggestion(
    'Datum;Täter;Tote;Land\n2026-02-03;Unbekannt;k. A.;-\n2026-02-04;Miliz;2;NA\n2026-02-05;Miliz;2;FR\n',
  );
  expect(given.blank).toEqual(['-', 'Unbekannt', 'k. A.']);
  expect(yaml).toContain('# Cells with "-", "Unbekannt", "k. A." count as empty.');
  expect(yaml).not.toContain('no country is called');
  expect((await read()).unreadable).toEqual([]);
  expect(await rows('side_a, country')).toContainEqual({ side_a: [], country: null });
});

test('an export of a known format is said to be one', async () => {
  const { yaml } = await suggestion('event_id_cnty,event_date\nA1,2026-02-03\n');
  expect(yaml).toContain('# Use "sitrep import acled": this is an ACLED export.');
});

test.each([
  ['1.204', '.', '1204'],
  ['"1,204"', ',', '1204'],
])('%s dead: the sign between thousands is suggested, with a note', async (text, sign, deaths) => {
  const {
    yaml,
    mapping: given,
    read,
    rows,
  } = await suggestion(`Date,Killed\n2026-02-03,${text}\n2026-02-04,7\n`);
  expect(given.thousands).toBe(sign);
  expect(yaml).toContain(`# "Killed" has numbers such as 1${sign}234. Make sure that this is 1234`);
  await read();
  expect((await rows('deaths_best')).map((row) => row['deaths_best'])).toContain(deaths);
});

test('of many names of no country, the most frequent are listed, and what they may mean is suggested', async () => {
  const given = [
    'Spain',
    'Spain',
    'Spain',
    'Spain',
    'Spain',
    'Spain',
    'Spain',
    'Spain',
    'Indonesa',
    'Indonesa',
    'Ruritania',
    'Syldavia',
    'Borduria',
    'Freedonia',
    'Sylvania',
    'Genovia',
  ];
  const {
    yaml,
    mapping: suggested,
    read,
    rows,
  } = await suggestion(
    `Date,Country\n${given.map((name, index) => `2026-02-${10 + index},${name}\n`).join('')}`,
  );
  expect(yaml).toContain(
    '# "Country": no country is called Indonesa (2), Borduria (1), Freedonia (1), Genovia (1), Ruritania (1) and 2 more. Add what is meant under "values", and make sure',
  );
  expect(suggested.values).toEqual({ country: { Indonesa: 'Indonesia' } });
  await read();
  expect((await rows('country')).filter(({ country }) => country === 'ID')).toHaveLength(2);
});

test('every key of a mapping has an example that fits it, and its default is that of the schema', () => {
  const keys = mappingKeys();
  expect(keys.length).toBeGreaterThan(35);
  const lines = keys.map(({ key, example }) => [key.split('.'), parse(example)] as const);
  const whole: { [key: string]: unknown } = { licence: {}, columns: {} };
  for (const [[key = '', below], value] of lines)
    if (below === undefined) whole[key] = value;
    else Object.assign(whole[key] as object, { [below]: value });
  const parsed = mapping.parse(whole);
  expect(parsed).toEqual(whole);
  for (const { key, usual } of keys.filter((each) => !each.key.includes('.'))) {
    const { [key]: _, ...others } = whole;
    const without = mapping.safeParse(others);
    expect([key, without.success]).toEqual([key, usual !== 'required']);
    const value = without.data?.[key as keyof typeof without.data];
    if (without.success) expect(value === undefined ? 'none' : JSON.stringify(value)).toBe(usual);
  }
});
