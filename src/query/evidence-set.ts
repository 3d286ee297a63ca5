import { z } from 'zod';
import { type Day, day } from '../calendar.ts';
import type { Row } from '../dataset/parse-rows.ts';
import { AppError } from '../errors.ts';
import type { SourceFile } from '../project/brief.ts';
import type { KnownIncidents } from './incidents.ts';
import type { QueryParameters } from './query.ts';

/** The incidents that a query selects, cited as one endnote. */
export interface EvidenceSet {
  /** Its key in `brief.yaml`, by which texts cite it. */
  readonly name: string;
  /** What is counted, such as `events`; null for the locale's word for incidents. */
  readonly what: string | null;
  readonly query: SourceFile;
  readonly parameters: QueryParameters;
  /** The sources that published the incidents, such as `UCDP GED`. */
  readonly sources: readonly string[];
  /** The attributions that the sources' licences ask for. */
  readonly attributions: readonly string[];
  /** Rows, and the incidents that they represent. */
  readonly rows: number;
  readonly count: number;
  /** Rows whose id is no incident that the brief may see by its cut-off. */
  readonly unknown: number;
  /** The first and last possible day of the incidents; the period of the edition if there are none. */
  readonly start: Day;
  readonly end: Day;
  /** ISO 3166-1 alpha-2, sorted. */
  readonly countries: readonly string[];
  /** The day of the last import that brought one of them. */
  readonly knownOn: Day;
  /** Over the rows as selected, with the day on which each was known, in order of id. */
  readonly sha256: string;
  /** The first ids, for people. */
  readonly examples: readonly string[];
  readonly attached: AttachedEvidence;
}

/** What the PDF carries of an evidence set: with many incidents only the query and the hash. */
type AttachedEvidence =
  | { readonly kind: 'rows'; readonly rows: readonly Row[] }
  | { readonly kind: 'ids'; readonly ids: readonly string[] }
  | { readonly kind: 'query' };

/** A PDF that goes out by mail has no room for more. */
const most = { rows: 2_000, characters: 2_000_000, ids: 100_000, examples: 10 };

const summary = z.tuple([
  z.object({
    rows: z.number(),
    unknown: z.number(),
    count: z.number(),
    first: day.nullable(),
    last: day.nullable(),
    known_on: day.nullable(),
    countries: z.array(z.string()),
    imports: z.array(z.number()),
    sha256: z.string(),
    examples: z.array(z.string()),
  }),
]);
const idRows = z.array(z.object({ ids: z.array(z.string()) }));

/** Runs one query over what was known by the cut-off. */
interface Asking {
  query(query: Asked, options?: { signal?: AbortSignal | undefined }): Promise<Row[]>;
  columns(query: Asked, options?: { signal?: AbortSignal | undefined }): Promise<readonly string[]>;
}
interface Asked {
  readonly sql: string;
  readonly file: string;
  readonly parameters: QueryParameters;
}

/**
 * Counts and hashes the incidents that `source` selects, and reads what is to be attached. DuckDB does all of it, so
 * that a set of any size takes no memory here. Throws `query-failed`.
 */
export async function readEvidenceSet(
  queries: Asking,
  {
    name,
    what,
    source,
    parameters,
    incidents,
    attach,
    signal,
  }: {
    name: string;
    what: string | null;
    source: SourceFile;
    parameters: QueryParameters;
    incidents: KnownIncidents | undefined;
    /** The dataset's own choice; by default, the licences of the imports decide. */
    attach: 'rows' | 'ids' | null;
    signal?: AbortSignal | undefined;
  },
): Promise<EvidenceSet> {
  // Starts on the first line, so that messages of DuckDB name the line of the file.
  const selected = `(${source.text.replace(/;\s*(?:--[^\n]*\s*)*$/, '')}\n)`;
  const ask = (sql: string) => queries.query({ sql, file: source.file, parameters }, { signal });
  // The columns alone: a result that is read has a limit of rows.
  const head = { sql: `SELECT * FROM ${selected} LIMIT 0`, file: source.file, parameters };
  const columns = await queries.columns(head, { signal });
  if (!columns.includes('id'))
    throw new AppError('query-failed', [
      {
        file: source.file,
        field: 'id',
        problem: `The query of the evidence set "${name}" has no column "id".`,
        hint: 'Select whole incidents: SELECT * FROM incidents WHERE …',
      },
    ]);
  const [found] = summary.parse(
    await ask(`WITH chosen AS MATERIALIZED ${selected}, known AS (
      SELECT id, number, start, "end", known_on, country, "import" FROM incidents
      WHERE id IN (SELECT id FROM chosen)
    )
    SELECT
      count(*) AS rows,
      count(*) - count(k.id) AS unknown,
      coalesce(sum(k.number), 0) AS count,
      min(k.start) AS first,
      max(k."end") AS last,
      max(k.known_on) AS known_on,
      coalesce(list_sort(list(DISTINCT k.country) FILTER (k.country IS NOT NULL)), []) AS countries,
      coalesce(list_sort(list(DISTINCT k."import") FILTER (k."import" IS NOT NULL)), []) AS imports,
      sha256(coalesce(string_agg(sha256(concat_ws(' ', k.known_on, to_json(c))), '' ORDER BY c.id, to_json(c)), ''))
        AS sha256,
      coalesce((SELECT list(id) FROM (SELECT id FROM chosen ORDER BY id LIMIT ${most.examples})), []) AS examples
    FROM chosen AS c LEFT JOIN known AS k ON k.id = c.id`),
  );
  const all = incidents?.imports ?? [];
  const used = all.filter(({ number }) => found.rows === 0 || found.imports.includes(number));
  const mayPassOn = attach === null ? used.every(({ licence }) => licence.allows_rows) : attach === 'rows';
  const { first, last, known_on: knownOn, countries, imports: _, ...counted } = found;
  return {
    ...counted,
    name,
    what,
    query: { file: source.file, text: source.text },
    parameters,
    sources: [...new Set(used.map((each) => each.source))],
    attributions: [...new Set(used.map(({ licence }) => licence.attribution))],
    start: first ?? parameters.period_start,
    end: last ?? parameters.as_of,
    countries,
    knownOn: knownOn ?? all.at(-1)?.known_on ?? parameters.as_of,
    attached: await attachment(ask, { selected, rows: found.rows, mayPassOn }),
  };
}

async function attachment(
  ask: (sql: string) => Promise<Row[]>,
  { selected, rows: count, mayPassOn }: { selected: string; rows: number; mayPassOn: boolean },
): Promise<AttachedEvidence> {
  if (mayPassOn && count <= most.rows) {
    const rows = await ask(`SELECT * FROM ${selected} ORDER BY id`);
    if (JSON.stringify(rows).length <= most.characters) return { kind: 'rows', rows };
  }
  if (count > most.ids) return { kind: 'query' };
  // A list in one value has a limit, so the ids come in several.
  const lists = await ask(`SELECT list(id ORDER BY id) AS ids FROM (
    SELECT id, row_number() OVER (ORDER BY id) // 1000 AS part FROM ${selected}
  ) GROUP BY part ORDER BY part`);
  return { kind: 'ids', ids: idRows.parse(lists).flatMap(({ ids }) => ids) };
}
