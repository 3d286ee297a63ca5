import type { DuckDBConnection } from '@duckdb/node-api';
import { stringify } from 'yaml';
import { withDocs } from '../../errors.ts';
import { coordinate, dayFrom, identifier, wholeNumber } from '../format.ts';
import { createCountryBoxes } from '../places/check.ts';
import type { SourceFile } from '../source-file.ts';

/** Common names of columns, by incident column: in small letters, without spaces and signs. */
const usual: { readonly [column: string]: readonly string[] } = {
  id: ['id', 'eventid', 'incidentid', 'reference', 'ref', 'no', 'number', 'caseid'],
  end: ['end', 'enddate', 'dateend', 'to'],
  published_on: ['published', 'publishedon', 'updated', 'lastupdated', 'reportdate', 'datereported'],
  kind: ['kind', 'type', 'eventtype', 'incidenttype', 'category', 'attacktype1txt', 'attacktype'],
  sub_kind: ['subkind', 'subtype', 'subeventtype', 'subcategory', 'weaptype1txt'],
  side_a: ['sidea', 'actor', 'actor1', 'actors', 'group', 'gname', 'perpetrator', 'attacker', 'responsible'],
  side_b: ['sideb', 'actor2', 'target', 'target1', 'targets', 'victim', 'victims'],
  country: ['country', 'countrytxt', 'countrycode', 'countryname', 'iso', 'iso2', 'iso3'],
  admin1: ['admin1', 'adm1', 'province', 'provstate', 'state', 'governorate', 'region', 'oblast'],
  admin2: ['admin2', 'adm2', 'district', 'county', 'department', 'municipality'],
  place: ['place', 'location', 'city', 'town', 'village', 'locality', 'site'],
  lat: ['lat', 'latitude', 'y'],
  lon: ['lon', 'lng', 'long', 'longitude', 'x'],
  deaths_best: ['deaths', 'killed', 'fatalities', 'dead', 'nkill', 'deathsbest', 'best'],
  title: ['title', 'headline', 'name'],
  summary: ['summary', 'notes', 'description', 'details', 'narrative', 'comment', 'comments', 'remarks'],
  source: ['source', 'sources', 'scite1', 'reportedby'],
  url: ['url', 'link', 'sourceurl', 'href'],
  marking: ['marking', 'tlp'],
};
const startNames = [
  'start',
  'date',
  'eventdate',
  'incidentdate',
  'datestart',
  'startdate',
  'day',
  'when',
  'from',
];
const parts = [
  ['year', ['year', 'iyear']],
  ['month', ['month', 'imonth']],
  ['day', ['day', 'iday']],
] as const;
/** The order decides between formats that fit equally well. */
const dayFormats = [
  '%Y-%m-%d',
  '%d/%m/%Y',
  '%m/%d/%Y',
  '%d.%m.%Y',
  '%d-%m-%Y',
  '%d %B %Y',
  '%d %b %Y',
  '%B %d, %Y',
  '%Y%m%d',
  '%Y/%m/%d',
  '%d-%b-%Y',
];
/** The share of a column's texts that must fit; in a column of days, fewer make a suggestion with a note. */
const ENOUGH = 0.98;
const MOST = 0.5;
const SAMPLE_ROWS = 20_000;

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^\p{L}\d]/gu, '');

/** A first mapping for the table in `source`, as YAML, from the names and contents of its columns. */
export async function suggestMapping(connection: DuckDBConnection, source: SourceFile): Promise<string> {
  await connection.run(`CREATE TABLE sample AS SELECT * FROM (${source.sql}) LIMIT ${SAMPLE_ROWS}`);
  const open = new Set(source.columns);
  /** The share of the texts in a column for which `sql` gives a value, or 0 if it is empty. */
  const fit = async (name: string, sql: (text: string) => string): Promise<number> => {
    const text = `nullif(trim(${identifier(name)}), '')`;
    const reader = await connection.runAndReadAll(
      `SELECT coalesce(count(${sql(text)}) / nullif(count(${text}), 0), 0)::DOUBLE FROM sample`,
    );
    return Number(reader.getRows()[0]?.[0]);
  };
  const named = (names: readonly string[]): string | undefined =>
    names.flatMap((wanted) => [...open].filter((name) => plain(name) === wanted))[0];
  const take = (name: string): string => {
    open.delete(name);
    return name;
  };
  const notes: string[] = [];
  const dayOf = async (
    name: string,
    enough = ENOUGH,
  ): Promise<{ field: string; format: string } | string | undefined> => {
    const fitting: string[] = [];
    for (const format of dayFormats)
      if ((await fit(name, (text) => dayFrom(text, [format, '%Y-%m-%d']))) >= enough) fitting.push(format);
    const [format] = fitting;
    if (format === undefined) return undefined;
    if (enough < ENOUGH)
      notes.push(
        `"${name}": not every text is a day like ${format}. The import names the rows that are not: correct them, or give a list of formats.`,
      );
    if (format === '%d/%m/%Y' && fitting.includes('%m/%d/%Y'))
      notes.push(`"${name}": every date could be day/month or month/day. Make sure that ${format} is right.`);
    return format === '%Y-%m-%d' ? name : { field: name, format };
  };

  const columns: { [column: string]: unknown } = {};
  const split = parts.map(([part, names]) => [part, named(names)] as const);
  if (split.every(([, name]) => name !== undefined)) {
    columns['start'] = Object.fromEntries(split);
    for (const [, name] of split) if (name !== undefined) take(name);
  } else {
    const first = named(startNames);
    const names = [...(first === undefined ? [] : [first]), ...open];
    for (const [name, enough] of [ENOUGH, MOST].flatMap((each) => names.map((one) => [one, each] as const))) {
      const day = await dayOf(name, enough);
      if (day === undefined) continue;
      columns['start'] = day;
      take(name);
      break;
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
    deaths_best: wholeNumber,
    country: (text) => `CASE WHEN lower(${text}) IN (SELECT name FROM country_names) THEN 1 END`,
  };
  for (const [column, names] of Object.entries(usual)) {
    const name = named(names);
    if (name === undefined) continue;
    const test = Object.hasOwn(tests, column) ? tests[column] : undefined;
    // Countries are often misspelt, and missing values often written as a number.
    if (test !== undefined && (await fit(name, test)) < 0.5) continue;
    if (column === 'end' || column === 'published_on') {
      const day = await dayOf(name);
      if (day === undefined) continue;
      columns[column] = day;
    } else columns[column] = name;
    take(name);
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
  const text = stringify({
    source: 'NAME OF THE SOURCE',
    prefix: 'DESK',
    lag_days: null,
    licence: { name: 'unknown', attribution: 'NAME OF THE SOURCE', allows_rows: false },
    blank: [],
    columns,
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
