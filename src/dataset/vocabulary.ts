import type { Tables } from './schema.ts';
import { type DatasetSettings, type DeclaredSettings, termsOf } from './settings.ts';

/** What a dataset declares, with the terms that it does not declare taken from its rows. */
export const settingsOf = (
  { topics, affiliations, sourceKinds, language, outlines, borders }: DeclaredSettings,
  { tables, licence }: { tables: Tables; licence: string | null },
): DatasetSettings => ({
  topics: topics ?? termsOf(topicsIn(tables)),
  affiliations: affiliations ?? termsOf(tables.actors.map(({ affiliation }) => affiliation)),
  sourceKinds: sourceKinds ?? termsOf(tables.sources.map(({ kind }) => kind)),
  language,
  licence,
  maps: { outlines: outlines ?? null, borders },
  columns: {},
});

/** The topics of facts first: `all` of a judgment is none. */
const topicsIn = ({ coverage, events, measures, readings, judgments, gaps, indicators }: Tables): string[] =>
  [coverage, events, measures, readings, judgments, gaps, indicators].flatMap((rows) =>
    rows.flatMap(({ topic }) => (topic === 'all' ? [] : [topic])),
  );
