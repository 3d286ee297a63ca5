import type { DuckDBConnection } from '@duckdb/node-api';
import type { Day } from '../calendar.ts';
import { type Marking, markingsWithin } from '../dataset/fields.ts';
import { importsKnownBy } from '../dataset/freshness.ts';
import {
  correctedIncidents,
  coverageOfImports,
  type ImportRecord,
  type IncidentView,
} from '../dataset/incidents.ts';
import type { Dataset, Tables } from '../dataset/schema.ts';
import { quote } from '../dataset/sql.ts';
import { loadWorld } from '../dataset/world.ts';

/** The incidents that the queries of an edition see. */
export interface KnownIncidents extends IncidentView {
  /** The later imports whose revisions and withdrawals the view includes, oldest first. */
  readonly corrections: readonly ImportRecord[];
  /** The folder that the view reads. */
  readonly folder: string;
  /** The last day of which there are incidents and coverage. */
  readonly until: Day;
}

/**
 * The incidents known by `asOf`, without rows marked above `marking`, the marking of the brief. `upTo` is the number of
 * the last import to use; by default, all imports count that were known by the cut-off, or by the day after it if the
 * dataset is refreshed before slots. In that case, no incident that starts after the cut-off is in the view. In a
 * corrected revision, `correctedBy` is the number of the last import whose corrections count.
 */
export function knownIncidents(
  { incidents: store, settings }: Pick<Dataset, 'incidents' | 'settings'>,
  {
    marking,
    ...of
  }: { asOf: Day; marking: Marking; upTo?: number | undefined; correctedBy?: number | undefined },
): KnownIncidents {
  const { asOf } = of;
  const knownBy = importsKnownBy(asOf, settings);
  const view = correctedIncidents(store, { ...of, knownBy });
  const allowed = markingsWithin(marking).map((each) => `'${each}'`);
  const inTime = knownBy > asOf ? ` AND start <= ${quote(asOf)}::DATE` : '';
  const sql = `SELECT * FROM (${view.sql}) WHERE (marking IS NULL OR marking IN (${allowed.join(', ')}))${inTime}`;
  return { ...view, sql, folder: store.folder, until: asOf };
}

/** The view of a dataset without incidents: no rows, with their columns. */
const none: KnownIncidents = {
  ...correctedIncidents({ folder: '', imports: [], checks: [] }, { asOf: '' }),
  folder: '',
  until: '',
};

/**
 * Defines the view `incidents`, the table `actor_names` with each name and alias of `actors`, the macro `actor_name`,
 * which gives the house name for any of them, and, if there are incidents, fills the tables `countries` and
 * `incident_coverage`, the days until the cut-off that the imports cover (`coverageOfImports`). DuckDB reads the
 * Parquet files where they lie, and only the columns and row groups that a query asks for, so nothing is loaded here.
 * `incidents` has one more column, `actors`: the ids of the actors whose name or alias is among the names of the
 * incident, ignoring case.
 */
export async function defineIncidents(
  connection: DuckDBConnection,
  {
    incidents = none,
    actors,
    language,
  }: { incidents?: KnownIncidents | undefined; actors: Tables['actors']; language: string },
): Promise<void> {
  const names = actors.flatMap(({ id, name, aliases }) =>
    [...new Set([name, ...aliases])].map((each) => ({ actor: id, name: each })),
  );
  const given = names.map(({ actor, name }) => `(${quote(actor)}, ${quote(name)})`);
  const { imports, until } = incidents;
  const covered = coverageOfImports(imports)
    .filter(({ start }) => start <= until)
    .map(({ country, start, end }) => {
      const name = country === null ? 'NULL' : quote(country);
      return `(${name}, ${quote(start)}::DATE, ${quote(end < until ? end : until)}::DATE)`;
    });
  await connection.run(`
    CREATE TABLE incident_coverage (country VARCHAR, start DATE, "end" DATE);
    ${covered.length === 0 ? '' : `INSERT INTO incident_coverage VALUES ${covered.join(', ')};`}
    CREATE TABLE countries (code VARCHAR, name VARCHAR, west DOUBLE, south DOUBLE, east DOUBLE, north DOUBLE);
    ${imports.length === 0 ? '' : `INSERT INTO countries VALUES ${await countryRows(language)};`}
    CREATE TABLE actor_names (actor VARCHAR, name VARCHAR);
    ${given.length === 0 ? '' : `INSERT INTO actor_names VALUES ${given.join(', ')};`}`);
  // Constants rather than a join, so that a query that does not ask for the actors has nothing to join. DuckDB would make a
  // map anew for each name within a lambda.
  const byName = new Map(names.toReversed().map(({ actor, name }) => [name.toLowerCase(), actor]));
  const list = (texts: readonly string[]): string => `([${texts.map(quote).join(', ')}]::VARCHAR[])`;
  const found = `[list_position(${list([...byName.keys()])}, lower(given))]`;
  const ids = [...byName.values()];
  const houses = new Map(actors.map(({ id, name }) => [id, name]));
  const house = `coalesce(${list(ids.map((id) => houses.get(id) ?? ''))}${found}, given)`;
  await connection.run(`CREATE MACRO actor_name(given) AS ${ids.length === 0 ? 'given' : house}`);
  await connection.run(`CREATE VIEW incidents AS
    SELECT *, list_distinct(list_filter(
      list_transform(list_concat(side_a, side_b, others), lambda given: ${list(ids)}${found}),
      lambda actor: actor IS NOT NULL)) AS actors
    FROM (${incidents.sql})`);
}

async function countryRows(language: string): Promise<string> {
  const { countries } = await loadWorld();
  const names = new Intl.DisplayNames(language, { type: 'region' });
  return countries
    .map(({ code, west, south, east, north }) => {
      const name = quote(names.of(code) ?? code);
      return `('${code}', ${name}, ${west}, ${south}, ${east}, ${north})`;
    })
    .join(', ');
}
