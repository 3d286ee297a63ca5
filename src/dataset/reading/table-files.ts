import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { DuckDBConnection, DuckDBResult, DuckDBValue } from '@duckdb/node-api';
import { z } from 'zod';
import { MOST_BYTES, MOST_ROWS, type RawTable, readCsv, TableTooLarge, unreadable } from './csv.ts';
import type { TableFile } from './package.ts';
import type { CellFault, RawRow } from '../parse-rows.ts';
import { quote } from '../sql.ts';

/**
 * Reads the table files in `folder`: CSV as text, JSON and Parquet with a DuckDB that has no access to anything else.
 * Null becomes empty text, and a list becomes its items joined by `;`. DuckDB is loaded only if it is needed. Faults are part of the result: only an
 * unreadable folder throws.
 */
export async function readTables(
  folder: string,
  files: readonly TableFile<string>[],
): Promise<ReadonlyMap<string, RawTable>> {
  const root = await realpath(folder);
  const needsDatabase = files.some(({ format }) => format !== 'csv');
  await using database = needsDatabase ? await (await import('../duckdb.ts')).openInMemory() : null;
  const connection = database?.connection;
  await connection?.run(`SET allowed_directories=[${quote(root)}]`);
  await connection?.run('SET enable_external_access=false; SET lock_configuration=true');
  const tables = new Map<string, RawTable>();
  for (const file of files) tables.set(file.name, await readTable(connection, root, file));
  return tables;
}

async function readTable(
  connection: DuckDBConnection | undefined,
  root: string,
  file: TableFile<string>,
): Promise<RawTable> {
  const place = await locate(root, file.path);
  if (typeof place !== 'string') return unreadable(place);
  try {
    if ((await stat(place)).size > MOST_BYTES) throw new TableTooLarge('bytes');
    if (file.format === 'csv' || connection === undefined) return await readCsv(place);
    return file.format === 'json' ? await readJson(connection, place) : await readParquet(connection, place);
  } catch (cause) {
    if (cause instanceof TableTooLarge) {
      const hint = 'Leave out rows that no brief needs, or import them as incidents.';
      return unreadable({ problem: cause.message, hint });
    }
    const message = cause instanceof Error ? cause.message : String(cause);
    const [problem = ''] = message.replaceAll(`${root}${sep}`, '').split(/\n/);
    return unreadable({
      problem: `cannot be read: ${problem.replace(/\.?\s*$/, '.')}`,
      hint: `Save it as valid ${{ csv: 'comma-separated UTF-8 text', json: 'JSON', parquet: 'Parquet' }[file.format]}.`,
    });
  }
}

/** The real path of a regular file inside `root`, or the reason why there is none. */
export async function locate(root: string, path: string): Promise<string | CellFault> {
  const hint = 'Name a file inside the dataset’s folder, such as "events.csv".';
  const outside = { problem: `path "${path}" leaves the dataset’s folder.`, hint };
  if (/[*?[\]{}]/.test(path)) return { problem: `path "${path}" is a pattern, not one file.`, hint };
  if (/^[a-z][a-z0-9+.-]*:/i.test(path) || isAbsolute(path) || path.split(/[\\/]/).includes('..'))
    return outside;
  try {
    const place = await realpath(resolve(root, path));
    const inside = relative(root, place);
    if (inside.startsWith('..') || isAbsolute(inside)) return outside;
    if ((await stat(place)).isFile()) return place;
    return { problem: 'is not a file.', hint };
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    return {
      problem: reason === 'ENOENT' ? 'does not exist.' : `cannot be opened (${String(reason)}).`,
      hint: 'Add the file, or correct the path in datapackage.json.',
    };
  }
}

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const record = z.record(z.string(), z.union([scalar, z.array(scalar)]));

/** An array of objects, or one object per line; numbers are read as numbers, so days must be quoted. */
async function readJson(connection: DuckDBConnection, place: string): Promise<RawTable> {
  const { rows } = await readFileRows(connection, `FROM read_json_objects(${quote(place)}, format='auto')`);
  return textRows(rows.map(([json]): unknown => JSON.parse(String(json))));
}

async function readParquet(connection: DuckDBConnection, place: string): Promise<RawTable> {
  const { toValue } = await import('../duckdb.ts');
  const { result, rows } = await readFileRows(connection, `FROM read_parquet(${quote(place)})`);
  const names = result.columnNames();
  const types = result.columnTypes();
  return textRows(
    rows.map((row) =>
      Object.fromEntries(
        row.map((cell, index) => [names[index], toValue(cell, types[index], names[index] ?? '')]),
      ),
    ),
    names,
  );
}

/** Items are numbered from 1, because neither format has a header row. Missing fields are empty. */
function textRows(items: readonly unknown[], names: readonly string[] = []): RawTable {
  const columns = new Set(names);
  const rows: RawRow[] = [];
  const faults: CellFault[] = [];
  const rejected: string[] = [];
  items.forEach((item, index) => {
    const { data } = record.safeParse(item);
    if (data) {
      for (const field of Object.keys(data)) columns.add(field);
      const cells = Object.entries(data).map(([field, value]) => [field, text(value)]);
      rows.push({ number: index + 1, cells: Object.fromEntries(cells) });
    } else {
      rejected.push(JSON.stringify(item));
      faults.push({
        row: index + 1,
        problem: 'is not an object of texts, numbers and lists.',
        hint: 'Give each field one value or a flat list.',
      });
    }
  });
  return { columns: [...columns], rows, faults, rejected, readable: true };
}

function text(value: z.infer<typeof scalar> | readonly z.infer<typeof scalar>[]): string {
  if (value === null) return '';
  return Array.isArray(value) ? value.map(text).join(';') : String(value);
}

/**
 * The rows that `sql` reads from a file, chunk by chunk, so that an endless file never fills memory. Throws
 * `TableTooLarge`.
 */
async function readFileRows(
  connection: DuckDBConnection,
  sql: string,
): Promise<{ readonly result: DuckDBResult; readonly rows: readonly DuckDBValue[][] }> {
  const result = await connection.stream(sql);
  const rows: DuckDBValue[][] = [];
  let left = MOST_BYTES;
  for await (const chunk of result) {
    for (const row of chunk.getRows()) {
      rows.push(row);
      for (const cell of row) if (typeof cell === 'string') left -= cell.length;
    }
    if (rows.length > MOST_ROWS) throw new TableTooLarge('rows');
    if (left < 0) throw new TableTooLarge('bytes');
  }
  return { result, rows };
}
