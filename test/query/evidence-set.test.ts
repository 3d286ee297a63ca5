import { expect, test } from 'vitest';
import type { Dataset } from '../../src/dataset/schema.ts';
import { openQueries } from '../../src/query/database.ts';
import { readEvidenceSet } from '../../src/query/evidence-set.ts';
import { knownIncidents } from '../../src/query/incidents.ts';
import { temporaryFolder } from '../support/dataset.ts';
import { incidentDataset } from '../support/incident-store.ts';

const parameters = {
  as_of: '2022-01-31',
  period_start: '2022-01-10',
  previous_as_of: '2022-01-09',
  topic: 'all',
};

async function setOf(dataset: Dataset, text: string) {
  const incidents = knownIncidents(dataset, { asOf: '2022-01-31', marking: 'TLP:AMBER' });
  await using queries = await openQueries(dataset.tables, { incidents, settings: dataset.settings });
  const asked: string[] = [];
  const recorded: typeof queries = {
    ...queries,
    query: (query, options) => {
      asked.push(query.sql);
      return queries.query(query, options);
    },
  };
  const set = await readEvidenceSet(recorded, {
    name: 'set',
    what: null,
    source: { file: 'set.sql', text },
    parameters,
    incidents,
    attach: 'ids',
  });
  const { query: _, ...found } = set;
  return { found, looksUpIds: asked.some((sql) => sql.includes('chosen')) };
}

const rows = `SELECT 'T-' || n AS id, DATE '2022-01-01' + (n % 31)::INTEGER AS start, ['YE', 'ML', NULL][1 + n % 3] AS country,
  ['Red', 'Blue'] AS side_a, 1 + n % 2 AS number, 'Text "' || n || '"' AS summary, n * 0.5 AS lat`;

test('a set that only filters the incidents is what a look at every id gives', async () => {
  const dataset = await incidentDataset(await temporaryFolder(), [
    { knownOn: '2022-01-20', rows: `${rows} FROM range(400) AS t(n)` },
    {
      knownOn: '2022-01-31',
      rows: `${rows} FROM range(300, 310) AS t(n)`,
      replaced: `SELECT 'T-' || n AS id, 1 AS "import" FROM range(300, 310) AS t(n)`,
    },
  ]);
  const filters = [
    '',
    `WHERE start >= $period_start AND country = 'YE'`,
    'WHERE country IS NULL',
    'WHERE false',
  ];
  const selections = ['id', '* EXCLUDE (actors)', 'id, start, side_a, lat', 'i.summary, i.id'];
  const sizes = new Set<number>();
  for (const filter of filters)
    for (const selected of selections) {
      const sql = `-- A comment.\nSELECT ${selected} FROM incidents AS i ${filter}`;
      const direct = await setOf(dataset, `${sql}; -- all`);
      const byIds = await setOf(dataset, `FROM (${sql}\n)`);
      expect([direct.looksUpIds, byIds.looksUpIds]).toEqual([false, true]);
      expect(direct.found).toEqual(byIds.found);
      sizes.add(direct.found.rows);
    }
  expect([...sizes]).toEqual([400, expect.any(Number), 133, 0]);
});

test.each([
  ['another table', `SELECT id FROM (VALUES ('T-1'), ('T-none')) AS incidents(id)`],
  ['its own incidents', `WITH incidents AS (SELECT 'T-none' AS id) SELECT id FROM incidents`],
  ['a computed id', `SELECT 'T-none' AS id FROM incidents`],
  ['an id under the name of another column', 'SELECT summary AS id FROM incidents'],
  ['a replaced id', `SELECT * EXCLUDE (actors) REPLACE ('T-none' AS id) FROM incidents`],
  ['columns that are renamed', 'SELECT id FROM incidents AS i(id, summary)'],
  ['a computed column', 'SELECT id, unnest(side_a) AS summary FROM incidents'],
  ['groups', 'SELECT id FROM incidents GROUP BY id'],
  ['distinct rows', 'SELECT DISTINCT id FROM incidents'],
  ['a limit', 'SELECT id FROM incidents ORDER BY id LIMIT 3'],
  ['a join', 'SELECT i.id FROM incidents AS i JOIN incidents AS j ON i.start = j.start'],
  ['two statements in one', 'SELECT id FROM incidents UNION ALL SELECT id FROM incidents'],
])('a set with %s is looked up by ids', async (_, sql) => {
  const dataset = await incidentDataset(await temporaryFolder(), [
    { knownOn: '2022-01-20', rows: `${rows} FROM range(20) AS t(n)` },
  ]);
  const { found, looksUpIds } = await setOf(dataset, sql);
  expect(looksUpIds).toBe(true);
  expect(found.rows).toBeGreaterThan(0);
});

test.each(['id', '*'])(
  'a set with an incident of no known country is in no countries: %s',
  async (selected) => {
    const dataset = await incidentDataset(await temporaryFolder(), [
      { knownOn: '2022-01-20', rows: `${rows} FROM range(20) AS t(n)` },
    ]);
    const countriesOf = async (sql: string) => (await setOf(dataset, sql)).found.countries;
    expect(await countriesOf(`SELECT ${selected} FROM incidents`)).toEqual([]);
    expect(await countriesOf(`SELECT ${selected} FROM incidents WHERE country IS NOT NULL`)).toEqual([
      'ML',
      'YE',
    ]);
  },
);

test('the hash of a set too large to attach covers its counts by import, country and month', async () => {
  const many = (count: number) => `${rows} FROM range(${count}) AS t(n)`;
  const make = async (given: string) =>
    (
      await setOf(
        await incidentDataset(await temporaryFolder(), [{ knownOn: '2022-01-20', rows: given }]),
        'SELECT id FROM incidents',
      )
    ).found;
  const set = await make(many(100_050));
  expect(set).toMatchObject({
    rows: 100_050,
    unknown: 0,
    count: 150_075,
    start: '2022-01-01',
    end: '2022-01-31',
    countries: [],
    knownOn: '2022-01-20',
    attached: { kind: 'query' },
  });
  expect(set.examples).toHaveLength(10);
  expect((await make(many(100_050))).sha256).toBe(set.sha256);
  const shas = [
    many(100_051),
    `SELECT * REPLACE (CASE WHEN id = 'T-7' THEN 'SO' ELSE country END AS country) FROM (${many(100_050)})`,
    `SELECT * REPLACE (CASE WHEN id = 'T-7' THEN 9 ELSE number END AS number) FROM (${many(100_050)})`,
  ].map(async (given) => (await make(given)).sha256);
  expect(new Set([set.sha256, ...(await Promise.all(shas))]).size).toBe(4);
}, 60_000);
