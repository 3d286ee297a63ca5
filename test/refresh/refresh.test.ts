import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checksBy, readIncidentStore } from '../../src/dataset/incidents.ts';
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
