import type { ImportRecord } from '../dataset/incidents.ts';
import type { Day } from '../calendar.ts';
import { AppError } from '../errors.ts';
import type { Converted, Document } from './feeds/converted.ts';

export const fileTypes = ['csv', 'excel', 'jsonl', 'parquet'] as const;
export const encodings = ['utf-8', 'utf-16', 'latin-1'] as const;
export type FileType = (typeof fileTypes)[number];

export interface ReadOptions {
  /** By default the file's name decides. */
  readonly type?: FileType | undefined;
  readonly encoding?: (typeof encodings)[number] | undefined;
  /** The separator of a CSV file; by default the one that splits its first row into the most columns. */
  readonly delimiter?: string | undefined;
  /** The sheet of an Excel file; by default the first. */
  readonly sheet?: string | undefined;
}

/** What an importer says about its source, for the record of the import. */
type Origin = Pick<ImportRecord, 'format' | 'prefix' | 'source' | 'lag_days' | 'licence' | 'mapping'>;

/** How the rows of one file become incidents: SQL over the file's columns, which are all text. */
export interface FormatSql {
  /** The fields' texts: a name for the rest of the SQL, and SQL over the file's columns. */
  readonly texts: readonly (readonly [name: string, sql: string])[];
  /** Values that the rest of the SQL uses more than once: a name, and SQL over the texts. */
  readonly steps: readonly (readonly [name: string, sql: string])[];
  /** SQL by incident column. A column without SQL is null, and a list without SQL is empty. */
  readonly columns: ReadonlyMap<string, string>;
  /** SQL for names or codes of the country, in the order in which they are tried. */
  readonly countries: readonly string[];
  /** SQL for the country's name as given. */
  readonly countryName: string;
  /** Conditions under which a row is not imported, each with its reason. */
  readonly skipped: readonly (readonly [reason: string, when: string])[];
  /** Conditions under which the value of a field does not fit its column. The value is kept in `extra`. */
  readonly unreadable: readonly (readonly [field: string, when: string])[];
  /** Fields for `extra`. */
  readonly extra: readonly (readonly [field: string, sql: string])[];
}

/** A format: its origin, and the SQL for a file with certain columns. */
export interface Importer {
  readonly origin: Origin;
  /**
   * For a format whose files are documents: makes rows of them, whose columns are those of incidents. Throws
   * `import-failed`.
   */
  convert?(documents: readonly Document[], knownOn: Day): Converted;
  /** The names of the columns in a file without a header row, or undefined if its first row is a header. */
  namesWithoutHeader?(firstRow: readonly string[]): readonly string[] | undefined;
  /** Throws `import-failed` if the columns are not those of the format. */
  sqlFor(columns: readonly string[], file: string): FormatSql;
}

export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export const refuse = (file: string, problem: string, hint: string): AppError =>
  new AppError('import-failed', [{ file, problem, hint }]);

/** What begins a file of each format, or is among its column names. */
const marks = [
  [/^\s*[[{].*"type"\s*:\s*"bundle"/s, 'Use "sitrep import stix": this is a STIX bundle.'],
  [/^\s*[[{].*"(Event|response)"\s*:/s, 'Use "sitrep import misp": this is an event of MISP.'],
  [/^[^\n]*\bevent_id_cnty\b/i, 'Use "sitrep import acled": this is an ACLED export.'],
  [/^[^\n]*\btype_of_violence\b/i, 'Use "sitrep import ucdp": these are events of UCDP GED.'],
] as const;

/** Which command imports a file, from its first characters or the names of its columns; or else `otherwise`. */
export const commandFor = (text: string, otherwise: string): string =>
  marks.find(([mark]) => mark.test(text))?.[1] ?? otherwise;

/** A day from text in one of the formats of strptime; a time of day is cut off. */
export const dayFrom = (sql: string, formats: readonly string[]): string =>
  `try_strptime(${sql}, [${formats.map(literal).join(', ')}])::DATE`;

export const isoDays = ['%Y-%m-%d', '%Y-%m-%dT%H:%M:%S', '%Y-%m-%dT%H:%M:%S.%gZ', '%Y-%m-%d %H:%M:%S'];
/** `%m/%d/%Y` for `%d/%m/%Y`, and the reverse. */
export const otherOrder = (format: string): string =>
  format.replaceAll(/%(-?)([dm])/g, (_, minus, part) => `%${minus}${part === 'd' ? 'm' : 'd'}`);
/** The format of days that a spreadsheet wrote as numbers: 45292 is 2024-01-01. */
export const SERIAL = 'excel';
/** The English name of each month, and a pattern of its names in the languages of the program. */
function monthNames(): (readonly [english: string, pattern: string])[] {
  const languages = ['en', 'ar', 'de', 'es', 'fr'].map(
    (language) => new Intl.DateTimeFormat(language, { month: 'long', timeZone: 'UTC' }),
  );
  return Array.from({ length: 12 }, (_, month) => {
    const names = languages.map((each) => each.format(Date.UTC(2024, month)));
    const plain = names.map((name) => name.normalize('NFD').replaceAll(/\p{M}/gu, ''));
    // The German Januar begins January.
    const longestFirst = [...new Set([...names, ...plain])].toSorted((a, b) => b.length - a.length);
    return [names[0] ?? '', longestFirst.join('|')];
  });
}
let months: ReturnType<typeof monthNames> | undefined;
/** The text with English names of months, because the database reads no others. */
function withEnglishMonths(sql: string): string {
  months ??= monthNames();
  return months.reduce(
    (text, [english, pattern]) => `regexp_replace(${text}, ${literal(pattern)}, ${literal(english)}, 'i')`,
    sql,
  );
}

/** Like `dayFrom` for one format, which may be that of numbers. `%Y` would read 07.02.26 as a day of the year 26. */
export const fullDayFrom = (given: string, format: string): string => {
  const sql = format.includes('%B') ? withEnglishMonths(given) : given;
  const day =
    format === SERIAL
      ? `(CASE WHEN regexp_full_match(${sql}, '[1-9][0-9]{4}([.][0-9]+)?') THEN DATE '1899-12-30' + floor(try_cast(${sql} AS DOUBLE))::INTEGER END)`
      : dayFrom(sql, [format]);
  return `(CASE WHEN ${day} >= DATE '1000-01-01' THEN ${day} END)`;
};

/** The reason to skip a row whose day fits a format only with day and month exchanged; that format follows. */
export const ONLY_AS = 'has a start that is a day only as ';

export const wholeNumber = (sql: string): string =>
  // Few numbers need the regular expression, which takes longer than the rest.
  `(CASE WHEN try_cast(${sql} AS UBIGINT)::VARCHAR = ${sql} OR regexp_full_match(${sql}, '[0-9]+([.]0*)?') THEN try_cast(${sql} AS BIGINT) END)`;
/** Between thousands, and never before decimals: a space, one that does not break, a narrow one, an apostrophe. */
const gaps = "[ \u00a0\u2009\u202f'\u2019]";
/**
 * The text of a whole number without the signs between its thousands, and with a point before its decimals; other text
 * as it is. Without `thousands`, a comma or point is one of these signs only if nothing else is possible.
 */
export const ungrouped = (sql: string, thousands?: ',' | '.'): string => {
  const is = (pattern: string): string => `regexp_full_match(${sql}, ${literal(pattern)})`;
  const grouped = (sign: ',' | '.'): string => {
    const [one, decimals] = sign === ',' ? [',', '[.]0*'] : ['[.]', ',0*'];
    const least = thousands === sign ? 1 : 2;
    return is(
      `[1-9][0-9]{0,2}(${one}[0-9]{3}){${least},}(${decimals})?|[1-9][0-9]{0,2}(${one}[0-9]{3})+${decimals}`,
    );
  };
  return `(CASE WHEN try_cast(${sql} AS UBIGINT)::VARCHAR = ${sql} THEN ${sql}
    WHEN ${grouped(',')} THEN replace(${sql}, ',', '')
    WHEN ${grouped('.')} THEN replace(replace(${sql}, '.', ''), ',', '.')
    WHEN ${is(`[1-9][0-9]{0,2}(${gaps}[0-9]{3})+([.,]0*)?`)} THEN replace(regexp_replace(${sql}, ${literal(gaps)}, '', 'g'), ',', '.')
    WHEN ${is('[0-9]+,0*')} THEN replace(${sql}, ',', '.')
    ELSE ${sql} END)`;
};
/** Whether a text may be a whole number with a sign between its thousands, or one with three decimals. */
export const isAmbiguous = (sql: string): string =>
  `regexp_full_match(${sql}, '[1-9][0-9]{0,2}[.,][0-9]{3}')`;
/** The reason to skip a row with such a number; the field follows. */
export const THOUSANDS = 'has a number such as 1,234 or 1.234 in ';
/** A latitude or longitude of at most `most` degrees, with a point or a comma before its decimals. */
export const coordinate = (sql: string, most: number): string =>
  within(`regexp_replace(${sql}, '^(-?[0-9]+),([0-9]+)$', '\\1.\\2')`, most);
/** A decimal number from text, from -`most` to `most`. */
const within = (sql: string, most: number): string =>
  `(CASE WHEN try_cast(${sql} AS DOUBLE) BETWEEN -${most} AND ${most} THEN try_cast(${sql} AS DOUBLE) END)`;

/** The names in a text: a JSON list, or items between separators. */
export const namesIn = (sql: string, separator: string): string =>
  `list_filter(CASE WHEN starts_with(${sql}, '[') AND json_valid(${sql})
    THEN list_transform(from_json(${sql}, '["VARCHAR"]'), lambda name: trim(name))
    ELSE list_transform(string_split(${sql}, ${literal(separator)}), lambda name: trim(name)) END,
    lambda name: name <> '')`;

/** Collects the SQL of a format for one file. Fields that are never read end up in `extra`. */
export class FormatBuilder {
  readonly #given: ReadonlySet<string>;
  readonly #blank: readonly string[];
  readonly #used = new Set<string>();
  readonly #steps = new Map<string, string>();
  readonly #columns = new Map<string, string>();
  #countries: readonly string[] = [];
  #countryName = 'NULL::VARCHAR';
  readonly #skipped: [string, string][] = [];
  readonly #unreadable: [string, string][] = [];
  readonly #extra: [string, string][] = [];

  /** `blank` lists texts that mean "not given", such as `-99`. */
  constructor(columns: readonly string[], { blank = [] }: { blank?: readonly string[] } = {}) {
    this.#given = new Set(columns);
    this.#blank = blank;
  }

  has(field: string): boolean {
    return this.#given.has(field);
  }

  /** The text of a field, without space around it; null if it is empty or the file lacks the field. */
  text(field: string): string {
    this.#used.add(field);
    return this.peek(field);
  }

  /** Like `text`, but the field still ends up in `extra`. */
  peek(field: string): string {
    return this.has(field) ? textOf(field) : 'NULL::VARCHAR';
  }

  /** SQL for the value of `sql`, which is then computed once for a row, however often it is used. */
  once(sql: string): string {
    const name = this.#steps.get(sql) ?? identifier(`step ${this.#steps.size}`);
    this.#steps.set(sql, name);
    return name;
  }

  set(column: string, sql: string): void {
    this.#columns.set(column, sql);
  }

  /** Sets the country's name as given, and the names and codes to look up. */
  country(name: string, lookUp: readonly string[] = [name]): void {
    this.#countryName = name;
    this.#countries = lookUp;
  }

  skip(reason: string, when: string): void {
    this.#skipped.push([reason, when]);
  }

  /** Keeps a value in `extra` under a name. */
  keep(name: string, sql: string): void {
    this.#extra.push([name, sql]);
  }

  /** Sets a column to the value that `convert` makes from a field, and keeps text for which it gives null. */
  convert(column: string, field: string, convert: (text: string) => string): void {
    if (!this.has(field)) return;
    const text = this.text(field);
    const value = this.once(convert(text));
    this.set(column, value);
    const failed = `${text} IS NOT NULL AND ${value} IS NULL`;
    this.#unreadable.push([field, failed]);
    this.keep(field, `CASE WHEN ${failed} THEN ${text} END`);
  }

  /** Sets a column from a field with the codes 1, 2, 3 …, of which `words` are the meanings. */
  codes(column: string, field: string, words: readonly string[]): void {
    const meanings = words.map((word, index) => `WHEN '${index + 1}' THEN ${literal(word)}`).join(' ');
    this.convert(column, field, (code) => `CASE ${code} ${meanings} END`);
  }

  /** Sets a side to the name in `sql`, or to none. */
  side(column: 'side_a' | 'side_b', sql: string): void {
    this.set(column, `CASE WHEN ${sql} IS NULL THEN [] ELSE [${sql}] END`);
  }

  count(column: string, field: string): void {
    this.convert(column, field, wholeNumber);
  }

  coordinates(lat: string, lon: string): void {
    this.convert('lat', lat, (text) => within(text, 90));
    this.convert('lon', lon, (text) => within(text, 180));
  }

  build(): FormatSql {
    for (const field of this.#given) if (!this.#used.has(field)) this.keep(field, this.peek(field));
    return {
      texts: [...this.#given].map((field) => [textOf(field), this.#trimmed(field)]),
      steps: [...this.#steps].map(([sql, name]) => [name, sql]),
      columns: this.#columns,
      countries: this.#countries,
      countryName: this.#countryName,
      skipped: this.#skipped,
      unreadable: this.#unreadable,
      extra: this.#extra,
    };
  }

  #trimmed(field: string): string {
    const name = identifier(field);
    // `trim` reads the whole text, and few texts have space around them. An empty text, or one that begins with a
    // space, is less than '!'.
    const trimmed = `(CASE WHEN ${name} > '!' AND NOT ends_with(${name}, ' ') THEN ${name} ELSE nullif(trim(${name}), '') END)`;
    if (this.#blank.length === 0) return trimmed;
    return `(CASE WHEN ${trimmed} NOT IN (${this.#blank.map(literal).join(', ')}) THEN ${trimmed} END)`;
  }
}

const textOf = (field: string): string => identifier(`text ${field}`);
