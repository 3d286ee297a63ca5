import { appendFile, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { check, type CheckWorld } from '../../src/cli/check.ts';
import { damagedFiles, datedAhead, readIncidentStore } from '../../src/dataset/reading/incident-store.ts';
import { coverageOfImports, importRecord, reportedBy } from '../../src/dataset/incidents.ts';
import { loadDataset } from '../../src/dataset/reading/read.ts';
import { acled } from '../../src/importers/acled.ts';
import { compact } from '../../src/importers/compact.ts';
import { loadMaterial } from '../../src/production/material.ts';
import { rendering } from '../support/effects.ts';
import { faultsIn, temporaryFolder } from '../support/dataset.ts';
import { writeIncidents } from '../support/incident-store.ts';
import { acledEvent, csv, faultsOf, newDesk } from '../support/incidents.ts';

const event = (id: string, cells = {}) => acledEvent({ event_id_cnty: id, ...cells });
type Desk = Awaited<ReturnType<typeof newDesk>>;

/** A dataset with two imports, of which the second revises a row; its files, and the paths of the first import. */
async function twoImports() {
  const desk = await newDesk();
  const file = await desk.write(csv([event('A'), event('B')]));
  const newer = await desk.write(csv([event('A', { fatalities: '9', timestamp: '1712201600' }), event('C')]));
  await desk.run(acled, [file]);
  await desk.run(acled, [newer], { knownOn: '2024-05-01' });
  const folder = join(desk.into, 'incidents/0001');
  return { desk, file, newer, folder, rows: join(folder, 'rows.parquet') };
}

/** Changes a byte in the middle of a file, and keeps its size. */
async function edit(path: string): Promise<void> {
  const bytes = await readFile(path);
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

/** Makes the records those of a version that described no files. */
async function withoutHashes(desk: Desk): Promise<void> {
  for (const name of ['0001', '0002']) {
    const path = join(desk.into, 'incidents', name, 'import.json');
    const { stored, ...record } = importRecord.parse(JSON.parse(await readFile(path, 'utf8')));
    expect(stored?.map((each) => each.name)).toContain('rows.parquet');
    await writeFile(path, JSON.stringify(record));
  }
}

const damages = {
  'with other bytes': edit,
  'with bytes at its end': (path: string) => appendFile(path, 'abc'),
  'without content': (path: string) => writeFile(path, ''),
  'that is missing': (path: string) => rm(path),
};

test.each(Object.entries(damages))(
  'a file of rows %s is one fault, and an import of the original restores it byte for byte',
  async (_, damage) => {
    const { desk, file, rows } = await twoImports();
    const before = await desk.files();
    await damage(rows);
    const faults = await faultsIn(desk.into);
    expect(faults).toEqual([
      {
        file: 'data/test/incidents/0001/rows.parquet',
        problem: expect.stringMatching(/^(is missing|was changed or damaged)/),
        hint: 'Import "file-1.csv" again, which restores it, or restore the folder 0001 from a backup.',
      },
    ]);
    const report = await desk.run(acled, [file], { knownOn: '2024-06-01' });
    expect(report).toMatchObject({ isRepair: true, record: { number: 1, known_on: '2024-04-01' } });
    expect(await desk.files()).toEqual(before);
    expect(await desk.rows('id, deaths_best')).toHaveLength(3);
    expect(await desk.run(acled, [file], { knownOn: '2024-06-01' })).toMatchObject({ record: null });
  },
);

test('other files are not imported into a damaged dataset, and do not repair it', async () => {
  const { desk, newer, rows } = await twoImports();
  await edit(rows);
  const before = await desk.files();
  const [fault, ...others] = await faultsOf(desk.run(acled, [newer], { knownOn: '2024-06-01' }));
  expect(fault?.file).toMatch(/incidents\/0001\/rows\.parquet$/);
  expect(others).toEqual([]);
  expect(await desk.files()).toEqual(before);
});

test('the later of two imports can be restored too, with the rows that it replaces', async () => {
  const { desk, newer } = await twoImports();
  const before = await desk.files();
  await rm(join(desk.into, 'incidents/0002/superseded.parquet'));
  expect(await desk.run(acled, [newer], { knownOn: '2024-06-01' })).toMatchObject({ isRepair: true });
  expect(await desk.files()).toEqual(before);
});

/** Changes a file but not its size, and not its time either, as far as milliseconds tell. */
async function editUnnoticed(file: string): Promise<void> {
  const { atimeMs, mtimeMs } = await stat(file);
  await edit(file);
  // A Date would be rounded, and might be later than the record.
  await utimes(file, Math.floor(atimeMs) / 1000, Math.floor(mtimeMs) / 1000);
}

test('a change that keeps size and time is found by the thorough check and by an import', async () => {
  const { desk, file, rows } = await twoImports();
  await editUnnoticed(rows);
  const { incidents } = await loadDataset(desk.into, 'data/desk');
  const found = await damagedFiles(incidents, 'data/test', { isThorough: true });
  expect(found.map(({ fault }) => fault.file)).toEqual(['data/test/incidents/0001/rows.parquet']);
  expect(await desk.run(acled, [file], { knownOn: '2024-06-01' })).toMatchObject({ isRepair: true });
});

/** Without briefs, nothing is printed. */
const unused = () => Promise.reject(new Error('There is no brief.'));

test('check names the file once, also if its size and time are as they were, and fails', async () => {
  const { desk, rows } = await twoImports();
  await editUnnoticed(rows);
  const lines: string[] = [];
  let failures = 0;
  const world: CheckWorld = {
    briefIds: () => Promise.resolve([]),
    loadBrief: unused,
    datasetNames: () => Promise.resolve(['desk']),
    loadDataset: () => loadDataset(desk.into, 'data/desk'),
    targetFaults: () => [],
    loadMaterial,
    effects: { ...rendering, startPrinting: () => {}, print: unused, browser: unused },
    now: new Date('2024-06-01'),
    signal: AbortSignal.timeout(60_000),
    print: (line) => lines.push(line),
    fail: () => (failures += 1),
  };
  await check(world, { all: true });
  expect(lines.filter((line) => line.includes('rows.parquet'))).toEqual([
    'error: data/desk/incidents/0001/rows.parquet: was changed or damaged after it was written. Import "file-1.csv" again, which restores it, or restore the folder 0001 from a backup.',
  ]);
  expect(failures).toBe(1);
});

test('imports of a version that described no files still open; a missing or cut file is a fault', async () => {
  const { desk, file, rows } = await twoImports();
  await withoutHashes(desk);
  expect((await loadDataset(desk.into, 'data/desk')).incidents.imports).toHaveLength(2);
  const whole = await readFile(rows);
  for (const damaged of [
    Buffer.concat([whole, Buffer.from('abc')]),
    whole.subarray(0, 99),
    Buffer.alloc(0),
  ]) {
    await writeFile(rows, damaged);
    const [fault, ...others] = await faultsIn(desk.into);
    expect(fault?.problem).toBe('was changed or damaged after it was written.');
    expect(others).toEqual([]);
  }
  await rm(rows);
  const [missing] = await faultsIn(desk.into);
  expect(missing?.problem).toBe('is missing.');
  expect(await desk.run(acled, [file], { knownOn: '2024-06-01' })).toMatchObject({ isRepair: true });
  expect(await desk.rows('id')).toHaveLength(3);
});

test('a damaged compaction is one fault, which says that it can be deleted', async () => {
  const { desk } = await twoImports();
  const context = { version: '0', cacheFolder: join(desk.folder, 'cache') };
  const { record } = await compact(desk.into, context);
  const [name = ''] = record?.files ?? [];
  const folder = join(desk.into, 'incidents/compact-0002');
  await edit(join(folder, name));
  expect(await faultsIn(desk.into)).toEqual([
    {
      file: `data/test/incidents/compact-0002/${name}`,
      problem: 'was changed or damaged after it was written.',
      hint: 'Delete the folder compact-0002: the imports beside it have every row.',
    },
  ]);
  await rm(folder, { recursive: true });
  expect(await desk.rows('id')).toHaveLength(3);
});

test('a dataset that declares incidents, and has none, is faulty', async () => {
  const { desk } = await twoImports();
  await rename(join(desk.into, 'incidents'), join(desk.folder, 'elsewhere'));
  const [fault, ...others] = await faultsIn(desk.into);
  expect(fault).toMatchObject({
    file: 'data/test/incidents/0001/rows.parquet',
    problem: 'does not exist, although datapackage.json declares incidents.',
  });
  expect(others).toEqual([]);
});

test('a dataset that promises incidents, and declares no file of them, is valid without', async () => {
  const { desk } = await twoImports();
  await rm(join(desk.into, 'incidents'), { recursive: true });
  const sources = [{ name: 'drop', format: 'acled', path: '../in/*.csv' }];
  await writeFile(
    join(desk.into, 'datapackage.json'),
    JSON.stringify({ name: 'desk', sitrep: { sources }, resources: [] }),
  );
  expect((await loadDataset(desk.into, 'data/desk')).incidents.imports).toEqual([]);
});

test('an import whose folder is gone or has another name is a fault', async () => {
  const { desk, folder } = await twoImports();
  await rename(folder, join(desk.into, 'incidents/0007'));
  const [renamed] = await faultsIn(desk.into);
  expect(renamed?.file).toBe('data/test/incidents/0007/import.json');
  await rm(join(desk.into, 'incidents/0007'), { recursive: true });
  const [gone] = await faultsIn(desk.into);
  expect(gone).toMatchObject({
    file: 'data/test/incidents/0001',
    problem: 'is missing, although later imports are there.',
  });
});

test('an import of an earlier version with a row in the future covers no day after the others, and is a warning', async () => {
  const into = await temporaryFolder();
  const rows = `SELECT id, start FROM (VALUES ('T-1', DATE '2022-01-05'), ('T-2', DATE '2022-01-20'),
    ('T-3', DATE '2062-01-20')) AS given(id, start)`;
  await writeIncidents(into, [
    { knownOn: '2022-01-31', rows, record: { countries: ['FR'], last_day: '2062-01-20' } },
  ]);
  const store = await readIncidentStore(into, 'data/test');
  expect(store.imports[0]?.last_day).toBe('2022-01-20');
  expect(reportedBy(store)).toBe('2022-01-20');
  expect(coverageOfImports(store.imports)[0]).toEqual({
    country: 'FR',
    start: '2022-01-01',
    end: '2022-01-20',
  });
  expect(await datedAhead(store, 'data/test')).toMatchObject([
    { file: 'data/test/incidents', problem: '"T-3" begins on 2062-01-20, after the day of its import.' },
  ]);
});
