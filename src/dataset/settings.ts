import { z } from 'zod';
import { languageTag } from '../locale.ts';
import type { Column } from './fields.ts';
import type { RowSets } from './parse-rows.ts';
import { type RefreshSettings, refreshSettings, sourceSettings } from './sources.ts';

/** A dataset's settings in `datapackage.json`, under `sitrep`, completed from its rows. */
export interface DatasetSettings {
  /** In display order. */
  readonly topics: readonly Term[];
  readonly affiliations: readonly Term[];
  readonly sourceKinds: readonly Term[];
  /** What its texts are written in, as a BCP 47 tag such as `en-GB`; null for the language of each brief. */
  readonly language: string | null;
  /** The title of the package's first licence, or its name. */
  readonly licence: string | null;
  readonly maps: {
    readonly outlines: OutlinesFile | null;
    /** The countries whose borders maps draw, as codes used in the outlines. */
    readonly borders: readonly string[];
  };
  /** The tables of the model that the dataset does not have. */
  readonly absent: readonly string[];
  /** What an edition attaches of the incidents that it cites; null leaves that to their licence. */
  readonly attach: 'rows' | 'ids' | null;
  /** With the names of the sources. Absent if not declared. */
  readonly refresh?: (RefreshSettings & { readonly sources: readonly string[] }) | undefined;
  /** The columns that are not in the model, by table. */
  readonly columns: { readonly [table: string]: readonly Column[] };
}

/** The base map of a dataset and its source file. */
export interface Outlines {
  /** GeoJSON features under the names that charts use: `outlines` and `borders`. */
  readonly maps: RowSets;
  /** Relative to the dataset's folder; null without outlines. */
  readonly source: { readonly file: string; readonly sha256: string } | null;
}

export const noOutlines: Outlines = { maps: {}, source: null };

/** The settings of a dataset without declarations and rows. */
export const noSettings: DatasetSettings = {
  topics: [],
  affiliations: [],
  sourceKinds: [],
  language: null,
  licence: null,
  maps: { outlines: null, borders: [] },
  absent: [],
  attach: null,
  columns: {},
};

/** A term of the dataset: its spelling in rows and its display title. */
const term = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1, 'is empty')
    .refine((name) => name !== 'all', 'cannot be "all", which means every topic'),
  title: z.string().trim().min(1, 'is empty'),
});
type Term = Readonly<z.output<typeof term>>;
const terms = z
  .array(term)
  .min(1, 'is empty')
  .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, 'has a name twice')
  .optional();

/** A TopoJSON or GeoJSON file with outlines for maps. */
const outlinesFile = z.strictObject({
  /** Relative to the dataset's folder. */
  file: z.string().min(1, 'is empty'),
  /** The object to use in a TopoJSON file; the first by default. */
  object: z.string().optional(),
  /** The property with a feature's name. */
  name: z.string().default('name'),
  /** The property with a feature's country code. */
  country: z.string().default('country'),
});
export type OutlinesFile = Readonly<z.output<typeof outlinesFile>>;

/** The object `sitrep` of a `datapackage.json`. */
export const declaredSettings = z.strictObject({
  topics: terms,
  /** `date`: each event is known on its own day, and everything else from the first event on. */
  knownOn: z.literal('date').optional(),
  affiliations: terms,
  sourceKinds: terms,
  language: languageTag.optional(),
  outlines: outlinesFile.optional(),
  borders: z.array(z.string().min(1, 'is empty')).default([]),
  /** What an edition attaches of the incidents that it cites: their rows, or their ids and the query. */
  attach: z.enum(['rows', 'ids']).optional(),
  /** Where incidents come from. */
  sources: z
    .array(sourceSettings)
    .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, 'has a name twice')
    .default([]),
  refresh: refreshSettings.optional(),
});
export type DeclaredSettings = z.output<typeof declaredSettings>;

/** `press-agency` → `Press agency`: the title of a term for which no dataset has one. */
const titleFrom = (name: string): string =>
  name.replaceAll('-', ' ').replace(/^./u, (first) => first.toUpperCase());

/** The terms used in rows, in order of first use, for a dataset that declares none. */
export const termsOf = (names: readonly (string | null)[]): Term[] =>
  [...new Set(names)].flatMap((name) => (name === null ? [] : [{ name, title: titleFrom(name) }]));

/** The display title of a topic of the dataset. */
export const topicTitle = (topic: string, { topics }: Pick<DatasetSettings, 'topics'>): string =>
  topics.find(({ name }) => name === topic)?.title ?? titleFrom(topic);
