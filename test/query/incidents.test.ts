import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openInMemory } from '../../src/dataset/duckdb.ts';
import { noTables, type Tables } from '../../src/dataset/schema.ts';
import { AppError } from '../../src/errors.ts';
import { openQueries } from '../../src/query/database.ts';
import { defineIncidents, knownIncidents } from '../../src/query/incidents.ts';
import { temporaryFolder } from '../support/dataset.ts';
import { incidentDataset, type TestImport } from '../support/incident-store.ts';

const parameters = {
  as_of: '2022-02-06',
  period_start: '2022-01-31',
  previous_as_of: '2022-01-30',
  topic: 'all',
};
const values = (...rows: string[]) =>
  `SELECT id, start::DATE AS start, country, [side] AS side_a, marking FROM (VALUES ${rows.join(', ')}) AS v(id, start, country, side, marking)`;
const imports: TestImport[] = [
  {
    knownOn: '2022-02-01',
    rows: values(
      `('T-1', '2022-01-03', 'YE', 'The Northern Front', NULL)`,
      `('T-2', '2022-01-04', 'YE', 'NF', 'TLP:AMBER')`,
      `('T-3', '2022-01-05', 'ML', 'Nobody', NULL)`,
    ),
  },
  {
    knownOn: '2022-02-08',
    rows: values(`('T-1', '2022-01-20', 'SY', 'The Northern Front', NULL)`),
    replaced: `SELECT 'T-1' AS id, 1 AS "import"`,
  },
];
const tables: Tables = {
  ...noTables,
  actors: [
    {
      id: 'A-north',
      known_on: '2022-01-01',
      status: 'current',
      marking: null,
      name: 'Northern Front',
      long_name: 'The Northern Front',
      aliases: ['NF', 'the northern front'],
      affiliation: null,
      note: null,
      basis: null,
    },
  ],
};

async function ask(
  sql: string,
  { asOf = '2022-02-06', marking = 'TLP:CLEAR' }: { asOf?: string; marking?: 'TLP:CLEAR' | 'TLP:AMBER' } = {},
) {
  const dataset = await incidentDataset(await temporaryFolder(), imports);
  const incidents = knownIncidents(dataset, { asOf, marking });
  await using queries = await openQueries(tables, { incidents });
  return await queries.query({ sql, file: 'templates/x/x.sql', parameters });
}

test('a query sees the incidents known by the cut-off, beside the notes', async () => {
  const sql = 'SELECT id, start, country, (SELECT count(*) FROM actors) AS actors FROM incidents ORDER BY id';
  expect(await ask(sql)).toEqual([
    { id: 'T-1', start: '2022-01-03', country: 'YE', actors: 1 },
    { id: 'T-3', start: '2022-01-05', country: 'ML', actors: 1 },
  ]);
  expect(await ask(`SELECT id, start FROM incidents WHERE country = 'SY'`, { asOf: '2022-02-08' })).toEqual([
    { id: 'T-1', start: '2022-01-20' },
  ]);
  // The row that it replaces does not come back on its old day.
  expect(
    await ask(`SELECT id FROM incidents WHERE start = DATE '2022-01-03'`, { asOf: '2022-02-08' }),
  ).toEqual([]);
});

test('a row marked above the brief never enters it', async () => {
  expect(await ask(`SELECT count(*) AS n FROM incidents WHERE id = 'T-2'`)).toEqual([{ n: 0 }]);
  expect(await ask(`SELECT count(*) AS n FROM incidents WHERE id = 'T-2'`, { marking: 'TLP:AMBER' })).toEqual(
    [{ n: 1 }],
  );
});

test('incidents have the actors that they name, by name or alias, ignoring case', async () => {
  expect(await ask('SELECT id, actors FROM incidents ORDER BY id', { marking: 'TLP:AMBER' })).toEqual([
    { id: 'T-1', actors: ['A-north'] },
    { id: 'T-2', actors: ['A-north'] },
    { id: 'T-3', actors: [] },
  ]);
  expect(await ask('SELECT name FROM actor_names ORDER BY name')).toEqual([
    { name: 'NF' },
    { name: 'Northern Front' },
    { name: 'the northern front' },
  ]);
});

test('the names in a list are looked up about as fast as names outside of one', async () => {
  const [actor] = tables.actors;
  if (actor === undefined) throw new Error('There is no actor.');
  const actors = Array.from({ length: 200 }, (_, index) => ({
    ...actor,
    id: `A-${index}`,
    name: `House ${index}`,
    aliases: [`Group ${index}`],
  }));
  await using queries = await openQueries({ ...noTables, actors });
  const cpuMs = async (name: string): Promise<number> => {
    const sql = `SELECT count(*) FILTER (name = 'House 7') AS n FROM (SELECT ${name} AS name FROM range(4000) AS r(n))`;
    const before = process.cpuUsage();
    expect(await queries.query({ sql, file: 'templates/x/x.sql', parameters })).toEqual([{ n: 20 }]);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  const given = `'GROUP ' || n % 200`;
  const alone = await cpuMs(`actor_name(${given})`);
  // A map that is made anew for each name takes a hundred times as long.
  expect(await cpuMs(`list_transform([${given}], lambda given: actor_name(given))[1]`)).toBeLessThan(
    10 * alone + 50,
  );
});

test('without incidents the table is there, empty', async () => {
  await using queries = await openQueries(noTables);
  const query = { sql: 'SELECT id, start, actors FROM incidents', file: 'x.sql', parameters };
  expect(await queries.query(query)).toEqual([]);
  expect(await queries.columns(query)).toEqual(['id', 'start', 'actors']);
});

test.each([
  ['read_parquet', (file: string) => `FROM read_parquet('${file}')`],
  ['a file in place of a table', (file: string) => `FROM '${file}'`],
  ['a file behind a table', (file: string) => `SELECT 1 FROM actors, "${file}"`],
  ['a comment before it', (file: string) => `SELECT '--' AS x, id FROM "read_parquet"('${file}')`],
  ['a record', (file: string) => `FROM read_text('${file.replace('rows.parquet', 'import.json')}')`],
])('SQL of a brief cannot read the files itself: %s', async (_, sqlOf) => {
  const folder = await temporaryFolder();
  const dataset = await incidentDataset(folder, imports);
  const incidents = knownIncidents(dataset, { asOf: '2022-02-06', marking: 'TLP:CLEAR' });
  const sql = sqlOf(join(incidents.folder, '0002/rows.parquet'));
  await using queries = await openQueries(tables, { incidents });
  const failed: unknown = await queries
    .query({ sql, file: 'x.sql', parameters })
    .catch((error: unknown) => error);
  expect(failed instanceof AppError && failed.faults).toMatchObject([
    { file: 'x.sql', line: 1, problem: expect.stringMatching(/^SQL reads tables, not files: /) },
  ]);
  const macros = [{ file: 'macros.sql', text: `CREATE MACRO m() AS TABLE (${sql})` }];
  await expect(openQueries(tables, { incidents, macros })).rejects.toMatchObject({ code: 'query-failed' });
});

test('a filter reaches the Parquet files, so that a brief on one country does not read all of them', async () => {
  const dataset = await incidentDataset(await temporaryFolder(), imports);
  await using database = await openInMemory();
  const incidents = knownIncidents(dataset, { asOf: '2022-02-08', marking: 'TLP:CLEAR' });
  await defineIncidents(database.connection, { incidents, actors: tables.actors, language: 'en-GB' });
  const plan = await database.connection.runAndReadAll(
    `EXPLAIN SELECT id FROM incidents WHERE country = 'YE' AND start >= DATE '2022-01-03'`,
  );
  const [head = '', ...parts] = String(plan.getRows()[0]?.[1])
    .split('\n')
    .map((line) => line.split('││')[0]?.replaceAll(/[│ ]+/g, ' ').trim())
    .join(' ')
    .split('Filters:');
  expect(head).toContain('READ_PARQUET');
  expect(parts).toHaveLength(1);
  expect(parts[0]).toMatch(/start>='2022-01-03'/);
  expect(parts[0]).toMatch(/country='YE'/);
  // And it reads none of the columns that nobody asked for.
  expect(head).not.toContain('summary');
});

test('what is fetched on the day of a slot belongs to the edition of the day before, without incidents of that day', async () => {
  const given = await incidentDataset(await temporaryFolder(), [
    ...imports,
    {
      knownOn: '2022-02-14',
      rows: values(`('T-4', '2022-02-13', 'YE', 'NF', NULL)`, `('T-5', '2022-02-14', 'ML', 'NF', NULL)`),
      // It moves T-3 to the day of the slot.
      replaced: `SELECT 'T-3' AS id, 1 AS "import"`,
      record: { first_day: '2022-02-01', last_day: '2022-02-14', countries: ['ML', 'YE'] },
    },
  ]);
  const refresh = { before: 'slots', maxAgeDays: 1, whenStale: 'issue', sources: [] } as const;
  const seen = async (asOf: string, settings = {}) => {
    const dataset = { ...given, settings: { ...given.settings, ...settings } };
    const incidents = knownIncidents(dataset, { asOf, marking: 'TLP:CLEAR' });
    await using queries = await openQueries(tables, { incidents });
    const query = (sql: string) => queries.query({ sql, file: 'templates/x/x.sql', parameters });
    const rows = await query('SELECT id FROM incidents ORDER BY id');
    const [covered] = await query('SELECT max("end") AS day FROM incident_coverage');
    return { ids: rows.map(({ id }) => id), covered: covered?.['day'], from: incidents.reconstructedFrom };
  };
  const before = { ids: ['T-1', 'T-3'], covered: '2022-01-31', from: null };
  expect(await seen('2022-02-13')).toEqual(before);
  expect(await seen('2022-02-13', { refresh })).toEqual({
    ids: ['T-1', 'T-4'],
    covered: '2022-02-13',
    from: null,
  });
  expect(await seen('2022-02-12', { refresh })).toEqual(before);
  // A cut-off before the base load is a reconstruction, and the day before the base load is none.
  expect(await seen('2022-01-31')).toMatchObject({ from: '2022-02-01' });
  expect(await seen('2022-01-31', { refresh })).toEqual({
    ids: ['T-1', 'T-3'],
    covered: '2022-01-31',
    from: null,
  });
});
