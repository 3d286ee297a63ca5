import {
  type DuckDBConnection,
  DuckDBDateValue,
  type DuckDBPreparedStatement,
  LIST,
  VARCHAR,
} from '@duckdb/node-api';
import type { Day } from '../calendar.ts';
import type { Row } from '../dataset/parse-rows.ts';
import { AppError, type Fault } from '../errors.ts';
import { isShared } from '../project/source-files.ts';
import type { ParameterConfig } from '../project/parameters.ts';
import { readRows, TooMuch } from './rows.ts';
import { checkStatement } from './statement.ts';

/** Parameters that a query may use, such as `$as_of`. */
export interface QueryParameters {
  readonly as_of: string;
  readonly period_start: string;
  readonly previous_as_of: string;
  /** The topic of a brief on one topic; otherwise `all`. */
  readonly topic: string;
  /** The topics of the brief. A brief on all topics has `all` as well, the topic of judgments on all of them. */
  readonly topics?: readonly string[];
  /** The brief's own parameters; null if an optional one is not given. */
  readonly own?: { readonly [name: string]: OwnParameter };
}

export interface OwnParameter {
  readonly type: ParameterConfig['type'];
  readonly value: string | null;
}

/** One SELECT statement, and its file, for messages. */
export interface Query {
  readonly sql: string;
  readonly file: string;
  readonly parameters: QueryParameters;
}

interface QueryOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A database of the known rows only. */
export interface Queries extends AsyncDisposable {
  query(query: Query, options?: QueryOptions): Promise<Row[]>;
  /** The columns of a query's result, which an empty result has too. */
  columns(query: Query, options?: QueryOptions): Promise<readonly string[]>;
}

/** How many results of a query are kept, and how many rows one may have: the briefs of a desk ask much alike. */
const MOST_KEPT = { results: 4, rows: 1000 };

/**
 * Prepares one SELECT statement on its own connection, so that interrupting it does not affect other queries. Running it
 * again needs no parsing; DuckDB plans each run of a statement with parameters. Runs are sequential. The query ends with
 * its connection. Two runs for which `stateOf` gives the same are over the same rows, so the second has the result of
 * the first if its parameters are the same too. Throws `query-failed`, also if a query that is not shared by all briefs
 * names one of the `absent` tables, which exist here without rows.
 */
export async function readyQuery(
  connection: DuckDBConnection,
  {
    sql,
    file,
    timeoutMs,
    absent,
    stateOf,
  }: Omit<Query, 'parameters'> & {
    timeoutMs: number;
    absent: readonly string[];
    stateOf: (() => string) | undefined;
  },
) {
  const failed = (cause: unknown, fault = explain(cause)) =>
    new AppError('query-failed', { file, ...fault }, { cause });
  const fail = (cause: unknown): never => {
    throw failed(cause);
  };
  const named = await checkStatement(connection, sql).catch(fail);
  const missing = isShared(file) ? [] : absent.filter((table) => named.has(table));
  if (missing.length > 0)
    throw failed(undefined, {
      problem: `The query uses ${missing.length === 1 ? 'the table' : 'the tables'} ${missing.join(', ')}, which the dataset does not have.`,
      hint: 'Add a file for it and a resource in datapackage.json (docs/datasets.md), or remove it from the query.',
    });
  const prepared = await connection.prepare(sql).catch(fail);
  let columns: readonly string[] | undefined;
  const kept = new Map<string, Row[]>();
  const runOnce = async (parameters: QueryParameters, signal?: AbortSignal): Promise<Row[]> => {
    signal?.throwIfAborted();
    const timeout = AbortSignal.timeout(timeoutMs);
    const stop = signal ? AbortSignal.any([signal, timeout]) : timeout;
    const interrupt = () => connection.interrupt();
    stop.addEventListener('abort', interrupt);
    try {
      const values = valuesFor(prepared, parameters);
      const given = stateOf && JSON.stringify([stateOf(), values]);
      const known = given === undefined ? undefined : kept.get(given);
      if (known !== undefined) return known;
      bind(prepared, values);
      const result = await prepared.stream();
      columns = result.columnNames();
      const rows = await readRows(result);
      if (given !== undefined && rows.length <= MOST_KEPT.rows) kept.set(given, rows);
      const [oldest] = kept.keys();
      if (kept.size > MOST_KEPT.results && oldest !== undefined) kept.delete(oldest);
      return rows;
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof TooMuch) throw failed(cause, { problem: cause.message, hint: cause.hint });
      if (!timeout.aborted) throw failed(cause);
      throw failed(cause, {
        problem: `The query took longer than ${timeoutMs / 1000} s.`,
        hint: 'Narrow it, or look for a join without a condition.',
      });
    } finally {
      stop.removeEventListener('abort', interrupt);
    }
  };
  let last: Promise<unknown> = Promise.resolve();
  const run = (parameters: QueryParameters, { signal }: QueryOptions = {}): Promise<Row[]> => {
    const next = last.then(() => runOnce(parameters, signal));
    last = next.catch(() => {});
    return next;
  };
  return {
    run,
    /** The columns of the result; runs the query if it has not run yet. */
    async columns(parameters: QueryParameters, options?: QueryOptions): Promise<readonly string[]> {
      if (columns === undefined) await run(parameters, options);
      return columns ?? [];
    },
  };
}

type Given = OwnParameter | readonly string[];

/** The values of the parameters that the statement names, in its order. */
function valuesFor(
  prepared: DuckDBPreparedStatement,
  { own = {}, topics, ...common }: QueryParameters,
): Given[] {
  const values = new Map<string, Given>(Object.entries(own));
  for (const [name, value] of Object.entries(common))
    values.set(name, { type: /^\d{4}-\d\d-\d\d$/.test(value) ? 'date' : 'string', value });
  if (topics !== undefined) values.set('topics', topics);
  return Array.from({ length: prepared.parameterCount }, (_, index) => {
    const name = prepared.parameterName(index + 1);
    const value = values.get(name);
    if (value !== undefined) return value;
    const known = [...values.keys()].map((key) => `$${key}`).join(', ');
    throw new Error(`There is no parameter $${name}: a query may use ${known}.`);
  });
}

/** A day is bound as a DATE. */
function bind(prepared: DuckDBPreparedStatement, values: readonly Given[]): void {
  for (const [at, given] of values.entries()) {
    const index = at + 1;
    if ('length' in given) prepared.bindList(index, [...given], LIST(VARCHAR));
    else if (given.value === null) prepared.bindNull(index);
    else if (given.type === 'date') prepared.bindDate(index, toDate(given.value));
    else if (given.type === 'integer') prepared.bindBigInt(index, BigInt(given.value));
    else prepared.bindVarchar(index, given.value);
  }
}

export function toDate(day: Day): DuckDBDateValue {
  return new DuckDBDateValue(Date.parse(`${day}T00:00:00Z`) / 86_400_000);
}

/** DuckDB's message without its excerpt of the statement, and the line named in the excerpt. */
export function explain(cause: unknown): Pick<Fault, 'line' | 'problem' | 'hint'> {
  const message = cause instanceof Error ? cause.message : String(cause);
  const line = /^LINE (\d+):/m.exec(message)?.[1];
  const problem = message
    .replace(/\n+LINE \d+:[^]*$/, '')
    .replace(/^Failed to extract statements: /, '')
    .replace(/[!.]?\s*\n\s*Candidate bindings:[: ]*/, '. Similar names: ')
    .replaceAll(/\s*\n\s*/g, ' ');
  return {
    ...(line === undefined ? {} : { line: Number(line) }),
    problem: /[.!?]$/.test(problem) ? problem : `${problem}.`,
    hint: 'Correct the query.',
  };
}
