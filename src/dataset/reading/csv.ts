import { readFile } from 'node:fs/promises';
import { CsvError, parse } from 'csv-parse/sync';
import { z } from 'zod';
import type { CellFault, RawRow } from '../parse-rows.ts';

/** The contents of a table file as text, in file order, and the parts that could not be read. */
export interface RawTable {
  /** In file order. */
  readonly columns: readonly string[];
  readonly rows: readonly RawRow[];
  readonly faults: readonly CellFault[];
  /** The text of rows that could not be split into fields. */
  readonly rejected: readonly string[];
  /** Whether the file could be read to its end. */
  readonly readable: boolean;
}

export function unreadable(fault: CellFault): RawTable {
  return { columns: [], rows: [], faults: [fault], rejected: [], readable: false };
}

const counts = z.object({ records: z.number(), empty_lines: z.number() });
const records = z.array(z.object({ record: z.array(z.string()), info: counts }));

/**
 * Reads a whole CSV file. The first row that is not blank is the header. Rows are numbered as in a spreadsheet: a blank
 * line is a row, and a cell of several lines is part of one row. Reading stops at a quote that is never closed, because
 * the rest of the file cannot be split into cells. Throws `TableTooLarge`.
 */
export async function readCsv(place: string): Promise<RawTable> {
  const bytes = await readFile(place);
  if (['fffe', 'feff'].includes(bytes.toString('hex', 0, 2)))
    return unreadable({ problem: 'is UTF-16 text.', hint: saveAsUtf8 });
  const text = bytes.toString('utf8');
  let broken: number | undefined;
  const number = ({ records: count, empty_lines: blank }: z.output<typeof counts>) => count + blank;
  const found = records.parse(
    parse(text, {
      bom: true,
      info: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_error: true,
      on_skip: (error) => {
        if (error instanceof CsvError) broken ??= number(counts.parse(error)) + 1;
        return undefined;
      },
      on_record: (record) => (broken === undefined ? record : null),
      to: MOST_ROWS + 2,
    }),
  );
  const [header, ...others] = found;
  if (others.length > MOST_ROWS) throw new TableTooLarge('rows');
  const faults: CellFault[] = [];
  if (broken !== undefined) faults.push({ row: broken, ...quoteFault });
  if (header === undefined)
    return unreadable(
      faults[0] ?? { problem: 'is empty.', hint: 'Add a header row with the names of the columns.' },
    );
  const columns = header.record.map((name) => name.trim());
  const rows: RawRow[] = [];
  const rejected: string[] = [];
  const isUtf8 = !text.includes('\ufffd');
  for (const { record, info } of others) {
    const row = number(info);
    // Spreadsheets write a blank row as commas.
    if (record.every((cell) => cell.trim() === '')) continue;
    if (!isUtf8 && record.some((cell) => cell.includes('\ufffd')))
      faults.push({ row, problem: 'is not UTF-8 text.', hint: saveAsUtf8 });
    else if (record.length < columns.length)
      faults.push({
        row,
        problem: `has ${record.length === 1 ? '1 field' : `${record.length} fields`} instead of ${columns.length}.`,
        hint: 'Add the missing commas; a field may be empty.',
      });
    else if (record.length > columns.length)
      faults.push({
        row,
        problem: `has more than ${columns.length} fields.`,
        hint: 'Put double quotes around a field that contains a comma.',
      });
    else {
      const cells = columns.map((column, index): [string, string] => [column, record[index] ?? '']);
      rows.push({ number: row, cells: Object.fromEntries(cells) });
      continue;
    }
    rejected.push(record.join(','));
  }
  return { columns, rows, faults, rejected, readable: broken === undefined };
}

const saveAsUtf8 = 'Save the file as CSV with the encoding UTF-8. Some spreadsheets call that "CSV UTF-8".';

const quoteFault = {
  problem: 'has a double quote that is not closed, or text after the closing one.',
  hint: 'Put the whole field in double quotes, and double each quote inside it. The rest of the file is checked once this is fixed.',
};

/** This many events take 700 MB to load and 1 GB with their queries. */
export const MOST_ROWS = 100_000;
/** The limit in bytes on disk, and in characters for formats that are compressed on disk. */
export const MOST_BYTES = 64 * 2 ** 20;

/** Thrown when a table is too large to be read to its end. */
export class TableTooLarge extends Error {
  constructor(what: 'rows' | 'bytes') {
    const most = what === 'rows' ? `${MOST_ROWS.toLocaleString('en-GB')} rows` : `${MOST_BYTES / 2 ** 20} MB`;
    super(`has more than ${most}.`);
  }
}
