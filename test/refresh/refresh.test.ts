import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { checksBy } from '../../src/dataset/incidents.ts';
import { readIncidentStore } from '../../src/dataset/reading/incident-store.ts';
import { acledEvent, csv } from '../support/incidents.ts';
import { newFeed } from '../support/feed.ts';

const event = (id: string, cells = {}) => acledEvent({ event_id_cnty: id, ...cells });

test('a file is imported once, and again once it changes', async () => {
  const feed = await newFeed({ sources: [{ name: 'drop', format: 'acled', path: '../../incoming/*.csv' }] });
  await feed.put('one.csv', csv([event('A'), event('B')]));
  const [first] = await feed.refresh('2024-04-01');
  expect(first).toMatchObject({
    outcome: 'imported',
    counts: { new: 2 },
    record: { feed: 'drop', number: 1 },
  });
  expect(await feed.refresh('2024-04-02')).toEqual([
    { source: 'drop', outcome: 'unchanged', checkedOn: '2024-04-02' },
  ]);
  await feed.put('two.csv', csv([event('C')]));
  const [third] = await feed.refresh('2024-04-03');
  expect(third).toMatchObject({ outcome: 'imported', counts: { new: 1, unchanged: 2 } });
  expect(await readFile(join(feed.into, 'incidents/checks.csv'), 'utf8')).toBe(
    'source,checked_on,import\ndrop,2024-04-01,1\ndrop,2024-04-02,1\ndrop,2024-04-03,2\n',
  );
  const store = await readIncidentStore(feed.into, feed.into);
  expect(checksBy('2024-04-02', store)).toEqual([{ source: 'drop', checkedOn: '2024-04-02', import: 1 }]);
});

test('a source that fails hinders no other', async () => {
  const feed = await newFeed({
    sources: [
      { name: 'gone', format: 'acled', path: 'absent.csv' },
      { name: 'drop', format: 'acled', path: '../../incoming/*.csv' },
    ],
  });
  await feed.put('one.csv', csv([event('A')]));
  expect(await feed.refresh()).toMatchObject([
    { source: 'gone', outcome: 'failed', reason: 'down', faults: [{ file: 'absent.csv' }] },
    { source: 'drop', outcome: 'imported' },
  ]);
});

const dropped = { name: 'drop', format: 'acled', path: '../../incoming/*.csv' };
const manyRows = (count: number) => csv(Array.from({ length: count }, (_, index) => event(`K${index}`)));

test('a source that is suddenly much smaller changes nothing, unless its settings allow it', async () => {
  const feed = await newFeed({ sources: [{ ...dropped, complete: true }] });
  await feed.put('one.csv', manyRows(10));
  await feed.refresh('2024-04-01');
  const before = await feed.files();
  await feed.put('one.csv', manyRows(4));
  expect(await feed.refresh('2024-04-02')).toMatchObject([
    {
      outcome: 'failed',
      reason: 'shrunk',
      faults: [
        {
          file: '../../incoming/*.csv',
          problem: 'has 4 rows that can be imported, and the last import of this source had 10.',
        },
      ],
    },
  ]);
  // As many rows as before, but most of them without a day.
  const broken = Array.from({ length: 10 }, (_, index) =>
    event(`K${index}`, index < 4 ? {} : { event_date: 'soon' }),
  );
  await feed.put('one.csv', csv(broken));
  expect(await feed.refresh('2024-04-02')).toMatchObject([{ reason: 'shrunk' }]);
  expect(await feed.files()).toEqual(before);
  await feed.put('one.csv', manyRows(5));
  expect(await feed.refresh('2024-04-02')).toMatchObject([{ outcome: 'imported', counts: { withdrawn: 5 } }]);
});

test('a folder, or a file that cannot be read, is a failure of its source', async () => {
  const feed = await newFeed({
    sources: [
      { ...dropped, path: '../../incoming' },
      { ...dropped, name: 'loop' },
    ],
  });
  await symlink('loop.csv', join(feed.folder, 'incoming/loop.csv'));
  expect(await feed.refresh()).toMatchObject([
    { outcome: 'failed', reason: 'down', faults: [{ file: '../../incoming' }] },
    { outcome: 'failed', reason: 'down', faults: [{ file: '../../incoming/*.csv' }] },
  ]);
});

test('two refreshes at once run one after the other, and the second finds all unchanged', async () => {
  const feed = await newFeed({ sources: [dropped, { ...dropped, name: 'again' }] });
  await feed.put('one.csv', manyRows(200));
  const [one, other] = await Promise.all([feed.refresh('2024-04-01'), feed.refresh('2024-04-01')]);
  const outcomes = [one, other].map((each) => each.map(({ outcome }) => outcome).join(' ')).toSorted();
  expect(outcomes).toEqual(['imported unchanged', 'unchanged unchanged']);
  const { imports } = await readIncidentStore(feed.into, feed.into);
  expect(imports.map(({ number }) => number)).toEqual([1]);
  const before = await feed.files();
  await feed.refresh('2024-04-01');
  expect(await feed.files()).toEqual(before);
});

test('a kill -9 at any moment leaves the incidents as they were, or with the whole import', async () => {
  const feed = await newFeed({ sources: [dropped] });
  await feed.put('one.csv', csv([event('A')]));
  await feed.refresh('2024-04-01');
  const before = await feed.files();
  await feed.put('two.csv', manyRows(2000));
  const run = join(import.meta.dirname, '../support/refresh-killed.ts');
  const start = async (killAt: string) => {
    const child = spawn(process.execPath, [run, feed.into, join(feed.folder, 'cache'), killAt], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const [code, signal]: unknown[] = await once(child, 'exit');
    return { code, signal };
  };
  const steps = ['read', 'compare', 'write', 'put in place'];
  let killed = 0;
  for (const killAt of [...steps, '300']) {
    const { signal } = await start(killAt);
    if (signal === 'SIGKILL') killed += 1;
    if (steps.includes(killAt)) expect(await feed.files()).toEqual(before);
    expect([[{ n: '1' }], [{ n: '2001' }]]).toContainEqual(await feed.rows('count(*) AS n'));
  }
  expect(killed).toBeGreaterThanOrEqual(steps.length);
  expect(await start('never')).toEqual({ code: 0, signal: null });
  expect(await feed.rows('count(*) AS n')).toEqual([{ n: '2001' }]);
  expect((await readdir(dirname(feed.into))).toSorted()).toEqual([
    '.desk.lock',
    '.desk.refresh.lock',
    'desk',
  ]);
  expect(await readdir(join(feed.folder, 'cache/refresh'))).toEqual([]);
  expect(await readFile(join(feed.into, 'incidents/checks.csv'), 'utf8')).toContain('drop,2024-05-01,2\n');
}, 180_000);

test('what a kill after the import leaves out, the next refresh adds', async () => {
  const feed = await newFeed({ sources: [dropped] });
  await feed.put('one.csv', csv([event('A')]));
  await feed.refresh('2024-04-01');
  const whole = await feed.files();
  const checksNow = async () => (await readIncidentStore(feed.into, feed.into)).checks;
  const checks = await checksNow();
  expect(checks).toEqual([{ source: 'drop', checkedOn: '2024-04-01', import: 1 }]);
  for (const lost of [['sources.json'], ['checks.csv', 'sources.json']]) {
    for (const name of lost) await rm(join(feed.into, 'incidents', name));
    // The import itself shows that its source was checked.
    expect(await checksNow()).toEqual(checks);
    expect(await feed.refresh('2024-04-01')).toMatchObject([
      { outcome: 'unchanged', counts: { unchanged: 1 } },
    ]);
    expect(await feed.files()).toEqual(whole);
  }
});

test('a dataset whose files are damaged says which', async () => {
  const feed = await newFeed({ sources: [dropped] });
  await feed.put('one.csv', csv([event('A')]));
  await feed.refresh();
  await writeFile(join(feed.into, 'incidents/checks.csv'), 'source,checked_on,import\ndrop,soon,1\n');
  await expect(feed.refresh()).rejects.toThrow(/incidents\/checks\.csv: is not a list of checks/);
  await feed.declare({ sources: [{ ...dropped, url: 'https://example.org/' }] });
  await expect(feed.refresh()).rejects.toThrow(/datapackage\.json.*either "path" or "url"/);
});

test('a table has a mapping in the folder of the dataset, and another mapping is another import', async () => {
  const feed = await newFeed({ sources: [{ ...dropped, format: 'table', mapping: 'log.yaml' }] });
  const mapping = (place: string) =>
    `source: Log\nprefix: LOG\nlicence: { name: own, attribution: Us, allows_rows: true }\ncolumns: { id: Ref, start: Day, place: ${place} }\n`;
  await feed.put('one.csv', 'Ref,Day,Town,Area\n1,2024-03-10,Caen,Calvados\n');
  expect(await feed.refresh()).toMatchObject([
    { outcome: 'failed', faults: [{ file: 'log.yaml', problem: expect.stringContaining('cannot be read') }] },
  ]);
  await writeFile(join(feed.into, 'log.yaml'), mapping('Town'));
  expect(await feed.refresh()).toMatchObject([{ outcome: 'imported' }]);
  await writeFile(join(feed.into, 'log.yaml'), mapping('Area'));
  expect(await feed.refresh()).toMatchObject([{ outcome: 'imported', counts: { revised: 1 } }]);
  expect(await feed.rows('place')).toEqual([{ place: 'Calvados' }]);
});

test('the lag of an import is that of its source', async () => {
  const feed = await newFeed({ sources: [{ ...dropped, lagDays: 3 }] });
  await feed.put('one.csv', csv([event('A')]));
  expect(await feed.refresh()).toMatchObject([{ record: { lag_days: 3, feed: 'drop' } }]);
});
