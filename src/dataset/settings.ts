import { z } from 'zod';
import type { Column } from './fields.ts';
import type { RowSets } from './parse-rows.ts';

/** A word of a dataset's own: how rows spell it, and how it reads. */
export interface Term {
  readonly name: string;
  readonly title: string;
}

/** A TopoJSON or GeoJSON file with the outlines that maps draw. */
export interface OutlinesFile {
  /** Relative to the dataset's folder. */
  readonly file: string;
  /** The object of a TopoJSON file; without it, the first. */
  readonly object?: string | undefined;
  /** The property of a feature that names it. */
  readonly name: string;
  /** The property of a feature that gives its country's code. */
  readonly country: string;
}

/** What a dataset says about itself in `datapackage.json`, under `sitrep`, completed from its rows. */
export interface DatasetSettings {
  /** In the order in which pages list them. */
  readonly topics: readonly Term[];
  readonly affiliations: readonly Term[];
  readonly sourceKinds: readonly Term[];
  /** BCP 47, such as `en-GB`. */
  readonly language: string;
  /** The title of the package's first licence, else its name. */
  readonly licence: string | null;
  readonly maps: {
    readonly outlines: OutlinesFile | null;
    /** The countries whose borders maps draw: codes, as the outlines give them. */
    readonly borders: readonly string[];
  };
  /** By table: the columns that the model does not have. */
  readonly columns: { readonly [table: string]: readonly Column[] };
}

/** The ground of a dataset's maps, and the file that it was read from. */
export interface Outlines {
  /** GeoJSON features by the names under which charts ask for them: `outlines` and `borders`. */
  readonly maps: RowSets;
  /** Relative to the dataset's folder; null without outlines. */
  readonly source: { readonly file: string; readonly sha256: string } | null;
}

export const noOutlines: Outlines = { maps: {}, source: null };

/** The settings of a dataset that declares nothing and has no rows. */
export const noSettings: DatasetSettings = {
  topics: [],
  affiliations: [],
  sourceKinds: [],
  language: 'en-GB',
  licence: null,
  maps: { outlines: null, borders: [] },
  columns: {},
};

const term = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1, 'is empty')
    .refine((name) => name !== 'all', 'cannot be "all", which means every topic'),
  title: z.string().trim().min(1, 'is empty'),
});
const terms = z
  .array(term)
  .min(1, 'is empty')
  .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, 'has a name twice')
  .optional();

/** The object `sitrep` of a `datapackage.json`. */
export const declaredSettings = z.strictObject({
  topics: terms,
  /** `date`: each event is known on its own day, and all else from the first of them. */
  knownOn: z.literal('date').optional(),
  affiliations: terms,
  sourceKinds: terms,
  language: z
    .string()
    .refine((tag) => {
      try {
        return Intl.getCanonicalLocales(tag).length === 1;
      } catch {
        return false;
      }
    }, 'is not a language tag such as en-GB')
    .default('en-GB'),
  outlines: z
    .strictObject({
      file: z.string().min(1, 'is empty'),
      object: z.string().optional(),
      name: z.string().default('name'),
      country: z.string().default('country'),
    })
    .optional(),
  borders: z.array(z.string().min(1, 'is empty')).default([]),
});
export type DeclaredSettings = z.output<typeof declaredSettings>;

/** `press-agency` → `Press agency`: how a word reads that no dataset gives a title. */
const titleFrom = (name: string): string =>
  name.replaceAll('-', ' ').replace(/^./u, (first) => first.toUpperCase());

/** The terms that rows use, in the order of first use, where a dataset declares none. */
export const termsOf = (names: readonly (string | null)[]): Term[] =>
  [...new Set(names)].flatMap((name) => (name === null ? [] : [{ name, title: titleFrom(name) }]));

/** How a topic reads in a list. */
export const topicTitle = (topic: string, { topics }: Pick<DatasetSettings, 'topics'>): string =>
  topic === 'all' ? 'all topics' : (topics.find(({ name }) => name === topic)?.title ?? titleFrom(topic));
