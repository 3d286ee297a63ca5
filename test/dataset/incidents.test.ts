import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openInMemory } from '../../src/dataset/duckdb.ts';
import {
  coverageOfImports,
  importFolder,
  incidentColumns,
  incidentsAsOf,
  importRecord,
  storedColumns,
} from '../../src/dataset/incidents.ts';
import { loadDataset } from '../../src/dataset/reading/read.ts';
import { faultsIn, temporaryFolder } from '../support/dataset.ts';
import { recordOf } from '../support/incident-store.ts';

interface Stored {
  readonly id: string;
  readonly start: string;
  readonly status?: 'withdrawn';
  readonly published?: string;
}

interface Import {
  readonly knownOn: string;
  readonly rows: readonly Stored[];
  /** The rows replaced, as `id@import`. */
  readonly replaced?: readonly string[];
  readonly lagDays?: number;
}

/** A dataset with these imports and nothing else. */
async function datasetOf(imports: readonly Import[]): Promise<string> {
  const folder = await temporaryFolder();
  const resources = [{ name: 'incidents', path: 'incidents/0001/rows.parquet' }];
  const sources = [{ name: 'feed', format: 'acled', path: 'feed.csv' }];
  const descriptor = imports.length === 0 ? { sitrep: { sources }, resources: [] } : { resources };
  await writeFile(join(folder, 'datapackage.json'), JSON.stringify({ name: 'feed', ...descriptor }));
  await using database = await openInMemory();
  for (const [index, { knownOn, rows, replaced = [], lagDays = null }] of imports.entries()) {
    const number = index + 1;
    const place = join(folder, 'incidents', importFolder(number));
    await mkdir(place, { recursive: true });
    const given = new Map(
      Object.entries({ counts: 'true', number: '1', content_hash: '1', import: String(number) }),
    );
    const selects = rows.map(({ id, start, status = 'current', published }) => {
      const own = { id, start, end: start, status, known_on: knownOn, published_on: published };
      const cells = [...incidentColumns, ...storedColumns].map(({ name, type, nullable }) => {
        const value: unknown = Reflect.get(own, name) ?? given.get(name);
        const blank = nullable ? 'NULL' : type === 'VARCHAR[]' ? '[]' : "'day'";
        return `${value === undefined ? blank : `'${value}'`}::${type} AS "${name}"`;
      });
      return `SELECT ${cells.join(', ')}`;
    });
    await database.connection.run(
      `COPY (${selects.join(' UNION ALL ')}) TO '${join(place, 'rows.parquet')}' (FORMAT parquet)`,
    );
    if (replaced.length > 0) {
      const values = replaced.map((each) => `('${each.split('@').join("', ")})`);
      await database.connection.run(
        `COPY (SELECT * FROM (VALUES ${values.join(', ')}) AS r(id, "import")) TO '${join(place, 'superseded.parquet')}' (FORMAT parquet)`,
      );
    }
    const record = {
      number,
      known_on: knownOn,
      format: 'table',
      prefix: '',
      source: 'Feed',
      files: [{ name: 'feed.csv', bytes: 1, sha256: 'ab' }],
      mapping: null,
      counts: {
        read: rows.length,
        new: rows.length,
        revised: replaced.length,
        unchanged: 0,
        withdrawn: 0,
        skipped: {},
      },
      first_day: '2024-01-01',
      last_day: '2024-12-31',
      countries: ['FR'],
      complete: false,
      lag_days: lagDays,
      licence: { name: 'CC0-1.0', url: null, attribution: 'Feed', allows_rows: true },
      program: '0',
    };
    await writeFile(join(place, 'import.json'), JSON.stringify(importRecord.parse(record)));
  }
  return folder;
}

async function idsAsOf(
  folder: string,
  asOf: string,
  { upTo, where = 'true' }: { upTo?: number; where?: string } = {},
) {
  const { incidents } = await loadDataset(folder, 'data/feed');
  const view = incidentsAsOf(incidents, { asOf, ...(upTo === undefined ? {} : { upTo }) });
  await using database = await openInMemory();
  const reader = await database.connection.runAndReadAll(
    `SELECT id, start::VARCHAR FROM (${view.sql}) WHERE ${where} ORDER BY id`,
  );
  expect(reader.columnNames()).toEqual(['id', 'CAST("start" AS VARCHAR)']);
  return { rows: reader.getRows().map(([id, start]) => `${id} ${start}`), view };
}

const moved: readonly Import[] = [
  {
    knownOn: '2024-02-01',
    rows: [
      { id: 'A', start: '2024-01-10' },
      { id: 'B', start: '2024-01-11' },
    ],
  },
  { knownOn: '2024-03-01', rows: [{ id: 'A', start: '2024-01-20' }], replaced: ['A@1'] },
  {
    knownOn: '2024-03-01',
    rows: [
      { id: 'A', start: '2024-01-21' },
      { id: 'B', start: '2024-01-11', status: 'withdrawn' },
    ],
    replaced: ['A@2', 'B@1'],
  },
];

test('a dataset with incidents and nothing else loads', async () => {
  const { incidents, settings } = await loadDataset(await datasetOf(moved), 'data/feed');
  expect(incidents.imports.map(({ number }) => number)).toEqual([1, 2, 3]);
  expect(settings.absent).toContain('events');
});

test('the row that a revision replaces does not come back in a query on its old day', async () => {
  const folder = await datasetOf(moved);
  const where = "start = DATE '2024-01-10'";
  expect((await idsAsOf(folder, '2024-02-29', { where })).rows).toEqual(['A 2024-01-10']);
  expect((await idsAsOf(folder, '2024-03-01', { where })).rows).toEqual([]);
});

test('a cut-off sees the newest row of each incident known by then, and no withdrawn one', async () => {
  const folder = await datasetOf(moved);
  expect((await idsAsOf(folder, '2024-02-01')).rows).toEqual(['A 2024-01-10', 'B 2024-01-11']);
  expect((await idsAsOf(folder, '2024-03-01')).rows).toEqual(['A 2024-01-21']);
});

test('an edition can go back to the imports that it used', async () => {
  const folder = await datasetOf(moved);
  const { rows, view } = await idsAsOf(folder, '2024-06-01', { upTo: 2 });
  expect(rows).toEqual(['A 2024-01-20', 'B 2024-01-11']);
  expect(view.imports.map(({ number }) => number)).toEqual([1, 2]);
});

test('before the base load a row is known when it was published, or after its end and the lag', async () => {
  const folder = await datasetOf([
    {
      knownOn: '2024-02-01',
      lagDays: 7,
      rows: [
        { id: 'A', start: '2024-01-10' },
        { id: 'B', start: '2024-01-10', published: '2024-01-12' },
        { id: 'C', start: '2024-01-10', published: '2024-01-30' },
      ],
    },
  ]);
  const { rows, view } = await idsAsOf(folder, '2024-01-16');
  expect(rows).toEqual(['B 2024-01-10']);
  expect(view.reconstructedFrom).toBe('2024-02-01');
  expect((await idsAsOf(folder, '2024-01-17')).rows).toHaveLength(3);
  expect((await idsAsOf(folder, '2024-02-01')).view.reconstructedFrom).toBeNull();
});

test('before the base load a row without a declared lag is known from its last day', async () => {
  const folder = await datasetOf([{ knownOn: '2024-02-01', rows: [{ id: 'A', start: '2024-01-10' }] }]);
  expect((await idsAsOf(folder, '2024-01-09')).rows).toEqual([]);
  expect((await idsAsOf(folder, '2024-01-10')).rows).toEqual(['A 2024-01-10']);
});

test('without imports the table is there and empty', async () => {
  const { rows } = await idsAsOf(await datasetOf([]), '2024-01-01');
  expect(rows).toEqual([]);
});

test('an import covers its countries to its last day, less the lag; all countries are covered where each is', () => {
  const covering = (countries: string[], first: string, last: string, known = '2024-12-31', lag = 0) =>
    recordOf({ countries, first_day: first, last_day: last, known_on: known, lag_days: lag });
  const covered = coverageOfImports([
    covering(['ML', 'NE'], '2024-01-01', '2024-03-31'),
    covering(['NE'], '2024-04-01', '2024-04-30'),
    covering(['ML', 'NE'], '2024-04-15', '2024-06-30', '2024-07-02', 7),
    // Nothing of it had been reported when it was imported.
    covering(['ML'], '2024-07-01', '2024-07-05', '2024-07-05', 7),
  ]);
  expect(covered.map(({ country, start, end }) => `${country} ${start} – ${end}`)).toEqual([
    'ML 2024-01-01 – 2024-03-31',
    'ML 2024-04-15 – 2024-06-25',
    'NE 2024-01-01 – 2024-06-25',
    'null 2024-01-01 – 2024-03-31',
    'null 2024-04-15 – 2024-06-25',
  ]);
  expect(coverageOfImports([])).toEqual([]);
  expect(coverageOfImports([covering([], '2024-01-01', '2024-02-01')])).toEqual([
    { country: null, start: '2024-01-01', end: '2024-02-01' },
  ]);
});

test('a damaged import is a fault of the dataset', async () => {
  const folder = await datasetOf(moved);
  await rm(join(folder, 'incidents/0002/import.json'));
  const [fault, ...others] = await faultsIn(folder);
  expect(others).toEqual([]);
  expect(fault?.file).toMatch(/incidents\/0002\/import\.json$/);
});
