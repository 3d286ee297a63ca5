import { knownTo } from './compose-page.ts';
import { resolveEdition } from './fan-out.ts';
import { type Day, periodEnding } from '../calendar.ts';
import type { Row } from '../dataset/parse-rows.ts';
import { knownBy } from '../dataset/point-in-time.ts';
import type { Dataset } from '../dataset/schema.ts';
import { AppError, similarTo } from '../errors.ts';
import { analyse, withPrintableFindings } from '../findings/analyse.ts';
import type { Brief } from '../project/brief.ts';
import type { Loaded } from '../project/load.ts';
import { knownIncidents } from '../query/incidents.ts';
import { requireTopics } from '../project/load.ts';
import { applyParameters, type OpenQueries, select } from '../query/select.ts';

const statementFile = '--sql';

/** The brief with a statement as one more query, and the name of that query. */
export function withStatement(brief: Brief, sql: string): { brief: Brief; query: string } {
  const query = 'sql';
  return {
    brief: { ...brief, queries: { ...brief.queries, [query]: { file: statementFile, text: sql } } },
    query,
  };
}

/** The rows that a statement returns for an edition with a period of seven days and no brief. Throws `query-failed`. */
export async function runStatement(
  { sql, dataset, asOf }: { sql: string; dataset: Dataset; asOf: Day },
  { openQueries, signal }: { openQueries: OpenQueries; signal: AbortSignal },
): Promise<Row[]> {
  const { tables, settings } = dataset;
  const { start, previousAsOf } = periodEnding(asOf, 'P7D');
  const parameters = {
    as_of: asOf,
    period_start: start,
    previous_as_of: previousAsOf,
    topic: 'all',
    topics: [...settings.topics.map(({ name }) => name), 'all'],
  };
  // Nothing is issued, so rows of every marking are there, as in the tables.
  const incidents = knownIncidents(dataset, { asOf, marking: 'TLP:RED' });
  await using queries = await openQueries(knownBy(tables, asOf), { macros: [], settings, incidents });
  return await queries.query({ sql, file: statementFile, parameters }, { signal });
}

/**
 * The rows that one of a brief's queries returns for an edition. Throws `parameter-invalid`, `query-failed`, or
 * `brief-unknown` if the brief has no such query.
 */
export async function runQuery(
  {
    brief,
    dataset,
    asOf,
    query,
    given,
  }: Loaded & { asOf: Day; query: string; given: { readonly [name: string]: string } },
  { openQueries, signal }: { openQueries: OpenQueries; signal: AbortSignal },
): Promise<Row[]> {
  const names = Object.keys(brief.queries);
  if (!names.includes(query)) {
    const similar = similarTo(query, names);
    throw new AppError('brief-unknown', {
      file: brief.definition.file,
      problem: `The brief has no query "${query}".`,
      hint:
        similar === undefined
          ? `Its queries are ${names.toSorted().join(', ')}.`
          : `Did you mean "${similar}"?`,
    });
  }
  requireTopics(brief, dataset);
  const request = resolveEdition({ brief, dataset, asOf, parameters: given });
  const { period, parameters } = request;
  const { known, incidents } = knownTo(request);
  applyParameters({ brief, parameters, known });
  // A brief with the same findings that requests only this query, so that faults in other queries do not matter.
  const asking = {
    ...brief,
    template: { file: brief.template.file, text: `{{rows.${query}}}` },
    config: { ...brief.config, charts: {}, evidence: {}, holdsWhile: {} },
  };
  const selection = await select({
    brief: asking,
    known,
    settings: dataset.settings,
    incidents,
    period,
    parameters,
    openQueries,
    signal,
  });
  const findings = analyse(brief, selection.forCharts, { period, imports: incidents.imports });
  const { [query]: rows = [] } = await selection.all;
  return withPrintableFindings(rows, { findings, config: brief.config });
}
