import { realpath, stat } from 'node:fs/promises';
import { sep } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { z } from 'zod';
import { MOST_BYTES, quote, type RawTable, readCsv, readFileRows, TableTooLarge, unreadable } from './csv.ts';
import { openInMemory, toValue } from './duckdb.ts';
import { locate } from './locate.ts';
import type { TableFile } from './package.ts';
import type { CellFault, RawRow } from './parse-rows.ts';
import type { TableName } from './schema.ts';

/**
 * Reads the table files of `folder` with a DuckDB that can reach nothing else. Null is the empty text, a list its
 * items joined by `;`. Faults are part of the answer: only an unreadable folder throws.
 */
export async function readTables(
  folder: string,
  files: readonly TableFile[],
): Promise<ReadonlyMap<TableName, RawTable>> {
  const root = await realpath(folder);
  await using database = await openInMemory();
  const { connection } = database;
  await connection.run(`SET allowed_directories=[${quote(root)}]`);
  await connection.run('SET enable_external_access=false; SET lock_configuration=true');
  const tables = new Map<TableName, RawTable>();
  for (const file of files) tables.set(file.name, await readTable(connection, root, file));
  return tables;
}

async function readTable(connection: DuckDBConnection, root: string, file: TableFile): Promise<RawTable> {
  const place = await locate(root, file.path);
  if (typeof place !== 'string') return unreadable(place);
  try {
    if ((await stat(place)).size > MOST_BYTES) throw new TableTooLarge('bytes');
    if (file.format === 'csv') return await readCsv(connection, place, file.fields);
    return file.format === 'json'
      ? await readJson(connection, place)
      : await readParquet(connection, place, file.fields);
  } catch (cause) {
    if (cause instanceof TableTooLarge) return unreadable({ problem: cause.problem, mend: cause.mend });
    const message = cause instanceof Error ? cause.message : String(cause);
    const [problem = ''] = message.replaceAll(`${root}${sep}`, '').split(/\n/);
    return unreadable({
      problem: `cannot be read: ${problem.replace(/\.?\s*$/, '.')}`,
      mend:
        file.format === 'csv'
          ? 'Save it as comma-separated UTF-8 text with one kind of line ending.'
          : `Save it as valid ${file.format === 'json' ? 'JSON' : 'Parquet'}.`,
    });
  }
}

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const record = z.record(z.string(), z.union([scalar, z.array(scalar)]));

/** An array of objects, or one object a line; a number keeps its value, so a day must be in quotes. */
async function readJson(connection: DuckDBConnection, place: string): Promise<RawTable> {
  const { rows } = await readFileRows(connection, `FROM read_json_objects(${quote(place)}, format='auto')`);
  return textRows(rows.map(([json]): unknown => JSON.parse(String(json))));
}

async function readParquet(
  connection: DuckDBConnection,
  place: string,
  fields: readonly string[],
): Promise<RawTable> {
  const { result, rows } = await readFileRows(connection, `FROM read_parquet(${quote(place)})`);
  const names = result.columnNames();
  const types = result.columnTypes();
  if ([...names].sort().join() !== [...fields].sort().join())
    return unreadable({
      problem: `has the columns ${names.join(', ')}.`,
      mend: `Give it the fields that datapackage.json gives: ${fields.join(', ')}.`,
    });
  return textRows(
    rows.map((row) =>
      Object.fromEntries(
        row.map((cell, index) => [names[index], toValue(cell, types[index], names[index] ?? '')]),
      ),
    ),
  );
}

/** Items are numbered from 1: neither format has a header row. */
function textRows(items: readonly unknown[]): RawTable {
  const rows: RawRow[] = [];
  const faults: CellFault[] = [];
  const rejected: string[] = [];
  items.forEach((item, index) => {
    const { data } = record.safeParse(item);
    if (data) {
      const cells = Object.entries(data).map(([field, value]) => [field, text(value)]);
      rows.push({ number: index + 1, cells: Object.fromEntries(cells) });
    } else {
      rejected.push(JSON.stringify(item));
      faults.push({
        row: index + 1,
        problem: 'is not an object of texts, numbers and lists of them.',
        mend: 'Give each field one value or a flat list.',
      });
    }
  });
  return { rows, faults, rejected, readable: true };
}

function text(value: z.infer<typeof scalar> | readonly z.infer<typeof scalar>[]): string {
  if (value === null) return '';
  return Array.isArray(value) ? value.map(text).join(';') : String(value);
}
