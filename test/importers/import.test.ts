import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { acled } from '../../src/importers/acled.ts';
import { incidentsImporter } from '../../src/importers/table/importer.ts';
import { openInMemory } from '../../src/dataset/duckdb.ts';
import { incidentsAsOf } from '../../src/dataset/incidents.ts';
import { readIncidentStore } from '../../src/dataset/reading/incident-store.ts';
import { loadDataset } from '../../src/dataset/reading/read.ts';
import { ucdp } from '../../src/importers/ucdp.ts';
import { writeAcledFile } from '../support/acled-file.ts';
import { acledEvent, csv, faultsOf, newDesk, ucdpEvent } from '../support/incidents.ts';
import { runs } from '../support/sample.ts';

test('a new dataset has a description, and loads', async () => {
  const desk = await newDesk();
  const { record } = await desk.add(acled, [acledEvent({})]);
  const { name, title, settings, incidents } = await loadDataset(desk.into, 'data/desk');
  expect({ name, title, licence: settings.licence }).toEqual({
    name: 'desk',
    title: 'Incidents from ACLED',
    licence: 'ACLED-EULA',
  });
  expect(incidents.imports).toEqual([record]);
  expect(record).toMatchObject({
    number: 1,
    known_on: '2024-04-01',
    first_day: '2024-03-10',
    last_day: '2024-03-10',
    countries: ['FR'],
    files: [{ name: 'file-1.csv' }],
    licence: { allows_rows: false },
  });
});

test('importing the same file twice changes nothing', async () => {
  const desk = await newDesk();
  const file = await desk.write(csv([acledEvent({}), acledEvent({ event_id_cnty: 'FRA2' })]));
  await desk.run(acled, [file]);
  const before = await desk.files();
  const report = await desk.run(acled, [file], { knownOn: '2024-05-01', complete: true });
  expect(report).toMatchObject({ record: null, counts: { new: 0, revised: 0, unchanged: 2, withdrawn: 0 } });
  expect(await desk.files()).toEqual(before);
});

test('a newer export revises and, if complete, withdraws; what was known before stays', async () => {
  const desk = await newDesk();
  const event = (id: string, cells = {}) => acledEvent({ event_id_cnty: id, ...cells });
  await desk.add(acled, [
    event('A'),
    event('B'),
    event('C', { country: 'Spain', iso: '724' }),
    event('D', { event_date: '2024-03-20' }),
    event('E'),
  ]);
  await desk.add(ucdp, [ucdpEvent({})]);
  const before = await desk.rows('*', { asOf: '2024-04-01' });
  const newer = [
    event('A', { fatalities: '5', timestamp: '1712201600' }),
    event('E', { fatalities: '' }),
    event('F'),
  ];
  const { counts } = await desk.add(acled, newer, { complete: true, knownOn: '2024-05-01' });
  // C is in another country, D on a later day, and the event of UCDP is from another source.
  expect(counts).toMatchObject({ read: 3, new: 1, revised: 2, unchanged: 0, withdrawn: 1 });
  expect(await desk.rows('id, deaths_best')).toEqual([
    { id: 'ACLED-A', deaths_best: '5' },
    { id: 'ACLED-C', deaths_best: '3' },
    { id: 'ACLED-D', deaths_best: '3' },
    { id: 'ACLED-E', deaths_best: null },
    { id: 'ACLED-F', deaths_best: '3' },
    { id: 'UCDP-1001', deaths_best: '3' },
  ]);
  expect(await desk.rows('*', { asOf: '2024-04-30' })).toEqual(before);
  expect(await desk.rows('*', { upTo: 2 })).toEqual(before);
});

test('a withdrawn incident can come back', async () => {
  const desk = await newDesk();
  await desk.add(acled, [acledEvent({}), acledEvent({ event_id_cnty: 'B' })]);
  await desk.add(acled, [acledEvent({})], { complete: true, knownOn: '2024-04-02' });
  expect(await desk.rows('id')).toEqual([{ id: 'ACLED-FRA1' }]);
  const { counts } = await desk.add(acled, [acledEvent({ event_id_cnty: 'B' })], { knownOn: '2024-04-03' });
  expect(counts).toMatchObject({ revised: 1 });
  expect(await desk.rows('id')).toEqual([{ id: 'ACLED-B' }, { id: 'ACLED-FRA1' }]);
});

test('without --complete nothing is withdrawn, and a skipped row is not withdrawn either', async () => {
  const desk = await newDesk();
  await desk.add(acled, [acledEvent({}), acledEvent({ event_id_cnty: 'B' })]);
  expect(await desk.add(acled, [acledEvent({})])).toMatchObject({ record: null });
  const broken = acledEvent({ event_id_cnty: 'B', event_date: 'soon' });
  expect(await desk.add(acled, [acledEvent({}), broken], { complete: true })).toMatchObject({ record: null });
});

test('a month given for a day does not widen the period in which rows are withdrawn', async () => {
  const desk = await newDesk();
  await desk.add(acled, [acledEvent({ event_id_cnty: 'A', event_date: '2024-03-02' }), acledEvent({})]);
  const newer = [acledEvent({}), acledEvent({ event_id_cnty: 'M', time_precision: '3' })];
  expect((await desk.add(acled, newer, { complete: true })).counts).toMatchObject({ new: 1, withdrawn: 0 });
});

test('an older export does not undo a newer one', async () => {
  const desk = await newDesk();
  await desk.add(acled, [acledEvent({ timestamp: '1712201600', fatalities: '5' })]);
  const report = await desk.add(acled, [acledEvent({})]);
  expect(report).toMatchObject({
    record: null,
    counts: { skipped: { 'is older than the row in the dataset': 1 } },
  });
});

test('an import on an earlier day than the last one is refused', async () => {
  const desk = await newDesk();
  await desk.add(acled, [acledEvent({})]);
  const [fault] = await faultsOf(
    desk.add(acled, [acledEvent({ event_id_cnty: 'B' })], { knownOn: '2024-03-31' }),
  );
  expect(fault?.problem).toContain('2024-04-01');
});

/** Ids, days, countries and sides from small sets, so that revisions move incidents often. */
const event = fc.record({
  id: fc.constantFrom('A', 'B', 'C', 'D', 'E'),
  day: fc.constantFrom('2024-03-01', '2024-03-02', '2024-03-03', '2024-03-04'),
  iso: fc.constantFrom('250', '724'),
  actor: fc.constantFrom('Red', 'Blue'),
});
const batch = fc.uniqueArray(event, { selector: ({ id }) => id, minLength: 1, maxLength: 5 });
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;
const toCells = ({ id, day, iso, actor }: Event) =>
  acledEvent({
    event_id_cnty: id,
    event_date: day,
    year: '',
    iso,
    country: '',
    actor1: actor,
    timestamp: '',
  });

test('after any imports, any filter gives what the slow definition gives', async () => {
  let checked = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ batch, complete: fc.boolean(), dayAfter: fc.boolean() }), {
        minLength: 2,
        maxLength: 4,
      }),
      async (imports) => {
        const desk = await newDesk();
        /** The state after each import: day, and the row of each incident. */
        const states: { knownOn: string; rows: Map<string, Event> }[] = [];
        let current = new Map<string, Event>();
        let day = 1;
        for (const { batch: rows, complete, dayAfter } of imports) {
          if (dayAfter) day += 1;
          const knownOn = `2024-04-0${day}`;
          await desk.add(acled, rows.map(toCells), { complete, knownOn });
          const days = rows.map((row) => row.day).toSorted();
          const next = new Map(current);
          if (complete)
            for (const [id, row] of current)
              if (
                !rows.some((each) => each.id === id) &&
                rows.some((each) => each.iso === row.iso) &&
                row.day >= (days[0] ?? '') &&
                row.day <= (days.at(-1) ?? '')
              )
                next.delete(id);
          for (const row of rows) next.set(row.id, row);
          current = next;
          states.push({ knownOn, rows: current });
        }
        for (const asOf of new Set(states.map(({ knownOn }) => knownOn))) {
          const known = states.findLast(({ knownOn }) => knownOn <= asOf)?.rows ?? new Map<string, Event>();
          const filters: [string, (row: Event) => boolean][] = [
            ['true', () => true],
            ["start = DATE '2024-03-02'", (row) => row.day === '2024-03-02'],
            ["country = 'ES'", (row) => row.iso === '724'],
            ["list_contains(side_a, 'Red')", (row) => row.actor === 'Red'],
          ];
          const { sql } = incidentsAsOf(await readIncidentStore(desk.into, desk.into), { asOf });
          await using database = await openInMemory();
          for (const [where, keep] of filters) {
            const reader = await database.connection.runAndReadAll(
              `SELECT id || ' ' || start || ' ' || country || ' ' || side_a[1] FROM (${sql}) WHERE ${where}`,
            );
            const expected = [...known.values()]
              .filter(keep)
              .map((row) => `ACLED-${row.id} ${row.day} ${row.iso === '250' ? 'FR' : 'ES'} ${row.actor}`);
            expect(
              reader
                .getRows()
                .map(([text]) => text)
                .toSorted(),
            ).toEqual(expected.toSorted());
            checked += 1;
          }
        }
      },
    ),
    { numRuns: runs(5), seed: 14 },
  );
  expect(checked).toBeGreaterThan(20);
}, 1_200_000);

test('any order of rows and any split of a file on one day give the same rows', async () => {
  const rows = Array.from({ length: 12 }, (_, index) =>
    acledEvent({
      event_id_cnty: `N${index}`,
      fatalities: String(index),
      event_date: `2024-03-${10 + (index % 5)}`,
    }),
  );
  const whole = await newDesk();
  await whole.add(acled, rows);
  const columns = '* EXCLUDE ("import")';
  const expected = await whole.rows(columns);
  expect(expected).toHaveLength(12);
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray(rows, { minLength: 12 }),
      fc.integer({ min: 1, max: 11 }),
      async (shuffled, at) => {
        const desk = await newDesk();
        await desk.add(acled, shuffled.slice(0, at));
        await desk.add(acled, shuffled.slice(at));
        expect(await desk.rows(columns)).toEqual(expected);
        // Before the base load too, which is all imports of its day.
        expect(await desk.rows(columns, { asOf: '2024-03-20' })).toEqual(
          await whole.rows(columns, { asOf: '2024-03-20' }),
        );
      },
    ),
    { numRuns: runs(2), seed: 14 },
  );
}, 600_000);

test('the rows of a large import are in several sorted files, each row once; what revises them is in one', async () => {
  const desk = await newDesk();
  const [file, revised] = [join(desk.folder, 'many.csv'), join(desk.folder, 'revised.csv')];
  await writeAcledFile(file, 120_000);
  const { counts } = await desk.run(acled, [file], { knownOn: '2025-01-06' });
  expect(counts).toMatchObject({ read: 120_000, new: 120_000 });
  const first = join(desk.into, 'incidents/0001');
  const names = ['rows-1.parquet', 'rows-2.parquet'];
  expect(await readdir(first)).toEqual(['import.json', ...names]);
  expect(JSON.parse(await readFile(join(desk.into, 'datapackage.json'), 'utf8'))).toMatchObject({
    resources: [{ path: names.map((name) => `incidents/0001/${name}`) }],
  });
  await using database = await openInMemory();
  const ask = async (sql: string) => (await database.connection.runAndReadAll(sql)).getRowsJson();
  const outOfOrder = `SELECT filename FROM read_parquet('${first}/*.parquet', filename = true, file_row_number = true)
    QUALIFY (country, start, id) < lag((country, start, id)) OVER (PARTITION BY filename ORDER BY file_row_number)`;
  expect(await ask(outOfOrder)).toEqual([]);
  const total =
    'count(*)::INTEGER AS rows, count(DISTINCT id)::INTEGER AS ids, sum(deaths_best)::INTEGER AS deaths';
  const [given] = await ask(
    `SELECT count(*)::INTEGER, count(DISTINCT event_id_cnty)::INTEGER, sum(fatalities::INTEGER)::INTEGER
    FROM read_csv('${file}', all_varchar = true)`,
  );
  const [rows] = await desk.rows(total);
  expect(Object.values(rows ?? {})).toEqual(given);
  expect(await desk.run(acled, [file], { knownOn: '2025-01-07', complete: true })).toMatchObject({
    record: null,
    counts: { unchanged: 120_000 },
  });
  // Nearly every row stays, so the others fit into one file, whatever the export weighs.
  await ask(
    `COPY (SELECT * REPLACE (CASE WHEN event_id_cnty IN ('EVT7', 'EVT119999') THEN 'Peru' ELSE country END AS country,
      CASE WHEN event_id_cnty IN ('EVT7', 'EVT119999') THEN '604' ELSE iso END AS iso)
    FROM read_csv('${file}', all_varchar = true)) TO '${revised}' (HEADER)`,
  );
  const newer = await desk.run(acled, [revised], { knownOn: '2025-01-08', complete: true });
  expect(newer.counts).toMatchObject({ revised: 2, unchanged: 119_998, withdrawn: 0 });
  expect(await readdir(join(desk.into, 'incidents/0002'))).toEqual([
    'import.json',
    'rows.parquet',
    'superseded.parquet',
  ]);
  const inPeru = `${total}, list(id ORDER BY id) FILTER (country = 'PE') AS peru`;
  expect(await desk.rows(inPeru)).toEqual([{ ...rows, peru: ['ACLED-EVT119999', 'ACLED-EVT7'] }]);
  expect(await desk.rows(inPeru, { upTo: 1 })).toEqual([{ ...rows, peru: null }]);
  await rm(join(first, 'rows-2.parquet'));
  expect(await faultsOf(readIncidentStore(desk.into, 'data/desk'))).toMatchObject([
    { file: 'data/desk/incidents/0001/rows-2.parquet', problem: 'is missing.' },
  ]);
});

test('rows exported as CSV and imported again are the same rows', async () => {
  const desk = await newDesk();
  await desk.add(acled, [
    acledEvent({
      assoc_actor_1: 'Union, North; "Students"',
      notes: 'One,\ntwo "three"',
      time_precision: '2',
    }),
    acledEvent({
      event_id_cnty: 'B',
      country: 'Ruritania',
      iso: '',
      fatalities: 'many',
      latitude: '0.1',
      actor2: '',
    }),
  ]);
  await desk.add(ucdp, [ucdpEvent({ side_b: 'Group; with a semicolon' })]);
  const { sql } = incidentsAsOf(await readIncidentStore(desk.into, desk.into), { asOf: '2024-04-01' });
  const file = join(desk.folder, 'export.csv');
  await using database = await openInMemory();
  await database.connection.run(
    `COPY (SELECT * REPLACE (to_json(side_a) AS side_a, to_json(side_b) AS side_b, to_json(others) AS others) FROM (${sql})) TO '${file}' (HEADER)`,
  );
  const other = await newDesk();
  await other.run(incidentsImporter(), [file]);
  const columns = '* EXCLUDE ("import")';
  expect(await other.rows(columns)).toEqual(await desk.rows(columns));
  expect(await desk.run(incidentsImporter(), [file])).toMatchObject({
    record: null,
    counts: { unchanged: 3 },
  });
});

describe('a file that cannot be read leaves the dataset byte for byte as it was', () => {
  const good = csv([acledEvent({}), acledEvent({ event_id_cnty: 'B' })]);
  test.each<[string, string | Uint8Array, RegExp]>([
    ['truncated in a row', good.slice(0, -60), /has \d+ columns, and the first row has 31/],
    [
      'truncated in a text',
      csv([acledEvent({ notes: 'x, y' })]).slice(0, -20),
      /quotation mark that is never closed/,
    ],
    ['a cell of 10 MB', csv([acledEvent({ notes: 'x'.repeat(10_000_000) })]), /more than 2,000,000 bytes/],
    ['not UTF-8', Buffer.from(csv([acledEvent({ notes: 'caf\u00e9' })]), 'latin1'), /not UTF-8/],
    ['a web page', '<!DOCTYPE html><html>Log in</html>', /web page/],
    ['a zip file', Buffer.from('PK\u0003\u0004 and more\n'), /zip or Excel file/],
    ['binary', Buffer.from([1, 0, 0, 7, 44, 9]), /not text/],
    ['empty', '', /is empty/],
    ['without rows', good.slice(0, good.indexOf('\n') + 1), /has no rows/],
    ['of another format', 'a,b\n1,2\n', /not an ACLED export/],
    ['with a column twice', 'a,b,A\n1,2,3\n', /two columns named/],
    ['without a usable row', csv([acledEvent({ event_date: 'soon' })]), /event_date that is no day/],
  ])('%s', async (_, content, problem) => {
    const desk = await newDesk();
    await desk.add(acled, [acledEvent({ event_id_cnty: 'Z' })]);
    const before = await desk.files();
    const faults = await faultsOf(desk.run(acled, [await desk.write(content)]));
    expect(faults.map((fault) => fault.problem).join('\n')).toMatch(problem);
    expect(await desk.files()).toEqual(before);
    expect(await readdir(dirname(desk.into))).toEqual(['.desk.lock', 'desk']);
  });

  test('a missing file', async () => {
    const desk = await newDesk();
    const [fault] = await faultsOf(desk.run(acled, ['absent.csv']));
    expect(fault).toMatchObject({ file: 'absent.csv', problem: 'does not exist.' });
  });

  test('a folder that is no dataset', async () => {
    const desk = await newDesk();
    await desk.add(acled, [acledEvent({})]);
    await rm(join(desk.into, 'datapackage.json'));
    const [fault] = await faultsOf(desk.add(acled, [acledEvent({ event_id_cnty: 'B' })]));
    expect(fault?.problem).toContain('is not a dataset');
  });
});

test('two imports at once both arrive', async () => {
  const desk = await newDesk();
  await Promise.all(['A', 'B', 'C'].map((id) => desk.add(acled, [acledEvent({ event_id_cnty: id })])));
  expect(await desk.rows('id')).toEqual([{ id: 'ACLED-A' }, { id: 'ACLED-B' }, { id: 'ACLED-C' }]);
  expect((await readIncidentStore(desk.into, desk.into)).imports.map(({ number }) => number)).toEqual([
    1, 2, 3,
  ]);
});

test('a kill -9 at any moment leaves the dataset as it was, or with the whole import', async () => {
  const desk = await newDesk();
  await desk.add(acled, [acledEvent({})]);
  const before = await desk.files();
  const rows = Array.from({ length: 3000 }, (_, index) => acledEvent({ event_id_cnty: `K${index}` }));
  const file = await desk.write(csv(rows));
  const run = join(import.meta.dirname, '../support/import-killed.ts');
  const start = async (killAt: string) => {
    const child = spawn(process.execPath, [run, desk.into, file, join(desk.folder, 'cache'), killAt], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const [code, signal]: unknown[] = await once(child, 'exit');
    return { code, signal };
  };
  const steps = ['read', 'compare', 'write', 'put in place'];
  let killed = 0;
  for (const killAt of [...steps, '50', '200', '400', '600', '800']) {
    const { signal } = await start(killAt);
    if (signal === 'SIGKILL') killed += 1;
    // A timed kill may come too late, and then the import is whole.
    const rowsNow = await desk.rows('count(*) AS n');
    if (signal === 'SIGKILL' && steps.includes(killAt)) expect(await desk.files()).toEqual(before);
    expect([[{ n: '1' }], [{ n: '3001' }]]).toContainEqual(rowsNow);
  }
  expect(killed).toBeGreaterThanOrEqual(steps.length);
  expect(await start('never')).toEqual({ code: 0, signal: null });
  expect(await desk.rows('count(*) AS n')).toEqual([{ n: '3001' }]);
  // The next import removed what the killed ones left behind.
  expect(await readdir(dirname(desk.into))).toEqual(['.desk.lock', 'desk']);
}, 180_000);

test('notes and incidents share a dataset', async () => {
  const desk = await newDesk();
  await desk.add(acled, [acledEvent({})]);
  const descriptor = { name: 'desk', resources: [{ name: 'events', path: 'events.csv' }] };
  await writeFile(join(desk.into, 'datapackage.json'), JSON.stringify(descriptor));
  await writeFile(
    join(desk.into, 'events.csv'),
    'id,known_on,date_start,title,summary\nE1,2024-03-12,2024-03-10,A clash,Two groups clashed.\n',
  );
  const { tables, incidents } = await loadDataset(desk.into, 'data/desk');
  expect([tables.events.length, incidents.imports.length]).toEqual([1, 1]);
});
