import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { openInMemory } from '../../src/dataset/duckdb.ts';
import { incidentsAsOf } from '../../src/dataset/incidents.ts';
import { readIncidentStore } from '../../src/dataset/reading/incident-store.ts';
import { loadDataset } from '../../src/dataset/reading/read.ts';
import { acled } from '../../src/importers/acled.ts';
import { compact } from '../../src/importers/compact.ts';
import { faultsIn, temporaryFolder } from '../support/dataset.ts';
import { writeIncidents } from '../support/incident-store.ts';
import { acledEvent, csv, faultsOf, newDesk } from '../support/incidents.ts';
import { writeManyIncidents } from '../support/many-incidents.ts';
import { runs } from '../support/sample.ts';

type Desk = Awaited<ReturnType<typeof newDesk>>;

const compacted = (desk: Desk) =>
  compact(desk.into, { version: '0', cacheFolder: join(desk.folder, 'cache') });
const foldersIn = async (desk: Desk): Promise<string[]> =>
  (await readdir(join(desk.into, 'incidents'))).toSorted();
const event = (id: string, cells = {}) => acledEvent({ event_id_cnty: id, ...cells });

/** Ids, days, countries and sides from small sets, so that revisions move incidents often. */
const cells = fc.record({
  event_id_cnty: fc.constantFrom('A', 'B', 'C', 'D', 'E'),
  event_date: fc.constantFrom('2023-03-01', '2023-03-02', '2024-03-03', '2024-03-04'),
  iso: fc.constantFrom('250', '724'),
  actor1: fc.constantFrom('Red', 'Blue'),
});
const steps = fc.array(
  fc.record({
    batch: fc.uniqueArray(cells, { selector: (row) => row.event_id_cnty, minLength: 1, maxLength: 5 }),
    complete: fc.boolean(),
    dayAfter: fc.boolean(),
    compact: fc.boolean(),
  }),
  { minLength: 3, maxLength: 6 },
);

test('after any imports and compactions, every earlier day and import gives the rows that it gave without them', async () => {
  let checked = 0;
  let fromCompactions = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (given) => {
      const [desk, plain] = [await newDesk(), await newDesk()];
      let day = 1;
      for (const { batch, complete, dayAfter, compact: compacts } of given) {
        if (dayAfter) day += 1;
        const rows = batch.map((row) => acledEvent({ ...row, year: '', country: '', timestamp: '' }));
        const options = { complete, knownOn: `2024-04-0${day}` };
        expect((await desk.add(acled, rows, options)).counts).toEqual(
          (await plain.add(acled, rows, options)).counts,
        );
        if (compacts) await compacted(desk);
      }
      const [store, other] = [
        await readIncidentStore(desk.into, desk.into),
        await readIncidentStore(plain.into, plain.into),
      ];
      expect(store.imports).toEqual(other.imports);
      await using database = await openInMemory();
      const read = async (sql: string) =>
        (await database.connection.runAndReadAll(`${sql} ORDER BY ALL`)).getRowsJson();
      for (const asOf of ['2024-03-03', '2024-04-01', '2024-04-02', '2024-04-04'])
        for (const upTo of [...store.imports.map(({ number }) => number), Infinity]) {
          const [view, expected] = [
            incidentsAsOf(store, { asOf, upTo }),
            incidentsAsOf(other, { asOf, upTo }),
          ];
          if (view.sql.includes('/compact-')) fromCompactions += 1;
          for (const where of ['true', "start = DATE '2023-03-02'", "country = 'ES'", "side_a[1] = 'Red'"]) {
            const filtered = (sql: string) => read(`FROM (${sql}) WHERE ${where}`);
            expect(await filtered(view.sql)).toEqual(await filtered(expected.sql));
            checked += 1;
          }
        }
    }),
    { numRuns: runs(2), seed: 16 },
  );
  expect(checked).toBeGreaterThan(150);
  expect(fromCompactions).toBeGreaterThan(15);
}, 1_200_000);

test('queries read the compacted files and the imports after them; the imports stay as they were', async () => {
  const desk = await newDesk();
  await desk.add(acled, [event('A'), event('B'), event('C')]);
  await desk.add(acled, [event('A', { fatalities: '9' }), event('B')], {
    complete: true,
    knownOn: '2024-04-02',
  });
  const [before, rows] = [await desk.files(), await desk.rows()];
  const { record, bytes } = await compacted(desk);
  // The withdrawn incident has a row too: an import must know that it comes back.
  expect(record).toMatchObject({ up_to: 2, rows: 3, files: ['1.parquet'] });
  expect(bytes.after).toBeGreaterThan(0);
  expect(bytes.imports).toBe(bytes.before);
  expect(await desk.files()).toEqual(expect.arrayContaining(before));
  expect(await foldersIn(desk)).toEqual(['0001', '0002', 'compact-0002']);
  expect(await desk.rows()).toEqual(rows);
  const store = await readIncidentStore(desk.into, desk.into);
  const newest = incidentsAsOf(store, { asOf: '2030-01-01' }).sql;
  expect(newest).toContain('compact-0002/1.parquet');
  expect(newest).not.toContain('/rows.parquet');
  expect(incidentsAsOf(store, { asOf: '2030-01-01', upTo: 1 }).sql).toContain('0001/rows.parquet');
  const third = await desk.add(acled, [event('C'), event('D')], { knownOn: '2024-04-03' });
  expect(third.counts).toMatchObject({ new: 1, revised: 1 });
  expect(await desk.rows('id')).toHaveLength(4);
});

test('a dataset that has had no import since is not written again', async () => {
  const desk = await newDesk();
  await desk.add(acled, [event('A')]);
  await compacted(desk);
  const before = await desk.files();
  expect(await compacted(desk)).toMatchObject({ record: null });
  expect(await desk.files()).toEqual(before);
});

test('a replaced compaction is removed once no edition can be reading it', async () => {
  const desk = await newDesk();
  const record = () => join(desk.into, 'incidents/compact-0002/compact.json');
  await desk.add(acled, [event('A')]);
  await compacted(desk);
  await desk.add(acled, [event('B')]);
  await compacted(desk);
  expect(await foldersIn(desk)).toEqual(['0001', '0002', 'compact-0001', 'compact-0002']);
  const longAgo = new Date(Date.now() - 2 * 3_600_000);
  await utimes(record(), longAgo, longAgo);
  await desk.add(acled, [event('C')]);
  expect(await foldersIn(desk)).toEqual(['0001', '0002', '0003', 'compact-0002']);
  expect(await desk.rows('id')).toHaveLength(3);
});

test('rows are in files by country and years, sorted, none is lost, and queries open only those of their country', async () => {
  const desk = await newDesk();
  await mkdir(desk.into, { recursive: true });
  // Nearly half of the rows are of AX, a few have no country, and the other countries are too small for own files.
  const countries = `['AX', 'BX', 'CX', 'DX', NULL, 'AX', 'BX', 'AX'][1 + (n % 8)::INTEGER]`;
  const first = {
    knownOn: '2024-04-01',
    rows: `SELECT 'T-' || n AS id, DATE '2015-01-01' + (n % 1001)::INTEGER AS start, ${countries} AS country
      FROM range(700000) AS numbers(n)`,
  };
  await writeIncidents(desk.into, [first]);
  const { record } = await compacted(desk);
  const files = ['country=AX/1.parquet', 'country=BX/1.parquet', '1.parquet'];
  expect(record).toMatchObject({ rows: 700_000, files });
  const folder = join(desk.into, 'incidents/compact-0001');
  await using database = await openInMemory();
  const read = async (sql: string) => (await database.connection.runAndReadAll(sql)).getRows();
  const found = await read(`SELECT count(*)::INTEGER, count(DISTINCT id)::INTEGER,
      count(*) FILTER ((coalesce(country, 'ZZ'), start, id) < before)::INTEGER
    FROM (SELECT id, lag((coalesce(country, 'ZZ'), start, id)) OVER (PARTITION BY filename ORDER BY file_row_number) AS before,
        country, start
      FROM read_parquet('${folder}/**/*.parquet', filename = true, file_row_number = true))`);
  expect(found).toEqual([[700_000, 700_000, 0]]);

  // T-5 moves from AX to BX.
  const second = {
    knownOn: '2024-04-02',
    rows: `SELECT 'T-5' AS id, DATE '2015-01-06' AS start, 'BX' AS country`,
    replaced: `SELECT 'T-5' AS id, 1 AS "import"`,
  };
  await writeIncidents(desk.into, [first, second]);
  const store = await readIncidentStore(desk.into, desk.into);
  const rows = (of: typeof store, where: string) =>
    read(`SELECT country, count(*), bit_xor(hash(COLUMNS(*))) FROM (${incidentsAsOf(of, { asOf: '2024-04-02' }).sql})
      WHERE ${where} GROUP BY ALL ORDER BY ALL`);
  const filters = ['true', `country = 'AX'`, `country IN ('BX', 'CX')`, 'country IS NULL', `id = 'T-5'`];
  for (const where of filters)
    expect(await rows(store, where)).toEqual(await rows({ ...store, compaction: undefined }, where));
  const ofAx = await rows(store, `country = 'AX'`);
  await writeFile(join(folder, 'country=BX/1.parquet'), 'damaged');
  expect(await rows(store, `country = 'AX'`)).toEqual(ofAx);
  await expect(rows(store, 'true')).rejects.toThrow('country=BX');
}, 120_000);

test('a column that has one value in every row is known from the record, and any other is read', async () => {
  const plain = { status: 'current', known_on: '2024-04-01', number: '1', marking: null, import: '1' };
  const { status: _, marking: __, ...varied } = plain;
  for (const [columns, same] of [
    [`'current' AS status`, plain],
    [`'TLP:AMBER' AS marking`, { ...plain, marking: 'TLP:AMBER' }],
    [`if(n = 5, 'withdrawn', 'current') AS status, if(n = 7, 'TLP:AMBER', NULL) AS marking`, varied],
  ] as const) {
    const desk = await newDesk();
    await mkdir(desk.into, { recursive: true });
    const rows = `SELECT 'T-' || n AS id, DATE '2024-01-01' AS start, ${columns} FROM range(9) AS numbers(n)`;
    const first = { knownOn: '2024-04-01', rows };
    await writeIncidents(desk.into, [first]);
    expect((await compacted(desk)).record?.same).toEqual(same);
    const second = {
      knownOn: '2024-04-02',
      rows: `SELECT 'T-2' AS id, DATE '2024-01-09' AS start, 'withdrawn' AS status, 3 AS number`,
      replaced: `SELECT 'T-2' AS id, 1 AS "import"`,
    };
    await writeIncidents(desk.into, [first, second]);
    const store = await readIncidentStore(desk.into, desk.into);
    await using database = await openInMemory();
    const read = async (of: typeof store) => {
      const { sql } = incidentsAsOf(of, { asOf: '2024-04-02' });
      return (await database.connection.runAndReadAll(`${sql} ORDER BY id`)).getRowsJson();
    };
    expect(await read(store)).toEqual(await read({ ...store, compaction: undefined }));
    expect(await read(store)).toHaveLength(same === varied ? 7 : 8);
  }
});

test('two compactions and an import at once all arrive', async () => {
  const desk = await newDesk();
  await desk.add(acled, [event('A')]);
  await Promise.all([compacted(desk), desk.add(acled, [event('B')]), compacted(desk)]);
  expect(await desk.rows('id')).toEqual([{ id: 'ACLED-A' }, { id: 'ACLED-B' }]);
  expect(await readdir(dirname(desk.into))).toEqual(['.desk.lock', 'desk']);
});

test('a kill -9 at any moment leaves the dataset as it was, or with the whole compaction', async () => {
  const desk = await newDesk();
  const rows = Array.from({ length: 3000 }, (_, index) => event(`K${index}`));
  await desk.run(acled, [await desk.write(csv(rows))]);
  await desk.add(acled, [event('K1', { fatalities: '9' })], { knownOn: '2024-04-02' });
  const before = await desk.files();
  const whole = await desk.rows();
  const run = join(import.meta.dirname, '../support/compact-killed.ts');
  const start = async (killAt: string) => {
    const child = spawn(process.execPath, [run, desk.into, join(desk.folder, 'cache'), killAt], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const [code, signal]: unknown[] = await once(child, 'exit');
    return { code, signal };
  };
  const named = ['compare', 'write', 'put in place'];
  let killed = 0;
  for (const killAt of [...named, '300']) {
    const { signal } = await start(killAt);
    if (signal === 'SIGKILL') killed += 1;
    if (named.includes(killAt)) expect(await desk.files()).toEqual(before);
    expect(await desk.rows()).toEqual(whole);
  }
  expect(killed).toBeGreaterThanOrEqual(named.length);
  expect(await start('never')).toEqual({ code: 0, signal: null });
  expect(await foldersIn(desk)).toEqual(['0001', '0002', 'compact-0002']);
  expect(await desk.rows()).toEqual(whole);
  // The last run removed what the killed ones left behind.
  expect(await readdir(dirname(desk.into))).toEqual(['.desk.lock', 'desk']);
}, 180_000);

test('a damaged compaction is a fault of the dataset that says what to delete', async () => {
  const desk = await newDesk();
  await desk.add(acled, [event('A')]);
  await compacted(desk);
  const folder = join(desk.into, 'incidents/compact-0001');
  await writeFile(join(folder, 'compact.json'), '{}');
  const [fault] = await faultsIn(desk.into);
  expect(fault?.file).toMatch(/incidents\/compact-0001\/compact\.json$/);
  expect(fault?.hint).toContain('compact-0001');
  await rm(folder, { recursive: true });
  expect((await loadDataset(desk.into, 'data/desk')).incidents.compaction).toBeUndefined();
  expect(await desk.rows('id')).toHaveLength(1);
});

test('a dataset without incidents cannot be compacted', async () => {
  const desk = await newDesk();
  const [missing] = await faultsOf(compacted(desk));
  expect(missing?.problem).toContain('has no incidents');
  await desk.add(acled, [event('A')]);
  await copyFile(join(desk.into, 'datapackage.json'), join(desk.folder, 'kept.json'));
  await rm(join(desk.into, 'incidents'), { recursive: true });
  const [empty] = await faultsOf(compacted(desk));
  expect(empty?.problem).toContain('has no incidents');
  expect(await readFile(join(desk.into, 'datapackage.json'), 'utf8')).toContain('incidents');
});

test('the generator of large datasets gives the same rows each time, sorted as the store sorts them', async () => {
  const read = async () => {
    const folder = await temporaryFolder();
    await writeManyIncidents(folder, { rows: 5_000 });
    const { incidents } = await loadDataset(folder, 'data/many');
    const { sql } = incidentsAsOf(incidents, { asOf: '2025-01-06' });
    await using database = await openInMemory();
    const rows = (await database.connection.runAndReadAll(sql)).getRowsJson();
    const unsorted = await database.connection.runAndReadAll(
      `SELECT count(*)::INTEGER FROM (SELECT (country, start) AS key, lag(key) OVER (ORDER BY file_row_number) AS before
        FROM read_parquet('${folder}/incidents/0001/rows.parquet', file_row_number = true)) WHERE key < before`,
    );
    expect(unsorted.getRows()).toEqual([[0]]);
    return rows;
  };
  const rows = await read();
  expect(new Set(rows.map(([id]) => id)).size).toBe(5_000);
  expect(await read()).toEqual(rows);
});
