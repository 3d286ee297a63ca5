import type { Brief, SourceFile } from '../model/brief.ts';
import type { Period } from '../model/calendar.ts';
import type { Tables } from '../model/dataset.ts';
import { AppError, type Fault } from '../model/fault.ts';
import type { Row, RowSets } from '../model/row.ts';

/** What a query may name, as `$as_of` and so on. */
export interface QueryParameters {
  readonly as_of: string;
  readonly period_start: string;
  readonly previous_as_of: string;
  readonly topic: string;
}

/** A database that holds nothing but what is known. */
export interface Queries extends AsyncDisposable {
  query(query: { sql: string; file: string; parameters: QueryParameters }): Promise<Row[]>;
}

export type OpenQueries = (known: Tables, options: { macros: string }) => Promise<Queries>;

/** Runs every query of the brief over what is known. Throws the faults of all failing queries at once. */
export async function select({
  brief,
  known,
  period: { start, asOf, previousAsOf },
  openQueries,
}: {
  brief: Brief;
  known: Tables;
  period: Period;
  openQueries: OpenQueries;
}): Promise<RowSets> {
  await using queries = await openQueries(known, { macros: brief.macros.text });
  const parameters = {
    as_of: asOf,
    period_start: start,
    previous_as_of: previousAsOf,
    topic: brief.config.topic,
  };
  const faults: Fault[] = [];
  const run = async (name: string, { file, text }: SourceFile): Promise<[string, Row[]]> => {
    try {
      return [name, await queries.query({ sql: text, file, parameters })];
    } catch (cause) {
      if (!(cause instanceof AppError)) throw cause;
      faults.push(...cause.faults);
      return [name, []];
    }
  };
  const sets = await Promise.all(Object.entries(brief.queries).map(([name, source]) => run(name, source)));
  if (faults.length > 0) throw new AppError('query-failed', faults);
  return Object.fromEntries(sets);
}
