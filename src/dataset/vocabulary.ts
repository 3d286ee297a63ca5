import { meantBy } from '../errors.ts';
import type { RowFault, TableRow } from './references.ts';
import type { Tables } from './schema.ts';
import { type DatasetSettings, type DeclaredSettings, termsOf } from './settings.ts';

/** A dataset's declared settings, with undeclared terms taken from its rows. */
export const settingsOf = (
  { topics, affiliations, sourceKinds, language, outlines, borders }: DeclaredSettings,
  {
    tables,
    licence,
    columns,
  }: { tables: Tables; licence: string | null; columns: DatasetSettings['columns'] },
): DatasetSettings => ({
  topics: topics ?? termsOf(topicsIn(tables)),
  affiliations: affiliations ?? termsOf(tables.actors.map(({ affiliation }) => affiliation)),
  sourceKinds: sourceKinds ?? termsOf(tables.sources.map(({ kind }) => kind)),
  language,
  licence,
  maps: { outlines: outlines ?? null, borders },
  columns,
});

/** Topics of facts come first; the judgment topic `all` is not a topic. */
const topicsIn = ({ coverage, events, measures, readings, judgments, gaps, indicators }: Tables): string[] =>
  [coverage, events, measures, readings, judgments, gaps, indicators].flatMap((rows) =>
    rows.flatMap(({ topic }) => (topic === 'all' ? [] : [topic])),
  );

/** Finds terms in rows that are not in the dataset's declared list. */
export function checkTerms(
  rows: readonly TableRow[],
  { topics, affiliations, sourceKinds }: DeclaredSettings,
): RowFault[] {
  const check = (entry: TableRow, field: string, { word, terms }: Used): RowFault[] => {
    const names = terms?.map(({ name }) => name);
    if (names === undefined || word === null || names.includes(word)) return [];
    const problem = `"${word}" is not declared in datapackage.json.`;
    return [
      { ...entry, field, problem, hint: `${meantBy(word, names)} The list stands there under sitrep.` },
    ];
  };
  return rows.flatMap((entry) => {
    const { table, row } = entry;
    if (table === 'actors')
      return check(entry, 'affiliation', { word: row.affiliation, terms: affiliations });
    if (table === 'sources') return check(entry, 'kind', { word: row.kind, terms: sourceKinds });
    if (table === 'places' || (table === 'judgments' && row.topic === 'all')) return [];
    return check(entry, 'topic', { word: row.topic, terms: topics });
  });
}

interface Used {
  readonly word: string | null;
  readonly terms: DeclaredSettings['topics'];
}
