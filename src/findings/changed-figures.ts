import { analyse } from './analyse.ts';
import type { Period } from '../calendar.ts';
import type { ImportRecord } from '../dataset/incidents.ts';
import type { Row } from '../dataset/parse-rows.ts';
import { type Brief, queriesOfFinding } from '../project/brief.ts';
import type { Queries, QueryParameters } from '../query/query.ts';

interface Given {
  readonly period: Period;
  readonly parameters: QueryParameters;
  readonly imports: readonly ImportRecord[];
}

/**
 * The first finding of the kind `activity` with other printed figures in `after` than in `before`; undefined if there is
 * none. Throws `query-failed`, and `brief-invalid` for rows that do not fit.
 */
export async function changedActivity(
  brief: Brief,
  { before, after, ...given }: Given & { before: () => Promise<Queries>; after: Queries },
): Promise<string | undefined> {
  for (const [name, config] of Object.entries(brief.config.findings)) {
    if (config.kind !== 'activity') continue;
    const alone = { ...brief, config: { ...brief.config, findings: { [name]: config } } };
    const was = await figuresOf(alone, await before(), given);
    if (was !== (await figuresOf(alone, after, given))) return name;
  }
  return undefined;
}

/** The texts in the fields and rows of a brief's findings. Numbers that are not texts are for charts. */
async function figuresOf(brief: Brief, queries: Queries, { parameters, ...given }: Given): Promise<string> {
  const sets: { [query: string]: Row[] } = {};
  for (const { query } of Object.values(brief.config.findings).flatMap(queriesOfFinding)) {
    const source = brief.queries[query];
    if (source !== undefined)
      sets[query] = await queries.query({ sql: source.text, file: source.file, parameters });
  }
  const found = Object.values(analyse(brief, sets, given));
  const texts = (row: Row) => Object.entries(row).filter(([, value]) => typeof value === 'string');
  return JSON.stringify(found.map(({ fields, rows }) => [fields, rows.map(texts)]));
}
