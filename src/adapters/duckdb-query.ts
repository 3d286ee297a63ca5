import { DuckDBDateValue, type DuckDBConnection, type DuckDBPreparedStatement } from '@duckdb/node-api';
import type { Day } from '../model/calendar.ts';
import { AppError, type Fault } from '../model/fault.ts';
import type { Row } from '../model/row.ts';
import type { QueryParameters } from '../pipeline/select.ts';
import { checkStatement } from './duckdb-statement.ts';
import { toValue } from './duckdb-value.ts';

/** Runs one SELECT statement; `file` is where it stands, for messages. Throws `query-failed`. */
export async function runQuery(
  connection: DuckDBConnection,
  { sql, file, parameters }: { sql: string; file: string; parameters: QueryParameters },
  timeoutMs: number,
): Promise<Row[]> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const interrupt = () => connection.interrupt();
  timeout.addEventListener('abort', interrupt);
  try {
    await checkStatement(connection, sql);
    return await select(connection, sql, parameters);
  } catch (cause) {
    const fault = timeout.aborted
      ? {
          problem: `The query took longer than ${timeoutMs / 1000} s.`,
          mend: 'Narrow it, or look for a join without a condition.',
        }
      : explain(cause);
    throw new AppError('query-failed', [{ file, ...fault }], { cause });
  } finally {
    timeout.removeEventListener('abort', interrupt);
  }
}

async function select(
  connection: DuckDBConnection,
  sql: string,
  parameters: QueryParameters,
): Promise<Row[]> {
  const prepared = await connection.prepare(sql);
  try {
    bind(prepared, parameters);
    const result = await prepared.run();
    const names = result.columnNames();
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined)
      throw new Error(`Two columns are named "${twice}": give one another name with AS.`);
    const types = result.columnTypes();
    const rows = await result.getRows();
    return rows.map((values) =>
      Object.fromEntries(
        names.map((name, index) => [name, toValue(values[index] ?? null, types[index], name)]),
      ),
    );
  } finally {
    prepared.destroySync();
  }
}

/** Binds what the statement names and nothing else; a day is bound as a DATE. */
function bind(prepared: DuckDBPreparedStatement, parameters: QueryParameters): void {
  const values = new Map<string, string>(Object.entries(parameters));
  for (let index = 1; index <= prepared.parameterCount; index++) {
    const name = prepared.parameterName(index);
    const value = values.get(name);
    if (value === undefined) {
      const known = [...values.keys()].map((key) => `$${key}`).join(', ');
      throw new Error(`There is no parameter $${name}: a query may use ${known}.`);
    }
    if (/^\d{4}-\d\d-\d\d$/.test(value)) prepared.bindDate(index, toDate(value));
    else prepared.bindVarchar(index, value);
  }
}

export function toDate(day: Day): DuckDBDateValue {
  return new DuckDBDateValue(Date.parse(`${day}T00:00:00Z`) / 86_400_000);
}

/** DuckDB's message without its drawing of the statement, and the line that the drawing names. */
export function explain(cause: unknown): Pick<Fault, 'line' | 'problem' | 'mend'> {
  const message = cause instanceof Error ? cause.message : String(cause);
  const line = /^LINE (\d+):/m.exec(message)?.[1];
  const problem = message.replace(/\n+LINE \d+:[^]*$/, '').replaceAll(/\s*\n\s*/g, ' ');
  return {
    ...(line === undefined ? {} : { line: Number(line) }),
    problem: /[.!?]$/.test(problem) ? problem : `${problem}.`,
    mend: 'Correct the query.',
  };
}
