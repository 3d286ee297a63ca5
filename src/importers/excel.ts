import { createWriteStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Unzipped, unzipSync, zipSync } from 'fflate';
import { readSheet } from 'read-excel-file/node';
import { AppError } from '../errors.ts';
import { refuse } from './format.ts';

/** The limits on a workbook: its file, and its XML once unpacked. */
const MOST_BYTES = { packed: 30_000_000, unpacked: 150_000_000 };
const asCsv = 'Save the sheet as CSV and import that.';

/**
 * Writes a sheet of the workbook at `path` as CSV to `to`; `name` is the workbook's name for messages. Formulas are
 * refused: the file has only the value that some program last computed, or none, and nothing says whether it is still
 * right. Throws `import-failed`, also for a workbook that would unpack to more than the limit.
 */
export async function writeSheet(
  path: string,
  { name, sheet, to }: { name: string; sheet: string | undefined; to: string },
): Promise<void> {
  if ((await stat(path)).size > MOST_BYTES.packed)
    throw refuse(name, `is larger than ${MOST_BYTES.packed / 1e6} MB.`, asCsv);
  const parts = unpack(await readFile(path), name);
  // The library reads only what was unpacked here within the limit, and not the file.
  const checked = Buffer.from(zipSync(parts, { level: 0 }));
  const rows = await readSheet(checked, sheet ?? 1, { trim: false }).catch((cause: unknown) => {
    const problem = `cannot be read as a workbook: ${cause instanceof Error ? cause.message : String(cause)}.`;
    throw new AppError('import-failed', [{ file: name, problem, hint: asCsv }], { cause });
  });
  if (rows.length < 2)
    throw refuse(
      name,
      'has no rows below its first one.',
      'Give the name of the right sheet in the mapping.',
    );
  const width = Math.max(...rows.map((row) => row.length));
  const lines = function* (): Generator<string> {
    for (const row of rows)
      yield `${Array.from({ length: width }, (_, index) => csvCell(row[index] ?? null)).join(',')}\n`;
  };
  await pipeline(Readable.from(lines()), createWriteStream(to));
}

function unpack(bytes: Uint8Array, name: string): Unzipped {
  let left = MOST_BYTES.unpacked;
  try {
    const parts = unzipSync(bytes, {
      // Each part is unpacked into a buffer of its declared size, and never grows beyond it.
      filter: ({ name: part, originalSize }) => {
        if (!/\.(xml|rels)$/i.test(part)) return false;
        left -= originalSize;
        if (left < 0) throw refuse(name, `unpacks to more than ${MOST_BYTES.unpacked / 1e6} MB.`, asCsv);
        return true;
      },
    });
    for (const [part, content] of Object.entries(parts))
      if (part.includes('worksheets/')) refuseFormulas(content, name);
    return parts;
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const problem = 'is damaged, or is not an Excel workbook (.xlsx).';
    throw new AppError('import-failed', [{ file: name, problem, hint: 'Save it again as .xlsx or CSV.' }], {
      cause,
    });
  }
}

function refuseFormulas(sheet: Uint8Array, name: string): void {
  const text = Buffer.from(sheet.buffer, sheet.byteOffset, sheet.byteLength).toString('utf8');
  const cells = [...text.matchAll(/<(?:\w+:)?c\s[^>]*?\br="([A-Z]+\d+)"[^>]*>\s*<(?:\w+:)?f[\s/>]/g)].map(
    ([, cell]) => cell,
  );
  if (cells.length === 0 && !/<(?:\w+:)?f[\s/>]/.test(text)) return;
  const shown = cells.slice(0, 3).join(', ');
  throw refuse(
    name,
    `has ${cells.length === 1 ? 'a formula' : 'formulas'}${shown === '' ? '' : ` (${shown}${cells.length > 3 ? ` and ${cells.length - 3} more` : ''})`}: a formula’s value is not certain.`,
    'Copy the cells and paste them as values, or save the sheet as CSV.',
  );
}

/** The library’s types name the class `Date` where they mean its instances. */
function csvCell(value: unknown): string {
  if (value === null) return '';
  if (value instanceof Date) {
    const instant = value.toISOString();
    return instant.endsWith('T00:00:00.000Z') ? instant.slice(0, 10) : instant;
  }
  return `"${String(value).replaceAll('"', '""')}"`;
}
