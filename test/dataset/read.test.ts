import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, test } from 'vitest';
import { loadDataset } from '../../src/dataset/reading/read.ts';
import { tableNames } from '../../src/dataset/schema.ts';
import { readTables } from '../../src/dataset/reading/table-files.ts';
import {
  apply,
  type Case,
  copyOf,
  type Edit,
  faultsAfter,
  faultsIn,
  loadTestDataset,
  one,
  set,
  swap,
  temporaryFolder,
  testFaults,
} from '../support/dataset.ts';

test.each(['base', 'revised'] as const)('%s is valid, with rows in every table', async (name) => {
  const { tables } = await loadTestDataset(name);
  expect(tableNames.filter((table) => tables[table].length === 0)).toEqual([]);
});

test('rows come typed, in file order, and empty means null', async () => {
  const { tables, title, name } = await loadTestDataset('base');
  expect({ name, title }).toEqual({ name: 'base', title: 'The smallest dataset with a row in every table' });
  expect(tables.measures.map(({ id, value }) => [id, value])).toEqual([
    ['M1', 12],
    ['M2', 40],
    ['M3', 30],
  ]);
  expect(tables.actors[0]?.aliases).toEqual(['Grp', 'Groupe']);
  expect(tables.events[1]).toMatchObject({ id: 'E2', date_start: null, place: null, caveat: null });
});

/** Gives events a column `marking`, with a value in the first of them. */
const markEvents = (value: string): Edit[] => [
  [
    'datapackage.json',
    (text) =>
      text.replace(/("name": "events"[^]*?"fields": \[)/, '$1 { "name": "marking", "type": "string" },'),
  ],
  [
    'events.csv',
    (text) =>
      text
        .replace('id,', 'marking,id,')
        .replace('E1,', `${value},E1,`)
        .replace('E2,2021-01-10', ',E2,2021-01-10'),
  ],
];

test('a table may have a column for the marking of single rows', async () => {
  const folder = await copyOf('base');
  await apply(folder, markEvents('TLP:AMBER'));
  const { tables } = await loadDataset(folder, 'data/test');
  expect(tables.events.map(({ id, marking }) => [id, marking])).toEqual([
    ['E1', 'TLP:AMBER'],
    ['E2', null],
  ]);
  expect(tables.sources[0]?.marking).toBeNull();
});

const rows: Case[] = [
  one(
    'a marking that does not exist',
    ['events.csv', 2, 'marking', /"TLP:WHITE" is not allowed/],
    ...markEvents('TLP:WHITE'),
  ),
  one(
    'an unknown word',
    ['events.csv', 2, 'precision', /"dya" is not allowed/],
    set('events', 2, 'precision', 'dya'),
  ),
  one(
    'a field that must not be empty',
    ['measures.csv', 2, 'unit', /is empty/],
    set('measures', 2, 'unit', ' '),
  ),
  one(
    'a day that does not exist',
    ['events.csv', 2, 'date_start', /"2021-02-30" is not a calendar day/],
    set('events', 2, 'date_start', '2021-02-30'),
  ),
  one(
    'a number that is none',
    ['measures.csv', 2, 'value', /"many" is not a number/],
    set('measures', 2, 'value', 'many'),
  ),
  one(
    'a text longer than any page',
    ['gaps.csv', 2, 'text', /has 20,001 characters, more than 20,000\.$/],
    set('gaps', 2, 'text', 'x'.repeat(20_001)),
  ),
  one('an id that is none', ['gaps.csv', 2, 'id', /"g 1" is not an id/], set('gaps', 2, 'id', 'g 1')),
  one(
    'a latitude past the pole',
    ['places.csv', 2, 'lat', /"134.4" is not a latitude/],
    set('places', 2, 'lat', '134.4'),
  ),
];

test('a cell that is too long is the one thing said of its row, and none is printed whole', async () => {
  expect(await faultsAfter(set('gaps', 2, 'text', 'x'.repeat(20_000)))).toEqual([]);
  const faults = await faultsAfter(
    set('events', 2, 'title', 'x'.repeat(45_000)),
    set('gaps', 2, 'rank', 'y'.repeat(20_000)),
  );
  expect(faults).toEqual([
    {
      file: 'data/test/events.csv',
      row: 2,
      field: 'title',
      problem: 'has 45,000 characters, more than 20,000.',
      hint: 'Shorten it, or split it into several rows.',
    },
    expect.objectContaining({ row: 2, field: 'rank', problem: expect.stringMatching(/^"y{100}…" is not/) }),
  ]);
});

const files: Case[] = [
  one(
    'a row with too few fields',
    ['gaps.csv', 3, undefined, /has 2 fields instead of 7/],
    ['gaps.csv', (text) => `${text}G2,2021-01-10\n`],
  ),
  one(
    'a row with too many fields',
    ['gaps.csv', 3, undefined, /more than 7 fields/],
    ['gaps.csv', (text) => `${text}G2,2021-01-10,current,isis,1,Where, and when,E1\n`],
  ),
  one(
    'an open quote',
    ['gaps.csv', 3, undefined, /double quote/],
    ['gaps.csv', (text) => `${text}G2,2021-01-10,current,isis,1,"Where" it is,E1\n`],
  ),
  one(
    'text that is not UTF-8',
    ['gaps.csv', 2, undefined, /not UTF-8/],
    ['gaps.csv', (text) => Buffer.from(text.replace('Where', 'Wh\u00e9re'), 'latin1')],
  ),
  one(
    'text in UTF-16',
    ['gaps.csv', undefined, undefined, /^is UTF-16 text/],
    ['gaps.csv', (text) => Buffer.from(`\ufeff${text}`, 'utf16le')],
  ),
  one(
    'a fault below a blank row of a spreadsheet',
    ['gaps.csv', 4, undefined, /has 1 field instead of 7/],
    ['gaps.csv', (text) => `${text},,, ,,,\nG2\n`],
  ),
  one(
    'another header',
    [
      'gaps.csv',
      1,
      undefined,
      /lacks the column "id" and has the column "ident", which datapackage.json does not declare/,
    ],
    swap('gaps.csv', 'id,', 'ident,'),
  ),
  one(
    'a header with a field too few',
    ['gaps.csv', 1, undefined, /lacks the column "rests_on"\./],
    swap('gaps.csv', ',rests_on', ''),
    swap('gaps.csv', ',E1', ''),
  ),
  one('a file with nothing in it', ['gaps.csv', undefined, undefined, /is empty/], ['gaps.csv', () => '']),
  one(
    'a column twice',
    ['gaps.csv', 1, undefined, /has two columns "TEXT", because capitals are ignored/],
    swap('gaps.csv', ',rests_on', ',TEXT'),
  ),
  one(
    'a column without a name',
    ['gaps.csv', 1, undefined, /has a column without a name/],
    swap('gaps.csv', ',rests_on', ','),
  ),
];

const manifest: Case[] = [
  one(
    'a manifest that is not JSON',
    ['datapackage.json', undefined, undefined, /is not JSON/],
    ['datapackage.json', (text) => text.slice(0, 200)],
  ),
  one(
    'another profile',
    ['datapackage.json', undefined, '$schema', /must be "https:/],
    swap('datapackage.json', 'profiles/2.0/', 'profiles/1.0/'),
  ),
  one(
    'a name with spaces',
    ['datapackage.json', undefined, 'name', /must be of small letters/],
    swap('datapackage.json', '"name": "base"', '"name": "The base"'),
  ),
  one(
    'a table that is missing',
    ['datapackage.json', undefined, 'resources', /the table "events" is missing/],
    ['datapackage.json', (text) => JSON.stringify({ ...JSON.parse(text), resources: [] })],
  ),
  one(
    'a table whose name is misspelt',
    ['datapackage.json', undefined, 'resources.event', /there is no table "event"/],
    swap('datapackage.json', '"name": "events"', '"name": "event"'),
  ),
  one(
    'a table that is there twice',
    ['datapackage.json', undefined, 'resources.gaps', /is declared twice/],
    [
      'datapackage.json',
      (text) =>
        JSON.stringify({
          ...JSON.parse(text),
          resources: [...JSON.parse(text).resources, JSON.parse(text).resources[8]],
        }),
    ],
  ),
  one(
    'a field that the table does not have',
    ['gaps.csv', 1, undefined, /lacks the column "restson"/],
    [
      'datapackage.json',
      (text) => {
        const at = text.indexOf('"rests_on"', text.indexOf('"name": "gaps"'));
        return `${text.slice(0, at)}"restson"${text.slice(at + '"rests_on"'.length)}`;
      },
    ],
  ),
  one(
    'an unknown format',
    ['datapackage.json', undefined, 'resources.sources.format', /must be one of csv, json, parquet/],
    swap('datapackage.json', '"format": "csv"', '"format": "xlsx"'),
  ),
  one(
    'a workbook',
    ['datapackage.json', undefined, 'resources.gaps.format', /"gaps.xlsx" does not end in/],
    [
      'datapackage.json',
      (text) => text.replace('"path": "gaps.csv"', '"path": "gaps.xlsx"').replaceAll('"format": "csv",', ''),
    ],
  ),
  one(
    'a path out of the folder',
    ['../other.csv', undefined, undefined, /leaves the dataset’s folder/],
    swap('datapackage.json', '"path": "gaps.csv"', '"path": "../other.csv"'),
  ),
  one(
    'an absolute path',
    ['/etc/passwd', undefined, undefined, /leaves the dataset’s folder/],
    swap('datapackage.json', '"path": "gaps.csv"', '"path": "/etc/passwd"'),
  ),
  one(
    'a path on the web',
    ['https://example.org/gaps.csv', undefined, undefined, /leaves the dataset’s folder/],
    swap('datapackage.json', '"path": "gaps.csv"', '"path": "https://example.org/gaps.csv"'),
  ),
  one(
    'a pattern for a path',
    ['*.csv', undefined, undefined, /is a pattern/],
    swap('datapackage.json', '"path": "gaps.csv"', '"path": "*.csv"'),
  ),
  one(
    'a file that is missing',
    ['gap.csv', undefined, undefined, /does not exist/],
    swap('datapackage.json', '"path": "gaps.csv"', '"path": "gap.csv"'),
  ),
];

describe.each(Object.entries({ rows, files, manifest }))('%s', testFaults);

test('all faults of all files at once, in the order of the files, and none that follows from another', async () => {
  const faults = await faultsAfter(
    swap('datapackage.json', '"path": "gaps.csv"', '"path": "gap.csv"'),
    // E1 cannot be read, yet is not called missing where J1, R1 and G1 name it.
    set('events', 2, 'precision', 'dya'),
    set('events', 3, 'source', 'S9'),
    ['sources.csv', (text) => `${text}S3,2021-01-10\n`],
    set('judgments', 2, 'confidence', ''),
    set('measures', 4, 'value', '-1'),
    set('measures', 2, 'source', 'S3'),
  );
  expect(faults.map(({ file, row, field }) => [file?.slice('data/test/'.length), row, field])).toEqual([
    ['sources.csv', 4, undefined],
    ['events.csv', 2, 'precision'],
    ['events.csv', 3, 'source'],
    ['gap.csv', undefined, undefined],
    ['measures.csv', 4, 'value'],
    ['judgments.csv', 2, 'confidence'],
  ]);
});

test('every malformed row of every file is reported, with its number', async () => {
  const broken = (table: string): Edit => [
    `${table}.csv`,
    (text) => {
      const [header, ...lines] = text.trimEnd().split('\n');
      return [header, 'X1,short', ...lines, 'X2,short', 'X3,"open" quote', ''].join('\n');
    },
  ];
  const faults = await faultsAfter(broken('gaps'), broken('events'));
  expect(faults.map(({ file, row, count, also }) => [file, row, count, also])).toEqual([
    ['data/test/events.csv', 2, 2, ['row 5']],
    ['data/test/events.csv', 6, undefined, undefined],
    ['data/test/gaps.csv', 2, 2, ['row 4']],
    ['data/test/gaps.csv', 5, undefined, undefined],
  ]);
});

test.each(['\n', '\r\n'])(
  'rows keep their numbers behind blank and broken lines and cells of many lines (%j)',
  async (end) => {
    const faults = await faultsAfter([
      'gaps.csv',
      (text) => {
        const [header = '', row = ''] = text.split('\n');
        const many = row.replace('G1', 'G2').replace('Where it went', `"Where${end}${end}it went"`);
        const bad = row.replace('G1', 'G3').replace('E1', 'E9');
        return `\ufeff${[header, row, '', many, 'G4,short', '', '', bad, '', ''].join(end)}`;
      },
    ]);
    expect(faults.map(({ row, problem }) => [row, problem])).toEqual([
      [5, 'has 2 fields instead of 7.'],
      [8, 'there is no "E9" in events or measures or judgments or readings.'],
    ]);
  },
);

test('a symbolic link that leads out of the folder is refused, one that stays inside is not', async () => {
  const folder = await copyOf('base');
  const outside = join(await temporaryFolder(), 'gaps.csv');
  await rename(join(folder, 'gaps.csv'), outside);
  await symlink(outside, join(folder, 'gaps.csv'));
  expect(await faultsIn(folder)).toEqual([
    expect.objectContaining({
      file: 'data/test/gaps.csv',
      problem: 'path "gaps.csv" leaves the dataset’s folder.',
    }),
  ]);

  await mkdir(join(folder, 'tables'));
  await rm(join(folder, 'gaps.csv'));
  await rename(outside, join(folder, 'tables/real.csv'));
  await symlink('tables/real.csv', join(folder, 'gaps.csv'));
  expect(await faultsIn(folder)).toEqual([]);
});

test('a folder that is no dataset', async () => {
  expect(await faultsIn(await temporaryFolder())).toEqual([
    expect.objectContaining({ file: 'data/test/datapackage.json', problem: 'cannot be read.' }),
  ]);
});

describe('a table of more than it may hold', () => {
  const most = 100_000;
  const tooMany = {
    problem: 'has more than 100,000 rows.',
    hint: 'Leave out rows that no brief needs, or import them as incidents.',
  };
  const gaps = [
    { name: 'gaps', path: 'gaps.csv', format: 'csv', fields: [{ name: 'id' }, { name: 'text' }] },
  ] as const;
  const read = async (text: string, tables: Parameters<typeof readTables>[1] = gaps) => {
    const folder = await temporaryFolder();
    for (const { path } of tables) await writeFile(join(folder, path), text);
    return readTables(folder, tables);
  };
  const lines = (count: number, line = 'G,more') => `id,text\n${`${line}\n`.repeat(count)}`;

  test('is reported with its file and how to fix it, beside the faults of the others', async () => {
    const folder = await copyOf('base');
    const long = (text: string) => text + `${text.trimEnd().split('\n').at(-1)}\n`.repeat(most);
    // A row that cannot be split, in a table that is not read to its end, is none of the next.
    const broken = (text: string) => text.replace('\n', '\nbroken\n');
    await apply(folder, [
      ['sources.csv', (text) => long(broken(text))],
      ['actors.csv', broken],
    ]);
    expect(await faultsIn(folder)).toEqual([
      { file: 'data/test/sources.csv', ...tooMany },
      expect.objectContaining({ file: 'data/test/actors.csv', row: 2 }),
    ]);
  });

  test('may be just that long', async () => {
    expect((await read(lines(most))).get('gaps')).toMatchObject({ rows: { length: most }, faults: [] });
    expect((await read(lines(most + 1))).get('gaps')).toMatchObject({ rows: [], faults: [tooMany] });
    // Blank lines are none, and have all rows counted once more.
    const blanks = lines(most).replace('\n', '\n\n');
    expect((await read(blanks)).get('gaps')).toMatchObject({ rows: { length: most, 0: { number: 3 } } });
  });

  test('is refused by its size, before it is read', async () => {
    const huge = { problem: 'has more than 64 MB.', hint: tooMany.hint };
    const text = lines(1, `G,${'x'.repeat(64 * 2 ** 20)}`);
    expect((await read(text)).get('gaps')).toMatchObject({ rows: [], faults: [huge] });
  });

  test('is refused in the other formats', async () => {
    const json = [{ name: 'gaps', path: 'gaps.json', format: 'json', fields: [{ name: 'id' }] }] as const;
    const objects = '{"id":"G"}\n'.repeat(most + 1);
    expect((await read(objects, json)).get('gaps')).toMatchObject({ rows: [], faults: [tooMany] });
    const folder = await temporaryFolder();
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const write = (path: string, sql: string) =>
      connection.run(`COPY (${sql}) TO '${join(folder, path)}' (FORMAT parquet)`);
    await write('gaps.parquet', `SELECT 'G' AS id FROM range(${most + 1})`);
    // Small as a file, and eighty times a thousand times a thousand letters.
    await write('indicators.parquet', `SELECT repeat('x', 1000000) AS id FROM range(80)`);
    connection.closeSync();
    instance.closeSync();
    const packed = [
      { name: 'gaps', path: 'gaps.parquet', format: 'parquet', fields: [{ name: 'id' }] },
      { name: 'indicators', path: 'indicators.parquet', format: 'parquet', fields: [{ name: 'id' }] },
    ] as const;
    const tables = await readTables(folder, packed);
    expect(tables.get('gaps')).toMatchObject({ rows: [], faults: [tooMany] });
    expect(tables.get('indicators')).toMatchObject({ faults: [{ problem: 'has more than 64 MB.' }] });
  });
});

describe('other formats', () => {
  const change = (table: string, format: string): Edit => [
    'datapackage.json',
    (text) =>
      text.replace(
        `"path": "${table}.csv",\n      "format": "csv"`,
        `"path": "${table}.${format}",\n      "format": "${format}"`,
      ),
  ];

  test('JSON: numbers, lists and nulls read like their text', async () => {
    const folder = await copyOf('base');
    const [event] = JSON.parse(await asJson(folder, 'events'));
    await apply(folder, [change('events', 'json')]);
    await writeFile(
      join(folder, 'events.json'),
      JSON.stringify([
        { ...event, actors: ['A1', 'A2'], credibility: 3, caveat: null },
        { ...event, id: 'E2', part_of: undefined },
      ]),
    );
    const { tables } = await loadDataset(folder, 'data/test');
    expect(tables.events).toMatchObject([
      { id: 'E1', actors: ['A1', 'A2'], credibility: '3', caveat: null, date_start: '2021-01-05' },
      { id: 'E2', part_of: null },
    ]);
  });

  test('JSON: items are numbered from 1', async () => {
    const folder = await copyOf('base');
    const [gap] = JSON.parse(await asJson(folder, 'gaps'));
    await apply(folder, [change('gaps', 'json')]);
    await writeFile(
      join(folder, 'gaps.json'),
      JSON.stringify([gap, { ...gap, id: 'G2', txet: 'x' }, ['G3'], { ...gap, id: 'G4', text: { en: 'x' } }]),
    );
    expect((await faultsIn(folder)).map(({ row, problem, also }) => [row, problem, also])).toEqual([
      [undefined, 'has the column "txet", which datapackage.json does not declare.', undefined],
      [3, 'is not an object of texts, numbers and lists.', ['row 4']],
    ]);
    await writeFile(join(folder, 'gaps.json'), '[{"id": "G1",}]');
    expect(await faultsIn(folder)).toEqual([
      expect.objectContaining({
        file: 'data/test/gaps.json',
        problem: expect.stringMatching(/^cannot be read: /),
      }),
    ]);
  });

  test('Parquet: typed columns read like their text', async () => {
    const folder = await copyOf('base');
    const before = await loadDataset(folder, 'data/test');
    await toParquet(
      folder,
      'measures',
      `SELECT * REPLACE (value::DOUBLE AS value, known_on::DATE AS known_on, [actors] AS actors)`,
    );
    await apply(folder, [change('measures', 'parquet')]);
    const { tables } = await loadDataset(folder, 'data/test');
    expect(tables.measures).toEqual(before.tables.measures);

    await toParquet(folder, 'measures', 'SELECT * EXCLUDE (caveat)');
    expect(await faultsIn(folder)).toEqual([
      expect.objectContaining({
        file: 'data/test/measures.parquet',
        problem: 'lacks the column "caveat".',
      }),
    ]);
  });
});

/** The table as JSON texts, with DuckDB's own reader. */
async function asJson(folder: string, table: string): Promise<string> {
  await query(
    `COPY (FROM read_csv('${folder}/${table}.csv', all_varchar=true)) TO '${folder}/copy.json' (ARRAY true)`,
  );
  return readFile(join(folder, 'copy.json'), 'utf8');
}

const toParquet = (folder: string, table: string, select: string) =>
  query(
    `COPY (${select} FROM read_csv('${folder}/${table}.csv', all_varchar=true)) TO '${folder}/${table}.parquet'`,
  );

async function query(sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}
