import { quote } from '../dataset/sql.ts';
import { spelled } from '../dataset/wording.ts';
import type { Locale } from '../locale.ts';

/**
 * SQL that defines macros for text in the language of a brief. The examples are en-GB:
 *
 * - `day_label(d)` 25 Aug, `short_day(d)` 25 Aug 2021, `long_day(d)` 25 August 2021
 * - `short_month(d)` Aug 2021, `long_month(d)` August 2021, `month_name(d)` August, `season(d)` winter 2019–20
 * - `number_words(n)` 1,234.5; `count_words(n)` the same, but whole numbers up to ten in words
 * - `message(key, name, value, …)`: a message of the groups `dates` and `figures` without plurals and choices, with up to
 *   three values, each of them text; an unknown message is an error
 *
 * They return NULL if one of their arguments is NULL.
 */
export function localeMacros(locale: Locale): string {
  const { text, names } = locale;
  const short = { year: yearIn(locale), month: monthIn(names.shortMonths) };
  const long = { year: yearIn(locale), month: monthIn(names.months) };
  /** The first of a month may read otherwise than its other days. */
  const day = (key: string, { month, year }: typeof long): string => {
    const written = (each: string) => filled(text, key, { day: each, month, year });
    return `CASE ${DAY} WHEN '1' THEN ${written(FIRST)} ELSE ${written(digitsIn(locale, DAY))} END`;
  };
  const ofSeason = (season: string) =>
    filled((key, values) => text(key, { season, ...values }), 'dates.season', { year: long.year });
  const next = digitsIn(
    locale,
    `lpad(CAST((${YEAR} + CAST(${MONTH} = 12 AS INTEGER)) % 100 AS VARCHAR), 2, '0')`,
  );
  const winter = filled(text, 'dates.winter', {
    year: digitsIn(locale, `${YEAR} - CAST(${MONTH} < 12 AS INTEGER)`),
    next,
  });
  const messages = messagesOf(locale);
  // One text, because DuckDB plans each item of a list, in every message of a query.
  const texts = quote(JSON.stringify(Object.fromEntries(messages)));
  const pattern = `coalesce((${texts} ->> key), error('There is no message "' || key || '" for queries.'))`;
  const macros = {
    'day_label(d)': day('dates.day_of_year', short),
    'short_day(d)': day('dates.day', short),
    'long_day(d)': day('dates.day', long),
    'short_month(d)': filled(text, 'dates.month', short),
    'long_month(d)': filled(text, 'dates.month', long),
    'month_name(d)': long.month,
    'season(d)': `CASE ${MONTH} % 12 // 3 WHEN 0 THEN ${winter} WHEN 1 THEN ${ofSeason('spring')} WHEN 2 THEN ${ofSeason('summer')} WHEN 3 THEN ${ofSeason('autumn')} END`,
    'number_words(n)': numberIn(locale),
    'count_words(n)': countIn(locale),
    'message_text(key)': pattern,
    'message(key)': `message_text(key),
      (key, a, x) AS ${valueIn('message_text(key)', 'a', 'x')},
      (key, a, x, b, y) AS ${valueIn(valueIn('message_text(key)', 'a', 'x'), 'b', 'y')},
      (key, a, x, b, y, c, z) AS ${valueIn(valueIn(valueIn('message_text(key)', 'a', 'x'), 'b', 'y'), 'c', 'z')}`,
  };
  return Object.entries(macros)
    .map(([head, body]) => `CREATE MACRO ${head} AS ${body};`)
    .join('\n');
}

// DuckDB's `day`, `month` and `year` list all days of eighty years each time that an expression names them, which takes
// longer than most queries.
const DAY = `strftime(d, '%-d')`;
const MONTH = `CAST(strftime(d, '%-m') AS INTEGER)`;
const YEAR = `CAST(strftime(d, '%Y') AS INTEGER)`;

/** The value 1 in a message, in place of an expression. */
const FIRST = '1';
const FIRST_MARK = 0xe000;

/** A message as an SQL expression whose values are SQL expressions. */
function filled(text: Locale['text'], key: string, values: { readonly [name: string]: string }): string {
  const expressions = Object.values(values);
  // Private-use characters hold the places of values.
  const marks = Object.entries(values).map(([name, value], index) => [
    name,
    value === FIRST ? FIRST : String.fromCharCode(FIRST_MARK + index),
  ]);
  const parts = text(key, Object.fromEntries(marks)).split(/([\uE000-\uE00F])/u);
  return parts
    .filter((part) => part !== '')
    .map((part) => expressions[part.charCodeAt(0) - FIRST_MARK] ?? quote(part))
    .join(' || ');
}

const monthIn = (names: readonly string[]): string => `[${names.map(quote).join(', ')}][${MONTH}]`;
const yearIn = (locale: Locale): string => digitsIn(locale, YEAR);

const LATIN = '0123456789';
const digitsOf = ({ number }: Locale): string => Array.from(LATIN, (digit) => number(Number(digit))).join('');

/** A whole number in the digits of the locale. */
const digitsIn = (locale: Locale, sql: string): string => {
  const digits = digitsOf(locale);
  return digits === LATIN
    ? `CAST(${sql} AS VARCHAR)`
    : `translate(CAST(${sql} AS VARCHAR), '${LATIN}', '${digits}')`;
};

function numberIn(locale: Locale): string {
  const parts = new Intl.NumberFormat(locale.intlTag).formatToParts(-12345.6);
  const part = (type: string) => quote(parts.find((each) => each.type === type)?.value ?? '');
  const whole = `replace(format('{:,}', CAST(trunc(abs(n)) AS BIGINT)), ',', ${part('group')})`;
  const rest = `CASE WHEN n <> trunc(n) THEN ${part('decimal')} || split_part(printf('%.15g', abs(n)), '.', 2) ELSE '' END`;
  return digitsIn(locale, `CASE WHEN n < 0 THEN ${part('minusSign')} ELSE '' END || ${whole} || ${rest}`);
}

/** As `spelled` prints them. */
const countIn = (locale: Locale): string => {
  const words = Array.from({ length: 11 }, (_, value) => quote(spelled(value, locale)));
  return `coalesce(CASE WHEN n = trunc(n) THEN [${words.join(', ')}][CAST(n AS INTEGER) + 1] END, number_words(n))`;
};

const valueIn = (sql: string, name: string, value: string): string =>
  `replace(${sql}, '{' || ${name} || '}', ${value})`;

/** The messages without plurals and choices, with their values as `{name}`. */
const messagesOf = ({ keys, valuesOf, text }: Locale): [string, string][] =>
  keys.flatMap((key): [string, string][] => {
    if (!/^(?:dates|figures)\./.test(key)) return [];
    const { names, choosing } = valuesOf(key);
    if (choosing.length > 0) return [];
    return [[key, text(key, Object.fromEntries(names.map((name) => [name, `{${name}}`])))]];
  });
