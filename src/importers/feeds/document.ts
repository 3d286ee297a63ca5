import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Day } from '../../calendar.ts';
import { type Marking, markings } from '../../dataset/fields.ts';
import { incidentColumns } from '../../dataset/incidents.ts';
import { hashOf } from '../../hash.ts';
import {
  type Cells,
  commandFor,
  type Converted,
  type Document,
  type Importer,
  type Json,
  type Note,
  refuse,
} from '../format.ts';
import { quote } from '../../dataset/sql.ts';
import { identifier } from '../row-sql.ts';
import { sizeOf, type SourceFile } from '../source-file.ts';
import { incidentsImporter } from '../table/importer.ts';

const MOST_BYTES = 128 * 2 ** 20;
const MOST_LEVELS = 100;
/** In characters, of one row. DuckDB takes no longer lines. */
const MOST_OF_ROW = 1_000_000;
/** In characters, of one cell of a note. */
const MOST_OF_CELL = 20_000;

/** A format of documents, which state no licence and are shared when their authors choose. */
export const documentImporter = (
  format: 'stix' | 'misp',
  { what, convert }: { what: string; convert: NonNullable<Importer['convert']> },
): Importer => ({
  ...incidentsImporter(),
  origin: {
    format,
    prefix: format.toUpperCase(),
    source: format.toUpperCase(),
    mapping: null,
    lag_days: null,
    licence: {
      name: 'not stated',
      url: null,
      attribution: `${what}, as their authors shared them`,
      allows_rows: false,
    },
  },
  convert,
});

/** Reads and parses a JSON file. Throws `import-failed`. */
export async function readDocument(name: string): Promise<Document> {
  if ((await sizeOf(name)) > MOST_BYTES)
    throw refuse(
      name,
      `has more than ${MOST_BYTES / 2 ** 20} MB.`,
      'Export it in parts: the whole document is read at once.',
    );
  const bytes = await readFile(name);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    const head = new TextDecoder().decode(bytes.subarray(0, 10_000)).trimStart();
    if (/^[[{]/.test(head)) {
      const problem = `is not JSON in UTF-8: ${cause instanceof Error ? cause.message : String(cause)}.`;
      throw refuse(name, problem, 'Export it again.', cause);
    }
    const hint =
      'Export it as JSON: STIX 2.1 and MISP events are JSON documents. For a table of your own, use "sitrep import table".';
    throw refuse(name, 'is not JSON.', commandFor(head, hint), cause);
  }
  if (isDeeper(value, MOST_LEVELS))
    throw refuse(name, `is nested more than ${MOST_LEVELS} levels deep.`, 'Export it again.');
  const description = { name: basename(name), bytes: bytes.length, sha256: hashOf(bytes) };
  return { name, value, description };
}

/** The rows of incidents of a converted file, written to `path` for the database. */
export async function openCells(
  path: string,
  { name, rows }: { name: string; rows: readonly Cells[] },
): Promise<SourceFile> {
  await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const columns = incidentColumns.map((column) => column.name);
  const typed = columns.map((column) => `${identifier(column)}: 'VARCHAR'`).join(', ');
  const sql = `SELECT * FROM read_json(${quote(path)}, format='newline_delimited', columns={${typed}}, maximum_object_size=${3 * MOST_OF_ROW})`;
  return { name, columns, isText: false, firstRow: 1, sql };
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1));
}

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
export const jsonIn = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isJson) : []);

/** A value as text without space around it; empty if it is not text, a number or a truth value. */
export const textOf = (value: unknown): string =>
  ['string', 'number', 'boolean'].includes(typeof value) ? String(value).trim() : '';
export const textsIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.map(textOf).filter((text) => text !== '') : [];

/** A timestamp as the same moment in UTC; empty if it is none. */
export function momentOf(value: unknown): string {
  const text = textOf(value);
  if (!/^\d{4}-\d\d-\d\d(T|$)/.test(text) || Number.isNaN(Date.parse(text))) return '';
  return new Date(text).toISOString();
}
/** The day of a timestamp in UTC; empty if it is none. */
export const dayOf = (value: unknown): Day => momentOf(value).slice(0, 10);

/** A number as a cell; empty if it is none or its absolute value is more than `most`. */
export function numberCell(value: unknown, most: number): string {
  const text = textOf(value);
  const number = Number(text);
  return text === '' || !(Math.abs(number) <= most) ? '' : String(Number(number.toFixed(6)));
}

/** Latitude and longitude as cells; undefined if one is missing or none. */
export function pointOf(latitude: unknown, longitude: unknown): { lat: string; lon: string } | undefined {
  const [lat, lon] = [numberCell(latitude, 90), numberCell(longitude, 180)];
  return lat === '' || lon === '' ? undefined : { lat, lon };
}

/** An ISO 3166-1 alpha-2 code as a cell; empty if it is none. */
export const countryCell = (value: unknown): string =>
  /^[a-z]{2}$/i.exec(textOf(value))?.[0].toUpperCase() ?? '';

/**
 * Text for print: in one line, and with addresses that no reader can follow by accident. Such addresses are those of
 * attackers as often as not.
 */
export const printable = (value: unknown): string =>
  textOf(value)
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    // Signs that turn the direction of text can hide what it says.
    .replaceAll(/[\u202A-\u202E\u2066-\u2069]/g, '')
    .replaceAll(/\b(h)tt(ps?:\/\/)|\b(f)t(ps?:\/\/)/gi, '$1$3xx$2$4')
    .replaceAll(/\bwww\./gi, 'www[.]')
    .replaceAll(/\b(\d{1,3}\.\d{1,3}\.\d{1,3})\.(\d{1,3})\b/g, '$1[.]$2')
    .trim();

/** Like `printable`, and no longer than a cell of a note; a text that is cut ends in `…`. */
export function shortened(value: unknown, most = MOST_OF_CELL): string {
  const text = printable(value);
  return text.length <= most ? text : `${text.slice(0, most - 1).replace(/\s+\S*$/, '')}…`;
}

/** Somebody else's words in quotation marks, which no rule on our own wording checks; empty if there are none. */
export function inQuotes(value: unknown): string {
  const text = printable(value)
    .replaceAll(/"([^"]*)"|“([^”]*)”/g, '‘$1$2’')
    .replaceAll(/["“”]/g, '’');
  return text === '' ? '' : `“${text}”`;
}

/** A title, after which a full stop may follow. */
export const titled = (value: unknown): string => shortened(value).replace(/\.$/, '');

/** Names as a cell; empty if there are none. */
export function listCell(names: readonly string[]): string {
  const own = new Set(names.filter((name) => name !== ''));
  return own.size === 0 ? '' : JSON.stringify([...own]);
}

/** The cells that have text. */
export const filled = (cells: Cells): Cells =>
  Object.fromEntries(Object.entries(cells).filter(([, cell]) => cell !== ''));

/** The parts of an object that no cell has: all but those in `taken`, and the `added` ones. */
export const restOf = (object: Json, taken: readonly string[], added: Json = {}): Json =>
  Object.fromEntries([
    ...Object.entries(object).filter(([key]) => !taken.includes(key)),
    ...Object.entries(added).filter(([, value]) => !(Array.isArray(value) && value.length === 0)),
  ]);

/** The cells of an actor; `aliases` is a list of other names. */
export function actorCells(name: string, aliases: unknown): Cells {
  const others = textsIn(aliases).map((alias) => printable(alias).replaceAll(';', ','));
  return { name, aliases: shortened([...new Set(others)].filter((alias) => alias !== name).join(';')) };
}

/** The strictest of markings. */
export const strictest = (given: readonly (Marking | undefined)[]): Marking | undefined =>
  markings.findLast((each) => given.includes(each));

/** The marking that a TLP label of either version means, with or without `TLP:`; undefined if it is none. */
export function markingNamed(label: string): Marking | undefined {
  const colour = label
    .toUpperCase()
    .replace(/^TLP:/, '')
    .replace(/^WHITE$/, 'CLEAR')
    .replace(/[ _-]STRICT$/, '+STRICT');
  return markings.find((each) => each === `TLP:${colour}`);
}

/** Beyond this, reasons are counted together, so that a file cannot fill the record. */
const MOST_REASONS = 50;

/** Collects what documents become. */
export class Conversion {
  readonly withdrawn: string[] = [];
  readonly #incidents: ReadonlyMap<string, Cells[]>;
  readonly #skipped = new Map<string, { what: string; file: string; count: number }>();

  constructor(documents: readonly Document[]) {
    this.#incidents = new Map(documents.map(({ name }) => [name, []]));
  }

  /** Adds a row of incidents from a file, unless `what` has no day or is too long. */
  add(cells: Cells, { what, file }: { what: string; file: string }): void {
    const length = Object.values(cells).reduce((sum, cell) => sum + cell.length, 0);
    if (cells['start'] === undefined) this.skip(`is ${what} without a day`, file);
    else if (length > MOST_OF_ROW) this.skip('is longer than 1 MB', file);
    else this.#incidents.get(file)?.push(cells);
  }

  /** Counts what is left out of a file, by reason. */
  skip(what: string, file: string, count = 1): void {
    const name = basename(file);
    const isKnown = this.#skipped.has(`${name}\n${what}`) || this.#skipped.size < MOST_REASONS;
    const reason = isKnown ? what : 'has another reason';
    const key = `${name}\n${reason}`;
    const before = this.#skipped.get(key)?.count ?? 0;
    this.#skipped.set(key, { what: reason, file: name, count: before + count });
  }

  done(notes: readonly Note[]): Converted {
    return {
      incidents: [...this.#incidents.values()],
      withdrawn: this.withdrawn,
      notes,
      skipped: [...this.#skipped.values()].toSorted((a, b) => b.count - a.count),
    };
  }
}

/** An id that is the same in every import: 60 bits of the object's UUID tell the objects of a type apart. */
export const idFor = (prefix: string, type: string, uuid: string): string =>
  `${prefix}-${type}-${uuid.toLowerCase().slice(0, 18)}`;

/** The word with “a” or “an” before it, if it takes one. */
export const withArticle = (word: string): string =>
  /^(malware|infrastructure|observed.data)$/.test(word)
    ? word
    : `${/^[aeiou]/.test(word) ? 'an' : 'a'} ${word}`;
