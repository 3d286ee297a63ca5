import { z } from 'zod';
import { AppError, type Fault } from '../../errors.ts';
import { hashOf } from '../../hash.ts';
import { parseYaml } from '../../parse-yaml.ts';
import { SERIAL } from '../row-sql.ts';

const fileTypes = ['csv', 'excel', 'jsonl', 'parquet'] as const;
const encodings = ['utf-8', 'utf-16', 'latin-1'] as const;
const thousandsSigns = [',', '.'] as const;

const field = z.string().min(1, 'is empty');
const wordsOfDays: { readonly [word: string]: string } = { mmm: '%b', mmmm: '%B', y: '%Y', yy: '%y' };
/** A format of strptime, or that of numbers; one such as dd/mm/yyyy, as spreadsheets write it, is answered with ours. */
const dayFormat = field.superRefine((format, context) => {
  if (format.includes('%') || format === SERIAL) return;
  const ours = format.toLowerCase().replaceAll(/m+|d+|y+/g, (word) => {
    const letter = word.charAt(0);
    return wordsOfDays[word] ?? wordsOfDays[letter] ?? `%${letter}`;
  });
  const params = { hint: `Write '${ours}'.` };
  context.addIssue({ code: 'custom', message: 'is not a format of days', params });
});
/** A day in one field, written like one of the formats of strptime, or split into three fields. */
const dayOf = z.union(
  [
    field,
    z.strictObject({ field, format: z.union([dayFormat, z.array(dayFormat).min(1)]) }),
    z.strictObject({ year: field, month: field, day: field }),
  ],
  {
    error: ({ input }) =>
      input === undefined ? 'is missing' : 'is not a column, { field, format } or { year, month, day }',
  },
);
/** The fields with names; each may hold several, between separators. */
const names = z.union([
  field,
  z.strictObject({ fields: z.array(field).min(1), separator: field.default(';') }),
]);

/** Says what a key means, for the list of all keys. `example` is YAML. */
const key = <S extends z.ZodType>(schema: S, type: string, example: string, meaning: string): S =>
  schema.meta({ type, example, meaning });
const column = (example: string, meaning: string) => key(field.optional(), 'column', example, meaning);
const day = '{ field, format }, { year, month, day } or a column';
const side = (example: string, meaning: string) =>
  key(names.optional(), '{ fields, separator } or a column', example, meaning);
const choice = <T extends string>(values: readonly T[], example: T, meaning: string) =>
  key(z.enum(values).optional(), values.join(', '), example, meaning);

const columns = z.strictObject({
  id: key(
    z.union([field, z.array(field).min(1)]).optional(),
    'column or list of columns',
    'Ref',
    'what identifies an incident; without it, its content does',
  ),
  start: key(dayOf, day, "{ field: Date, format: '%d/%m/%Y' }", 'the first possible day'),
  end: key(dayOf.optional(), day, 'Until', 'the last possible day; without it, that of `start`'),
  precision: column('Dated to', 'day, week, month, year or range; without it, from `start` and `end`'),
  published_on: key(dayOf.optional(), day, 'Last edited', 'the day of publication or of the last edit'),
  kind: column('Type', 'the event type'),
  sub_kind: column('Subtype', 'the event type in detail'),
  counts: column('Activity', 'whether queries count the incident as activity; without it, they do'),
  side_a: side("{ fields: [Actor, Second actor], separator: ';' }", 'names of one side'),
  side_b: side('Target', 'names of the other side'),
  others: side('Also involved', 'names of others'),
  number: column('Incidents', 'how many incidents the row represents; without it, 1'),
  country: column('Country', 'a name or an ISO 3166-1 code'),
  admin1: column('Province', 'the first-level division'),
  admin2: column('District', 'the second-level division'),
  place: column('Town', 'the place'),
  lat: column('Latitude', 'latitude in degrees'),
  lon: column('Longitude', 'longitude in degrees'),
  place_precision: column('Located to', 'exact, near, admin2, admin1, region, country or international'),
  civilians_targeted: column('Civilians', 'whether civilians were the target'),
  deaths_low: column('Killed (min)', 'the lowest number of deaths'),
  deaths_best: column('Killed', 'the best number of deaths'),
  deaths_high: column('Killed (max)', 'the highest number of deaths'),
  confidence: column('Confidence', 'how certain the report is, in words of your own'),
  marking: column('TLP', 'a TLP label; a row with another text is skipped'),
  title: column('Title', 'a short name'),
  summary: column('Remarks', 'what happened'),
  source: column('Reported by', 'who reported it'),
  url: column('Link', 'where it was reported'),
  extra: column('Details', 'a JSON object with more fields; other columns are then left out'),
});

/** A mapping file: what a table's fields mean. */
export const mapping = z.strictObject({
  source: key(field, 'text', 'Desk log', 'the name of the source for readers'),
  prefix: key(
    z.string().regex(/^([A-Z][A-Za-z0-9]*)?$/, 'must be letters and digits, with a capital first'),
    'text',
    'DESK',
    "letters and digits in front of each id; '' uses ids as given",
  ),
  lag_days: key(
    z.number().int().nonnegative().nullable().default(null),
    'number or null',
    '3',
    'days until an incident is in the table; null if unknown, which counts as 0',
  ),
  licence: z.strictObject({
    name: key(
      z.string().regex(/^[-A-Za-z0-9._]+$/, 'must be letters, digits, dots, hyphens and underscores'),
      'text',
      'CC-BY-4.0',
      'the name of the licence, without spaces',
    ),
    url: key(
      z.url('is not an address').nullable().default(null),
      'address or null',
      'https://example.org/terms',
      'where its text is',
    ),
    attribution: key(field, 'text', 'Our desk', 'whom pages name'),
    allows_rows: key(z.boolean(), 'true or false', 'true', 'whether editions may attach the rows'),
  }),
  type: choice(fileTypes, 'csv', 'the kind of file; without it, from its name'),
  encoding: choice(
    encodings,
    'latin-1',
    'of a CSV file; without it, utf-8. `latin-1` is also that of Windows (1252)',
  ),
  delimiter: key(
    z.string().length(1, 'must be one character').optional(),
    'one character',
    "';'",
    'between the cells of a CSV file; without it, from its first row',
  ),
  sheet: key(
    field.optional(),
    'text',
    'Incidents',
    'the sheet of a workbook; without it, the first that is not hidden',
  ),
  thousands: key(
    z.enum(thousandsSigns).optional(),
    thousandsSigns.map((sign) => `'${sign}'`).join(' or '),
    "','",
    'the sign between the thousands of whole numbers. Spaces and apostrophes are always read',
  ),
  blank: key(z.array(z.string()).default([]), 'list of texts', "['-', 'n/a']", 'texts that mean “not given”'),
  columns,
  values: key(
    z
      .strictObject(
        Object.fromEntries(
          Object.keys(
            columns.omit({ id: true, start: true, end: true, published_on: true, extra: true }).shape,
          ).map((name) => [name, z.record(z.string(), z.string()).optional()]),
        ),
      )
      .default({}),
    'by column, { text: other text }',
    '{ country: { UK: United Kingdom } }',
    'other words for texts of a column',
  ),
});
export type Mapping = z.output<typeof mapping>;
/** How a file is read. */
export type ReadOptions = Partial<Pick<Mapping, 'type' | 'encoding' | 'delimiter' | 'sheet'>>;

/** Reads the text of a mapping file. Throws `import-failed` with every fault. */
export function parseMapping(text: string, file: string): { mapping: Mapping; sha256: string } {
  const faults: Fault[] = [];
  const hint = 'See "A table of your own" in docs/data.md, or "sitrep import --help".';
  const parsed = parseYaml({ file, text }, mapping, { faults, hint });
  if (parsed === undefined) throw new AppError('import-failed', faults);
  return { mapping: parsed, sha256: hashOf(text) };
}

/** What `key` says about a key. */
const described = z.object({ type: z.string(), example: z.string(), meaning: z.string() });

export interface MappingKey extends z.output<typeof described> {
  /** With the keys above it: `licence.name`. */
  readonly key: string;
  /** As YAML; `required` if there is none. */
  readonly usual: string;
}

/** Every key of a mapping file, in the order of the schema. */
export function mappingKeys(above = '', { shape }: z.ZodObject = mapping): MappingKey[] {
  return Object.entries(shape).flatMap(([name, schema]) => {
    if (schema instanceof z.ZodObject) return mappingKeys(`${above}${name}.`, schema);
    const { success, data } = z.safeParse(schema, undefined);
    const usual = !success ? 'required' : data === undefined ? 'none' : JSON.stringify(data);
    return [{ key: `${above}${name}`, usual, ...described.parse(z.globalRegistry.get(schema)) }];
  });
}
