import { z } from 'zod';
import type { Fault } from '../errors.ts';
import { type Marking, marking } from './fields.ts';
import { type TableName, tableNames, tables } from './schema.ts';
import { type DeclaredSettings, declaredSettings } from './settings.ts';

/** https://datapackage.org/standard/data-package/ (version 2): the parts that we read; others may stand beside them. */
const profile = 'https://datapackage.org/profiles/2.0/datapackage.json';
const formats = ['csv', 'json', 'parquet'] as const;
const dataPackage = z.looseObject({
  $schema: z.literal(profile, { error: `must be "${profile}"` }),
  name: z.string().regex(/^[a-z0-9._-]+$/, 'must be of small letters, digits, dots, hyphens and underscores'),
  title: z.string().trim().min(1, 'is empty'),
  licenses: z.array(z.looseObject({ name: z.string().optional(), title: z.string().optional() })).default([]),
  /** Properties of our own, which the standard allows. */
  sitrep: declaredSettings.extend({ marking: marking.optional() }).default(declaredSettings.parse({})),
  /** Where the first edition of this program looked for it. */
  marking: marking.optional(),
  resources: z.array(z.looseObject({ name: z.string(), type: z.string().optional() })),
});
const resource = z.looseObject({
  name: z.string(),
  type: z.literal('table'),
  path: z.string({ error: 'must be the path of one file' }),
  format: z.enum(formats, { error: `must be one of ${formats.join(', ')}` }),
  encoding: z.literal(['utf-8', 'UTF-8'], { error: 'must be utf-8' }).optional(),
  schema: z.looseObject({ fields: z.array(z.looseObject({ name: z.string() })) }),
});

/** One table file of a data package. */
export interface TableFile {
  readonly name: TableName;
  /** Relative to the package's folder. */
  readonly path: string;
  readonly format: (typeof formats)[number];
  /** The names of its fields, in the order of the file. */
  readonly fields: readonly string[];
}

export interface DataPackage {
  readonly name: string;
  readonly title: string;
  readonly marking: Marking;
  readonly licence: string | null;
  readonly declared: DeclaredSettings;
  /** The tables that are described rightly. */
  readonly files: readonly TableFile[];
  readonly faults: readonly Pick<Fault, 'field' | 'problem' | 'mend'>[];
}

/** Reads the descriptor of a dataset: each table of the model is one resource, with the fields of the model. */
export function parsePackage(descriptor: unknown): DataPackage {
  const parsed = dataPackage.safeParse(descriptor);
  if (!parsed.success)
    return {
      name: '',
      title: '',
      marking: 'TLP:CLEAR',
      licence: null,
      declared: declaredSettings.parse({}),
      files: [],
      faults: describe(parsed.error, []),
    };
  const { name, title, sitrep, licenses, resources } = parsed.data;
  const marked = sitrep.marking ?? parsed.data.marking ?? 'TLP:CLEAR';
  const licence = licenses[0]?.title ?? licenses[0]?.name ?? null;
  const faults: Pick<Fault, 'field' | 'problem' | 'mend'>[] = [];
  const files: TableFile[] = [];
  for (const found of resources) {
    // What is not a table (a map, say) is none of our business.
    if (found.type !== 'table' && !isTableName(found.name)) continue;
    const place = ['resources', found.name];
    const read = resource.safeParse(found);
    if (!isTableName(found.name)) {
      faults.push({
        field: place.join('.'),
        problem: `there is no table "${found.name}".`,
        mend: `Name it one of ${tableNames.join(', ')}, or remove it.`,
      });
    } else if (files.some((file) => file.name === found.name)) {
      faults.push({ field: place.join('.'), problem: 'is there twice.', mend: 'Remove one.' });
    } else if (!read.success) {
      faults.push(...describe(read.error, place));
    } else {
      const fields = read.data.schema.fields.map((field) => field.name);
      const wrong = compareFields(found.name, fields);
      if (wrong) faults.push({ field: [...place, 'schema.fields'].join('.'), ...wrong });
      else files.push({ name: found.name, path: read.data.path, format: read.data.format, fields });
    }
  }
  for (const table of tableNames)
    if (!resources.some((found) => found.name === table))
      faults.push({
        field: 'resources',
        problem: `the table "${table}" is missing.`,
        mend: `Add a resource named "${table}"; its file may be empty but for the header.`,
      });
  return { name, title, marking: marked, licence, declared: sitrep, files, faults };
}

function isTableName(name: string): name is TableName {
  return Object.hasOwn(tables, name);
}

/** Columns that few datasets need. */
const mayLack: ReadonlySet<string> = new Set(['marking', 'speech_act']);

function compareFields(
  table: TableName,
  fields: readonly string[],
): Pick<Fault, 'problem' | 'mend'> | undefined {
  const model = Object.keys(tables[table].shape);
  const missing = model.filter((field) => !fields.includes(field) && !mayLack.has(field));
  const other = fields.filter((field, index) => !model.includes(field) || fields.indexOf(field) !== index);
  if (missing.length + other.length === 0) return undefined;
  const told = [
    ...(missing.length > 0 ? [`lacks ${missing.join(', ')}`] : []),
    ...(other.length > 0 ? [`has ${other.join(', ')} too many`] : []),
  ];
  return { problem: `${told.join(' and ')}.`, mend: `The fields are ${model.join(', ')}.` };
}

function describe(error: z.ZodError, place: readonly string[]): Pick<Fault, 'field' | 'problem' | 'mend'>[] {
  return error.issues.map(({ path, message }) => ({
    field: [...place, ...path].join('.'),
    problem: message.replace(/\.?$/, '.'),
    mend: 'Correct it: see docs/authoring.md for a whole datapackage.json.',
  }));
}
