import { z } from 'zod';
import { type Fault, similarTo } from '../../errors.ts';
import { marking } from '../fields.ts';
import { INCIDENTS_FOLDER } from '../incidents.ts';
import { type TableName, tableNames } from '../schema.ts';
import { declaredSettings } from '../settings.ts';

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

type PackageFault = Pick<Fault, 'field' | 'problem' | 'hint'>;

/** What follows for a descriptor that cannot be read. */
const unreadable: z.output<typeof dataPackage> = {
  name: '',
  licenses: [],
  sitrep: declaredSettings.parse({}),
  resources: [],
};

/** Reads a dataset's descriptor: each table is one resource, and only `events` or `incidents` is required. */
export function parsePackage(descriptor: unknown) {
  const parsed = dataPackage.safeParse(descriptor);
  const { name, title = name, sitrep, licenses, marking: oldMarking, resources } = parsed.data ?? unreadable;
  const faults: PackageFault[] = parsed.success ? [] : describe(parsed.error, []);
  /** The tables of the model with a valid description. */
  const files: TableFile[] = [];
  /** The dataset's own tables, which are not in the model. */
  const own: TableFile<string>[] = [];
  /** The tables of the model with an invalid description. */
  const unread: TableName[] = [];
  const absent = tableNames.filter((table) => !resources.some((found) => found.name === table));
  for (const found of resources) {
    // Imports are in a folder with a fixed name: the resource only declares that there are some.
    if (found.name === INCIDENTS_FOLDER) continue;
    const place = ['resources', found.name];
    const refuse = (problem: string, hint: string) => faults.push({ field: place.join('.'), problem, hint });
    const read = resource.safeParse(found);
    const { path = '', format = formatOf(path), schema, type } = read.data ?? {};
    const declared = schema?.fields ?? null;
    const table = tableNames.find((each) => each === found.name);
    if (table === undefined) {
      const meant = similarTo(found.name, absent);
      if (meant !== undefined) {
        unread.push(...absent.filter((each) => each === meant));
        refuse(`there is no table "${found.name}".`, `Did you mean "${meant}"?`);
        continue;
      }
      // A JSON file without a schema may be anything, such as outlines for a map.
      if (format === undefined || (format === 'json' && declared === null && type === undefined)) continue;
      if (isAmong([...tableNames, ...reserved], found.name))
        refuse('has the name of another table.', 'Give it another name.');
      else if (isAmong(names(own), found.name)) refuse('is declared twice.', 'Remove one.');
      else own.push({ name: found.name, path, format, fields: declared });
    } else if (isAmong(names(files), table)) refuse('is declared twice.', 'Remove one.');
    else if (format !== undefined) files.push({ name: table, path, format, fields: declared });
    else {
      unread.push(table);
      if (!read.success) faults.push(...describe(read.error, place));
      else
        faults.push({
          field: [...place, 'format'].join('.'),
          problem: `is missing, and "${path}" does not end in ${formats.map((each) => `.${each}`).join(', ')}.`,
          hint: /\.(xlsx?|ods|numbers)$/i.test(path)
            ? 'Save the sheet as CSV in UTF-8, and give the path of that file.'
            : `Give the format: one of ${formats.join(', ')}.`,
        });
    }
  }
  const imported = resources.find((found) => found.name === INCIDENTS_FOLDER);
  // Before their first import, sources are a promise of incidents.
  const hasFacts =
    sitrep.sources.length > 0 || imported !== undefined || resources.some((found) => found.name === 'events');
  if (!hasFacts && faults.length === 0)
    faults.push({
      field: 'resources',
      problem: 'the table "events" is missing, and so is "incidents".',
      hint:
        own.length === 0
          ? 'Add a resource named "events" (docs/datasets.md shows the smallest datapackage.json), or import incidents (docs/data.md).'
          : `Name the resource that has the events "events": there ${own.length === 1 ? 'is' : 'are'} ${own.map((each) => `"${each.name}"`).join(', ')}.`,
    });
  return {
    name,
    title,
    marking: sitrep.marking ?? oldMarking ?? ('TLP:CLEAR' as const),
    licence: licenses[0]?.title ?? licenses[0]?.name ?? null,
    declared: sitrep,
    files,
    own,
    /** The declared file of the first import of incidents; undefined if none is declared. */
    incidents: imported && (resource.safeParse(imported).data?.path ?? INCIDENTS_FOLDER),
    unread,
    faults,
  };
}

/** Tables that queries see and that come from no file of their own. */
const reserved = ['topics', 'affiliations', 'source_kinds', INCIDENTS_FOLDER, 'actor_names', 'countries'];

const names = (files: readonly TableFile<string>[]): string[] => files.map(({ name }) => name);

/** SQL does not distinguish capital from small letters in names. */
const isAmong = (taken: readonly string[], name: string): boolean =>
  taken.some((each) => each.toLowerCase() === name.toLowerCase());

const formatOf = (path: string): (typeof formats)[number] | undefined =>
  formats.find((format) => path.toLowerCase().endsWith(`.${format}`));

function describe(error: z.ZodError, place: readonly string[]): PackageFault[] {
  return error.issues.map(({ path, message }) => ({
    field: [...place, ...path].join('.'),
    problem: message.replace(/\.?$/, '.'),
    hint: 'Correct it: docs/datasets.md describes datapackage.json.',
  }));
}
