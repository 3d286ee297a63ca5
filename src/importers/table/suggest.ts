import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { stringify } from 'yaml';
import { AppError, withDocs } from '../../errors.ts';
import { openDatabase, type Running } from '../database.ts';
import { commandFor } from '../format.ts';
import { createCountryBoxes } from '../places/check.ts';
import { createCountryNames, unknownCountries } from '../places/countries.ts';
import { quote } from '../../dataset/sql.ts';
import {
  coordinate,
  dayFrom,
  fullDayFrom,
  identifier,
  isAmbiguous,
  isoDays,
  otherOrder,
  SERIAL,
  ungrouped,
  wholeNumber,
} from '../row-sql.ts';
import { explained, NOT_UTF8, openSource, type SourceFile } from '../source-file.ts';
import type { ReadOptions } from './mapping.ts';
import { blankTexts, columnLike, columnsWithWords, columnWith } from './words.ts';

const ISO = '%Y-%m-%d';
/** The order decides between formats that fit equally well. */
const dayFormats = [
  ISO,
  ...['', ' %H:%M', ' %H:%M:%S'].flatMap((time) =>
    ['%d/%m/%Y', '%m/%d/%Y', '%d.%m.%Y'].map((format) => `${format}${time}`),
  ),
  '%d-%m-%Y',
  '%d %B %Y',
  '%d. %B %Y',
  '%d de %B de %Y',
  '%d %b %Y',
  '%B %d, %Y',
  '%Y%m%d',
  '%Y/%m/%d',
  '%d-%b-%Y',
  '%d/%m/%y',
  '%m/%d/%y',
  '%d.%m.%y',
];
/** The share of a column's texts that must fit; in a column of days, fewer make a suggestion with a note. */
const ENOUGH = 0.98;
const MOST = 0.5;
const SAMPLE_ROWS = 20_000;

const dayIn = (text: string, format: string): string =>
  format === ISO ? dayFrom(text, isoDays) : fullDayFrom(text, format);

/** A first mapping for the table `name`, as YAML. Throws `import-failed`. */
export async function suggestFor(
  name: string,
  options: ReadOptions,
  context: Running & { readonly cacheFolder: string },
): Promise<string> {
  const scratch = join(context.cacheFolder, 'imports', `suggest-${crypto.randomUUID()}`);
  await using database = await openDatabase(scratch, context);
  const { connection } = database;
  await createCountryNames(connection);
  const suggestion = async (given: ReadOptions): Promise<string> => {
    const source = await openSource(connection, { name, scratch, options: given, importer: {} });
    return explained(name, () => suggestMapping(connection, { source, encoding: given.encoding }));
  };
  // Awaited here, because the database closes when this function ends.
  return await suggestion(options).catch((error: unknown) => {
    const isOther = error instanceof AppError && error.faults.some(({ problem }) => problem === NOT_UTF8);
    if (!isOther || options.encoding !== undefined) throw error;
    return suggestion({ ...options, encoding: 'latin-1' });
  });
}

/** What makes a column one of days: formats that together fit the most of its texts, and the share of these texts. */
interface Days {
  readonly name: string;
  readonly formats: readonly string[];
  readonly share: number;
}

/** A first mapping for the table in `source`, as YAML, from the names and contents of its columns. */
async function suggestMapping(
  connection: DuckDBConnection,
  { source, encoding }: { source: SourceFile; encoding: ReadOptions['encoding'] },
): Promise<string> {
  await connection.run(
    `CREATE OR REPLACE TABLE sample AS SELECT * FROM (${source.sql}) LIMIT ${SAMPLE_ROWS}`,
  );
  const ask = async (sql: string) => (await connection.runAndReadAll(sql)).getRows();
  const open = new Set(source.columns);
  const take = (name: string): string => {
    open.delete(name);
    return name;
  };
  const textOf = (name: string): string => `nullif(trim(${identifier(name)}), '')`;
  /** The shares of the texts in a column for which `sql` gives a value; 0 if it is empty. */
  const shares = async (name: string, sql: readonly ((text: string) => string)[]): Promise<number[]> => {
    const text = textOf(name);
    const fits = sql.map((each) => `coalesce(count(${each(text)}) / nullif(count(${text}), 0), 0)::DOUBLE`);
    const [row = []] = await ask(`SELECT ${fits.join(', ')} FROM sample`);
    return row.map(Number);
  };
  const notes: string[] = [];
  const daysIn = async (name: string): Promise<Days> => {
    let left = [...dayFormats, ...(columnWith('start', [name]) === undefined ? [] : [SERIAL])];
    let days: Days = { name, formats: [], share: 0 };
    while (days.share < 1) {
      const { formats, share } = days;
      const tried = left.map((each) => [...formats, each]);
      const found = await shares(
        name,
        tried.map((each) => (text) => `coalesce(${each.map((format) => dayIn(text, format)).join(', ')})`),
      );
      const most = Math.max(...found);
      const best = left[found.indexOf(most)];
      if (best === undefined || most <= share) break;
      days = { name, formats: [...formats, best], share: most };
      left = left.filter((each) => each !== best && each !== otherOrder(best));
    }
    return days;
  };
  /** How the mapping gives a column of days. */
  const dayWith = async ({ name, formats, share }: Days): Promise<unknown> => {
    if (share < ENOUGH)
      notes.push(
        `"${name}": not every text is a day like ${formats.join(' or ')}. The import names the rows that are not: correct them, or add a format.`,
      );
    for (const format of formats) {
      const other = otherOrder(format);
      if (other === format || !dayFormats.includes(other)) continue;
      const both = await shares(
        name,
        [format, other].map((each) => (text) => dayIn(text, each)),
      );
      if (both[0] === both[1])
        notes.push(
          `"${name}": every date could be day/month or month/day. Make sure that ${format} is right.`,
        );
    }
    // Such days are read beside any format that does not begin with the year.
    const needed = formats.some((each) => each !== ISO && each.startsWith('%Y'))
      ? formats
      : formats.filter((each) => each !== ISO || formats.length === 1);
    if (needed.length > 1) return { field: name, format: needed };
    return needed[0] === ISO ? name : { field: name, format: needed[0] };
  };

  const columns: { [column: string]: unknown } = {};
  const [year, month, day] = (['year', 'month', 'day'] as const).map((part) => columnLike(part, open));
  if (year !== undefined && month !== undefined && day !== undefined)
    columns['start'] = { year: take(year), month: take(month), day: take(day) };
  else {
    const later = (['published_on', 'end'] as const).flatMap((column) => columnLike(column, open) ?? []);
    const likely = [columnLike('start', open) ?? [], columnWith('start', open) ?? [], ...open].flat();
    let found: Days | undefined;
    for (const name of [...likely.filter((each) => !later.includes(each)), ...later]) {
      const days = await daysIn(name);
      if (days.share >= (found === undefined ? MOST : ENOUGH)) found = days;
      if (days.share >= ENOUGH) break;
    }
    columns['start'] = found === undefined ? 'NAME OF THE COLUMN WITH THE DAY' : await dayWith(found);
    if (found !== undefined) take(found.name);
    else
      notes.push(
        'No column has days in a known format: write the column and its format after "start", such as { field: Date, format: "%d.%m.%Y" }.',
      );
  }
  const isCountry = (text: string): string =>
    `CASE WHEN lower(${text}) IN (SELECT name FROM country_names) THEN 1 END`;
  const tests: { readonly [column: string]: (text: string) => string } = {
    lat: (text) => coordinate(text, 90),
    lon: (text) => coordinate(text, 180),
    deaths_best: (text) =>
      `coalesce(${wholeNumber(ungrouped(text, ','))}, ${wholeNumber(ungrouped(text, '.'))})`,
    country: isCountry,
  };
  for (const column of columnsWithWords) {
    const test = tests[column];
    const isCommon = column === 'country' || column === 'deaths_best';
    const name = columnLike(column, open) ?? (isCommon ? columnWith(column, open) : undefined);
    if (name === undefined) continue;
    // Many countries may be misspelt, and missing values are often written as a number.
    const enough = column === 'country' ? 0.1 : 0.5;
    if (test !== undefined && ((await shares(name, [test]))[0] ?? 0) < enough) continue;
    if (column === 'end' || column === 'published_on') {
      const days = await daysIn(name);
      if (days.share < ENOUGH) continue;
      columns[column] = await dayWith(days);
    } else columns[column] = name;
    take(name);
  }
  const { deaths_best: deaths } = columns;
  let thousands: ',' | '.' | undefined;
  if (typeof deaths === 'string') {
    const [ambiguous = 0, comma = 0, point = 0] = await shares(deaths, [
      (text) => `CASE WHEN ${isAmbiguous(text)} THEN 1 END`,
      ...([',', '.'] as const).map((sign) => (text: string) => wholeNumber(ungrouped(text, sign))),
    ]);
    if (ambiguous > 0) {
      thousands = comma > point ? ',' : '.';
      notes.push(
        `"${deaths}" has numbers such as 1${thousands}234. Make sure that this is 1234, and change "thousands" if the sign begins decimals.`,
      );
    }
  }
  const id = columns['id'];
  if (typeof id === 'string') {
    const [row] = await ask(`SELECT count(*) = count(DISTINCT ${identifier(id)}) FROM sample`);
    if (row?.[0] !== true) {
      delete columns['id'];
      open.add(id);
      notes.push(
        `"${id}" is not different in every row, so it is not the id. Without an id, an incident is known by its content.`,
      );
    }
  }
  for (const name of columns['country'] === undefined ? open : [])
    if (((await shares(name, [isCountry]))[0] ?? 0) >= ENOUGH) {
      columns['country'] = take(name);
      break;
    }
  const { lat, lon, country } = columns;
  const blankList = blankTexts.map(quote).join(', ');
  let meant: ReadonlyMap<string, string> = new Map();
  if (typeof country === 'string') {
    const text = textOf(country);
    const rows = await ask(
      `SELECT ${text} AS name, count(*)::INTEGER AS count FROM sample
      WHERE ${text} IS NOT NULL AND ${isCountry(text)} IS NULL AND lower(${text}) NOT IN (${blankList})
      GROUP BY ALL ORDER BY count DESC, name`,
    );
    const unknown = unknownCountries(
      rows.map(([name, count]) => ({ name: String(name), count: Number(count) })),
    );
    if (unknown !== undefined) {
      meant = unknown.meant;
      notes.push(
        `"${country}": no country is called ${unknown.listed}. Add what is meant under "values"${meant.size > 0 ? ', and make sure that the entries there are right' : ''}.`,
      );
    }
  }
  if (typeof lat === 'string' && typeof lon === 'string' && typeof country === 'string') {
    await createCountryBoxes(connection);
    const [row] = await ask(
      `SELECT 2 * count(*) FILTER (is_swapped(main, lat, lon)) > count(*)
      FROM (SELECT country_code(trim(${identifier(country)})) AS country,
        ${coordinate(identifier(lat), 90)} AS lat, ${coordinate(identifier(lon), 180)} AS lon FROM sample)
      JOIN country_boxes USING (country) WHERE lat IS NOT NULL AND lon IS NOT NULL`,
    );
    if (row?.[0] === true) {
      [columns['lat'], columns['lon']] = [lon, lat];
      notes.push(
        `"${lat}" and "${lon}": most rows lie in their country only if these two are swapped, so lat is "${lon}" here. Check it on a map.`,
      );
    }
  }
  const cells = source.columns.map((name) => `trim(${identifier(name)})`).join(', ');
  const blanks = await ask(
    `SELECT DISTINCT cell FROM (SELECT unnest([${cells}]) AS cell FROM sample)
    WHERE lower(cell) IN (${blankList}) ORDER BY cell`,
  );
  const blank = blanks.map(([cell]) => String(cell));
  if (blank.length > 0)
    notes.push(
      `Cells with ${blank.map((each) => `"${each}"`).join(', ')} count as empty. If one of these is a real name, take it out of "blank".`,
    );
  const other = commandFor(source.columns.join(), '');
  if (other !== '') notes.unshift(other);
  const text = stringify({
    source: 'NAME OF THE SOURCE',
    prefix: 'DESK',
    lag_days: null,
    licence: { name: 'unknown', attribution: 'NAME OF THE SOURCE', allows_rows: false },
    ...(encoding && { encoding }),
    ...(thousands && { thousands }),
    blank,
    columns,
    ...(meant.size > 0 && { values: { country: Object.fromEntries(meant) } }),
  });
  const comments = [
    withDocs(
      'A first mapping, from names and contents. Read it line by line: docs/data.md describes each entry.',
    ),
    ...notes,
    ...(open.size > 0 ? [`No column of incidents for: ${[...open].join(', ')}. They go into "extra".`] : []),
  ];
  return `${comments.map((line) => `# ${line.replaceAll('\n', ' ')}\n`).join('')}${text}`;
}
