import { readFile } from 'node:fs/promises';
import type { DuckDBConnection, DuckDBResult, DuckDBValue } from '@duckdb/node-api';
import type { CellFault, RawRow } from './parse-rows.ts';

/** What a table file holds, as text and in file order, and what of it could not be read. */
export interface RawTable {
  readonly rows: readonly RawRow[];
  readonly faults: readonly CellFault[];
  /** The text of rows that could not be split into fields. */
  readonly rejected: readonly string[];
  /** Whether the file could be read at all: it is there, and has the fields that it should have. */
  readonly readable: boolean;
}

export function unreadable(fault: CellFault): RawTable {
  return { rows: [], faults: [fault], rejected: [], readable: false };
}

/** A text as an SQL literal, where no parameter is taken. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * The header is read as a row like any other, by position, so that one that differs is our message and not a guess
 * of the sniffer. Malformed rows go to a table of rejects, all of them, each with its row number.
 */
export async function readCsv(
  connection: DuckDBConnection,
  place: string,
  fields: readonly string[],
): Promise<RawTable> {
  const { rows: records, rejects } = await scanCsv(connection, place, fields);
  const expected = fields.join(',');
  const first = rejects.find(({ row }) => row === 1)?.text ?? records[0]?.join(',');
  if (first !== expected) {
    return unreadable({
      ...(first === undefined ? {} : { row: 1 }),
      problem: first === undefined ? 'is empty.' : `the header is "${first}".`,
      mend: `Make it "${expected}", the fields that datapackage.json gives.`,
    });
  }
  const numbers = await rowNumbers(connection, place, { fields, count: records.length, rejects });
  return {
    rows: records.slice(1).map((record, index) => ({
      number: numbers[index + 1] ?? index + 2,
      cells: Object.fromEntries(fields.map((field, position) => [field, record[position] ?? ''])),
    })),
    faults: rejects.map(({ row, error, message }) => ({ row, ...explain(error, message) })),
    rejected: rejects.map(({ text }) => text),
    readable: true,
  };
}

interface Reject {
  readonly row: number;
  readonly error: string;
  readonly message: string;
  readonly text: string;
}

async function scanCsv(
  connection: DuckDBConnection,
  place: string,
  fields: readonly string[],
): Promise<{ rows: string[][]; rejects: Reject[] }> {
  const columns = fields.map((field) => `${quote(field)}: 'VARCHAR'`).join(', ');
  // Those of another file that was not read to its end.
  await connection.run('DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans');
  // Header and all, and once more where all rows are rejects.
  const mostRejects = 2 * (MOST_ROWS + 1);
  const { rows } = await readFileRows(
    connection,
    `FROM read_csv(${quote(place)}, auto_detect=false, header=false, columns={${columns}}, delim=',', quote='"',
     escape='"', strict_mode=true, store_rejects=true, rejects_limit=${mostRejects + 1})`,
    { besides: 1 },
  );
  const read = rows.map((cells) => cells.map((cell) => (cell === null ? '' : String(cell))));
  // A file with little in it may leave no table of rejects at all.
  const stored = await connection.runAndReadAll(
    `SELECT 1 FROM duckdb_tables() WHERE table_name = 'reject_errors'`,
  );
  if (stored.getRows().length === 0) return { rows: read, rejects: [] };
  const [[count] = []] = (
    await connection.runAndReadAll('SELECT count(DISTINCT line) FROM reject_errors')
  ).getRows();
  if (Number(count) > mostRejects) throw new TableTooLarge('rows');
  const rejects = await connection.runAndReadAll(
    `SELECT line::INTEGER, min_by(error_type::VARCHAR, coalesce(column_idx, 0)),
       min_by(error_message, coalesce(column_idx, 0)), trim(first(csv_line), E'\\r\\n')
     FROM reject_errors GROUP BY line ORDER BY line`,
  );
  return {
    rows: read,
    rejects: rejects.getRows().map(([row, error, message, text]) => ({
      row: Number(row),
      error: String(error),
      message: String(message),
      text: String(text),
    })),
  };
}

/**
 * The spreadsheet number of each row that was read, the header's included. DuckDB skips blank lines without a word
 * and numbers only rejects, which do count them. So where there are blank lines, the file is scanned again with a
 * column too many: every good row is then a reject, and has its number.
 */
async function rowNumbers(
  connection: DuckDBConnection,
  place: string,
  { fields, count, rejects }: { fields: readonly string[]; count: number; rejects: readonly Reject[] },
): Promise<number[]> {
  const bad = new Set(rejects.map(({ row }) => row));
  const content = await readFile(place);
  if (['\n\n', '\n\r\n', '\r\r'].some((blank) => content.includes(blank))) {
    const again = await scanCsv(connection, place, [...fields, `${fields.join('')}_more`]);
    return again.rejects.map(({ row }) => row).filter((row) => !bad.has(row));
  }
  return Array.from({ length: count + bad.size }, (_, index) => index + 1).filter((row) => !bad.has(row));
}

function explain(error: string, message: string): { problem: string; mend: string } {
  const [, wanted, found] = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(message) ?? [];
  if (error === 'MISSING COLUMNS')
    return {
      problem: `has ${found} fields where ${wanted} belong.`,
      mend: 'Add the missing commas; a field may be empty.',
    };
  if (error === 'TOO MANY COLUMNS')
    return {
      problem: `has more than ${wanted} fields.`,
      mend: 'Put a field that holds a comma in double quotes.',
    };
  if (error === 'UNQUOTED VALUE')
    return {
      problem: 'has a double quote that is not closed, or text after the closing one.',
      mend: 'Put the whole field in double quotes, and write a quote inside it twice.',
    };
  if (error === 'INVALID ENCODING')
    return { problem: 'is not UTF-8 text.', mend: 'Save the file with the encoding UTF-8.' };
  return { problem: message.replace(/\.?\s*$/, '.'), mend: 'Correct the row.' };
}

/**
 * So many events take 700 MB to load and 1 GB with their queries. Tables of a team that reads and grades what it enters
 * have hundreds.
 */
const MOST_ROWS = 100_000;
/** As it lies on the disk, and in characters where it is packed there. */
export const MOST_BYTES = 64 * 2 ** 20;

/** A table that is not read to its end. */
export class TableTooLarge extends Error {
  readonly problem: string;
  readonly mend = 'Let a table hold what briefs tell of: leave out what is older, or count it before.';

  constructor(what: 'rows' | 'bytes') {
    const problem = `has more than ${what === 'rows' ? `${MOST_ROWS.toLocaleString('en-GB')} rows` : `${MOST_BYTES / 2 ** 20} MB`}.`;
    super(problem);
    this.problem = problem;
  }
}

/**
 * The rows that `sql` reads from a file, part by part, so that one without end is never in memory whole. `besides` are
 * rows that are none of the table, such as a header. Throws `TableTooLarge`.
 */
export async function readFileRows(
  connection: DuckDBConnection,
  sql: string,
  { besides = 0 }: { besides?: number } = {},
): Promise<{ readonly result: DuckDBResult; readonly rows: readonly DuckDBValue[][] }> {
  const result = await connection.stream(sql);
  const rows: DuckDBValue[][] = [];
  let left = MOST_BYTES;
  for (
    let chunk = await result.fetchChunk();
    chunk !== null && chunk.rowCount > 0;
    chunk = await result.fetchChunk()
  ) {
    for (const row of chunk.getRows()) {
      rows.push(row);
      for (const cell of row) if (typeof cell === 'string') left -= cell.length;
    }
    if (rows.length > MOST_ROWS + besides) throw new TableTooLarge('rows');
    if (left < 0) throw new TableTooLarge('bytes');
  }
  return { result, rows };
}
