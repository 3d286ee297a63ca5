import { type DuckDBConnection, DuckDBTimestampValue, LIST, VARCHAR } from '@duckdb/node-api';
import { openInMemory } from '../dataset/duckdb.ts';
import type { Column } from '../dataset/fields.ts';
import { columnsOf, tableNames, type Tables } from '../dataset/schema.ts';
import { type DatasetSettings, noSettings } from '../dataset/settings.ts';
import { AppError } from '../errors.ts';
import { type Locale, usualLanguage } from '../locale.ts';
import type { SourceFile } from '../project/brief.ts';
import { defineIncidents, type KnownIncidents } from './incidents.ts';
import { localeMacros } from './locale-macros.ts';
import { explain, type ReadyQuery, readyQuery, toDate } from './query.ts';
import type { Queries } from './select.ts';
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
export async function openQueries(
  tables: Tables,
  {
    macros = [],
    settings = noSettings,
    incidents,
    locale,
    timeoutMs = 30_000,
  }: {
    macros?: readonly SourceFile[];
    settings?: DatasetSettings;
    incidents?: KnownIncidents | undefined;
    locale?: Locale | undefined;
    timeoutMs?: number;
  } = {},
): Promise<Queries> {
  await using opening = new AsyncDisposableStack();
  const { instance, connection } = opening.use(await openInMemory());
  for (const table of tableNames)
    await fill(connection, table, {
      columns: [...columnsOf(table), ...(settings.columns[table] ?? [])],
      rows: tables[table],
    });
  const ownTables = Object.entries(settings.columns).filter(
    ([name]) => !tableNames.some((each) => each === name),
  );
  for (const [table, columns] of ownTables)
    await fill(connection, table, { columns, rows: tables.own?.[table] ?? [] });
  for (const [table, terms] of termTables(settings))
    await fill(connection, table, {
      columns: termColumns,
      rows: terms.map((term, index) => ({ ...term, rank: index + 1 })),
    });
  if (incidents !== undefined && incidents.imports.length > 0)
    // Every query reads the same files, which never change, and the description of a large file takes longer to read
    // than the week of one country.
    await connection.run(
      `SET parquet_metadata_cache=true; SET allowed_directories=['${incidents.folder.replaceAll("'", "''")}']`,
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
  const ready = new Map<string, Promise<ReadyQuery>>();
  const connections: DuckDBConnection[] = [];
  const make = async (sql: string, file: string): Promise<ReadyQuery> => {
    const own = await instance.connect();
    connections.push(own);
    return readyQuery(own, { sql, file, timeoutMs, absent: settings.absent });
  };
  const readyFor = (sql: string, file: string): Promise<ReadyQuery> => {
    const key = `${file}\n${sql}`;
    const query = ready.get(key) ?? make(sql, file);
    ready.set(key, query);
    return query;
  };
  const running = new Set<Promise<unknown>>();
  const track = <T>(work: Promise<T>): Promise<T> => {
    const ended = () => void running.delete(work);
    running.add(work);
    work.then(ended, ended);
    return work;
  };
  return {
    query: ({ sql, file, parameters }, options) =>
      track(readyFor(sql, file).then((query) => query.run(parameters, options))),
    columns: ({ sql, file, parameters }, options) =>
      track(readyFor(sql, file).then((query) => query.columns(parameters, options))),
    async [Symbol.asyncDispose]() {
      // Another query may have failed, or the edition was stopped: DuckDB would end the process.
      await Promise.allSettled(running);
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
    throw new AppError('query-failed', [{ file, ...where, problem: `The macros failed: ${problem}` }], {
      cause,
    });
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

async function fill(
  connection: DuckDBConnection,
  table: string,
  { columns, rows }: { columns: readonly Column[]; rows: readonly object[] },
): Promise<void> {
  const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
  const declared = columns.map(({ name, type }) => `${quoted(name)} ${type}`);
  await connection.run(`CREATE TABLE ${quoted(table)} (${declared.join(', ')})`);
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
