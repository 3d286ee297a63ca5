import { z } from 'zod';
import type { Locale } from '../locale.ts';
import { day } from '../calendar.ts';
import {
  claimStatus,
  type Column,
  credibility,
  id,
  key,
  likelihood,
  list,
  type Marking,
  number,
  optional,
  prose,
  text,
} from './fields.ts';
import type { IncidentStore } from './incidents.ts';
import type { DatasetSettings, Outlines } from './settings.ts';

/** The tables of a dataset: one schema per row type, every field read as text. */
export const tables = {
  sources: z.strictObject({
    ...key,
    name: text,
    descriptor: optional(prose),
    kind: optional(text),
    /** The source that carried this one to us; empty for a source that we read ourselves. */
    via: optional(id),
    published: optional(day),
    /**
     * Admiralty code for reliability: A (completely reliable) to E (unreliable), F (cannot be judged); empty means "not
     * graded".
     */
    reliability: optional(z.enum(['A', 'B', 'C', 'D', 'E', 'F'])),
    grade_note: optional(prose),
    /** The origin, in the dataset's own words; `external` marks general knowledge. */
    basis: optional(text),
  }),
  actors: z.strictObject({
    ...key,
    name: text,
    long_name: text,
    aliases: list,
    affiliation: optional(text),
    note: optional(prose),
    basis: optional(text),
  }),
  places: z.strictObject({
    ...key,
    name: text,
    kind: optional(text),
    province: optional(text),
    /** ISO 3166-1 alpha-2. */
    country: optional(
      z.string().regex(/^[A-Z]{2}$/, 'is not a country: use its English name or its ISO 3166 code'),
    ),
    lat: optional(number.refine((value) => Math.abs(value) <= 90, 'is not a latitude')),
    lon: optional(number.refine((value) => Math.abs(value) <= 180, 'is not a longitude')),
    /** The possible error of the point in kilometres; for a province, roughly half its width. */
    radius_km: optional(number.refine((value) => value > 0, 'must be more than 0')),
    note: optional(prose),
    basis: optional(text),
  }),
  coverage: z.strictObject({
    ...key,
    topic: text,
    start: day,
    end: day,
    note: optional(prose),
  }),
  events: z.strictObject({
    ...key,
    topic: text,
    precision: z.enum(['day', 'month', 'season', 'range', 'undated']),
    date_start: optional(day),
    date_end: optional(day),
    date_basis: optional(z.enum(['stated', 'inferred', 'external'])),
    actors: list,
    targets: list,
    place: optional(id),
    /** The measure that includes this event in its count. */
    part_of: optional(id),
    title: prose,
    summary: prose,
    claim_status: optional(claimStatus),
    /** The act that a public statement performs, in the dataset's own words. */
    speech_act: optional(text),
    source: optional(id),
    credibility,
    basis: optional(text),
    caveat: optional(prose),
  }),
  measures: z.strictObject({
    ...key,
    topic: text,
    label: prose,
    bound: z.enum(['>=', '=', '~']),
    value: number,
    unit: text,
    window_start: optional(day),
    window_end: optional(day),
    window_basis: optional(z.enum(['stated', 'inferred', 'external'])),
    /** The measure that includes this one: the two can be neither added nor subtracted. */
    within: optional(id),
    denominator: optional(prose),
    actors: list,
    targets: list,
    place: optional(id),
    title: prose,
    summary: prose,
    claim_status: optional(claimStatus),
    source: optional(id),
    credibility,
    basis: optional(text),
    caveat: optional(prose),
  }),
  /** Ways to date a silence: each row splits the days into before and after. */
  readings: z.strictObject({
    ...key,
    topic: text,
    /** The measure whose count, a lower bound, falls in the days before. */
    measure: id,
    label: prose,
    baseline_end: day,
    quiet_start: day,
    observed_to: day,
    observed_note: prose,
    role: z.enum(['headline', 'other', 'sensitivity']),
    rests_on: list,
  }),
  judgments: z.strictObject({
    ...key,
    /** A topic: text, or `all`. */
    topic: text,
    role: z.enum([
      'headline',
      'bottom-line',
      'key',
      'assessment',
      'alternative',
      'caption',
      'caveat',
      'source-summary',
    ]),
    rank: number,
    /** The author of the judgment; empty for our own. */
    author: optional(id),
    text: prose,
    confidence: optional(z.enum(['high', 'moderate', 'low'])),
    confidence_basis: optional(prose),
    likelihood: optional(likelihood),
    /** The last day of the period that it speaks of, such as the end of a forecast. */
    until: optional(day),
    rests_on: list,
  }),
  gaps: z.strictObject({ ...key, topic: text, rank: number, text: prose, rests_on: list }),
  indicators: z.strictObject({
    ...key,
    topic: text,
    rank: number,
    text: prose,
    direction: optional(z.enum(['up', 'down'])),
    threshold: optional(number),
    threshold_unit: optional(prose),
    meaning: optional(prose),
    rests_on: list,
  }),
} as const;

export type TableName = keyof typeof tables;
// TypeScript does not preserve the names of an object's keys.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const tableNames = Object.keys(tables) as readonly TableName[];
export type RowOf<T extends TableName> = z.output<(typeof tables)[T]>;
/** Every row of every table of the model in file order, including revisions and withdrawals. */
export type ModelTables = { readonly [T in TableName]: readonly RowOf<T>[] };
export type Tables = ModelTables & { readonly own?: OwnTables };

/** A dataset's tables that are not in the model, by name. Their rows have no id that a page could cite. */
export interface OwnTables {
  readonly [table: string]: readonly { readonly [column: string]: unknown }[];
}

/** The tables of the model, each with the rows that `rowsOf` gives. */
export function modelTables(rowsOf: (table: TableName) => readonly RowOf<TableName>[]): ModelTables {
  const entries = tableNames.map((table) => [table, rowsOf(table)]);
  // TypeScript does not link the name of each entry with its rows.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(entries) as ModelTables;
}

export const noTables: Tables = modelTables(() => []);

export interface Dataset {
  readonly name: string;
  readonly title: string;
  /** The lowest marking of any edition generated from these rows. */
  readonly marking: Marking;
  /** The folder it was read from, for messages. */
  readonly folder: string;
  readonly settings: DatasetSettings;
  /** The words of its language, if it declares one and there is a locale for it. */
  readonly locale?: Locale | undefined;
  readonly tables: Tables;
  /** The rows of `tables` that imports brought. */
  readonly imported?: ReadonlySet<object>;
  /** The imports of incidents; none if there are only notes. */
  readonly incidents: IncidentStore;
  /** The outlines for its maps. */
  readonly outlines: Outlines;
}

/** The columns of a model table in its order, with the SQL type of each field's schema. */
export function columnsOf(table: TableName): Column[] {
  return Object.entries(tables[table].shape).map(([name, schema]) => ({ name, type: typeOf(schema) }));
}

/** Infers a schema's type by parsing samples, so that there is no second list of fields to maintain. */
function typeOf(schema: z.ZodType): Column['type'] {
  const made = (sample: string) => schema.safeParse(sample).data;
  if (Array.isArray(made('a'))) return 'VARCHAR[]';
  if (typeof made('1') === 'number') return 'DOUBLE';
  return made('2021-08-25') !== undefined && made('a') === undefined ? 'DATE' : 'VARCHAR';
}

/** Looked up for each row of each page. */
const proseOf = new Map(
  tableNames.map((table) => {
    const shape = Object.entries<z.ZodType>(tables[table].shape);
    return [table, shape.flatMap(([name, type]) => (type.meta()?.['prose'] === true ? [name] : []))];
  }),
);
/** The columns of a model table whose wording is checked, in its order. */
export const proseColumns = (table: TableName): readonly string[] => proseOf.get(table) ?? [];
