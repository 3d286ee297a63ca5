import { z } from 'zod';
import { AppError, type Fault } from '../../errors.ts';
import { hashOf } from '../../hash.ts';
import { parseYaml } from '../../parse-yaml.ts';
import { encodings, fileTypes, type ReadOptions } from '../source-file.ts';

const field = z.string().min(1, 'is empty');
const wordsOfDays: { readonly [word: string]: string } = {
  d: '%d',
  m: '%m',
  mmm: '%b',
  mmmm: '%B',
  y: '%Y',
  yy: '%y',
};
/** A format of strptime; one such as dd/mm/yyyy, as spreadsheets write it, is answered with ours. */
const dayFormat = field.superRefine((format, context) => {
  if (format.includes('%')) return;
  const ours = format
    .toLowerCase()
    .replaceAll(/m+|d+|y+/g, (word) => wordsOfDays[word] ?? wordsOfDays[word.charAt(0)] ?? word);
  context.addIssue({
    code: 'custom',
    message: 'is not a format of days',
    params: { hint: `Write '${ours}'.` },
  });
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

const columns = z.strictObject({
  /** Fields that together identify an incident. Without them its content does. */
  id: z.union([field, z.array(field).min(1)]).optional(),
  published_on: dayOf.optional(),
  start: dayOf,
  end: dayOf.optional(),
  precision: field.optional(),
  kind: field.optional(),
  sub_kind: field.optional(),
  counts: field.optional(),
  side_a: names.optional(),
  side_b: names.optional(),
  others: names.optional(),
  number: field.optional(),
  country: field.optional(),
  admin1: field.optional(),
  admin2: field.optional(),
  place: field.optional(),
  lat: field.optional(),
  lon: field.optional(),
  place_precision: field.optional(),
  civilians_targeted: field.optional(),
  deaths_low: field.optional(),
  deaths_best: field.optional(),
  deaths_high: field.optional(),
  confidence: field.optional(),
  marking: field.optional(),
  title: field.optional(),
  summary: field.optional(),
  source: field.optional(),
  url: field.optional(),
  /** A field with a JSON object that becomes `extra`; the other fields without a column are then dropped. */
  extra: field.optional(),
});

/** A mapping file: what a table's fields mean. */
export const mapping = z.strictObject({
  /** The source's name for readers. */
  source: field,
  /** In front of each id; empty if ids are used as given. */
  prefix: z.string().regex(/^([A-Z][A-Za-z0-9]*)?$/, 'must be letters and digits, with a capital first'),
  lag_days: z.number().int().nonnegative().nullable().default(null),
  licence: z.strictObject({
    name: z.string().regex(/^[-A-Za-z0-9._]+$/, 'must be letters, digits, dots, hyphens and underscores'),
    url: z.url('is not an address').nullable().default(null),
    attribution: field,
    allows_rows: z.boolean(),
  }),
  type: z.enum(fileTypes).optional(),
  encoding: z.enum(encodings).optional(),
  delimiter: z.string().length(1, 'must be one character').optional(),
  sheet: field.optional(),
  /** Texts that mean "not given". */
  blank: z.array(z.string()).default([]),
  columns,
  /** Other words for values, by column: the value as given, then the one to use. */
  values: z.record(z.string(), z.record(z.string(), z.string())).default({}),
});
export type Mapping = z.output<typeof mapping>;

/** Reads the text of a mapping file. Throws `import-failed` with every fault. */
export function parseMapping(text: string, file: string): { mapping: Mapping; sha256: string } {
  const faults: Fault[] = [];
  const hint = 'See "A table of your own" in docs/data.md.';
  const parsed = parseYaml({ file, text }, mapping, { faults, hint });
  if (parsed === undefined) throw new AppError('import-failed', faults);
  return { mapping: parsed, sha256: hashOf(text) };
}

export const optionsOf = ({ type, encoding, delimiter, sheet }: Mapping): ReadOptions => ({
  type,
  encoding,
  delimiter,
  sheet,
});
