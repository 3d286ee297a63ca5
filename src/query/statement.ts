import type { DuckDBConnection } from '@duckdb/node-api';
import { z } from 'zod';

/**
 * Functions whose result differs between days or runs: those that depend on the clock, randomness or the session. A
 * brief is the same whenever it is generated, so its SQL takes every date from `$as_of` and similar parameters. `query`
 * and similar functions would hide SQL from this list.
 */
export const unrepeatable: ReadonlySet<string> = new Set(
  `age current_connection_id current_database current_date current_localtime current_localtimestamp current_query
  current_query_id current_schema current_schemas current_time current_timestamp current_transaction_id currval error
  gen_random_uuid get_current_time get_current_timestamp in_search_path json_execute_serialized_sql localtime
  localtimestamp nextval now query query_table random setseed sleep_ms stats today transaction_timestamp txid_current
  uuid uuidv4 uuidv7 write_log`.split(/\s+/),
);

const answer = z.union([
  z.object({ error: z.literal(false), statements: z.array(z.unknown()) }),
  z.object({ error: z.literal(true) }),
]);

/** The tables that a statement names, for statements that passed the check, which does not depend on the data. */
const passed = new Map<string, ReadonlySet<string>>();

/**
 * Throws unless `sql` is one SELECT statement that returns the same rows on every run. Resolves to the tables that it
 * names, in lower case, except its own common table expressions.
 */
export async function checkStatement(
  connection: DuckDBConnection,
  sql: string,
): Promise<ReadonlySet<string>> {
  const known = passed.get(sql);
  if (known !== undefined) return known;
  const reader = await connection.runAndReadAll('SELECT json_serialize_sql($1::VARCHAR)', [sql]);
  const parsed = answer.parse(JSON.parse(z.string().parse(reader.getRows()[0]?.[0])));
  // Throws for a syntax error, with the line, which the parser's answer lacks.
  const count = parsed.error ? (await connection.extractStatements(sql)).count : parsed.statements.length;
  if (count !== 1)
    throw new Error(`A query must be one SELECT statement, but this one has ${count} statements.`);
  if (parsed.error) throw new Error('A query must be a SELECT statement; other statements are not allowed.');
  refuseFiles(sql);
  const fields = fieldsIn(parsed.statements);
  const [name] = fields.flatMap(unrepeatableIn);
  if (name !== undefined)
    throw new Error(
      `"${name}" may return a different value each time: take dates from $as_of, $period_start or $previous_as_of, and avoid random values.${lineOf(name, sql)}`,
    );
  const defined = fields.flatMap(([key, value]) =>
    key === 'cte_map' ? expressions.parse(value).map.map((each) => each.key.toLowerCase()) : [],
  );
  const named = fields.flatMap(([key, value]) => (key === 'table_name' ? String(value).toLowerCase() : []));
  const tables = new Set(named.filter((table) => !defined.includes(table)));
  passed.set(sql, tables);
  return tables;
}

const expressions = z.object({ map: z.array(z.object({ key: z.string() })) });

/** The fields of all objects in DuckDB's syntax tree, in its order. */
const fieldsIn = (node: unknown): [key: string, value: unknown][] =>
  typeof node !== 'object' || node === null
    ? []
    : Object.entries(node).flatMap(([key, value]) => [[key, value], ...fieldsIn(value)]);

/** In DuckDB's syntax tree, `current_date` without brackets is a column. */
function unrepeatableIn([key, value]: [key: string, value: unknown]): string[] {
  if (key === 'sample') return value === null ? [] : ['USING SAMPLE'];
  if (key === 'function_name' && typeof value === 'string')
    return unrepeatable.has(value.toLowerCase()) ? [value] : [];
  const column =
    key === 'column_names' && Array.isArray(value) && value.length === 1
      ? String(value[0]).toLowerCase()
      : '';
  return /^(current|local)_?(date|time|timestamp|localtime)/.test(column) && unrepeatable.has(column)
    ? [column]
    : [];
}

/** Functions that read files, and file names in quotes, which DuckDB accepts in place of a table. */
const files =
  /\b(?:read_(?:parquet|csv|n?djson|json|text|blob|duckdb|xlsx)\w*|parquet_\w+|sniff_csv)\b|['"][^'"\n]*\.(?:parquet|json|jsonl|ndjson|csv|tsv|txt)(?:\.\w+)?(?:\?[^'"\n]*)?['"]/i;

/**
 * Throws if SQL names a file. The database may read the files of incidents, because a view does, and SQL that read them
 * itself would see rows from after the cut-off or above the marking.
 */
export function refuseFiles(sql: string): void {
  const found = files.exec(sql);
  if (found === null) return;
  const line = sql.slice(0, found.index).split('\n').length;
  throw new Error(`SQL reads tables, not files: ${found[0]} is not allowed.\n\nLINE ${line}:`);
}

/** The line of a word in a statement, ignoring comments, in the format of DuckDB's own messages. */
function lineOf(word: string, sql: string): string {
  const bare = sql.replaceAll(/--.*|\/\*[^]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ' '));
  const at = bare.search(new RegExp(`\\b${word}\\b`, 'i'));
  return at === -1 ? '' : `\n\nLINE ${bare.slice(0, at).split('\n').length}:`;
}
