import { z } from 'zod';
import { type Day, day } from '../calendar.ts';
import { marking } from '../dataset/fields.ts';
import type { Row } from '../dataset/parse-rows.ts';
import type { DatasetSettings } from '../dataset/settings.ts';
import { AppError } from '../errors.ts';
import { canonicalJson, hashOf } from '../hash.ts';
import type { SourceFile } from '../project/brief.ts';
import type { KnownIncidents } from './incidents.ts';
import type { Queries, QueryParameters } from './query.ts';
import { wholeIncidents } from './whole-incidents.ts';

/** The incidents that a query selects, cited as one endnote, or one incident that is cited by its own id. */
export interface EvidenceSet {
  /** Its key in `brief.yaml`, by which texts cite it; the id of one incident. */
  readonly name: string;
  /** The row of one incident, without its summary; null for the incidents of a query. */
  readonly incident: SingleIncident | null;
  /** What is counted, such as `events`; null for the locale's word for incidents. */
  readonly what: string | null;
  /** Null for one incident. */
  readonly query: SourceFile | null;
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
  /** ISO 3166-1 alpha-2, sorted; empty if the country of any of the incidents is unknown. */
  readonly countries: readonly string[];
  /** The day of the last import that brought one of them. */
  readonly knownOn: Day;
  /**
   * Over the rows as selected, with the day on which each was known, in order of id. If only the query is attached, and it
   * filters the table of incidents without changing it, over the counts of the incidents by import, country and month.
   */
  readonly sha256: string;
  /** The first ids, for people. */
  readonly examples: readonly string[];
  readonly attached: AttachedEvidence;
}

/** What the PDF carries of an evidence set: with many incidents only the query and the hash. The id of one incident is in the manifest. */
type AttachedEvidence =
  | { readonly kind: 'rows'; readonly rows: readonly Row[] }
  | { readonly kind: 'ids'; readonly ids: readonly string[] }
  | { readonly kind: 'query' };

/** A PDF that goes out by mail has no room for more. */
const most = { rows: 2_000, characters: 2_000_000, ids: 100_000, idsOfList: 10_000, examples: 10 };

const counts = z.object({
  rows: z.number(),
  unknown: z.number(),
  count: z.number(),
  first: day.nullable(),
  last: day.nullable(),
  known_on: day.nullable(),
  countries: z.array(z.string()),
  imports: z.array(z.number()),
});
const hashed = z.object({ sha256: z.string(), examples: z.array(z.string()) });
type Found = z.output<typeof counts> & z.output<typeof hashed> & { readonly ids?: readonly string[] };
const singleIncident = z.object({
  id: z.string(),
  marking: marking.nullable(),
  known_on: day,
  start: day,
  end: day,
  number: z.number(),
  kind: z.string().nullable(),
  sub_kind: z.string().nullable(),
  title: z.string().nullable(),
  country: z.string().nullable(),
  admin1: z.string().nullable(),
  place: z.string().nullable(),
  source: z.string().nullable(),
});
type SingleIncident = Readonly<z.output<typeof singleIncident>>;

const idRows = z.array(z.object({ ids: z.array(z.string()) }));

/** What evidence sets are read over. */
interface Over {
  readonly parameters: QueryParameters;
  readonly incidents: KnownIncidents | undefined;
  /** The dataset's own choice; null leaves it to the licences of the imports. */
  readonly attach: DatasetSettings['attach'];
  readonly signal?: AbortSignal | undefined;
}

/** The imports in use of which `isUsed` is true: what to print of them, and whether their rows may be passed on. */
function creditsOf({ incidents, attach }: Over, isUsed: (number: number) => boolean) {
  const all = incidents === undefined ? [] : [...incidents.imports, ...incidents.corrections];
  const used = all.filter(({ number }) => isUsed(number));
  return {
    sources: [...new Set(used.map(({ source }) => source))],
    attributions: [...new Set(used.map(({ licence }) => licence.attribution))],
    lastKnownOn: all.at(-1)?.known_on,
    mayPassOn: attach === null ? used.every(({ licence }) => licence.allows_rows) : attach === 'rows',
  };
}

/**
 * Counts and hashes the incidents that `source` selects, and reads what is to be attached. DuckDB does all of it, so
 * that a set of any size takes no memory here. Throws `query-failed`.
 */
export async function readEvidenceSet(
  queries: Queries,
  { name, what, source, ...over }: Over & { name: string; what: string | null; source: SourceFile },
): Promise<EvidenceSet> {
  const { parameters, signal } = over;
  const { file, text } = source;
  const selected = selectionOf(source);
  const ask = (sql: string) => queries.query({ sql, file, parameters }, { signal });
  // The columns alone: a result that is read has a limit of rows.
  const head = { sql: `SELECT * FROM ${selected} LIMIT 0`, file, parameters };
  const columns = await queries.columns(head, { signal });
  if (!columns.includes('id'))
    throw new AppError('query-failed', {
      file,
      field: 'id',
      problem: `The query of the evidence set "${name}" has no column "id".`,
      hint: 'Select whole incidents: SELECT * FROM incidents WHERE …',
    });
  const evaluate = async (value: string, sql: string): Promise<unknown> => {
    const own = { sql: { type: 'string' as const, value: sql } };
    const asked = { sql: `SELECT ${value} AS text`, file, parameters: { ...parameters, own } };
    const [row] = await queries.query(asked, { signal });
    return row?.['text'];
  };
  const whole = await wholeIncidents(evaluate, { sql: text, columns });
  const found = await (whole === undefined ? countByIds(ask, selected) : countWhole(ask, { whole, columns }));
  const { first, last, known_on: knownOn, imports, ids: _, ...counted } = found;
  const credits = creditsOf(over, (number) => found.rows === 0 || imports.includes(number));
  const { lastKnownOn, mayPassOn, ...printed } = credits;
  return {
    ...counted,
    ...printed,
    name,
    incident: null,
    what,
    query: { file, text },
    parameters,
    start: first ?? parameters.period_start,
    end: last ?? parameters.as_of,
    knownOn: knownOn ?? lastKnownOn ?? parameters.as_of,
    attached: await attachment(ask, { ...found, selected, mayPassOn }),
  };
}

/** Counts and hashes rows that may not be incidents, which takes a look at the id of every incident. */
async function countByIds(ask: Ask, selected: string): Promise<Found> {
  const [found] = z.tuple([counts.extend(hashed.shape)]).parse(
    await ask(`WITH chosen AS MATERIALIZED ${selected}, known AS (
      SELECT id, number, start, "end", known_on, country, "import" FROM incidents
      WHERE id IN (SELECT id FROM chosen)
    )
    SELECT count(*) AS rows, count(*) - count(k.id) AS unknown, ${countsOf('k')},
      ${hashOfRows('to_json(c)', 'k')}, ${firstIds('chosen')} AS examples
    FROM chosen AS c LEFT JOIN known AS k ON k.id = c.id`),
  );
  return found;
}

/** Counts and hashes incidents: `whole` is a SELECT statement for them, `columns` are those that the query selects. */
async function countWhole(
  ask: Ask,
  { whole, columns }: { whole: string; columns: readonly string[] },
): Promise<Found> {
  // The whole is read once, whatever its size; the rest is of a few thousand parts at most.
  const [counted] = z.tuple([counts.extend({ sha256: z.string().nullable() })]).parse(
    await ask(`WITH days AS (
      SELECT "import", country, start, count(*) AS "rows", sum(number) AS number, max("end") AS "end", max(known_on) AS known_on
      FROM (${whole}) GROUP BY ALL
    ), parts AS MATERIALIZED (
      SELECT "import", country, date_trunc('month', start)::DATE AS month, sum("rows")::BIGINT AS "rows",
        sum(number) AS number, min(start) AS start, max("end") AS "end", max(known_on) AS known_on
      FROM days GROUP BY ALL
    )
    SELECT coalesce(sum("rows"), 0) AS "rows", 0 AS unknown, ${countsOf('p')},
      sha256(string_agg(concat_ws(' ', "import", coalesce(country, '-'), month, "rows", number), ' '
        ORDER BY "import", country, month)) AS sha256
    FROM parts AS p`),
  );
  const fields = columns.map((name) => `'${name}': c."${name}"`).join(', ');
  const inOneList = counted.rows <= most.idsOfList;
  const [exact] = z.tuple([hashed.extend({ sha256: z.string().nullable() })]).parse(
    await ask(
      counted.rows > most.ids
        ? // The first of all would take a look at every id.
          `SELECT NULL AS sha256, ${firstIds(`(${whole}) WHERE start = DATE '${counted.first}'`)} AS examples`
        : `SELECT ${hashOfRows(`to_json({${fields}})`, 'c')}, coalesce(list(id ORDER BY id)${inOneList ? '' : `[:${most.examples}]`}, []) AS examples
          FROM (${whole}) AS c`,
    ),
  );
  return {
    ...counted,
    sha256: z.string().parse(exact.sha256 ?? counted.sha256),
    examples: exact.examples.slice(0, most.examples),
    ...(inOneList && { ids: exact.examples }),
  };
}

const countsOf = (k: string): string => `coalesce(sum(${k}.number), 0) AS count, min(${k}.start) AS first,
  max(${k}."end") AS last, max(${k}.known_on) AS known_on,
  CASE WHEN count(*) = count(${k}.country) THEN coalesce(list_sort(list(DISTINCT ${k}.country)), []) ELSE [] END AS countries,
  coalesce(list_sort(list(DISTINCT ${k}."import") FILTER (${k}."import" IS NOT NULL)), []) AS imports`;

/** SQL for the hash of the rows `c`; `json` is SQL for a row as selected. */
const hashOfRows = (json: string, k: string): string =>
  `sha256(coalesce(string_agg(sha256(concat_ws(' ', ${k}.known_on, ${json})), '' ORDER BY c.id, ${json}), '')) AS sha256`;

const firstIds = (from: string): string =>
  `coalesce((SELECT list(id) FROM (SELECT id FROM ${from} ORDER BY id LIMIT ${most.examples})), [])`;

type Ask = (sql: string) => Promise<Row[]>;

async function attachment(
  ask: Ask,
  { selected, mayPassOn, rows: count, ids }: Found & { selected: string; mayPassOn: boolean },
): Promise<AttachedEvidence> {
  if (mayPassOn && count <= most.rows) {
    const rows = await ask(`SELECT * FROM ${selected} ORDER BY id`);
    if (JSON.stringify(rows).length <= most.characters) return { kind: 'rows', rows };
  }
  return count > most.ids ? { kind: 'query' } : { kind: 'ids', ids: ids ?? (await idsIn(ask, selected)) };
}

/** The query of an evidence set as a table. It starts on the first line, so that messages name the line of the file. */
const selectionOf = ({ text }: SourceFile): string => `(${text.replace(/;\s*(?:--[^\n]*\s*)*$/, '')}\n)`;

async function idsIn(ask: Ask, selected: string): Promise<string[]> {
  // A list in one value has a limit, so the ids come in several.
  const lists = await ask(`SELECT list(id ORDER BY id) AS ids FROM (
    SELECT id, row_number() OVER (ORDER BY id) // 1000 AS part FROM ${selected}
  ) GROUP BY part ORDER BY part`);
  return idRows.parse(lists).flatMap(({ ids }) => ids);
}

const citedById = 'the incidents that are cited';

/**
 * The incidents with these ids that the brief may see by its cut-off, in order of id, each as an evidence set of one row.
 * Other ids have none. Throws `query-failed`.
 */
export async function readIncidents(
  queries: Queries,
  { ids, ...over }: Over & { ids: readonly string[] },
): Promise<EvidenceSet[]> {
  const { parameters, signal } = over;
  const sql = `SELECT * EXCLUDE (actors) FROM incidents
    WHERE id IN (SELECT unnest(from_json($ids::VARCHAR, '["VARCHAR"]'))) ORDER BY id`;
  const own = { ids: { type: 'string' as const, value: JSON.stringify(ids) } };
  const asked = { sql, file: citedById, parameters: { ...parameters, own } };
  const found = await queries.query(asked, { signal });
  return found.map(({ import: number, ...row }): EvidenceSet => {
    const incident = singleIncident.parse(row);
    const { sources, attributions, mayPassOn } = creditsOf(over, (each) => each === number);
    return {
      name: incident.id,
      incident,
      what: null,
      query: null,
      parameters,
      sources,
      attributions,
      rows: 1,
      count: incident.number,
      unknown: 0,
      start: incident.start,
      end: incident.end,
      countries: incident.country === null ? [] : [incident.country],
      knownOn: incident.known_on,
      sha256: hashOf(canonicalJson(row)),
      examples: [incident.id],
      attached: mayPassOn ? { kind: 'rows', rows: [row] } : { kind: 'ids', ids: [incident.id] },
    };
  });
}

const correctedRows = z.tuple([z.object({ revised: z.number(), withdrawn: z.number() })]);

/**
 * The incidents of an evidence set whose rows changed between two views: `revised` have a row of an import after `since`,
 * and `withdrawn` are no longer there for this brief. An incident that only `before` or only `after` selects counts
 * too. Without a `source`, the set is the incident `id`. Throws `query-failed`.
 */
export async function countCorrected(
  { id, source, parameters }: { id: string; source: SourceFile | undefined; parameters: QueryParameters },
  { before, after, since }: { before: () => Promise<Queries>; after: Queries; since: number },
): Promise<{ readonly revised: number; readonly withdrawn: number }> {
  const file = source?.file ?? citedById;
  const selected = source && selectionOf(source);
  let ids = [id];
  if (selected !== undefined) {
    const earlier = await before();
    ids = await idsIn((sql) => earlier.query({ sql, file, parameters }), selected);
  }
  const sql = `SELECT
      (count(*) FILTER (known."import" > ${since}))::INTEGER AS revised,
      (count(*) FILTER (known.id IS NULL))::INTEGER AS withdrawn
    FROM (SELECT unnest(from_json($ids_before::VARCHAR, '["VARCHAR"]')) AS id ${selected ? `UNION SELECT id FROM ${selected}` : ''}) AS chosen
    LEFT JOIN incidents AS known USING (id)`;
  const own = { ...parameters.own, ids_before: { type: 'string' as const, value: JSON.stringify(ids) } };
  const [found] = correctedRows.parse(await after.query({ sql, file, parameters: { ...parameters, own } }));
  return found;
}
