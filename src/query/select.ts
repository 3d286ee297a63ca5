import type { Period } from '../calendar.ts';
import type { Row, RowSets, Value } from '../dataset/parse-rows.ts';
import { eachRow } from '../dataset/references.ts';
import type { Tables } from '../dataset/schema.ts';
import type { DatasetSettings } from '../dataset/settings.ts';
import { AppError, type Fault, meantBy } from '../errors.ts';
import type { Locale } from '../locale.ts';
import { type Brief, briefTopics, queriesOfFinding, type SourceFile } from '../project/brief.ts';
import type { Parameters } from '../project/parameters.ts';
import { type EvidenceSet, readEvidenceSet, readIncidents } from './evidence-set.ts';
import type { KnownIncidents } from './incidents.ts';
import type { OwnParameter, Queries, QueryParameters } from './query.ts';

export type OpenQueries = (
  known: Tables,
  options: {
    macros: readonly SourceFile[];
    settings: DatasetSettings;
    incidents?: KnownIncidents | undefined;
    locale?: Locale | undefined;
  },
) => Promise<Queries>;

/** The parameters available to the queries of every brief. */
export const commonParameters = (
  { config }: Brief,
  { start, asOf, previousAsOf }: Period,
  settings: DatasetSettings,
): QueryParameters => {
  const topics = briefTopics(config);
  const [topic = 'all', ...others] = topics === 'all' ? [] : topics;
  return {
    as_of: asOf,
    period_start: start,
    previous_as_of: previousAsOf,
    topic: others.length > 0 ? 'all' : topic,
    topics: topics === 'all' ? [...settings.topics.map(({ name }) => name), 'all'] : topics,
  };
};

/** The parameters of an edition's queries; `given` are the values of the brief's own. */
export function parametersOf(
  brief: Brief,
  { period, settings, given }: { period: Period; settings: DatasetSettings; given: Parameters },
): QueryParameters {
  const own = Object.entries(brief.config.parameters).map(([name, { type }]): [string, OwnParameter] => [
    name,
    { type, value: Object.hasOwn(given, name) ? (given[name] ?? null) : null },
  ]);
  return { ...commonParameters(brief, period, settings), own: Object.fromEntries(own) };
}

/** What the queries of an edition are run over. */
export interface From {
  readonly brief: Brief;
  readonly known: Tables;
  readonly period: Period;
  readonly parameters: Parameters;
  readonly settings: DatasetSettings;
  readonly incidents?: KnownIncidents | undefined;
  readonly openQueries: OpenQueries;
  /** Interrupts running queries. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs the queries that the brief uses over the known rows. `forCharts` are the results for charts and findings, which
 * are available first, and `columns` the columns of those that returned no rows. Charts can be drawn while the last
 * queries run: `all` results, and `evidence`, which is the evidence sets and the incidents that the page may cite by
 * their ids. Each rejects with the faults of all failing queries at once, and so does this function if queries for
 * charts are among them.
 */
export async function select({
  brief,
  known,
  period,
  parameters: given,
  settings,
  incidents,
  openQueries,
  signal,
}: From) {
  for (const [id, query] of Object.entries(brief.config.holdsWhile))
    queryNamed(brief, query, `holdsWhile.${id}`);
  const { macros, locale } = brief;
  const queries = await openQueries(known, { macros, settings, incidents, locale });
  const parameters = parametersOf(brief, { period, settings, given });
  const faults: Fault[] = [];
  /** Undefined if the work fails for a reason that is among the faults then. */
  const collect = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (cause) {
      if (!(cause instanceof AppError)) throw cause;
      faults.push(...cause.faults);
      return undefined;
    }
  };
  const columns: { [query: string]: readonly string[] } = {};
  const named = Object.entries(namedQueries(brief));
  const first = queriesOfCharts(brief);
  const run = async ([name, { file, text }]: [string, SourceFile]): Promise<[string, Row[]]> => {
    const query = { sql: text, file, parameters };
    const rows = await collect(async () => {
      const found = await queries.query(query, { signal });
      if (found.length === 0 && first.has(name)) columns[name] = await queries.columns(query, { signal });
      return found;
    });
    return [name, rows ?? []];
  };
  const drawing = named.filter(([name]) => first.has(name)).map(run);
  const forCharts = Promise.all(drawing);
  // Started at the same time, these queries would delay the first ones, because each takes several turns of the event
  // loop. As soon as one of those is done, a core may be idle.
  const begun = drawing.length === 0 ? forCharts : Promise.race(drawing);
  const others = begun.then(() => Promise.all(named.filter(([name]) => !first.has(name)).map(run)));
  const over = { parameters, incidents, attach: settings.attach, signal };
  const readSets = async (): Promise<(EvidenceSet | undefined)[]> => {
    await others;
    return Promise.all(
      evidenceQueries(brief).map(([name, { what, ...source }]) =>
        collect(() => readEvidenceSet(queries, { name, what, source, ...over })),
      ),
    );
  };
  const finish = async () => {
    await using _ = queries;
    const [drawn, printed, sets] = await Promise.all([forCharts, others, readSets()]);
    const found = new Map([...drawn, ...printed]);
    if (faults.length > 0) throw new AppError('query-failed', faults);
    const rows: RowSets = Object.fromEntries(named.map(([name]) => [name, found.get(name) ?? []]));
    const ids = incidents?.imports.length ? mayCite(brief, { rows, known }) : [];
    const cited = ids.length === 0 ? [] : await readIncidents(queries, { ids, ...over });
    return { rows, evidence: [...sets, ...cited].filter((set) => set !== undefined) };
  };
  const finished = finish();
  const all = finished.then(({ rows }) => rows);
  const evidence = finished.then(({ evidence: read }) => read);
  // A caller that fails before it awaits them leaves them to finish unobserved.
  all.catch(() => {});
  evidence.catch(() => {});
  const drawn: RowSets = Object.fromEntries(await forCharts);
  return { forCharts: faults.length > 0 ? await all : drawn, columns, all, evidence };
}
export type Selection = Awaited<ReturnType<typeof select>>;

/** The rows of one query of the brief over the known rows; none if it has no query of this name. */
export async function selectOne(
  name: string,
  { brief, known, period, parameters: given, settings, incidents, openQueries, signal }: From,
): Promise<Row[]> {
  const source = namedQueries(brief)[name];
  if (source === undefined) return [];
  const { macros, locale } = brief;
  await using queries = await openQueries(known, { macros, settings, incidents, locale });
  const parameters = parametersOf(brief, { period, settings, given });
  return await queries.query({ sql: source.text, file: source.file, parameters }, { signal });
}

/** The names that the page may cite and that are neither rows nor computed: in rows of queries, or in its templates. */
function mayCite(brief: Brief, { rows, known }: { rows: RowSets; known: Tables }): string[] {
  const { findings, evidence } = brief.config;
  const other = new Set([
    ...eachRow(known).map(({ row }) => row.id),
    ...Object.keys({ ...findings, ...evidence }),
  ]);
  const texts = (value: Value | undefined): string[] =>
    typeof value === 'string' ? [value] : Array.isArray(value) ? value.flatMap(texts) : [];
  const inRows = Object.values(rows).flatMap((set) =>
    set.flatMap(({ id, cites, rests_on }) => [id, cites, rests_on].flatMap(texts)),
  );
  const written = namesIn(brief, /\{\{[^}]*\bcite\s([^}]*)\}\}/g).flatMap((given) =>
    [...given.matchAll(/"([^"]+)"|'([^']+)'/g)].map(([, double, single]) => double ?? single ?? ''),
  );
  return [...new Set([...inRows, ...written])].filter((name) => !other.has(name)).toSorted();
}

const partialCall = /\{\{~?#?>\s*([\w-]+)/g;

/** The partials that the brief's template calls, directly or through other partials, by name. */
export function usedPartials({ template, partials }: Brief): ReadonlyMap<string, SourceFile> {
  const used = new Map<string, SourceFile>();
  const read = ({ text }: SourceFile): void => {
    for (const [, name = ''] of text.matchAll(partialCall)) {
      const partial = Object.hasOwn(partials, name) ? partials[name] : undefined;
      if (partial === undefined || used.has(name)) continue;
      used.set(name, partial);
      read(partial);
    }
  };
  read(template);
  return used;
}

const templatesOf = (brief: Brief): SourceFile[] => [brief.template, ...usedPartials(brief).values()];

/** The names that the templates of a brief have where `pattern` has its first group. */
const namesIn = (brief: Brief, pattern: RegExp): string[] =>
  templatesOf(brief).flatMap(({ text }) => [...text.matchAll(pattern)].map(([, name = '']) => name));

/** The queries whose rows the brief uses in its template and partials, or for charts, findings and changes. */
export function namedQueries(brief: Brief): Brief['queries'] {
  const named = new Set([
    ...namesIn(brief, /\brows\.(\w+)/g),
    ...queriesOfCharts(brief),
    brief.config.changes,
    ...Object.values(brief.config.holdsWhile),
  ]);
  return Object.fromEntries(Object.entries(brief.queries).filter(([name]) => named.has(name)));
}

/** The queries from whose rows a template of the brief prints those that the page mentions. */
export const queriesOfChoices = (brief: Brief): ReadonlySet<string> =>
  new Set(namesIn(brief, /\bmentioned rows\.(\w+)/g));

/** The queries of a brief's evidence sets. Throws `brief-invalid` if there is no such query. */
export const evidenceQueries = (brief: Brief): [string, SourceFile & { what: string | null }][] =>
  Object.entries(brief.config.evidence).map(([name, { rows, what }]) => [
    name,
    { ...queryNamed(brief, rows, `evidence.${name}.rows`), what: what ?? null },
  ]);

/** A query that the setting `field` names. Throws `brief-invalid` if there is none. */
function queryNamed({ queries, definition }: Brief, name: string, field: string): SourceFile {
  const source = Object.hasOwn(queries, name) ? queries[name] : undefined;
  if (source !== undefined) return source;
  const problem = `There is no query "${name}".`;
  const hint = meantBy(name, Object.keys(queries));
  throw new AppError('brief-invalid', [{ file: definition.file, field, problem, hint }]);
}

/** The data of charts and findings; a name may also be that of a finding or a map. */
const queriesOfCharts = ({ config: { charts, findings } }: Brief): ReadonlySet<string> =>
  new Set([
    ...Object.values(charts).flatMap(({ rows, data }) => [rows, ...Object.values(data)]),
    ...Object.values(findings).flatMap((finding) => queriesOfFinding(finding).map(({ query }) => query)),
  ]);

/** A parameter of an edition as printed on its page. */
export interface AppliedParameter {
  /** `Region` */
  readonly label: string;
  /** `North`, if the value is the id of the row with that name. */
  readonly text: string;
  /** The id of the row that the value names, if any. */
  readonly id: string | null;
}

/** Throws `parameter-invalid` for ids of rows not known by the cut-off. */
export function applyParameters({
  brief,
  parameters,
  known,
}: Pick<From, 'brief' | 'parameters' | 'known'>): AppliedParameter[] {
  const faults: Fault[] = [];
  const applied = Object.entries(parameters).map(([name, value]): AppliedParameter => {
    const { type, idOf } = brief.config.parameters[name] ?? {};
    const label = name.replaceAll('_', ' ').replace(/^./, (first) => first.toUpperCase());
    if (idOf === undefined)
      return { label, text: type === 'date' ? brief.locale.longDay(value) : value, id: null };
    const row = known[idOf].find(({ id }) => id === value);
    if (row === undefined) {
      faults.push({
        file: brief.definition.file,
        field: `parameters.${name}`,
        problem: `No row "${value}" of ${idOf} is known by the cut-off.`,
        hint: 'Correct the id, or choose a later day.',
      });
    }
    return { label, text: row?.name ?? value, id: value };
  });
  if (faults.length > 0) throw new AppError('parameter-invalid', faults);
  return applied;
}

/** The title of a brief with its edition's parameters: `By region: North`. */
export function titleOfEdition(brief: Brief, applied: readonly AppliedParameter[]): string {
  const about = brief.locale.list(applied.map(({ text }) => text));
  return about === '' ? brief.config.title : `${brief.config.title}: ${about}`;
}
