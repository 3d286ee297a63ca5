import { z } from 'zod';
import { type Fault, similarTo } from '../../errors.ts';
import { type Marking, marking } from '../fields.ts';
import { INCIDENTS_FOLDER } from '../incidents.ts';
import { type TableName, tableNames, tables } from '../schema.ts';
import { type DeclaredSettings, declaredSettings } from '../settings.ts';

/**
 * https://datapackage.org/standard/data-package/ (version 2): the parts that this program reads; others are allowed.
 */
const profile = 'https://datapackage.org/profiles/2.0/datapackage.json';
const formats = ['csv', 'json', 'parquet'] as const;
const fields = z.array(z.looseObject({ name: z.string(), type: z.string().optional() }));
const dataPackage = z.looseObject({
  $schema: z.literal(profile, { error: `must be "${profile}"` }).optional(),
  name: z.string().regex(/^[a-z0-9._-]+$/, 'must be of small letters, digits, dots, hyphens and underscores'),
  title: z.string().trim().min(1, 'is empty').optional(),
  licenses: z.array(z.looseObject({ name: z.string().optional(), title: z.string().optional() })).default([]),
  /** Our own properties, which the standard allows. */
  sitrep: declaredSettings.extend({ marking: marking.optional() }).default(declaredSettings.parse({})),
  /** Where the first release of this program looked for the marking. */
  marking: marking.optional(),
  resources: z.array(z.looseObject({ name: z.string(), type: z.string().optional() })),
});
const resource = z.looseObject({
  name: z.string(),
  type: z.literal('table', { error: 'must be table' }).optional(),
  path: z.string({ error: 'must be the path of one file' }),
  format: z.enum(formats, { error: `must be one of ${formats.join(', ')}` }).optional(),
  encoding: z.literal(['utf-8', 'UTF-8'], { error: 'must be utf-8' }).optional(),
  schema: z.looseObject({ fields }).optional(),
});

/** One table file in a data package. */
export interface TableFile<Name extends string = TableName> {
  readonly name: Name;
  /** Relative to the package's folder. */
  readonly path: string;
  readonly format: (typeof formats)[number];
  /** The declared fields; null if none are declared, in which case the file's own columns apply. */
  readonly fields: readonly { readonly name: string; readonly type?: string | undefined }[] | null;
}

export interface DataPackage {
  readonly name: string;
  readonly title: string;
  readonly marking: Marking;
  readonly licence: string | null;
  readonly declared: DeclaredSettings;
  /** The tables with a valid description. */
  readonly files: readonly TableFile[];
  /** The dataset's own tables, which are not in the model. */
  readonly own: readonly TableFile<string>[];
  /** The declared file of the first import of incidents; undefined if none is declared. */
  readonly incidents?: string | undefined;
  /** The tables with an invalid description. */
  readonly unread: readonly TableName[];
  readonly faults: readonly Pick<Fault, 'field' | 'problem' | 'hint'>[];
}

/** Reads a dataset's descriptor: each table is one resource, and only `events` or `incidents` is required. */
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
      own: [],
      unread: [],
      faults: describe(parsed.error, []),
    };
  const { name, title = name, sitrep, licenses, resources } = parsed.data;
  const marked = sitrep.marking ?? parsed.data.marking ?? 'TLP:CLEAR';
  const licence = licenses[0]?.title ?? licenses[0]?.name ?? null;
  const faults: Pick<Fault, 'field' | 'problem' | 'hint'>[] = [];
  const files: TableFile[] = [];
  const own: TableFile<string>[] = [];
  const unread: TableName[] = [];
  const absent = tableNames.filter((table) => !resources.some((found) => found.name === table));
  for (const found of resources) {
    // Imports are in a folder with a fixed name: the resource only declares that there are some.
    if (found.name === INCIDENTS_FOLDER) continue;
    const place = ['resources', found.name];
    if (!isTableName(found.name)) {
      const meant = similarTo(found.name, absent);
      if (meant === undefined) {
        const read = ownTable(found);
        if (read !== undefined && 'problem' in read) faults.push({ field: place.join('.'), ...read });
        else if (read !== undefined && own.some(({ name: other }) => isSameName(other, found.name)))
          faults.push({ field: place.join('.'), problem: 'is declared twice.', hint: 'Remove one.' });
        else if (read !== undefined) own.push(read);
        continue;
      }
      unread.push(...absent.filter((table) => table === meant));
      faults.push({
        field: place.join('.'),
        problem: `there is no table "${found.name}".`,
        hint: `Did you mean "${meant}"?`,
      });
      continue;
    }
    const read = resource.safeParse(found);
    if (files.some((file) => file.name === found.name)) {
      faults.push({ field: place.join('.'), problem: 'is declared twice.', hint: 'Remove one.' });
    } else if (!read.success) {
      unread.push(found.name);
      faults.push(...describe(read.error, place));
    } else {
      const { path, format = formatOf(path), schema } = read.data;
      if (format === undefined) {
        unread.push(found.name);
        faults.push({
          field: [...place, 'format'].join('.'),
          problem: `is missing, and "${path}" does not end in ${formats.map((each) => `.${each}`).join(', ')}.`,
          hint: /\.(xlsx?|ods|numbers)$/i.test(path)
            ? 'Save the sheet as CSV in UTF-8, and give the path of that file.'
            : `Give the format: one of ${formats.join(', ')}.`,
        });
      } else files.push({ name: found.name, path, format, fields: schema?.fields ?? null });
    }
  }
  // Before their first import, sources are a promise of incidents.
  const hasFacts =
    sitrep.sources.length > 0 || resources.some((found) => ['events', INCIDENTS_FOLDER].includes(found.name));
  if (!hasFacts && faults.length === 0)
    faults.push({
      field: 'resources',
      problem: 'the table "events" is missing, and so is "incidents".',
      hint:
        own.length === 0
          ? 'Add a resource named "events" (docs/datasets.md shows the smallest datapackage.json), or import incidents (docs/data.md).'
          : `Name the resource that has the events "events": there ${own.length === 1 ? 'is' : 'are'} ${own.map((each) => `"${each.name}"`).join(', ')}.`,
    });
  const imported = resources.find((found) => found.name === INCIDENTS_FOLDER);
  const incidents = imported && (resource.safeParse(imported).data?.path ?? INCIDENTS_FOLDER);
  return { name, title, marking: marked, licence, declared: sitrep, files, own, incidents, unread, faults };
}

/** SQL does not distinguish capital from small letters in names. */
const isSameName = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** Tables that queries see and that come from no file of their own. */
const reserved = ['topics', 'affiliations', 'source_kinds', INCIDENTS_FOLDER, 'actor_names', 'countries'];

/**
 * A resource outside the model as a table, or what is wrong with it. Undefined if it is not a table, because a JSON file
 * without a schema may be anything, such as outlines for a map.
 */
function ownTable(found: { readonly name: string }): TableFile<string> | Omit<Fault, 'field'> | undefined {
  const { data } = resource.safeParse(found);
  if (data === undefined) return undefined;
  const { name, path, format = formatOf(path), schema, type } = data;
  if (format === undefined || (format === 'json' && schema === undefined && type === undefined))
    return undefined;
  if ([...tableNames, ...reserved].some((each) => isSameName(each, name)))
    return { problem: 'has the name of another table.', hint: 'Give it another name.' };
  return { name, path, format, fields: schema?.fields ?? null };
}

function isTableName(name: string): name is TableName {
  return Object.hasOwn(tables, name);
}

const formatOf = (path: string): (typeof formats)[number] | undefined =>
  formats.find((format) => path.toLowerCase().endsWith(`.${format}`));

function describe(error: z.ZodError, place: readonly string[]): Pick<Fault, 'field' | 'problem' | 'hint'>[] {
  return error.issues.map(({ path, message }) => ({
    field: [...place, ...path].join('.'),
    problem: message.replace(/\.?$/, '.'),
    hint: 'Correct it: docs/datasets.md describes datapackage.json.',
  }));
}
