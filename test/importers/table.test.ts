import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openInMemory } from '../../src/dataset/duckdb.ts';
import { incidentColumns } from '../../src/dataset/incidents.ts';
import { acled } from '../../src/importers/acled.ts';
import { suggestFor } from '../../src/importers/table/suggest.ts';
import { incidentsImporter, tableImporter } from '../../src/importers/table/importer.ts';
import { parseMapping } from '../../src/importers/table/mapping.ts';
import { ucdp } from '../../src/importers/ucdp.ts';
import { faultsOf, newDesk } from '../support/incidents.ts';

const head = `source: Desk log
prefix: DESK
licence: { name: own, attribution: Our desk, allows_rows: true }
`;
const log = `${head}blank: ['-']
columns:
  id: Ref
  start: { field: Date, format: '%d/%m/%Y' }
  country: Country
  lat: Latitude
  side_a: { fields: [Actor, Second], separator: ';' }
  deaths_best: Killed
values:
  country: { Gaul: France }
`;
const columns = ['Ref', 'Date', 'Country', 'Latitude', 'Actor', 'Second', 'Killed', 'Remarks'];
const values: readonly (readonly string[])[] = [
  ['7', '03/04/2024', 'Gaul', '49.5', 'Red; Blue', 'Green', '2', 'A clash'],
  ['8', '13/04/2024', 'ESP', '-', '', '', '-', ''],
];
const table = (separator: string): string =>
  [columns, ...values].map((cells) => `${cells.map((cell) => `"${cell}"`).join(separator)}\n`).join('');

const importerOf = (mapping: string) => {
  const parsed = parseMapping(mapping, 'log.yaml');
  return {
    importer: tableImporter(parsed.mapping, { file: 'log.yaml', sha256: parsed.sha256 }),
    options: parsed.mapping,
  };
};

const expected = [
  {
    id: 'DESK-7',
    start: '2024-04-03',
    country: 'FR',
    lat: 49.5,
    side_a: ['Red', 'Blue', 'Green'],
    deaths_best: '2',
    extra: '{"Remarks":"A clash"}',
  },
  { id: 'DESK-8', start: '2024-04-13', country: 'ES', lat: null, side_a: [], deaths_best: null, extra: null },
];
const selected = 'id, start, country, lat, side_a, deaths_best, extra';

test.each([
  ['log.csv', ','],
  ['log.csv', ';'],
  ['log.tsv', '\t'],
])('%s with its mapping', async (name, separator) => {
  const desk = await newDesk('desk', '2027-01-01');
  const { importer, options } = importerOf(log);
  const { record } = await desk.run(importer, [await desk.write(table(separator), name)], { options });
  expect(await desk.rows(selected)).toEqual(expected);
  expect(record).toMatchObject({ format: 'table', prefix: 'DESK', licence: { allows_rows: true } });
  expect(record?.mapping).toMatch(/^[0-9a-f]{64}$/);
});

test('coordinates with a decimal comma', async () => {
  const desk = await newDesk('desk', '2027-01-01');
  const { importer, options } = importerOf(log);
  const text = table(';').replace('49.5', '-49,5').replace('"-"', '"1,234,5"');
  await desk.run(importer, [await desk.write(text, 'log.csv')], { options });
  expect(await desk.rows('lat')).toEqual([{ lat: -49.5 }, { lat: null }]);
});

test('a day of a workbook fits beside any format, and a year of two digits does not', async () => {
  const desk = await newDesk('desk', '2027-01-01');
  const run = async (format: string, days: readonly string[]) => {
    const { importer } = importerOf(
      `${head}columns: { id: Ref, start: { field: Date, format: ${format} } }\n`,
    );
    const text = days.map((day, index) => `${index},${day}\n`).join('');
    const report = await desk.run(importer, [await desk.write(`Ref,Date\n${text}`)]);
    return { skipped: report.skipped, rows: await desk.rows('start') };
  };
  expect(
    await run("'%d.%m.%Y'", ['03.02.2026', '2026-02-04', '2026-02-05T10:00:00.000Z', '07.02.26']),
  ).toMatchObject({
    rows: [{ start: '2026-02-03' }, { start: '2026-02-04' }, { start: '2026-02-05' }],
    skipped: [{ what: 'has a start that is no day', rows: [5] }],
  });
  expect((await run("['%d.%m.%Y', '%d.%m.%y']", ['07.02.26'])).rows).toContainEqual({ start: '2026-02-07' });
  // This format reads 2026-02-03 as 2 March.
  expect((await run("'%Y-%d-%m'", ['2026-02-03', '2026-13-02', '2026-02-13'])).skipped).toMatchObject([
    { what: 'has a start that is a day only as %Y-%m-%d', rows: [4] },
  ]);
});

test('columns that no field is mapped to have the types of the model', async () => {
  const desk = await newDesk('desk', '2027-01-01');
  const { importer } = importerOf(`${head}columns: { id: Ref, start: Date }\n`);
  await desk.run(importer, [await desk.write('Ref,Date\n7,2026-02-03\n')]);
  const types = incidentColumns.map(({ name }) => `typeof("${name}") AS "${name}"`).join(', ');
  expect(await desk.rows(types)).toEqual([
    Object.fromEntries(incidentColumns.map(({ name, type }) => [name, type])),
  ]);
});

const deathTolls: readonly (readonly [text: string, undeclared: string, comma: string, point: string])[] = [
  ['7', '7', '7', '7'],
  ['1234', '1234', '1234', '1234'],
  ['3.0', '3', '3', '3'],
  ['3,00', '3', '3', '3'],
  ['1,234', 'refused', '1234', 'empty'],
  ['1.234', 'refused', 'empty', '1234'],
  ['1,000', 'refused', '1000', '1'],
  ['1.000', 'refused', '1', '1000'],
  ['0,000', '0', '0', '0'],
  ['1,234,567', '1234567', '1234567', '1234567'],
  ['1.234.567', '1234567', '1234567', '1234567'],
  ['1,234.0', '1234', '1234', '1234'],
  ['1.234,00', '1234', '1234', '1234'],
  ['1 234', '1234', '1234', '1234'],
  ['1\u00a0234', '1234', '1234', '1234'],
  ['12\u202f345\u202f678', '12345678', '12345678', '12345678'],
  ['1\u2019234', '1234', '1234', '1234'],
  ["1'234,0", '1234', '1234', '1234'],
  ['1,23', 'empty', 'empty', 'empty'],
  ['2.5', 'empty', 'empty', 'empty'],
  ['12,34,567', 'empty', 'empty', 'empty'],
  ['1 23', 'empty', 'empty', 'empty'],
  ['-4', 'empty', 'empty', 'empty'],
  ['about 20', 'empty', 'empty', 'empty'],
];
test.each([
  ['', 1],
  ["thousands: ','\n", 2],
  ["thousands: '.'\n", 3],
] as const)('numbers with signs between their thousands (%j)', async (thousands, expectedAt) => {
  const desk = await newDesk('desk', '2027-01-01');
  const { importer } = importerOf(
    `${head}${thousands}columns: { id: Ref, start: Date, deaths_best: Killed, number: Cases }\n`,
  );
  const read = async (given: typeof deathTolls) =>
    desk.write(
      `Ref;Date;Killed;Cases\n${given.map(([text]) => `${deathTolls.findIndex(([each]) => each === text)};2024-04-03;${text};${text}\n`).join('')}`,
    );
  const refused = deathTolls.filter((row) => row[expectedAt] === 'refused');
  if (thousands === '') {
    const [fault, ...others] = await faultsOf(desk.run(importer, [await read(deathTolls)]));
    expect(fault).toEqual({
      file: expect.any(String),
      row: 6,
      problem: 'has a number such as 1,234 or 1.234 in "Killed": a thousand, or three decimals?',
      hint: "Write thousands: ',' or thousands: '.' into the mapping. The other sign is then that of decimals.",
      count: 4,
    });
    expect([refused.length, others]).toEqual([4, []]);
    expect(await desk.files()).toEqual([]);
  }
  const readable = deathTolls.filter((row) => row[expectedAt] !== 'refused');
  const report = await desk.run(importer, [await read(readable)]);
  const found = await desk.rows('id, deaths_best, number, extra');
  expect(found.length).toBe(readable.length);
  const byId = new Map(found.map((row) => [row['id'], row]));
  expect(
    readable.map(([text]) => [text, byId.get(`DESK-${deathTolls.findIndex(([each]) => each === text)}`)]),
  ).toEqual(
    readable.map((row) => [
      row[0],
      row[expectedAt] === 'empty'
        ? expect.objectContaining({
            deaths_best: null,
            number: '1',
            extra: JSON.stringify({ Killed: row[0], Cases: row[0] }),
          })
        : expect.objectContaining({ deaths_best: row[expectedAt], number: row[expectedAt], extra: null }),
    ]),
  );
  const count = readable.filter((row) => row[expectedAt] === 'empty').length;
  expect(report.unreadable).toMatchObject([
    { what: 'Cases', count },
    { what: 'Killed', count },
  ]);
});

test('a blank row is reported as one', async () => {
  const desk = await newDesk('desk', '2027-01-01');
  const { importer, options } = importerOf(log);
  const text = `${table(';')};;;;;;;\n"9";;;;;;;\n`;
  const { skipped } = await desk.run(importer, [await desk.write(text, 'log.csv')], { options });
  expect(skipped).toMatchObject([
    { what: 'has no start', count: 1, rows: [5] },
    { what: 'is blank', count: 1, rows: [4] },
  ]);
});

test('JSON lines, with nested values as JSON', async () => {
  const desk = await newDesk('desk', '2027-01-01');
  const { importer, options } = importerOf(log);
  const lines = values.map((cells) =>
    JSON.stringify(Object.fromEntries(cells.map((cell, index) => [columns[index], cell]))),
  );
  await desk.run(importer, [await desk.write(`${lines.join('\n')}\n`, 'log.jsonl')], { options });
  expect(await desk.rows(selected)).toEqual(expected);
});

test('Parquet, with lists as lists', async () => {
  const desk = await newDesk('desk', '2027-01-01');
  const file = join(desk.folder, 'log.parquet');
  await using database = await openInMemory();
  await database.connection.run(
    `COPY (SELECT 7 AS "Ref", DATE '2024-04-03' AS "Date", ['Red; and Blue', 'Green'] AS "Actor") TO '${file}' (FORMAT parquet)`,
  );
  const { importer } = importerOf(`${head}columns: { id: Ref, start: Date, side_a: Actor }\n`);
  await desk.run(importer, [file]);
  expect(await desk.rows('id, start, side_a')).toEqual([
    { id: 'DESK-7', start: '2024-04-03', side_a: ['Red; and Blue', 'Green'] },
  ]);
});

test('cells that a spreadsheet would compute are skipped', async () => {
  const desk = await newDesk('desk', '2027-01-01');
  const { importer } = importerOf(`${head}columns: { id: Ref, start: Date, summary: Remarks }\n`);
  const text = 'Ref,Date,Remarks\n1,2024-04-03,"=HYPERLINK(""x"")"\n2,2024-04-03,a = b\n';
  const report = await desk.run(importer, [await desk.write(text)]);
  expect(report.skipped).toMatchObject([{ what: 'has a formula', count: 1, rows: [2] }]);
  expect(await desk.rows('id')).toEqual([{ id: 'DESK-2' }]);
});

test('a year, month and day of their own, where 0 is unknown; Latin-1; words for values', async () => {
  const desk = await newDesk('desk', '2027-01-01');
  const { importer, options } = importerOf(`${head}encoding: latin-1
blank: ['-99']
columns:
  id: eventid
  start: { year: iyear, month: imonth, day: iday }
  place: city
  place_precision: specificity
  deaths_best: nkill
values:
  place_precision: { '1': exact }
`);
  const text =
    'eventid,iyear,imonth,iday,city,specificity,nkill\n1,2020,2,29,Orl\u00e9ans,1,-99\n2,2020,2,0,-99,9,1\n3,2020,0,0,x,1,1\n';
  const report = await desk.run(importer, [await desk.write(Buffer.from(text, 'latin1'))], { options });
  expect(await desk.rows('id, start, "end", precision, place, place_precision, deaths_best')).toEqual([
    {
      id: 'DESK-1',
      start: '2020-02-29',
      end: '2020-02-29',
      precision: 'day',
      place: 'Orl\u00e9ans',
      place_precision: 'exact',
      deaths_best: null,
    },
    {
      id: 'DESK-2',
      start: '2020-02-01',
      end: '2020-02-29',
      precision: 'month',
      place: null,
      place_precision: null,
      deaths_best: '1',
    },
    {
      id: 'DESK-3',
      start: '2020-01-01',
      end: '2020-12-31',
      precision: 'year',
      place: 'x',
      place_precision: 'exact',
      deaths_best: '1',
    },
  ]);
  expect(report.unreadable).toMatchObject([{ what: 'specificity', count: 1, rows: [3] }]);
});

test('without an id, the content of a row is its id', async () => {
  const desk = await newDesk('desk', '2027-01-01');
  const { importer } = importerOf(`${head}columns: { start: Date, summary: Remarks }\n`);
  const file = await desk.write('Date,Remarks\n2024-04-03,One\n2024-04-03,Two\n2024-04-03,Two\n');
  expect((await desk.run(importer, [file])).counts).toMatchObject({
    new: 2,
    skipped: { 'repeats another row': 1 },
  });
  expect(await desk.run(importer, [file])).toMatchObject({ record: null });
});

test('a row with an unknown marking is skipped, because it might be secret', async () => {
  const desk = await newDesk('desk', '2027-01-01');
  const { importer } = importerOf(`${head}columns: { id: Ref, start: Date, marking: Mark }\n`);
  const text = 'Ref,Date,Mark\n1,2024-04-03,TLP:RED\n2,2024-04-03,secret\n3,2024-04-03,\n';
  const report = await desk.run(importer, [await desk.write(text)]);
  expect(report.skipped).toMatchObject([{ what: 'has a marking that is no TLP label', rows: [3] }]);
  expect(await desk.rows('id, marking')).toEqual([
    { id: 'DESK-1', marking: 'TLP:RED' },
    { id: 'DESK-3', marking: null },
  ]);
});

test('faults of a mapping are all reported, with their fields', async () => {
  const desk = await newDesk('desk', '2027-01-01');
  const faulty = `source: ''\nprefix: desk\ncolumns: { begin: Date }\n`;
  expect(() => parseMapping(faulty, 'log.yaml')).toThrow(/source.*\n.*prefix/);
  for (const [yaml, message] of [
    ["source: 'A desk's log'", 'line 1: More text follows'],
    ['a:\n\tb: 1', 'line 2: The line is indented with a tab. Use spaces.'],
    ['a: b: c', 'line 1: A value here has a colon'],
    ['a: 1\na: 2', 'line 2: The key is here a second time.'],
    ['a: [', 'or a bracket is not closed. Indent it like them, or close the bracket.'],
    ['a: *b\n c', 'log.yaml, line'],
    [
      `${head}columns: { start: { field: Date, format: dd.mm.yy } }`,
      `line 4, field columns.start.format: "dd.mm.yy" is not a format of days. Write '%d.%m.%y'.`,
    ],
    [`${head}columns: { begin: Date }`, 'field columns.start: is missing.'],
    [`${head}columns: { start: Date, contry: Land }`, 'Did you mean "country"?'],
    [`${head}columns: { start: Date, deaths: Dead }`, 'use one of: deaths_low, deaths_best, deaths_high.'],
    [
      `${head}columns: { start: Date, zzzzzzzz: Dead }`,
      'Remove it, or correct its name. See "A table of your own" in docs/data.md, or "sitrep import --help".',
    ],
    [`${head}columns: { start: Date }\nvalues: { contry: {} }`, 'Did you mean "country"?'],
    [`${head}columns: { start: 5 }`, 'field columns.start: is not a column'],
  ] as const) {
    expect(() => parseMapping(yaml, 'log.yaml')).toThrow(message);
    expect(() => parseMapping(yaml, 'log.yaml')).not.toThrow(/compact mappings|Unexpected|undefined/);
  }
  const { importer } = importerOf(`${head}columns: { id: Reff, start: Date, title: Zzz }\n`);
  const faults = await faultsOf(desk.run(importer, [await desk.write(table(','))]));
  expect(faults.map(({ field, hint }) => [field, hint.slice(0, 20)])).toEqual([
    ['columns.id', 'Did you mean "Ref"?'],
    ['columns.title', 'Use one of: Ref, Dat'],
  ]);
});

test('a table without a mapping must have the columns of incidents', async () => {
  const desk = await newDesk('desk', '2027-01-01');
  const [fault] = await faultsOf(desk.run(incidentsImporter(), [await desk.write(table(','))]));
  expect(fault?.hint).toContain('--suggest');
});

const documents = [
  ['{"type": "bundle", "objects": []}', 'is JSON, not a table.', 'sitrep import stix'],
  ['[{"Event": {"uuid": "a"}}]', 'is JSON, not a table.', 'sitrep import misp'],
  ['{"data": []}', 'is JSON, not a table.', 'ending .jsonl'],
] as const;
test.each([
  ...[acled, ucdp, incidentsImporter()].flatMap((importer) =>
    documents.map(([text, problem, hint]) => [importer, text, problem, hint] as const),
  ),
  [acled, 'id,type_of_violence\n1,2\n', 'is not an ACLED export', 'sitrep import ucdp'],
  [acled, 'day,place\n1,2\n', 'is not an ACLED export', 'sitrep import table'],
  [ucdp, 'EVENT_ID_CNTY,event_date\n1,2\n', 'is not a UCDP GED file', 'sitrep import acled'],
  [ucdp, 'day,place\n1,2\n', 'is not a UCDP GED file', 'sitrep import table'],
  [incidentsImporter(), 'event_id_cnty,event_date\n1,2\n', 'needs a mapping', 'sitrep import acled'],
  [incidentsImporter(), 'id,type_of_violence\n1,2\n', 'needs a mapping', 'sitrep import ucdp'],
] as const)('a file of another format is refused with the command for it (%#)', async (importer, ...rest) => {
  const [text, problem, hint] = rest;
  const desk = await newDesk('desk', '2027-01-01');
  const [fault] = await faultsOf(desk.run(importer, [await desk.write(text)]));
  expect(fault?.problem).toContain(problem);
  expect(fault?.hint).toContain(hint);
});

test('a suggestion comes from names and contents, says what is uncertain, and works', async () => {
  const desk = await newDesk('desk', '2027-01-01');
  const text =
    'Event ID;When;Where from;Province;Town;Latitude;Killed;Colour\n1;13.04.2024;France;Manche;Saint-Lo;49,1;2;red\n2;14.04.2024;Spain;Madrid;Madrid;40,4;0;blue\n';
  const file = await desk.write(text);
  const suggested = await suggestFor(file, {}, { cacheFolder: join(desk.folder, 'cache') });
  const { mapping } = parseMapping(suggested, 'suggested.yaml');
  expect(mapping.columns).toEqual({
    id: 'Event ID',
    start: { field: 'When', format: '%d.%m.%Y' },
    country: 'Where from',
    admin1: 'Province',
    place: 'Town',
    lat: 'Latitude',
    deaths_best: 'Killed',
  });
  expect(suggested).toContain('No column of incidents for: Colour.');
  const { importer } = importerOf(suggested);
  await desk.run(importer, [file]);
  expect(await desk.rows('id, start, country')).toEqual([
    { id: 'DESK-1', start: '2024-04-13', country: 'FR' },
    { id: 'DESK-2', start: '2024-04-14', country: 'ES' },
  ]);
  const ambiguous = await desk.write('Date;Note\n03/04/2024;x\n');
  expect(await suggestFor(ambiguous, {}, { cacheFolder: join(desk.folder, 'cache') })).toContain(
    'day/month or month/day',
  );
  const mixed = await desk.write(
    'Nr;Tag\n1;03.02.2026\n2;2026-02-04\n3;07.02.26\n4;Anfang Mai\n5;13.02.2026\n',
  );
  const most = await suggestFor(mixed, {}, { cacheFolder: join(desk.folder, 'cache') });
  expect(parseMapping(most, 'suggested.yaml').mapping.columns.start).toEqual({
    field: 'Tag',
    format: ['%d.%m.%Y', '%d.%m.%y'],
  });
  expect(most).toContain('"Tag": not every text is a day like %d.%m.%Y or ');
  expect((await stat(desk.into)).isDirectory()).toBe(true);
});

test('rows that another mapping brings again under other ids are refused, until the import is undone', async () => {
  const desk = await newDesk('desk', '2027-01-01');
  const { importer: before } = importerOf(log.replace('  id: Ref\n', ''));
  const { importer: other } = importerOf(log.replace('DESK', 'LOG'));
  const { importer } = importerOf(log);
  const file = await desk.write(table(','));
  await desk.run(before, [await desk.write(table(',').replaceAll('2024', '2023'))]);
  await desk.run(before, [file]);
  const files = await desk.files();
  const ofFile = /import 2 read the same file under other ids: they would count twice/;
  expect(await faultsOf(desk.run(importer, [file]))).toMatchObject([
    {
      file: desk.into,
      problem: expect.stringMatching(ofFile),
      hint: expect.stringContaining('docs/data.md'),
    },
  ]);
  expect(await faultsOf(desk.run(other, [file]))).toHaveLength(1);
  const longer = await desk.write(`${table(',')}"9","14/04/2024","ESP","","","","",""\n`);
  expect(await faultsOf(desk.run(importer, [longer]))).toMatchObject([
    { problem: expect.stringContaining('import 2 has most of these incidents under other ids') },
  ]);
  expect(await desk.files()).toEqual(files);

  await rm(join(desk.into, 'incidents', '0002'), { recursive: true });
  expect((await desk.run(importer, [file])).counts).toMatchObject({ new: 2, withdrawn: 0 });
  // Other incidents of the same days, and a longer file with the same ids, are no mistake.
  const others = table(',')
    .replace('"7"', '"10"')
    .replace('"8"', '"11"')
    .replace('Gaul', 'ITA')
    .replace('ESP', 'PRT');
  expect((await desk.run(importer, [await desk.write(others)])).counts).toMatchObject({ new: 2 });
  expect((await desk.run(importer, [longer])).counts).toMatchObject({ new: 1, unchanged: 2 });
});

test('a format that fits only because day and month are exchanged is refused', async () => {
  const desk = await newDesk('desk', '2027-01-01');
  const run = async (days: readonly string[]) => {
    const { importer } = importerOf(
      `${head}columns: { id: Ref, start: { field: Date, format: '%m/%d/%Y' } }\n`,
    );
    return desk.run(importer, [
      await desk.write(`Ref,Date\n${days.map((day, index) => `${index},${day}\n`).join('')}`),
    ]);
  };
  expect(await faultsOf(run(['01/02/2026', '13/02/2026', '02/17/2026', '14/02/2026']))).toEqual([
    {
      file: expect.any(String),
      row: 3,
      problem: 'has a start that is a day only as %d/%m/%Y; fewer rows need the order of the format.',
      hint: "Give start the format '%d/%m/%Y' in the mapping. As it is, day and month would be exchanged.",
      count: 2,
    },
  ]);
  expect(await desk.files()).toEqual([]);
  // One row with a mistake is skipped.
  expect((await run(['02/13/2026', '13/02/2026'])).counts).toMatchObject({ new: 1 });
});

test('a repeated id names both rows', async () => {
  const desk = await newDesk('desk', '2027-01-01');
  const { importer } = importerOf(`${head}columns: { id: Ref, start: Date }\n`);
  const faults = await faultsOf(
    desk.run(importer, [
      await desk.write('Ref,Date\n1,2026-01-01\n2,2026-01-02\n1,2026-01-03\n'),
      await desk.write('Ref,Date\n2,2026-01-04\n', 'other.csv'),
    ]),
  );
  expect(faults.map(({ row, problem }) => `${row}: ${problem}`)).toEqual([
    expect.stringMatching(
      /^(2: "DESK-1" is also the id of row 4|4: "DESK-1" is also the id of row 2), with other/,
    ),
    expect.stringMatching(
      /^(3: "DESK-2" is also the id of row 2 of other|2: "DESK-2" is also the id of row 3 of file)/,
    ),
  ]);
  expect(faults[0]?.hint).toBe('Correct one of the ids, or delete the row that is out of date.');
});

test('rows after empty lines have the numbers that a spreadsheet shows', async () => {
  const desk = await newDesk('desk', '2027-01-01');
  const { importer } = importerOf(`${head}columns: { id: Ref, start: Date, summary: Remarks }\n`);
  const lines = [
    'Ref,Date,Remarks',
    '1,soon,a',
    '',
    '2,2024-01-02,"one',
    '',
    'two"',
    '3,soon,b',
    '',
    '',
    '4,soon,c',
  ];
  const numbers = [];
  for (const end of ['\n', '\r\n']) {
    const file = await desk.write(lines.map((line) => `${line}${end}`).join(''));
    numbers.push((await desk.run(importer, [file])).skipped.map(({ rows }) => rows));
  }
  expect(numbers).toEqual([[[2, 5, 8]], [[2, 5, 8]]]);
});

test.each([
  ['log.xls', '\u00d0\u00cf\0\0', 'is an old workbook (.xls).'],
  [
    'log.ods',
    'PK\u0003\u0004\0\0mimetypeapplication/vnd.oasis.opendocument.spreadsheetPK',
    'is an OpenDocument sheet.',
  ],
  ['log.pdf', '%PDF-1.7\n', 'is a PDF, not a table.'],
  ['mixed.csv', 'Ref,Date\n1,2024-01-02\r\n2,2024-01-03\r\n', 'mixes two kinds of line ends.'],
])('%s is refused by its kind', async (name, text, problem) => {
  const desk = await newDesk('desk', '2027-01-01');
  const { importer } = importerOf(`${head}columns: { id: Ref, start: Date }\n`);
  expect(await faultsOf(desk.run(importer, [await desk.write(text, name)]))).toMatchObject([{ problem }]);
});
