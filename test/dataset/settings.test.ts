import { expect, test } from 'vitest';
import { loadDataset } from '../../src/dataset/reading/read.ts';
import { topicTitle } from '../../src/dataset/settings.ts';
import { openQueries } from '../../src/query/database.ts';
import { apply, copyOf, faultsAfter, loadTestDataset, swap } from '../support/dataset.ts';

const declare = (settings: object) =>
  swap('datapackage.json', '"resources":', `"sitrep": ${JSON.stringify(settings)}, "resources":`);
const parameters = { as_of: '', period_start: '', previous_as_of: '', topic: '' };

test('terms that a dataset does not declare are taken from its rows, in the order of first use', async () => {
  const { settings, marking } = await loadTestDataset('base');
  expect(settings).toMatchObject({ language: null, maps: { outlines: null, borders: [] } });
  expect(settings.topics).toEqual([{ name: 'isis', title: 'Isis' }]);
  expect(settings.affiliations[0]).toEqual({ name: 'isis', title: 'Isis' });
  expect(topicTitle('press-freedom', settings)).toBe('Press freedom');
  expect(marking).toBe('TLP:CLEAR');
});

test('queries see the terms that a dataset declares, in its order', async () => {
  const folder = await copyOf('base');
  await apply(folder, [
    declare({
      marking: 'TLP:GREEN',
      language: 'fr',
      topics: [
        { name: 'protests', title: 'Protests' },
        { name: 'isis', title: 'ISIS' },
      ],
    }),
  ]);
  const { settings, marking, tables } = await loadDataset(folder, 'data/test');
  expect(marking).toBe('TLP:GREEN');
  expect(settings).toMatchObject({
    language: 'fr',
    maps: { outlines: null, borders: [] },
  });
  await using queries = await openQueries(tables, { settings });
  const file = 'test.sql';
  expect(await queries.query({ sql: 'SELECT * FROM topics ORDER BY rank', file, parameters })).toEqual([
    { name: 'protests', title: 'Protests', rank: 1 },
    { name: 'isis', title: 'ISIS', rank: 2 },
  ]);
  const joined = 'SELECT f.title FROM actors AS a JOIN affiliations AS f ON f.name = a.affiliation LIMIT 1';
  expect(await queries.query({ sql: joined, file, parameters })).toEqual([{ title: 'Isis' }]);
});

test.each([
  [{ topics: [{ name: 'all', title: 'All' }] }, 'sitrep.topics.0.name', /cannot be "all"/],
  [
    {
      topics: [
        { name: 'a', title: 'A' },
        { name: 'a', title: 'B' },
      ],
    },
    'sitrep.topics',
    /has a name twice/,
  ],
  [{ language: 'English please' }, 'sitrep.language', /is not a language tag/],
  [{ colour: 'red' }, 'sitrep', /colour/],
  [{ sources: [{ name: 'a', format: 'acled' }] }, 'sitrep.sources.0', /either "path" or "url"/],
  [
    { sources: [{ name: 'a', format: 'acled', url: 'http://example.org/a.csv' }] },
    'sitrep.sources.0.url',
    /begins with https:/,
  ],
  [
    { sources: [{ name: 'a', format: 'acled', url: 'https://me:pass@example.org/a.csv' }] },
    'sitrep.sources.0.url',
    /no user or password/,
  ],
  [
    {
      sources: [{ name: 'a', format: 'acled', url: 'https://example.org/', headers: { A: { env: 'HOME' } } }],
    },
    'sitrep.sources.0.headers.A.env',
    /begins with SITREP_SOURCE_/,
  ],
  [
    { sources: [{ name: 'a', format: 'acled', path: 'a.csv', headers: { A: 'secret' } }] },
    'sitrep.sources.0.headers.A',
    /expected object/,
  ],
  [
    {
      sources: [
        { name: 'a', format: 'acled', path: 'a.csv' },
        { name: 'a', format: 'acled', path: 'b.csv' },
      ],
    },
    'sitrep.sources',
    /has a name twice/,
  ],
  [
    { sources: [{ name: 'a', format: 'acld', path: 'a.csv' }] },
    'sitrep.sources.0.format',
    /^must be one of acled, ucdp, stix, misp, table \(did you mean acled\?\)\.$/,
  ],
  [{ refresh: { whenStale: 'ask' } }, 'sitrep.refresh.whenStale', /issue/],
])('settings %j are a fault', async (settings, field, problem) => {
  const faults = await faultsAfter(declare(settings));
  expect(faults).toContainEqual(expect.objectContaining({ field, problem: expect.stringMatching(problem) }));
});

test('settings of a refresh have defaults, and are absent unless declared', async () => {
  expect((await loadTestDataset('base')).settings).not.toHaveProperty('refresh');
  const folder = await copyOf('base');
  await apply(folder, [
    declare({ sources: [{ name: 'drop', format: 'acled', path: 'a.csv' }], refresh: { before: 'slots' } }),
  ]);
  expect((await loadDataset(folder, 'data/test')).settings.refresh).toEqual({
    before: 'slots',
    maxAgeDays: 1,
    whenStale: 'issue',
    sources: ['drop'],
  });
});
