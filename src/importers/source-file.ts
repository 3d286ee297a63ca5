import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, stat, symlink } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { parse as parser } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import type { ImportRecord } from '../dataset/incidents.ts';
import { AppError } from '../errors.ts';
import { commandFor, type Importer, refuse } from './format.ts';
import { quote } from '../dataset/sql.ts';
import { identifier } from './row-sql.ts';
import type { ReadOptions } from './table/mapping.ts';

/** A file whose rows DuckDB can read. */
export interface SourceFile {
  /** The path as given, for messages. */
  readonly name: string;
  readonly columns: readonly string[];
  /** Whether the file itself is text, in lines. */
  readonly isText: boolean;
  /** A SELECT with the columns, all text, in the order of the file. */
  readonly sql: string;
  /** The number of the first row of `sql`, as a spreadsheet shows it. */
  readonly firstRow: number;
  /** The separator of a text file with one. */
  readonly delimiter?: string;
}

/** The limit on one row. A cell is never longer. */
const MOST_BYTES_OF_ROW = 2_000_000;
/** Enough for the header of any CSV file. */
const HEAD_BYTES = 1_000_000;
const delimiters = [',', ';', '\t', '|'];

/** The size of a file in bytes. Throws `import-failed` if it cannot be read. */
export async function sizeOf(name: string): Promise<number> {
  const found = await stat(name).catch((cause: NodeJS.ErrnoException) => {
    const problem = cause.code === 'ENOENT' ? 'does not exist.' : `cannot be opened (${String(cause.code)}).`;
    throw refuse(name, problem, 'Correct the path.', cause);
  });
  if (!found.isFile()) throw refuse(name, 'is not a file.', 'Name the file itself.');
  return found.size;
}

interface Opening {
  /** As given, for messages. */
  readonly name: string;
  readonly options: ReadOptions;
  readonly importer: Pick<Importer, 'namesWithoutHeader'>;
}

/**
 * Opens a file. `scratch` is a folder for a converted file and for links, because DuckDB would take `*` or `[` in a path
 * for a pattern. Throws `import-failed`.
 */
export async function openSource(
  connection: DuckDBConnection,
  { scratch, ...opening }: Opening & { scratch: string },
): Promise<SourceFile> {
  const { name, options } = opening;
  await sizeOf(name);
  const link = join(scratch, `source-${crypto.randomUUID()}`);
  await symlink(resolve(name), link);
  const type = options.type ?? typeOf(name);
  const converted = `${link}.csv`;
  const asUtf8 = { ...options, encoding: 'utf-8' } as const;
  if (type === 'excel') {
    const { writeSheet } = await import('./excel.ts');
    const { above } = await writeSheet(link, { name, sheet: options.sheet, to: converted });
    const csv = await openCsv(converted, { ...opening, options: { ...asUtf8, delimiter: ',' } });
    return { ...csv, isText: false, firstRow: csv.firstRow + above };
  }
  if (type === 'csv' && options.encoding === 'latin-1') {
    // DuckDB refuses the dashes, quotes and euros that Windows writes where Latin-1 has control characters.
    await pipeline(createReadStream(link), decodeWindows, createWriteStream(converted));
    return openCsv(converted, { ...opening, options: asUtf8 });
  }
  if (type === 'csv') return openCsv(link, opening);
  return explained(name, () => (type === 'jsonl' ? openJsonLines : openParquet)(connection, link, name));
}

async function* decodeWindows(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder('windows-1252');
  for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
}

function typeOf(name: string): NonNullable<ReadOptions['type']> {
  if (/\.xlsx$/i.test(name)) return 'excel';
  if (/\.(jsonl|ndjson)$/i.test(name)) return 'jsonl';
  return /\.parquet$/i.test(name) ? 'parquet' : 'csv';
}

/** What a file that is no table begins with or contains. */
const otherFiles: readonly (readonly [mark: RegExp, problem: string, hint: string])[] = [
  [/^\s*$/, 'is empty.', 'Export it again.'],
  [
    /mimetypeapplication\/vnd\.oasis\.opendocument/,
    'is an OpenDocument sheet.',
    'Save it as .xlsx and use "import table", or export it as CSV.',
  ],
  [
    /^\s*pk(?!\s)\p{Cc}{2}/iu,
    'is a zip or Excel file, not text.',
    'Unpack it, or give it the ending .xlsx and use "import table".',
  ],
  [/^\s*</, 'is a web page or XML, not a table.', 'Export it as CSV.'],
  [/^\s*%pdf/i, 'is a PDF, not a table.', 'Export the table as CSV.'],
];

async function openCsv(path: string, { name, options, importer }: Opening): Promise<SourceFile> {
  const { encoding = 'utf-8' } = options;
  const head = await readHead(path, encoding);
  const other = otherFiles.find(([mark]) => mark.test(head));
  if (other !== undefined) throw refuse(name, other[1], other[2]);
  if (/^\s*[[{]/.test(head)) {
    const hint = 'Export it as CSV. If each line is an object, give the file the ending .jsonl.';
    throw refuse(name, 'is JSON, not a table.', commandFor(head, hint));
  }
  if (/\.xls$/i.test(name) && head.includes('\0'))
    throw refuse(
      name,
      'is an old workbook (.xls).',
      'Save it as .xlsx and use "import table", or export it as CSV.',
    );
  if (head.includes('\0')) throw refuse(name, 'is not text.', 'Export it as CSV in UTF-8.');
  const split = (delimiter: string): string[] => firstRow(head, delimiter);
  const delimiter =
    options.delimiter ?? delimiters.toSorted((a, b) => split(b).length - split(a).length)[0] ?? ',';
  const row = split(delimiter).map((cell) => cell.trim());
  if (row.length < 2)
    throw refuse(
      name,
      'has only one column, or its first row cannot be read.',
      'Export it as CSV, with the names of the columns in the first row.',
    );
  const unnamed = importer.namesWithoutHeader?.(row);
  const columns = unnamed ?? row.map((cell, index) => (cell === '' ? `column ${index + 1}` : cell));
  checkNames(columns, name);
  const settings = [
    'auto_detect=false',
    `header=${unnamed === undefined}`,
    `delim=${quote(delimiter)}`,
    `quote='"', escape='"', nullstr='', compression='none', strict_mode=true`,
    `encoding=${quote(encoding)}`,
    `max_line_size=${MOST_BYTES_OF_ROW}`,
    `buffer_size=${4 * MOST_BYTES_OF_ROW}`,
    `columns={${columns.map((column) => `${quote(column)}: 'VARCHAR'`).join(', ')}}`,
  ];
  const sql = `SELECT * FROM read_csv(${quote(path)}, ${settings.join(', ')})`;
  return { name, columns, isText: true, sql, firstRow: unnamed === undefined ? 2 : 1, delimiter };
}

/** The beginning of a text file. */
export async function readHead(path: string, encoding = 'utf-8'): Promise<string> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(HEAD_BYTES) });
  const decoder = new TextDecoder(encoding.replace('utf-16', 'utf-16le'));
  return decoder.decode(buffer.subarray(0, bytesRead), { stream: true });
}

const cells = z.array(z.array(z.string()));

/** The cells of the first row; none if it cannot be read. */
function firstRow(head: string, delimiter: string): string[] {
  try {
    return cells.parse(parse(head, { delimiter, to: 1, relax_column_count: true, bom: true }))[0] ?? [];
  } catch {
    return [];
  }
}

function checkNames(columns: readonly string[], file: string): void {
  const lower = columns.map((column) => column.toLowerCase());
  const twice = columns.find((_, index) => lower.indexOf(lower[index] ?? '') !== index);
  if (twice !== undefined) throw refuse(file, `has two columns named "${twice}".`, 'Rename one of them.');
}

/** Objects, one on each line. Nested values become JSON text. */
async function openJsonLines(connection: DuckDBConnection, path: string, name: string): Promise<SourceFile> {
  const objects = `read_json_objects(${quote(path)}, format='newline_delimited', compression='uncompressed', maximum_object_size=${MOST_BYTES_OF_ROW})`;
  const reader = await connection.runAndReadAll(
    `SELECT DISTINCT unnest(json_keys(json)) AS name FROM ${objects} ORDER BY name`,
  );
  const columns = reader.getRows().map(([key]) => String(key));
  if (columns.length === 0)
    throw refuse(name, 'has no objects with fields.', 'Write one JSON object on each line.');
  checkNames(columns, name);
  const fields = columns.map(
    (key) => `json ->> ${quote(`$."${key.replaceAll('"', '\\"')}"`)} AS ${identifier(key)}`,
  );
  return { name, columns, isText: true, firstRow: 1, sql: `SELECT ${fields.join(', ')} FROM ${objects}` };
}

/** Lists become JSON text, so that items may contain any separator. */
async function openParquet(connection: DuckDBConnection, path: string, name: string): Promise<SourceFile> {
  const described = await connection.runAndReadAll(`DESCRIBE FROM read_parquet(${quote(path)})`);
  const given = described.getRows().map(([column, type]) => ({ column: String(column), type: String(type) }));
  const columns = given.map(({ column }) => column);
  checkNames(columns, name);
  const fields = given.map(({ column, type }) => {
    const value = identifier(column);
    return `${/\[\]$|^STRUCT|^MAP/.test(type) ? `to_json(${value})` : value}::VARCHAR AS ${value}`;
  });
  const sql = `SELECT ${fields.join(', ')} FROM read_parquet(${quote(path)})`;
  return { name, columns, isText: false, firstRow: 1, sql };
}

/** Runs `read`, and turns an error of DuckDB about the file `name` into a fault. */
export async function explained<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof AppError || !(cause instanceof Error)) throw cause;
    const { message } = cause;
    const line = /on Line: (\d+)|in line (\d+)/i.exec(message)?.slice(1).find(Boolean);
    const place = { file: name, ...(line !== undefined && { line: Number(line) }) };
    throw new AppError('import-failed', { ...place, ...problemIn(message) }, { cause });
  }
}

export const NOT_UTF8 = 'is not UTF-8 text.';
const tooLong = {
  problem: `has a row of more than ${MOST_BYTES_OF_ROW.toLocaleString('en-GB')} bytes.`,
  hint: 'Shorten its texts: an incident needs no more.',
};
const again = 'Export it again, or correct that line. A download may have ended early.';
/** What messages of DuckDB mean. */
const causes: readonly (readonly [message: RegExp, problem: string, hint: string])[] = [
  [/unterminated quote/i, 'has a quotation mark that is never closed.', again],
  [/maximum (line|object) size|maximum_object_size/i, tooLong.problem, tooLong.hint],
  [/unicode|utf-8/i, NOT_UTF8, 'Save it as UTF-8, or give its encoding in a mapping.'],
  [
    /state machine/i,
    'mixes two kinds of line ends.',
    'Give all lines the same ends: open it in a spreadsheet and save it as CSV again.',
  ],
  [
    /No space left|Out of Memory|failed to offload/i,
    'is too large for the memory or the free space of this machine.',
    'Free some space in the cache folder, or import it in parts.',
  ],
];

function problemIn(message: string): { problem: string; hint: string } {
  const [, expected, found] = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(message) ?? [];
  if (expected !== undefined)
    return { problem: `has ${found} columns, and the first row has ${expected}.`, hint: again };
  const known = causes.find(([pattern]) => pattern.test(message));
  if (known !== undefined) return { problem: known[1], hint: known[2] };
  const [first = ''] = message.split('\n');
  const text = first.replace(/^[A-Z][\w ]*Error: /, '').replaceAll(/\S*source-[\w-]+\S*/g, 'it');
  return { problem: `cannot be read: ${text.replace(/\.?\s*$/, '.')}`, hint: again };
}

const counter = z.object({ info: z.object({ records: z.number(), empty_lines: z.number() }) });
/** The numbers of rows after so many gaps are too small. */
const MOST_GAPS = 1000;

/**
 * SQL for the number of a row, as a spreadsheet shows it, from `file_row_number`: DuckDB leaves out empty lines, and a
 * spreadsheet numbers them.
 */
export async function rowNumberSql(
  { name, delimiter, firstRow: first }: SourceFile,
  hasEmptyLine: boolean,
): Promise<string> {
  const gaps: string[] = [];
  if (delimiter !== undefined && hasEmptyLine) {
    const settings = { delimiter, bom: true, relax_column_count: true, relax_quotes: true } as const;
    const rows = createReadStream(name).compose(parser({ ...settings, skip_empty_lines: true, info: true }));
    let before = 0;
    for await (const row of rows) {
      const { records, empty_lines: empty } = counter.parse(row).info;
      if (empty === before) continue;
      before = empty;
      if (gaps.push(`WHEN file_row_number >= ${records - first} THEN ${empty}`) === MOST_GAPS) break;
    }
  }
  const added = gaps.length === 0 ? '' : ` + CASE ${gaps.toReversed().join(' ')} ELSE 0 END`;
  return `file_row_number + ${first}${added}`;
}

/**
 * The name, size and hash of a file, and whether it may have an empty line. Refuses text with a line of more than the
 * limit, because DuckDB takes a line that is longer than its buffer for the end of the file.
 */
export async function describeFile(
  { name, isText }: Pick<SourceFile, 'name' | 'isText'>,
  signal?: AbortSignal,
): Promise<{ readonly file: ImportRecord['files'][number]; readonly hasEmptyLine: boolean }> {
  const hash = createHash('sha256');
  let bytes = 0;
  let line = 1;
  let length = 0;
  let hasEmptyLine = false;
  const chunks: AsyncIterable<Buffer> = createReadStream(name, {
    highWaterMark: 1 << 20,
    ...(signal && { signal }),
  });
  for await (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
    if (!isText) continue;
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      // Or one with a single letter, which is rare, or with a carriage return.
      if (length + end - from <= 1) hasEmptyLine = true;
      length = 0;
      line += 1;
      from = end + 1;
    }
    length += chunk.length - from;
    if (length > MOST_BYTES_OF_ROW) throw new AppError('import-failed', [{ file: name, line, ...tooLong }]);
  }
  return { file: { name: basename(name), bytes, sha256: hash.digest('hex') }, hasEmptyLine };
}
