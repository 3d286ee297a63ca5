import { markings } from '../../dataset/fields.ts';
import { datePrecisions, incidentColumns, placePrecisions } from '../../dataset/incidents.ts';
import { AppError, meantBy } from '../../errors.ts';
import { commandFor, type Importer, refuse } from '../format.ts';
import { quote } from '../../dataset/sql.ts';
import {
  coordinate,
  fullDayFrom,
  isAmbiguous,
  isoDays,
  namesIn,
  ONLY_AS,
  otherOrder,
  RowSql,
  THOUSANDS,
  ungrouped,
  wholeNumber,
} from '../row-sql.ts';
import { type Mapping, mapping } from './mapping.ts';

/** The importer for tables that `given` describes; `file` is its file for messages. */
export function tableImporter(
  given: Mapping,
  { file, sha256 }: { file: string; sha256: string | null },
): Importer {
  const { source, prefix, lag_days: lagDays, licence } = given;
  return {
    origin: { format: 'table', prefix, source, lag_days: lagDays, licence, mapping: sha256 },
    sqlFor(fields) {
      checkFields(given, fields, file);
      return tableSql(given, fields);
    },
  };
}

/** Imports a table that has the columns of `incidents` under their own names, such as an export of them. */
export function incidentsImporter(): Importer {
  const importer = tableImporter(incidentsMapping, { file: '', sha256: null });
  return {
    ...importer,
    sqlFor(fields, file) {
      if (Object.keys(incidentsMapping.columns).every((name) => fields.includes(name)))
        return importer.sqlFor(fields, file);
      const hint =
        'Run "sitrep import table --suggest" on it, correct what that prints, and give it with --mapping.';
      const problem = 'needs a mapping, because its columns are not those of incidents.';
      throw refuse(file, problem, commandFor(fields.join(), hint));
    },
  };
}

const incidentsMapping: Mapping = mapping.parse({
  source: 'Incidents',
  prefix: '',
  licence: { name: 'unknown', attribution: 'Incidents', allows_rows: false },
  columns: Object.fromEntries(
    incidentColumns.flatMap(({ name }) => (['status', 'known_on'].includes(name) ? [] : [[name, name]])),
  ),
});

function checkFields({ columns: mapped }: Mapping, fields: readonly string[], file: string): void {
  const faults = Object.entries(mapped).flatMap(([column, value]) =>
    fieldsOf(value)
      .filter((name) => !fields.includes(name))
      .map((name) => ({
        file,
        field: `columns.${column}`,
        problem: `The table has no column "${name}".`,
        hint: meantBy(name, fields),
      })),
  );
  if (faults.length > 0) throw new AppError('import-failed', faults);
}

function fieldsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(fieldsOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    ['format', 'separator'].includes(key) ? [] : fieldsOf(each),
  );
}

/** Columns of text that need no more than the field that has it. */
const texts = 'kind sub_kind admin1 admin2 place confidence title summary source url'.split(' ');
const yes = ['true', 'yes', 'y', '1'].map(quote).join(', ');
const no = ['false', 'no', 'n', '0'].map(quote).join(', ');
const truth = (text: string): string =>
  `CASE WHEN lower(${text}) IN (${yes}) THEN true WHEN lower(${text}) IN (${no}) THEN false END`;
const oneOf = (text: string, allowed: readonly string[]): string =>
  `CASE WHEN ${text} IN (${allowed.map(quote).join(', ')}) THEN ${text} END`;

function tableSql(given: Mapping, fields: readonly string[]): RowSql {
  const { columns: mapped, values, prefix, thousands } = given;
  const row = new RowSql(fields, given.blank);
  const translated = (column: string, text: string): string => {
    const pairs = Object.entries(Object.hasOwn(values, column) ? (values[column] ?? {}) : {});
    if (pairs.length === 0) return text;
    const cases = pairs.map(([from, to]) => `WHEN ${quote(from)} THEN ${quote(to)}`);
    return `(CASE ${text} ${cases.join(' ')} ELSE ${text} END)`;
  };
  /** Answers with SQL for the value. */
  const convert = (column: keyof Mapping['columns'], to: (text: string) => string): string => {
    const name = mapped[column];
    return typeof name === 'string'
      ? row.convert(column, name, (text) => to(translated(column, text)))
      : 'NULL';
  };

  for (const [column, name] of Object.entries(mapped))
    if (texts.includes(column) && typeof name === 'string')
      row.set(column, translated(column, row.text(name)));
  for (const column of ['deaths_low', 'deaths_best', 'deaths_high', 'number'] as const) {
    const value = convert(column, (text) => wholeNumber(row.once(ungrouped(text, thousands))));
    if (column === 'number') row.set(column, `coalesce(${value}, 1)`);
    const name = mapped[column];
    if (name !== undefined && thousands === undefined)
      row.skip(
        `${THOUSANDS}"${name}"`,
        `coalesce(${isAmbiguous(translated(column, row.text(name)))}, false)`,
      );
  }
  row.set('counts', `coalesce(${convert('counts', truth)}, true)`);
  convert('civilians_targeted', truth);
  convert('place_precision', (text) => oneOf(text, placePrecisions));
  convert('lat', (text) => coordinate(text, 90));
  convert('lon', (text) => coordinate(text, 180));
  if (mapped.marking !== undefined) {
    const marking = translated('marking', row.text(mapped.marking));
    row.set('marking', marking);
    // A row whose marking is not understood might be printed for readers who must not see it.
    row.skip('has a marking that is no TLP label', `${marking} NOT IN (${markings.map(quote).join(', ')})`);
  }
  for (const column of ['side_a', 'side_b', 'others'] as const) {
    const names = mapped[column];
    if (names === undefined) continue;
    const { fields: from, separator } =
      typeof names === 'string' ? { fields: [names], separator: ';' } : names;
    const lists = from.map(
      (name) => `coalesce(${namesIn(translated(column, row.text(name)), separator)}, [])`,
    );
    row.set(column, lists.length === 1 ? (lists[0] ?? '[]') : `flatten([${lists.join(', ')}])`);
  }
  if (mapped.country !== undefined) row.country(translated('country', row.text(mapped.country)));

  const cells = fields.map((name) => row.peek(name));
  const start = dayParts(row, mapped.start);
  const end = mapped.end === undefined ? undefined : dayParts(row, mapped.end);
  row.skip('is blank', `${start.given} IS NULL AND coalesce(${cells.join(', ')}) IS NULL`);
  row.skip('has no start', `${start.given} IS NULL`);
  for (const format of formatsOf(mapped.start)) {
    const other = otherOrder(format);
    if (/%-?d/.test(format) && /%-?m/.test(format))
      row.skip(
        `${ONLY_AS}${other}`,
        `${start.first} IS NULL AND ${fullDayFrom(start.given, other)} IS NOT NULL`,
      );
  }
  row.skip('has a start that is no day', `${start.first} IS NULL`);
  const last = end === undefined ? start.last : `coalesce(${end.last}, ${start.last})`;
  if (end !== undefined)
    row.skip('has an end that is no day', `${end.given} IS NOT NULL AND ${end.last} IS NULL`);
  row.skip('has an end before its start', `${last} < ${start.first}`);
  row.set('start', start.first);
  row.set('end', last);
  const span = end === undefined ? start.precision : "'range'";
  row.set(
    'precision',
    `coalesce(${convert('precision', (text) => oneOf(text, datePrecisions))}, CASE WHEN ${start.first} = ${last} THEN 'day' ELSE ${span} END)`,
  );
  if (mapped.published_on !== undefined) row.set('published_on', dayParts(row, mapped.published_on).first);

  const before = prefix === '' ? '' : `'${prefix}-' || `;
  if (mapped.id === undefined) {
    const all = cells.map((cell) => `coalesce(${cell}, chr(1))`);
    row.set('id', `${before}left(md5(concat_ws(chr(2), ${all.join(', ')})), 16)`);
  } else {
    const parts = [mapped.id].flat().map((name) => row.text(name));
    row.skip('has no id', parts.map((part) => `${part} IS NULL`).join(' OR '));
    row.set('id', `${before}${parts.join(` || '-' || `)}`);
  }
  if (mapped.extra !== undefined) {
    const extra = row.text(mapped.extra);
    row.set('extra', `CASE WHEN json_valid(${extra}) THEN ${extra} END`);
    row.skip('has an extra that is not JSON', `${extra} IS NOT NULL AND NOT json_valid(${extra})`);
    for (const name of ['status', 'known_on', 'import']) row.text(name);
  }
  // A spreadsheet program would run the formula, and somebody may have planted it.
  const formulas = cells.map((cell) => `coalesce(regexp_matches(${cell}, '^=[A-Za-z0-9(+@"-]'), false)`);
  row.skip('has a formula', formulas.join(' OR '));
  return row;
}

const formatsOf = (given: Mapping['columns']['start']): string[] =>
  typeof given === 'object' && 'field' in given ? [given.format].flat() : [];

/** The first and last possible day. In three fields, a month or day of 0 or none is unknown. */
function dayParts(
  row: RowSql,
  given: Mapping['columns']['start'],
): { given: string; first: string; last: string; precision: string } {
  if (typeof given === 'string' || 'field' in given) {
    const text = row.text(typeof given === 'string' ? given : given.field);
    const formats = formatsOf(given);
    // A workbook has real days among texts that look like days. A format that begins with the year might mean them otherwise.
    const others = formats.some((format) => format.startsWith('%Y')) ? [] : isoDays;
    const days = [...formats, ...others].map((each) => row.once(fullDayFrom(text, each)));
    const day = row.once(`coalesce(${days.join(', ')})`);
    return { given: text, first: day, last: day, precision: "'range'" };
  }
  const part = (name: string): string => row.once(`nullif(${wholeNumber(row.text(name))}, 0)`);
  const [year, month, day] = [part(given.year), part(given.month), part(given.day)];
  const date = (m: string, d: string): string =>
    `try_strptime(printf('%04d-%02d-%02d', ${year}, ${m}, ${d}), '%Y-%m-%d')::DATE`;
  const first = `CASE WHEN ${month} IS NULL THEN ${date('1', '1')} WHEN ${day} IS NULL THEN ${date(month, '1')} ELSE ${date(month, day)} END`;
  const last = `CASE WHEN ${month} IS NULL THEN ${date('12', '31')} WHEN ${day} IS NULL THEN last_day(${date(month, '1')}) ELSE ${date(month, day)} END`;
  return {
    given: row.text(given.year),
    first,
    last,
    precision: `CASE WHEN ${month} IS NULL THEN 'year' ELSE 'month' END`,
  };
}
