import { type DuckDBConnection, DuckDBTimestampValue, LIST, VARCHAR } from '@duckdb/node-api';
import { openInMemory } from '../dataset/duckdb.ts';
import type { Column } from '../dataset/fields.ts';
import { columnsOf, tableNames, type Tables } from '../dataset/schema.ts';
import { type DatasetSettings, noSettings } from '../dataset/settings.ts';
import { quote } from '../dataset/sql.ts';
import { AppError } from '../errors.ts';
import { hashOf } from '../hash.ts';
import { usualLanguage } from '../locale.ts';
import type { SourceFile } from '../project/brief.ts';
import { defineIncidents } from './incidents.ts';
import { localeMacros } from './locale-macros.ts';
import { explain, type Queries, readyQuery, toDate } from './query.ts';
import type { OpenQueries } from './select.ts';
import { refuseFiles } from './statement.ts';

/**
 * Opens `tables`, which must have only known rows, for the SQL of briefs. Every table of the model exists, even if
 * empty, and so do `topics`, `affiliations` and `source_kinds`, with name, title and rank. Days are DATE, numbers
 * DOUBLE, lists VARCHAR[], everything else VARCHAR; columns and tables that are not in the model have their declared
 * types. The view `incidents` and the table `actor_names` are those of `defineIncidents`; without `incidents` it has no
 * rows. With `locale` there are the macros of `localeMacros`, and countries are named in its language. The
 * database has no access to the network, to extensions or to files other than those of `incidents`, which SQL
 * of a brief cannot name, and its settings are locked. `macros` is SQL that runs after file access is locked but before
 * the settings are. A query returns rows in the order of its ORDER BY; without
 * one, DuckDB chooses the order. A query throws `query-failed`, also after `timeoutMs`.
 */
export async function openQueries(tables: Tables, options: Options = {}): Promise<Queries> {
  const used = takeSpare(tables, options);
  const database = used ?? (await create(tables, options));
  try {
    if (used) for (const [table, rows] of rowsOf(tables, options)) await database.show(table, rows);
  } catch (cause) {
    await database[Symbol.asyncDispose]();
    throw cause;
  }
  const running = new Set<Promise<unknown>>();
  let hasFailed = false;
  const track = async <T>(work: Promise<T>): Promise<T> => {
    running.add(work);
    try {
      return await work;
    } catch (cause) {
      hasFailed = true;
      throw cause;
    } finally {
      running.delete(work);
    }
  };
  return {
    query: ({ sql, file, parameters }, given) =>
      track(database.ready(sql, file).then((query) => query.run(parameters, given))),
    columns: ({ sql, file, parameters }, given) =>
      track(database.ready(sql, file).then((query) => query.columns(parameters, given))),
    async [Symbol.asyncDispose]() {
      // Another query may have failed, or the edition was stopped: DuckDB would end the process.
      await Promise.allSettled(running);
      if (hasFailed || database.isFull() || !isReusable(options)) {
        await database[Symbol.asyncDispose]();
        return;
      }
      spares.push({ tables, options, database });
      if (spares.length > MOST_SPARES) await spares.shift()?.database[Symbol.asyncDispose]();
    },
  };
}

type Options = Partial<Parameters<OpenQueries>[1]> & { readonly timeoutMs?: number };

type Database = Awaited<ReturnType<typeof create>>;

/**
 * The last databases whose editions are done, the newest last. To open one and define its macros takes longer than to
 * replace those rows that the next edition sees otherwise. Two are enough: editions of one dataset in one language
 * follow each other, and one may ask what the issue before it printed.
 */
const spares: { readonly tables: Tables; readonly options: Options; readonly database: Database }[] = [];
const MOST_SPARES = 2;

function takeSpare(tables: Tables, options: Options): Database | undefined {
  if (!isReusable(options)) return undefined;
  const at = spares.findLastIndex(
    (spare) =>
      spare.options.settings === options.settings &&
      spare.options.locale === options.locale &&
      spare.options.timeoutMs === options.timeoutMs &&
      textsOf(spare.options) === textsOf(options) &&
      isSame(spare.tables.actors, tables.actors),
  );
  return at === -1 ? undefined : spares.splice(at, 1)[0]?.database;
}

/** More than a project has; a preview of edits prepares each text of a query. */
const MOST_PREPARED = 300;
const textsOf = ({ macros = [] }: Options): string => macros.map(({ text }) => text).join('\n');

/** Whether nothing in the database depends on the rows that it was opened with, except for the names of actors. */
const isReusable = ({ macros = [], incidents }: Options): boolean =>
  (incidents === undefined || incidents.imports.length === 0) &&
  macros.every(({ text }) =>
    text
      .replaceAll(/--.*|\/\*[^]*?\*\/|'[^']*'/g, '')
      .split(';')
      .every((statement) => /^\s*(?:$|CREATE\s+(?:OR\s+REPLACE\s+)?(?:MACRO|FUNCTION)\b)/i.test(statement)),
  );

const numbers = new WeakMap<object, number>();
let lastNumber = 0;
/** The numbers of rows, each of which keeps its own. */
const numbersOf = (rows: readonly object[]): string =>
  rows
    .map((row) => {
      const number = numbers.get(row) ?? (lastNumber += 1);
      numbers.set(row, number);
      return number;
    })
    .join();

const isSame = (one: readonly object[], other: readonly object[] | undefined): boolean =>
  one === other || (one.length === other?.length && one.every((row, index) => row === other[index]));

/** The rows of each table that depends on the cut-off. */
const rowsOf = (tables: Tables, { settings = noSettings }: Options): [string, readonly object[]][] => [
  ...tableNames.map((table): [string, readonly object[]] => [table, tables[table]]),
  ...Object.keys(settings.columns)
    .filter((name) => !tableNames.some((each) => each === name))
    .map((table): [string, readonly object[]] => [table, tables.own?.[table] ?? []]),
];

async function create(
  tables: Tables,
  { macros = [], settings = noSettings, incidents, locale, timeoutMs = 30_000 }: Options,
) {
  await using opening = new AsyncDisposableStack();
  const { instance, connection } = opening.use(await openInMemory());
  const columns = new Map(Object.entries(settings.columns));
  for (const table of tableNames) columns.set(table, [...columnsOf(table), ...(columns.get(table) ?? [])]);
  for (const [table] of termTables(settings)) columns.set(table, termColumns);
  await connection.run([...columns].map(([table, each]) => tableOf(table, each)).join('\n'));
  const shown = new Map<string, readonly object[]>();
  /** Differs if the tables have other rows. */
  let state: string | undefined;
  const stateOf = () => (state ??= hashOf([...shown.values()].map(numbersOf).join(';')));
  const show = async (table: string, rows: readonly object[]): Promise<void> => {
    const before = shown.get(table) ?? [];
    shown.set(table, rows);
    if (isSame(rows, before)) return;
    state = undefined;
    const declared = columns.get(table) ?? [];
    // Deleted rows would stay in memory.
    if (before.length > 0) await connection.run(tableOf(table, declared));
    await append(connection, table, { columns: declared, rows });
  };
  for (const [table, rows] of rowsOf(tables, { settings })) await show(table, rows);
  for (const [table, terms] of termTables(settings))
    await show(
      table,
      terms.map((term, index) => ({ ...term, rank: index + 1 })),
    );
  const hasIncidents = incidents !== undefined && incidents.imports.length > 0;
  if (hasIncidents)
    // Every query reads the same files, which never change, and the description of a large file takes longer to read
    // than the week of one country.
    await connection.run(
      `SET parquet_metadata_cache=true; SET allowed_directories=[${quote(incidents.folder)}]`,
    );
  await connection.run(`SET GLOBAL TimeZone='UTC'; SET enable_external_access=false`);
  await defineIncidents(connection, {
    incidents,
    actors: tables.actors,
    language: locale?.tag ?? settings.language ?? usualLanguage,
  });
  if (locale !== undefined) await connection.run(localeMacros(locale));
  for (const file of macros) if (file.text.trim() !== '') await define(connection, file);
  await connection.run('SET lock_configuration=true');
  const opened = opening.move();
  const ready = new Map<string, ReturnType<typeof readyQuery>>();
  const connections: DuckDBConnection[] = [];
  const make = async (sql: string, file: string) => {
    const own = await instance.connect();
    connections.push(own);
    return readyQuery(own, {
      sql,
      file,
      timeoutMs,
      absent: settings.absent,
      stateOf: hasIncidents ? undefined : stateOf,
    });
  };
  return {
    /** Replaces the rows of a table, unless it has the same. */
    show,
    isFull: () => ready.size >= MOST_PREPARED,
    ready(sql: string, file: string) {
      const key = `${file}\n${sql}`;
      const query = ready.get(key) ?? make(sql, file);
      ready.set(key, query);
      return query;
    },
    async [Symbol.asyncDispose]() {
      for (const own of connections) own.closeSync();
      await opened.disposeAsync();
    },
  };
}

async function define(connection: DuckDBConnection, { file, text }: SourceFile): Promise<void> {
  try {
    refuseFiles(text);
    await connection.run(text);
  } catch (cause) {
    const { problem, ...where } = explain(cause);
    const fault = { file, ...where, problem: `The macros failed: ${problem}` };
    throw new AppError('query-failed', fault, { cause });
  }
}

const termColumns: readonly Column[] = [
  { name: 'name', type: 'VARCHAR' },
  { name: 'title', type: 'VARCHAR' },
  { name: 'rank', type: 'BIGINT' },
];
const termTables = ({ topics, affiliations, sourceKinds }: DatasetSettings) =>
  [
    ['topics', topics],
    ['affiliations', affiliations],
    ['source_kinds', sourceKinds],
  ] as const;

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const tableOf = (table: string, columns: readonly Column[]): string =>
  `CREATE OR REPLACE TABLE ${quoted(table)} (${columns.map(({ name, type }) => `${quoted(name)} ${type}`).join(', ')});`;

async function append(
  connection: DuckDBConnection,
  table: string,
  { columns, rows }: { columns: readonly Column[]; rows: readonly object[] },
): Promise<void> {
  if (rows.length === 0) return;
  const appender = await connection.createAppender(table);
  for (const row of rows) {
    for (const { name, type } of columns) {
      const value: unknown = Reflect.get(row, name);
      if (value === null || value === undefined) appender.appendNull();
      else if (typeof value === 'boolean') appender.appendBoolean(value);
      else if (type === 'BIGINT') appender.appendBigInt(BigInt(Number(value)));
      else if (typeof value === 'number') appender.appendDouble(value);
      else if (Array.isArray(value)) appender.appendList(value.map(String), LIST(VARCHAR));
      else if (type === 'TIMESTAMP')
        appender.appendTimestamp(new DuckDBTimestampValue(BigInt(Date.parse(String(value))) * 1000n));
      else if (type === 'DATE') appender.appendDate(toDate(String(value)));
      else appender.appendVarchar(String(value));
    }
    appender.endRow();
  }
  appender.closeSync();
}
