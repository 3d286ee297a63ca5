import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { stringify } from 'yaml';
import { AppError, withDocs } from '../../errors.ts';
import { openDatabase, type Running } from '../database.ts';
import {
  commandFor,
  coordinate,
  dayFrom,
  fullDayFrom,
  identifier,
  isAmbiguous,
  isoDays,
  literal,
  otherOrder,
  type ReadOptions,
  SERIAL,
  ungrouped,
  wholeNumber,
} from '../format.ts';
import { createCountryBoxes } from '../places/check.ts';
import { createCountryNames, unknownCountries } from '../places/countries.ts';
import { explained, NOT_UTF8, openSource, type SourceFile } from '../source-file.ts';
import { blankTexts, columnLike, columnWith } from './words.ts';

/** Columns whose names alone say what they are, and others whose contents are tested. */
const mapped = [
  'id',
  'end',
  'published_on',
  'kind',
  'sub_kind',
  'side_a',
  'side_b',
  'country',
  'admin1',
  'admin2',
  'place',
  'lat',
  'lon',
  'deaths_best',
  'title',
  'summary',
  'source',
  'url',
  'marking',
] as const;
const parts = ['year', 'month', 'day'] as const;
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
  const parent = join(context.cacheFolder, 'imports');
  await mkdir(parent, { recursive: true });
  const scratch = await mkdtemp(join(parent, 'suggest-'));
  await using opened = new AsyncDisposableStack();
  opened.defer(() => rm(scratch, { recursive: true, force: true }));
  const { connection } = opened.use(await openDatabase(scratch, context));
  await createCountryNames(connection);
  const suggestion = async (given: ReadOptions): Promise<string> => {
    const source = await openSource(connection, { name, scratch, options: given, importer: {} });
    return explained(name, () => suggestMapping(connection, { source, encoding: given.encoding }));
  };
  // Awaited here, because the database closes when this function ends.
  const text = await suggestion(options).catch((error: unknown) => {
    const isOther = error instanceof AppError && error.faults.some(({ problem }) => problem === NOT_UTF8);
    if (!isOther || options.encoding !== undefined) throw error;
    return suggestion({ ...options, encoding: 'latin-1' });
  });
  return text;
}

/** A first mapping for the table in `source`, as YAML, from the names and contents of its columns. */
async function suggestMapping(
  connection: DuckDBConnection,
  { source, encoding }: { source: SourceFile; encoding: ReadOptions['encoding'] },
): Promise<string> {
  await connection.run(
    `CREATE OR REPLACE TABLE sample AS SELECT * FROM (${source.sql}) LIMIT ${SAMPLE_ROWS}`,
  );
  const open = new Set(source.columns);
  /** The shares of the texts in a column for which `sql` gives a value; 0 if it is empty. */
  const shares = async (name: string, sql: readonly ((text: string) => string)[]): Promise<number[]> => {
    const text = `nullif(trim(${identifier(name)}), '')`;
    const fits = sql.map((each) => `coalesce(count(${each(text)}) / nullif(count(${text}), 0), 0)::DOUBLE`);
    const reader = await connection.runAndReadAll(`SELECT ${fits.join(', ')} FROM sample`);
    return (reader.getRows()[0] ?? []).map(Number);
  };
  const fit = async (name: string, sql: (text: string) => string): Promise<number> =>
    (await shares(name, [sql]))[0] ?? 0;
  const take = (name: string): string => {
    open.delete(name);
    return name;
  };
  const notes: string[] = [];
  /** Formats that together fit the most of a column's texts, and the share of these texts. */
  const formatsOf = async (name: string): Promise<{ formats: string[]; share: number }> => {
    const candidates = [...dayFormats, ...(columnWith('start', [name]) === undefined ? [] : [SERIAL])];
    const formats: string[] = [];
    for (let share = 0; ;) {
      const left = candidates.filter(
        (each) => !formats.some((one) => one === each || otherOrder(one) === each),
      );
      const found = await shares(
        name,
        left.map(
          (each) => (text) => `coalesce(${[...formats, each].map((one) => dayIn(text, one)).join(', ')})`,
        ),
      );
      const most = Math.max(...found);
      const best = left[found.indexOf(most)];
      if (best === undefined || most <= share) return { formats, share };
      formats.push(best);
      share = most;
      if (share === 1) return { formats, share };
    }
  };
  const dayWith = async (
    name: string,
    { formats, share }: { formats: readonly string[]; share: number },
  ): Promise<unknown> => {
    if (share < ENOUGH)
      notes.push(
        `"${name}": not every text is a day like ${formats.join(' or ')}. The import names the rows that are not: correct them, or add a format.`,
      );
    for (const format of formats.filter(
      (each) => dayFormats.includes(otherOrder(each)) && otherOrder(each) !== each,
    )) {
      const [own, other] = await shares(
        name,
        [format, otherOrder(format)].map((each) => (text) => dayIn(text, each)),
      );
      if (own === other)
        notes.push(
          `"${name}": every date could be day/month or month/day. Make sure that ${format} is right.`,
        );
    }
    // Such days are read beside any format that does not begin with the year.
    const needed = formats.some((each) => each !== ISO && each.startsWith('%Y'))
      ? formats
      : formats.filter((each) => each !== ISO || formats.length === 1);
    const [format, ...others] = needed;
    if (others.length > 0) return { field: name, format: needed };
    return format === ISO ? name : { field: name, format };
  };

  const columns: { [column: string]: unknown } = {};
  const split = parts.map((part) => [part, columnLike(part, open)] as const);
  if (split.every(([, name]) => name !== undefined)) {
    columns['start'] = Object.fromEntries(split);
    for (const [, name] of split) if (name !== undefined) take(name);
  } else {
    const others = ['published_on', 'end'] as const;
    const later = others.flatMap((column) => columnLike(column, open) ?? []);
    const likely = [columnLike('start', open), columnWith('start', open), ...open];
    const names = [
      ...likely.flatMap((name) => (name === undefined || later.includes(name) ? [] : [name])),
      ...later,
    ];
    let found: { name: string; formats: string[]; share: number } | undefined;
    for (const name of names) {
      const days = { name, ...(await formatsOf(name)) };
      if (days.share >= (found === undefined ? MOST : ENOUGH)) found = days;
      if (days.share >= ENOUGH) break;
    }
    if (found !== undefined) {
      columns['start'] = await dayWith(found.name, found);
      take(found.name);
    }
  }
  if (columns['start'] === undefined) {
    columns['start'] = 'NAME OF THE COLUMN WITH THE DAY';
    notes.push(
      'No column has days in a known format: write the column and its format after "start", such as { field: Date, format: "%d.%m.%Y" }.',
    );
  }
  const tests: { readonly [column: string]: (text: string) => string } = {
    lat: (text) => coordinate(text, 90),
    lon: (text) => coordinate(text, 180),
    deaths_best: (text) =>
      `coalesce(${wholeNumber(ungrouped(text, ','))}, ${wholeNumber(ungrouped(text, '.'))})`,
    country: (text) => `CASE WHEN lower(${text}) IN (SELECT name FROM country_names) THEN 1 END`,
  };
  for (const column of mapped) {
    const test = Object.hasOwn(tests, column) ? tests[column] : undefined;
    const isCommon = column === 'country' || column === 'deaths_best';
    const name = columnLike(column, open) ?? (isCommon ? columnWith(column, open) : undefined);
    if (name === undefined) continue;
    // Many countries may be misspelt, and missing values are often written as a number.
    if (test !== undefined && (await fit(name, test)) < (column === 'country' ? 0.1 : 0.5)) continue;
    if (column === 'end' || column === 'published_on') {
      const formats = await formatsOf(name);
      if (formats.share < ENOUGH) continue;
      columns[column] = await dayWith(name, formats);
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
    const reader = await connection.runAndReadAll(
      `SELECT count(*) = count(DISTINCT ${identifier(id)}) FROM sample`,
    );
    if (reader.getRows()[0]?.[0] !== true) {
      delete columns['id'];
      open.add(id);
      notes.push(
        `"${id}" is not different in every row, so it is not the id. Without an id, an incident is known by its content.`,
      );
    }
  }
  if (columns['country'] === undefined)
    for (const name of open)
      if ((await fit(name, tests['country'] ?? ((text) => text))) >= ENOUGH) {
        columns['country'] = take(name);
        break;
      }
  const { lat, lon, country } = columns;
  const values: { country?: { [name: string]: string } } = {};
  if (typeof country === 'string') {
    const text = `nullif(trim(${identifier(country)}), '')`;
    const reader = await connection.runAndReadAll(
      `SELECT ${text} AS name, count(*)::INTEGER AS count FROM sample
      WHERE ${text} IS NOT NULL AND lower(${text}) NOT IN (SELECT name FROM country_names)
      AND lower(${text}) NOT IN (${blankTexts.map(literal).join(', ')}) GROUP BY ALL ORDER BY count DESC, name`,
    );
    const unknown = unknownCountries(
      reader.getRows().map(([name, count]) => ({ name: String(name), count: Number(count) })),
    );
    if (unknown !== undefined) {
      if (unknown.meant.size > 0) values.country = Object.fromEntries(unknown.meant);
      notes.push(
        `"${country}": no country is called ${unknown.listed}. Add what is meant under "values"${unknown.meant.size > 0 ? ', and make sure that the entries there are right' : ''}.`,
      );
    }
  }
  if (typeof lat === 'string' && typeof lon === 'string' && typeof country === 'string') {
    await createCountryBoxes(connection);
    const reader = await connection.runAndReadAll(
      `SELECT 2 * count(*) FILTER (is_swapped(main, lat, lon)) > count(*)
      FROM (SELECT country_code(trim(${identifier(country)})) AS country,
        ${coordinate(identifier(lat), 90)} AS lat, ${coordinate(identifier(lon), 180)} AS lon FROM sample)
      JOIN country_boxes USING (country) WHERE lat IS NOT NULL AND lon IS NOT NULL`,
    );
    if (reader.getRows()[0]?.[0] === true) {
      [columns['lat'], columns['lon']] = [lon, lat];
      notes.push(
        `"${lat}" and "${lon}": most rows lie in their country only if these two are swapped, so lat is "${lon}" here. Check it on a map.`,
      );
    }
  }
  const cells = source.columns.map((name) => `trim(${identifier(name)})`).join(', ');
  const blanks = await connection.runAndReadAll(
    `SELECT DISTINCT cell FROM (SELECT unnest([${cells}]) AS cell FROM sample)
    WHERE lower(cell) IN (${blankTexts.map(literal).join(', ')}) ORDER BY cell`,
  );
  const blank = blanks.getRows().map(([cell]) => String(cell));
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
    ...(values.country && { values }),
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
