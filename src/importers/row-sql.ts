import { incidentColumns } from '../dataset/incidents.ts';
import { quote } from '../dataset/sql.ts';

export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A day from text in one of the formats of strptime; a time of day is cut off. */
export const dayFrom = (sql: string, formats: readonly string[]): string =>
  `try_strptime(${sql}, [${formats.map(quote).join(', ')}])::DATE`;

export const isoDays = ['%Y-%m-%d', '%Y-%m-%dT%H:%M:%S', '%Y-%m-%dT%H:%M:%S.%gZ', '%Y-%m-%d %H:%M:%S'];
/** `%m/%d/%Y` for `%d/%m/%Y`, and the reverse. */
export const otherOrder = (format: string): string =>
  format.replaceAll(/%(-?)([dm])/g, (_, minus, part) => `%${minus}${part === 'd' ? 'm' : 'd'}`);
/** The format of days that a spreadsheet wrote as numbers: 45292 is 2024-01-01. */
export const SERIAL = 'excel';
let months: readonly (readonly [english: string, pattern: string])[] | undefined;
/** The text with English names of months in place of those in the languages of the program: the database reads no others. */
function withEnglishMonths(sql: string): string {
  months ??= Array.from({ length: 12 }, (_, month) => {
    const names = ['en', 'ar', 'de', 'es', 'fr'].map((language) =>
      new Intl.DateTimeFormat(language, { month: 'long', timeZone: 'UTC' }).format(Date.UTC(2024, month)),
    );
    const plain = names.map((name) => name.normalize('NFD').replaceAll(/\p{M}/gu, ''));
    // The German Januar begins January.
    const longestFirst = [...new Set([...names, ...plain])].toSorted((a, b) => b.length - a.length);
    return [names[0] ?? '', longestFirst.join('|')];
  });
  return months.reduce(
    (text, [english, pattern]) => `regexp_replace(${text}, ${quote(pattern)}, ${quote(english)}, 'i')`,
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
  const is = (pattern: string): string => `regexp_full_match(${sql}, ${quote(pattern)})`;
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
    WHEN ${is(`[1-9][0-9]{0,2}(${gaps}[0-9]{3})+([.,]0*)?`)} THEN replace(regexp_replace(${sql}, ${quote(gaps)}, '', 'g'), ',', '.')
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
    ELSE list_transform(string_split(${sql}, ${quote(separator)}), lambda name: trim(name)) END,
    lambda name: name <> '')`;

/** The incident columns that come from the file. The import adds the others. */
const given = incidentColumns.filter(({ name }) => !['status', 'known_on'].includes(name));

/** SQL by which the rows of one file become incidents. Fields that are never read end up in `extra`. */
export class RowSql {
  /** The file's columns, which are all text, by their names in small letters. */
  readonly #fields: ReadonlyMap<string, string>;
  readonly #blank: readonly string[];
  readonly #used = new Set<string>();
  readonly #steps = new Map<string, string>();
  /** By incident column. One without SQL is null, or an empty list. */
  readonly #columns = new Map([
    ['counts', 'true'],
    ['number', '1'],
  ]);
  #countries: readonly string[] = [];
  #countryName = 'NULL::VARCHAR';
  readonly #skipped: string[] = [];
  readonly #unreadable: (readonly [field: string, when: string])[] = [];
  readonly #extra: (readonly [name: string, sql: string])[] = [];

  /** `blank` lists texts that mean "not given", such as `-99`. */
  constructor(fields: readonly string[], blank: readonly string[] = []) {
    this.#fields = new Map(fields.map((field) => [field.toLowerCase(), field]));
    this.#blank = blank;
  }

  has(field: string): boolean {
    return this.#fields.has(field.toLowerCase());
  }

  /** The text of a field, without space around it; null if it is empty or the file lacks the field. */
  text(field: string): string {
    this.#used.add(field.toLowerCase());
    return this.peek(field);
  }

  /** Like `text`, but the field still ends up in `extra`. */
  peek(field: string): string {
    const own = this.#fields.get(field.toLowerCase());
    return own === undefined ? 'NULL::VARCHAR' : identifier(`text ${own}`);
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

  /** Sets the country's name as given, and the names and codes to look up, in this order. */
  country(name: string, lookUp: readonly string[] = [name]): void {
    this.#countryName = name;
    this.#countries = lookUp;
  }

  /** Does not import rows for which `when` is true. The first reason counts. */
  skip(reason: string, when: string): void {
    this.#skipped.push(`WHEN ${when} THEN ${quote(reason)}`);
  }

  /** Keeps a value in `extra` under a name. */
  keep(name: string, sql: string): void {
    this.#extra.push([name, sql]);
  }

  /**
   * Sets a column to the value that `convert` makes from a field, and keeps text for which it gives null. Answers with SQL
   * for the value.
   */
  convert(column: string, field: string, convert: (text: string) => string): string {
    const own = this.#fields.get(field.toLowerCase());
    if (own === undefined) return 'NULL';
    const text = this.text(own);
    const value = this.once(convert(text));
    this.set(column, value);
    const failed = `${text} IS NOT NULL AND ${value} IS NULL`;
    this.#unreadable.push([own, failed]);
    this.keep(own, `CASE WHEN ${failed} THEN ${text} END`);
    return value;
  }

  /** Sets a column from a field with the codes 1, 2, 3 …, of which `words` are the meanings. */
  codes(column: string, field: string, words: readonly string[]): void {
    const meanings = words.map((word, index) => `WHEN '${index + 1}' THEN ${quote(word)}`).join(' ');
    this.convert(column, field, (code) => `CASE ${code} ${meanings} END`);
  }

  /** Sets a side to the name in a field, or to none. */
  side(column: 'side_a' | 'side_b', field: string): void {
    const name = this.text(field);
    this.set(column, `CASE WHEN ${name} IS NULL THEN [] ELSE [${name}] END`);
  }

  coordinates(lat: string, lon: string): void {
    this.convert('lat', lat, (text) => within(text, 90));
    this.convert('lon', lon, (text) => within(text, 180));
  }

  /**
   * A SELECT for every row of a file: `skipped` says why it cannot be imported, `unreadable` which fields did not fit
   * their column. `country_given` and the incident columns follow. `source` is SQL for the file's columns.
   */
  select(source: string): string {
    const texts = [...this.#fields.values()].map((field) => `${this.#trimmed(field)} AS ${this.peek(field)}`);
    const steps = [...this.#steps].map(([sql, name]) => `${sql} AS ${name}, `).join('');
    const codes = this.#countries.map((country) => `country_code(${country}), `).join('');
    const values = given.flatMap(({ name, type }) => {
      const value = this.#columns.get(name) ?? (type === 'VARCHAR[]' ? '[]' : 'NULL');
      return ['country', 'extra'].includes(name) ? [] : [`(${value})::${type} AS ${identifier(name)}`];
    });
    const unread = [...this.#fields].filter(([name]) => !this.#used.has(name));
    const extra = [
      ...this.#extra,
      ...unread.map(([, field]) => [field, this.peek(field)] as const),
      ['country', `CASE WHEN "step country" IS NULL THEN ${this.#countryName} END`] as const,
    ].map(
      ([name, value]) =>
        `CASE WHEN ${value} IS NOT NULL THEN ${quote(`${JSON.stringify(name)}:`)} || to_json(${value}) END`,
    );
    const misfits = this.#unreadable.map(([field, when]) => `CASE WHEN ${when} THEN ${quote(field)} END`);
    const hashed = given.map(({ name, type }) =>
      type === 'VARCHAR[]'
        ? `array_to_string(${identifier(name)}, chr(3))`
        : `coalesce(${identifier(name)}::VARCHAR, chr(1))`,
    );
    return `SELECT skipped, unreadable, country_given,
        md5_number_lower(concat_ws(chr(2), ${hashed.join(', ')})) AS content_hash,
        ${given.map(({ name }) => identifier(name)).join(', ')}
      FROM (SELECT
        CASE ${this.#skipped.join(' ')} END AS skipped,
        CASE WHEN ${this.#unreadable.map(([, when]) => when).join(' OR ') || 'false'}
          THEN list_filter([${misfits.join(', ')}]::VARCHAR[], lambda field: field IS NOT NULL) ELSE [] END AS unreadable,
        ${this.#countryName} AS country_given,
        ${values.join(',\n        ')},
        "step country" AS country,
        ${this.#columns.get('extra') ?? `'{' || nullif(concat_ws(',', ${extra.join(',\n          ')}), '') || '}'`} AS extra
        FROM (SELECT *, ${steps}coalesce(${codes}NULL::VARCHAR) AS "step country"
          FROM (SELECT ${texts.join(', ')} FROM (${source}))) AS texts) AS incident`;
  }

  #trimmed(field: string): string {
    const name = identifier(field);
    // `trim` reads the whole text, and few texts have space around them. An empty text, or one that begins with a
    // space, is less than '!'.
    const trimmed = `(CASE WHEN ${name} > '!' AND NOT ends_with(${name}, ' ') THEN ${name} ELSE nullif(trim(${name}), '') END)`;
    if (this.#blank.length === 0) return trimmed;
    return `(CASE WHEN ${trimmed} NOT IN (${this.#blank.map(quote).join(', ')}) THEN ${trimmed} END)`;
  }
}
