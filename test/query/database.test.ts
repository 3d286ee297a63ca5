import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Row } from '../../src/dataset/parse-rows.ts';
import { knownBy } from '../../src/dataset/point-in-time.ts';
import type { Tables } from '../../src/dataset/schema.ts';
import { readTables } from '../../src/dataset/reading/table-files.ts';
import { AppError, type Fault } from '../../src/errors.ts';
import { openQueries } from '../../src/query/database.ts';
import { unrepeatable } from '../../src/query/statement.ts';
import { loadTestDataset, temporaryFolder } from '../support/dataset.ts';

const parameters = {
  as_of: '2021-03-14',
  period_start: '2021-03-08',
  previous_as_of: '2021-03-07',
  topic: 'isis',
};
let tables: Tables;
beforeAll(async () => {
  ({ tables } = await loadTestDataset('revised'));
});

interface Options {
  asOf?: string;
  macros?: string;
  timeoutMs?: number;
}

async function run(
  sql: string,
  { asOf = '2021-03-14', macros = '', ...options }: Options = {},
): Promise<Row[]> {
  await using queries = await openQueries(knownBy(tables, asOf), {
    ...options,
    macros: [{ file: 'templates/_shared/macros.sql', text: macros }],
  });
  return await queries.query({ sql, file: 'templates/x/x.sql', parameters });
}

async function faultOf(sql: string, options: Options = {}): Promise<Fault | undefined> {
  const error: unknown = await run(sql, options).then(
    (rows) => new Error(`it ran: ${JSON.stringify(rows)}`),
    (cause: unknown) => cause,
  );
  if (!(error instanceof AppError)) throw error;
  expect(error.code).toBe('query-failed');
  expect(error.faults).toHaveLength(1);
  return error.faults[0];
}

describe('what a query sees', () => {
  test('tables of the model, with typed columns', async () => {
    const columns = await run(
      `SELECT column_name AS name, data_type AS type FROM information_schema.columns
       WHERE table_name = 'events' ORDER BY ordinal_position`,
    );
    expect(columns.slice(0, 9).map(({ name, type }) => `${name} ${type}`)).toEqual([
      'id VARCHAR',
      'known_on DATE',
      'status VARCHAR',
      'marking VARCHAR',
      'topic VARCHAR',
      'precision VARCHAR',
      'date_start DATE',
      'date_end DATE',
      'date_basis VARCHAR',
    ]);
    expect(await run(`SELECT id, actors, date_end, place FROM events WHERE id = 'E-letter'`)).toEqual([
      { id: 'E-letter', actors: ['A-front', 'A-press'], date_end: null, place: null },
    ]);
    expect(await run(`SELECT sum(value) AS total FROM measures WHERE unit = '%'`)).toEqual([{ total: 60 }]);
  });

  test('empty tables', async () => {
    expect(await run('SELECT count(*) AS rows FROM readings', { asOf: '2021-03-07' })).toEqual([{ rows: 0 }]);
  });

  test('the rows of its own cut-off, in a database that served another', async () => {
    const seen = (asOf: string, macros: string) => run('SELECT id FROM seen() ORDER BY id', { asOf, macros });
    const given = (asOf: string) => knownBy(tables, asOf).events.map(({ id }) => ({ id }));
    const known = ['2021-03-14', '2021-03-07', '2021-03-14', '2021-03-08'].map((asOf) => ({
      asOf,
      rows: given(asOf).toSorted((one, other) => (one.id < other.id ? -1 : 1)),
    }));
    expect(new Set(known.map(({ rows }) => JSON.stringify(rows))).size).toBeGreaterThan(1);
    for (const macros of [
      'CREATE MACRO seen() AS TABLE SELECT id FROM events;',
      // What is kept at the start would be that of the first.
      'CREATE TABLE kept AS SELECT id FROM events; CREATE MACRO seen() AS TABLE SELECT id FROM kept;',
    ])
      for (const { asOf, rows } of known) expect(await seen(asOf, macros), macros).toEqual(rows);
  });

  test('the names of its own actors, in a database that served others', async () => {
    const named = async (name: string) => {
      const actors = tables.actors.map((actor) => ({ ...actor, name: `${name} ${actor.id}` }));
      await using queries = await openQueries({ ...tables, actors }, {});
      const sql = 'SELECT DISTINCT name FROM actor_names WHERE starts_with(name, $topic)';
      const rows = await queries.query({
        sql,
        file: 'templates/x/x.sql',
        parameters: { ...parameters, topic: name },
      });
      return rows.length;
    };
    const count = new Set(tables.actors.map(({ id }) => id)).size;
    expect(count).toBeGreaterThan(0);
    expect([await named('First'), await named('Second')]).toEqual([count, count]);
  });

  test('nothing that becomes known later', async () => {
    const sql = `SELECT id, CAST(known_on AS VARCHAR) AS known_on FROM events WHERE id IN ('E-meeting', 'E-return')`;
    expect(await run(sql, { asOf: '2021-03-07' })).toEqual([{ id: 'E-meeting', known_on: '2021-02-20' }]);
    expect(await run(sql, { asOf: '2021-03-14' })).toEqual([{ id: 'E-meeting', known_on: '2021-03-11' }]);
    // Not in any corner of the database, under no other name.
    const everything = await run(
      `SELECT DISTINCT database_name, table_name FROM duckdb_tables() ORDER BY ALL`,
    );
    expect(everything.map(({ table_name }) => table_name)).toEqual(
      Object.keys(tables)
        .concat('actor_names', 'affiliations', 'countries', 'incident_coverage', 'source_kinds', 'topics')
        .sort(),
    );
  });

  test('its parameters: days as DATE, and only those that it names', async () => {
    expect(
      await run(`SELECT $as_of - $period_start AS days, typeof($previous_as_of) AS type, $topic AS topic`),
    ).toEqual([{ days: 6, type: 'DATE', topic: 'isis' }]);
    expect(await faultOf('SELECT $since')).toMatchObject({
      problem:
        'There is no parameter $since: a query may use $as_of, $period_start, $previous_as_of, $topic.',
    });
  });

  test('the macros', async () => {
    const macros = `CREATE MACRO near(place) AS place = 'P-town';`;
    expect(await run(`SELECT id FROM measures WHERE near(place)`, { macros })).toEqual([{ id: 'M-town' }]);
  });

  test.each([
    ['DATE', `DATE '2021-03-14'`, '2021-03-14'],
    ['TIMESTAMP', `TIMESTAMP '2021-03-14 12:30:00'`, '2021-03-14T12:30:00.000Z'],
    ['TIMESTAMPTZ in UTC', `CAST(DATE '2021-07-14' AS TIMESTAMPTZ)`, '2021-07-14T00:00:00.000Z'],
    ['BIGINT', '9007199254740991::BIGINT', 9007199254740991],
    ['HUGEINT', '7::HUGEINT', 7],
    ['DECIMAL', '0.125::DECIMAL(9,3)', 0.125],
    ['LIST', `[DATE '2021-03-14', NULL]`, ['2021-03-14', null]],
    ['STRUCT', `{day: DATE '2021-03-14', n: 1::BIGINT, j: '[1]'::JSON}`, { day: '2021-03-14', n: 1, j: [1] }],
    ['JSON', `'{"a": [1, "x", null]}'::JSON`, { a: [1, 'x', null] }],
    ['ENUM', `'a'::ENUM('a', 'b')`, 'a'],
    ['BOOLEAN', '1 = 1', true],
    ['NULL', 'NULL', null],
  ])('%s values', async (_, expression, value) => {
    expect(await run(`SELECT ${expression} AS value`)).toEqual([{ value }]);
  });

  test.each([
    ['a whole number past 2⁵³', '9007199254740992::BIGINT', /too large to stay exact/],
    ['NaN', `'NaN'::DOUBLE`, /NaN, which is not a finite number/],
    ['an interval', 'INTERVAL 1 DAY', /of type INTERVAL: cast it/],
    ['an endless day', `'infinity'::DATE`, /of type DATE: cast it/],
  ])('%s is refused', async (_, expression, problem) => {
    expect((await faultOf(`SELECT ${expression} AS odd`))?.problem).toMatch(problem);
  });
});

describe('what a query may not do', () => {
  test.each([
    `FROM read_csv('/etc/passwd')`,
    `FROM read_text('package.json')`,
    `FROM read_blob('/etc/hostname')`,
    `FROM 'package.json'`,
    `FROM glob('*')`,
    `FROM read_parquet('http://127.0.0.1:9/x.parquet')`,
    `FROM sqlite_scan('x.db', 'x')`,
    `FROM query('SELECT 1')`,
    `SELECT getenv('HOME')`,
  ])('reach out: %s', async (sql) => {
    expect((await faultOf(sql))?.problem).toMatch(
      /not files|disabled by configuration|does not exist|"query" may/,
    );
  });

  test.each([
    `ATTACH 'other.db'`,
    `ATTACH ':memory:' AS other`,
    `COPY events TO 'events.csv'`,
    `EXPORT DATABASE 'copy'`,
    `INSTALL httpfs`,
    `LOAD httpfs`,
    `SET threads = 1`,
    `SET enable_external_access = true`,
    `RESET lock_configuration`,
    `PRAGMA database_list`,
    `CREATE TABLE mine (id INTEGER)`,
    `INSERT INTO events SELECT * FROM events`,
    `UPDATE events SET topic = 'ties'`,
    `DELETE FROM events`,
    `DROP TABLE events`,
    `CALL pragma_version()`,
  ])('anything but read: %s', async (sql) => {
    expect((await faultOf(sql))?.problem).toMatch(/SELECT statement/);
    expect(await readdir('.')).not.toContain('other.db');
  });

  test.each([
    `CREATE MACRO m() AS TABLE FROM read_text('package.json')`,
    'SET enable_external_access = true',
  ])('have macros that do: %s', async (macros) => {
    const file = 'templates/_shared/macros.sql';
    await expect(openQueries(tables, { macros: [{ file, text: macros }] })).rejects.toMatchObject({
      code: 'query-failed',
      message: expect.stringMatching(
        /macros\.sql.*The macros failed: .*(not files|Cannot enable external access)/,
      ),
    });
  });

  test('change settings: they are locked', async () => {
    const setting = (name: string) => `current_setting('${name}') AS ${name}`;
    expect(
      await run(`SELECT ${setting('lock_configuration')}, ${setting('enable_external_access')}`),
    ).toEqual([{ lock_configuration: true, enable_external_access: false }]);
  });

  test('be two statements, or none', async () => {
    expect((await faultOf('SELECT 1; DROP TABLE events'))?.problem).toBe(
      'A query must be one SELECT statement, but this one has 2 statements.',
    );
    expect((await faultOf('-- nothing'))?.problem).toMatch(/this one has 0/);
    expect(await run('-- a comment\nSELECT 1 AS one;\n')).toEqual([{ one: 1 }]);
  });

  test.each([
    'SELECT now() AS x',
    'SELECT current_date AS x',
    'SELECT CURRENT_TIMESTAMP AS x',
    'SELECT max(x) FROM (SELECT random() AS x)',
    'WITH a AS (SELECT uuid() AS x) FROM a',
    'SELECT id FROM events USING SAMPLE 1',
    'SELECT 1 WHERE today() > $as_of',
  ])('ask the clock or chance: %s', async (sql) => {
    expect((await faultOf(sql))?.problem).toMatch(/may return a different value each time/);
  });

  test('ask the clock, with the line that does, comments aside', async () => {
    const fault = await faultOf(
      '-- now or never\n/* now()\n*/ SELECT id\nFROM events WHERE known_on < now()',
    );
    expect(fault).toMatchObject({ line: 4, problem: expect.stringMatching(/avoid random values\.$/) });
  });

  test('name a column that is not there: the similar ones are named', async () => {
    const fault = await faultOf('SELECT a.nme FROM actors a');
    expect(fault).toMatchObject({
      line: 1,
      problem: expect.stringMatching(/ named "nme"\. Similar names: "name", .*\.$/),
    });
    const alone = await faultOf('SELECT nme FROM actors');
    expect(alone?.problem).toMatch(/"nme" not found in FROM clause\. Similar names: "name"/);
    expect((await faultOf('SELECT id FROM events WHERE IS'))?.problem).toMatch(/^Parser Error: /);
  });

  test('every function that DuckDB calls volatile is on the list', async () => {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const found = await connection.runAndReadAll(
      `SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability <> 'CONSISTENT'`,
    );
    connection.closeSync();
    instance.closeSync();
    const names = found.getRows().map(([name]) => String(name));
    expect(names).toContain('now');
    expect(names.filter((name) => !unrepeatable.has(name))).toEqual([]);
  });

  test('run for ever', async () => {
    const endless =
      'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i FROM n) SELECT count(*) AS c FROM n';
    expect(await faultOf(endless, { timeoutMs: 100 })).toEqual({
      file: 'templates/x/x.sql',
      problem: 'The query took longer than 0.1 s.',
      hint: 'Narrow it, or look for a join without a condition.',
    });
  });

  test.each([
    ['rows', 'FROM range(10001)', /^The query returns more than 10,000 rows\.$/],
    // Whole, it would take eighty gigabytes.
    ['rows without an end in sight', 'FROM range(10_000_000_000)', /more than 10,000 rows/],
    ['a text', `SELECT repeat('x', 1_000_001) AS a`, /^Column "a" has a value of more than 1,000,000 char/],
    [
      'texts in a list',
      `SELECT [repeat('x', 600_000), repeat('y', 600_000)] AS a`,
      /a value of more than 1,0/,
    ],
    ['a list', 'SELECT range(1_000_001) AS a', /^Column "a" has lists of more than 1,000,000 items\.$/],
    ['a list in a list', 'SELECT [{b: range(1_000_001)}] AS a', /lists of more than 1,000,000 items/],
    [
      'texts in all',
      `SELECT repeat('x', 100_000) AS a FROM range(101)`,
      /^The query returns more than 10,000,000/,
    ],
  ])('return too much: %s', async (_, sql, problem) => {
    const fault = await faultOf(sql);
    expect(fault).toMatchObject({ file: 'templates/x/x.sql', problem: expect.stringMatching(problem) });
    expect(fault?.hint).toMatch(/aggregate in SQL/i);
  });

  test('return as much as is allowed, and more where it only reads more', async () => {
    expect(await run('FROM range(10000) ORDER BY range DESC')).toMatchObject({
      length: 10_000,
      0: { range: 9999 },
      9999: { range: 0 },
    });
    expect(await run('SELECT count(*) AS n FROM range(1_000_000)')).toEqual([{ n: 1_000_000 }]);
    expect(await run(`SELECT repeat('x', 1_000_000) AS a`)).toEqual([{ a: 'x'.repeat(1_000_000) }]);
  });

  test('be left half read and run no more', async () => {
    await using queries = await openQueries(tables, {});
    const ask = () => queries.query({ sql: 'FROM range(1_000_000)', file: 'x.sql', parameters });
    await expect(ask()).rejects.toMatchObject({ code: 'query-failed' });
    await expect(ask()).rejects.toMatchObject({ message: expect.stringMatching(/more than 10,000 rows/) });
  });

  test('return a column twice', async () => {
    expect((await faultOf('SELECT 1 AS a, 2 AS a'))?.problem).toMatch(/Two columns are named "a"/);
  });
});

test('a failing query names its file and line, with the reason that DuckDB gives', async () => {
  const fault = await faultOf('SELECT id\nFROM events\nWHERE titel = 1');
  expect(fault).toMatchObject({ file: 'templates/x/x.sql', line: 3 });
  expect(fault?.problem).toMatch(/^Binder Error: Referenced column "titel" not found.*"title".*\.$/);
  expect(await faultOf('SELECT id\nFORM events e\nWHERE 1')).toMatchObject({
    line: 2,
    problem: expect.stringMatching(/syntax error/),
  });
});

test('queries run side by side, and one that is stopped leaves the others alone', async () => {
  await using queries = await openQueries(knownBy(tables, '2021-03-14'), { timeoutMs: 1000 });
  const ask = (sql: string) => queries.query({ sql, file: 'x.sql', parameters });
  const endless = ask('WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i FROM n) SELECT count(*) FROM n');
  const [stopped, ...others] = await Promise.allSettled([
    endless,
    ...Array.from({ length: 5 }, () => ask('SELECT count(*) AS n FROM coverage')),
  ]);
  expect(stopped.status).toBe('rejected');
  expect(others).toEqual(others.map(() => ({ status: 'fulfilled', value: [{ n: 4 }] })));
});

test('a query that is asked again has the same rows, until a parameter or a row changes', async () => {
  const events = { sql: 'SELECT count(*) AS n, $topic AS about FROM events', file: 'templates/x/x.sql' };
  const [early, late] = ['2021-03-04', '2021-03-14'].map((day) => knownBy(tables, day));
  if (early === undefined || late === undefined) throw new Error('There are two days.');
  const options = { timeoutMs: 31_000 };
  const numberOf = ([row]: readonly Row[]) => [row?.['n'], row?.['about']];
  const first = await openQueries(early, options);
  const rows = await first.query({ ...events, parameters });
  expect(numberOf(rows)).toEqual([early.events.length, 'isis']);
  // Of the parameters, it names only the topic.
  expect(await first.query({ ...events, parameters: { ...parameters, as_of: '2021-03-13' } })).toBe(rows);
  const other = { ...parameters, topic: 'ties' };
  expect(numberOf(await first.query({ ...events, parameters: other }))).toEqual([
    early.events.length,
    'ties',
  ]);
  expect(numberOf(await first.query({ ...events, parameters }))).toEqual([early.events.length, 'isis']);
  await first[Symbol.asyncDispose]();
  // The same database, with the rows of another cut-off, and then with those that it had.
  expect(late.events.length).toBeGreaterThan(early.events.length);
  for (const known of [late, early]) {
    await using again = await openQueries(known, options);
    expect(numberOf(await again.query({ ...events, parameters }))).toEqual([known.events.length, 'isis']);
  }
});

test('closing waits for the queries that still run, and stopped ones end first', async () => {
  const stop = new AbortController();
  const queries = await openQueries(knownBy(tables, '2021-03-14'), {});
  const ended: string[] = [];
  const ask = (name: string, sql: string, options?: { signal: AbortSignal }) =>
    queries.query({ sql, file: `${name}.sql`, parameters }, options).then(
      () => ended.push(name),
      () => ended.push(`${name} stopped`),
    );
  const stopped = ask(
    'endless',
    'SELECT max(a.range * b.range % 7)::INTEGER AS n FROM range(2000000) a, range(2000000) b',
    {
      signal: stop.signal,
    },
  );
  const slow = ask(
    'slow',
    'SELECT max(a.range * b.range % 7)::INTEGER AS n FROM range(9000) a, range(9000) b',
  );
  stop.abort(new Error('It was stopped.'));
  await queries[Symbol.asyncDispose]();
  ended.push('closed');
  await Promise.all([stopped, slow]);
  expect(ended.at(-1)).toBe('closed');
  expect(ended.toSorted()).toEqual(['closed', 'endless stopped', 'slow']);
});

test('reading tables reaches into no other folder, though its name begins alike', async () => {
  const folder = await temporaryFolder();
  const [inside, beside] = [join(folder, 'data'), join(folder, 'data-2')];
  await mkdir(inside);
  await mkdir(beside);
  await writeFile(join(beside, 'gaps.csv'), 'id\nG1\n');
  await symlink(beside, join(inside, 'linked'));
  const read = async (path: string) => {
    const found = await readTables(inside, [{ name: 'gaps', path, format: 'csv', fields: [{ name: 'id' }] }]);
    return found.get('gaps');
  };
  for (const path of ['linked/gaps.csv', '../data-2/gaps.csv', join(beside, 'gaps.csv')])
    expect(await read(path)).toMatchObject({
      rows: [],
      faults: [{ problem: `path "${path}" leaves the dataset’s folder.` }],
    });
  await writeFile(join(inside, 'gaps.csv'), 'id\nG1\n');
  expect(await read('./gaps.csv')).toMatchObject({ rows: [{ number: 2, cells: { id: 'G1' } }], faults: [] });
});
