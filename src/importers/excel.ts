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
 * Writes a sheet of the workbook at `path` as CSV to `to`: the one named `sheet`, or the first that is not hidden.
 * `name` is the workbook's name for messages. Returns the number of rows above the header, which are left out: the
 * header is the first row with two or more cells that does not only group the columns named below it. Formulas are
 * refused: the file has only the value that some program last computed, or none, and nothing says whether it is still
 * right. So are cells that span several rows, because the file has their value only once. Throws `import-failed`, also
 * for a workbook that would unpack to more than the limit.
 */
export async function writeSheet(
  path: string,
  { name, sheet, to }: { name: string; sheet: string | undefined; to: string },
): Promise<{ readonly above: number }> {
  if ((await stat(path)).size > MOST_BYTES.packed)
    throw refuse(name, `is larger than ${MOST_BYTES.packed / 1e6} MB.`, asCsv);
  const parts = unpack(await readFile(path), name);
  const sheets = sheetsIn(parts);
  const chosen = sheets.find((each) => (sheet === undefined ? !each.isHidden : each.name === sheet));
  const listed = sheets.map((each) => `"${each.name}"${each.isHidden ? ' (hidden)' : ''}`).join(', ');
  if (chosen === undefined)
    throw refuse(
      name,
      sheet === undefined ? 'has no visible sheet with cells.' : `has no sheet "${sheet}".`,
      listed === '' ? asCsv : `Name one of its sheets in the mapping: ${listed}.`,
    );
  const xml = textOf(parts, chosen.part);
  refuseFormulas(xml, name);
  // The library reads only what was unpacked here within the limit, and not the file.
  const checked = Buffer.from(zipSync({ ...parts, ...readable(parts, chosen.part, xml) }, { level: 0 }));
  const rows = await readSheet(checked, chosen.name, { trim: false }).catch((cause: unknown) => {
    const problem = `cannot be read as a workbook: ${cause instanceof Error ? cause.message : String(cause)}.`;
    throw refuse(name, problem, asCsv, cause);
  });
  const merged = mergedCells(xml);
  /** A row as a header: a name that is merged with the cells above it belongs to it. */
  const headerAt = (at: number): unknown[] =>
    (rows[at] ?? []).map((cell, index) => {
      const from = merged.find(
        ({ column, first, last }) => column === index && first <= at && last === at + 1,
      );
      return cell ?? rows[(from?.first ?? 0) - 1]?.[index] ?? null;
    });
  const filled = (row: readonly unknown[]): unknown[] => row.filter((cell) => cell !== null);
  const above = rows.findIndex((row, index) => {
    const below = filled(headerAt(index + 1));
    const isGroups =
      merged.some(({ first, last, width }) => first === last && first === index + 1 && width > 1) &&
      below.length > filled(row).length &&
      below.every((cell) => typeof cell === 'string') &&
      new Set(below).size === below.length;
    return filled(row).length > 1 && !isGroups;
  });
  if (above === -1 || above === rows.length - 1)
    throw refuse(
      name,
      `has no table in the sheet "${chosen.name}": a row with the names of two or more columns, and rows below it.`,
      sheets.length > 1
        ? `Name the right sheet in the mapping; its sheets are ${listed}.`
        : 'Put the names of the columns into one row, right above the rows.',
    );
  refuseMerged(merged, { name, rows, above });
  const width = Math.max(...rows.map((row) => row.length));
  const lines = function* (): Generator<string> {
    for (const row of [headerAt(above), ...rows.slice(above + 1)])
      yield `${Array.from({ length: width }, (_, index) => csvCell(row[index] ?? null)).join(',')}\n`;
  };
  await pipeline(Readable.from(lines()), createWriteStream(to));
  return { above };
}

function unpack(bytes: Uint8Array, name: string): Unzipped {
  if (Buffer.from(bytes.subarray(0, 4)).toString('hex') === 'd0cf11e0')
    throw refuse(
      name,
      'is protected by a password, or an old workbook (.xls).',
      'Save it as .xlsx without a password.',
    );
  let left = MOST_BYTES.unpacked;
  try {
    return unzipSync(bytes, {
      // Each part is unpacked into a buffer of its declared size, and never grows beyond it.
      filter: ({ name: part, originalSize }) => {
        if (!/\.(xml|rels)$/i.test(part)) return false;
        left -= originalSize;
        if (left < 0) throw refuse(name, `unpacks to more than ${MOST_BYTES.unpacked / 1e6} MB.`, asCsv);
        return true;
      },
    });
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const problem = 'is damaged, or is not an Excel workbook (.xlsx).';
    throw refuse(name, problem, 'Save it again as .xlsx or CSV.', cause);
  }
}

const workbookPart = 'xl/workbook.xml';

const textOf = (parts: Unzipped, part: string): string => Buffer.from(parts[part] ?? []).toString('utf8');

/** The sheets that have cells, in order, with the paths of their XML: a chart can be a sheet of its own. */
function sheetsIn(parts: Unzipped) {
  const targets = new Map(
    tagsIn(textOf(parts, 'xl/_rels/workbook.xml.rels'), 'Relationship')
      .filter(({ Type = '' }) => Type.endsWith('/worksheet'))
      .map(({ Id, Target = '' }) => [Id, Target.startsWith('/') ? Target.slice(1) : `xl/${Target}`]),
  );
  return tagsIn(textOf(parts, workbookPart), 'sheet').flatMap(({ name = '', state = 'visible', id }) => {
    const part = targets.get(id);
    return part === undefined ? [] : [{ name, isHidden: state !== 'visible', part }];
  });
}

/** The attributes of each element of this name, without prefixes. */
const tagsIn = (xml: string, tag: string): { readonly [attribute: string]: string | undefined }[] =>
  [...xml.matchAll(new RegExp(`<(?:\\w+:)?${tag}\\s([^>]*)>`, 'g'))].map(([, attributes = '']) =>
    Object.fromEntries(
      [...attributes.matchAll(/([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)].map(
        ([, key = '', double, single]) => [key, unescaped(double ?? single ?? '')],
      ),
    ),
  );

const entities: { readonly [name: string]: string } = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const unescaped = (text: string): string =>
  text.replaceAll(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (all, hex?: string, code?: string, entity = '') =>
    hex === undefined && code === undefined
      ? (entities[entity] ?? all)
      : String.fromCodePoint(hex === undefined ? Number(code) : Number.parseInt(hex, 16)),
  );

/**
 * The parts that the library would misread: it takes `date1904="true"`, as LibreOffice writes it, for false, so that
 * every date would be four years early, and it drops error values such as `#N/A`.
 */
function readable(parts: Unzipped, sheet: string, xml: string): Unzipped {
  const workbook = textOf(parts, workbookPart).replaceAll(/\bdate1904\s*=\s*["']true["']/g, 'date1904="1"');
  const cells = xml.replaceAll(/(<(?:\w+:)?c\s[^>]*?\bt=)"e"/g, '$1"str"');
  return { [workbookPart]: Buffer.from(workbook), ...(cells !== xml && { [sheet]: Buffer.from(cells) }) };
}

/** LibreOffice writes the constants TRUE, FALSE and errors as formulas. */
const constant = /<(?:\w+:)?f(?:\s[^>]*)?>(?:TRUE\(\)|FALSE\(\)|#[A-Z\d/!?]+)<\/(?:\w+:)?f>/g;

function refuseFormulas(sheet: string, name: string): void {
  const text = sheet.replaceAll(constant, '');
  const cells = [...text.matchAll(/<(?:\w+:)?c\s[^>]*?\br="([A-Z]+\d+)"[^>]*>\s*<(?:\w+:)?f[\s/>]/g)].map(
    ([, cell]) => cell,
  );
  if (cells.length === 0 && !/<(?:\w+:)?f[\s/>]/.test(text)) return;
  throw refuse(
    name,
    `has ${cells.length === 1 ? 'a formula' : 'formulas'}${inBrackets(cells)}: a formula’s value is not certain.`,
    'Copy the cells and paste them as values, or save the sheet as CSV.',
  );
}

/** ` (A1, A2, A3 and 4 more)` */
const inBrackets = (cells: readonly unknown[]): string =>
  cells.length === 0
    ? ''
    : ` (${cells.slice(0, 3).join(', ')}${cells.length > 3 ? ` and ${cells.length - 3} more` : ''})`;

/** Cells that are merged into one: their reference, first column from 0, width, and first and last row from 1. */
const mergedCells = (sheet: string) =>
  tagsIn(sheet, 'mergeCell').map(({ ref = '' }) => {
    const [, left = '', first, right = '', last] = /^([A-Z]+)(\d+):([A-Z]+)(\d+)$/.exec(ref) ?? [];
    const column = indexOf(left);
    return { ref, column, width: indexOf(right) - column + 1, first: Number(first), last: Number(last) };
  });
const indexOf = (letters: string): number =>
  Array.from(letters).reduce((sum, letter) => 26 * sum + letter.charCodeAt(0) - 64, 0) - 1;

function refuseMerged(
  merged: ReturnType<typeof mergedCells>,
  { name, rows, above }: { name: string; rows: readonly (readonly unknown[])[]; above: number },
): void {
  const refs = merged
    .filter(({ first, last }) => first !== last && last > above + 1)
    .filter(({ column, first }) => (rows[first - 1]?.[column] ?? null) !== null)
    .map(({ ref }) => ref);
  if (refs.length === 0) return;
  throw refuse(
    name,
    `has cells that are merged over several rows${inBrackets(refs)}: only the first of these rows has their value.`,
    'Split the cells, and write the value into each row.',
  );
}

/** The library’s types name the class `Date` where they mean its instances. */
function csvCell(value: unknown): string {
  if (value === null) return '';
  if (value instanceof Date) {
    // The file has days as fractions, which are off by a millisecond or so.
    const instant = new Date(1000 * Math.round(value.getTime() / 1000)).toISOString();
    // The day of a cell that has only a time of day.
    if (instant.startsWith('1899-12-3')) return instant.slice(11, 19);
    return instant.endsWith('T00:00:00.000Z') ? instant.slice(0, 10) : instant;
  }
  return `"${String(value).replaceAll('"', '""')}"`;
}
