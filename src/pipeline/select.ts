import type { Brief, SourceFile } from '../model/brief.ts';
import type { Period } from '../model/calendar.ts';
import type { Tables } from '../model/dataset.ts';
import { AppError, type Fault } from '../model/fault.ts';
import type { ParameterConfig, Parameters } from '../model/parameters.ts';
import type { Row, RowSets } from '../model/row.ts';
import { namedQueries, queriesOfCharts } from './parts.ts';

/** What a query may name, as `$as_of` and so on. */
export interface QueryParameters {
  readonly as_of: string;
  readonly period_start: string;
  readonly previous_as_of: string;
  readonly topic: string;
  /** The parameters of the brief itself; null where an optional one is not given. */
  readonly own?: { readonly [name: string]: OwnParameter };
}

export interface OwnParameter {
  readonly type: ParameterConfig['type'];
  readonly value: string | null;
}

/** A database that holds nothing but what is known. */
export interface Queries extends AsyncDisposable {
  query(query: Query, options?: QueryOptions): Promise<Row[]>;
  /** The columns of a query's result, which the rows do not show where there are none. */
  columns(query: Query, options?: QueryOptions): Promise<readonly string[]>;
}

interface QueryOptions {
  readonly signal?: AbortSignal | undefined;
}

interface Query {
  readonly sql: string;
  readonly file: string;
  readonly parameters: QueryParameters;
}

export type OpenQueries = (known: Tables, options: { macros: SourceFile }) => Promise<Queries>;

/** What the queries of every brief may name. */
export const commonParameters = (
  { config }: Brief,
  { start, asOf, previousAsOf }: Period,
): QueryParameters => ({
  as_of: asOf,
  period_start: start,
  previous_as_of: previousAsOf,
  topic: config.topic,
});

export interface Selection {
  /** What charts and findings are made of, which is there first. */
  readonly forCharts: RowSets;
  /** The columns of those queries for charts that gave no rows. */
  readonly columns: { readonly [query: string]: readonly string[] };
  /** All of it. Rejects with the faults of all failing queries at once. */
  readonly all: Promise<RowSets>;
}

/**
 * Runs the queries that the brief asks for over what is known; charts can be drawn while the last of them are under way.
 * Throws the faults of all failing queries at once, if those for charts are among them.
 */
export async function select({
  brief,
  known,
  period,
  parameters: given,
  openQueries,
  signal,
}: {
  brief: Brief;
  known: Tables;
  period: Period;
  parameters: Parameters;
  openQueries: OpenQueries;
  /** Interrupts what is under way. */
  signal?: AbortSignal | undefined;
}): Promise<Selection> {
  const queries = await openQueries(known, { macros: brief.macros });
  const own = Object.entries(brief.config.parameters).map(([name, { type }]): [string, OwnParameter] => [
    name,
    { type, value: Object.hasOwn(given, name) ? (given[name] ?? null) : null },
  ]);
  const parameters = { ...commonParameters(brief, period), own: Object.fromEntries(own) };
  const faults: Fault[] = [];
  const columns: { [query: string]: readonly string[] } = {};
  const named = Object.entries(namedQueries(brief));
  const first = queriesOfCharts(brief);
  const run = async ([name, { file, text }]: [string, SourceFile]): Promise<[string, Row[]]> => {
    try {
      const query = { sql: text, file, parameters };
      const rows = await queries.query(query, { signal });
      if (rows.length === 0 && first.has(name)) columns[name] = await queries.columns(query, { signal });
      return [name, rows];
    } catch (cause) {
      if (!(cause instanceof AppError)) throw cause;
      faults.push(...cause.faults);
      return [name, []];
    }
  };
  const forCharts = Promise.all(named.filter(([name]) => first.has(name)).map(run));
  // Asked at once, they would hold up the first: each takes several turns.
  const others = forCharts.then(() => Promise.all(named.filter(([name]) => !first.has(name)).map(run)));
  const finish = async (): Promise<RowSets> => {
    await using _ = queries;
    const found = new Map((await Promise.all([forCharts, others])).flat());
    if (faults.length > 0) throw new AppError('query-failed', faults);
    return Object.fromEntries(named.map(([name]) => [name, found.get(name) ?? []]));
  };
  const all = finish();
  // Whoever fails before it asks for the rest leaves that to end by itself.
  all.catch(() => {});
  const sets = Object.fromEntries(await forCharts);
  return { forCharts: faults.length > 0 ? await all : sets, columns, all };
}
