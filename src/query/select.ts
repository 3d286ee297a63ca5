import type { Period } from '../calendar.ts';
import type { Row, RowSets } from '../dataset/parse-rows.ts';
import type { Tables } from '../dataset/schema.ts';
import type { DatasetSettings } from '../dataset/settings.ts';
import { longDay } from '../dataset/wording.ts';
import { AppError, type Fault, meantBy } from '../errors.ts';
import { type Brief, briefTopics, type SourceFile } from '../project/brief.ts';
import type { ParameterConfig, Parameters } from '../project/parameters.ts';

/** What a query may name, as `$as_of` and so on. */
export interface QueryParameters {
  readonly as_of: string;
  readonly period_start: string;
  readonly previous_as_of: string;
  /** The topic of a brief on one; `all` otherwise. */
  readonly topic: string;
  /** The topics of the brief; for a brief on all of them with `all`, the topic of judgments on all of them. */
  readonly topics?: readonly string[];
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

export type OpenQueries = (
  known: Tables,
  options: { macros: readonly SourceFile[]; settings: DatasetSettings },
) => Promise<Queries>;

/** What the queries of every brief may name. */
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

/** Throws `brief-invalid` for topics of the brief that its dataset does not have. */
export function requireTopics({ config, definition }: Brief, settings: DatasetSettings): void {
  const known = settings.topics.map(({ name }) => name);
  const topics = briefTopics(config);
  // A dataset that declares none and has no rows yet may get them.
  if (topics === 'all' || known.length === 0) return;
  const unknown = topics.filter((topic) => !known.includes(topic));
  if (unknown.length > 0)
    throw new AppError(
      'brief-invalid',
      unknown.map((topic) => ({
        file: definition.file,
        field: config.topics === undefined ? 'topic' : 'topics',
        problem: `The dataset ${config.dataset} has no topic "${topic}".`,
        mend: meantBy(topic, known),
      })),
    );
}

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
  settings,
  openQueries,
  signal,
}: {
  brief: Brief;
  known: Tables;
  period: Period;
  parameters: Parameters;
  settings: DatasetSettings;
  openQueries: OpenQueries;
  /** Interrupts what is under way. */
  signal?: AbortSignal | undefined;
}): Promise<Selection> {
  const queries = await openQueries(known, { macros: brief.macros, settings });
  const own = Object.entries(brief.config.parameters).map(([name, { type }]): [string, OwnParameter] => [
    name,
    { type, value: Object.hasOwn(given, name) ? (given[name] ?? null) : null },
  ]);
  const parameters = { ...commonParameters(brief, period, settings), own: Object.fromEntries(own) };
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

const partialCall = /\{\{~?#?>\s*([\w-]+)/g;

const rowsNamed = /\brows\.(\w+)/g;

/** The partials that the brief's template calls, and those that they call, by name. */
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

/** The queries whose rows the brief asks for: in its template and partials, for its charts, findings and changes. */
export function namedQueries(brief: Brief): Brief['queries'] {
  const templates = [brief.template, ...usedPartials(brief).values()];
  const named = new Set([
    ...templates.flatMap(({ text }) => [...text.matchAll(rowsNamed)].map(([, name]) => name)),
    ...queriesOfCharts(brief),
    brief.config.changes,
  ]);
  return Object.fromEntries(Object.entries(brief.queries).filter(([name]) => named.has(name)));
}

/** What charts and findings are made of; a name may be that of a finding or a map, too. */
const queriesOfCharts = ({ config: { charts, findings } }: Brief): ReadonlySet<string> =>
  new Set([
    ...Object.values(charts).flatMap(({ rows, data }) => [rows, ...Object.values(data)]),
    ...Object.values(findings).map(({ rows }) => rows),
  ]);

/** One parameter of an edition as its page names it. */
export interface AppliedParameter {
  /** `Region` */
  readonly label: string;
  /** `North`, where the value is the id of its row. */
  readonly text: string;
  /** The row that the value names, if it names one. */
  readonly id: string | null;
}

/** Throws `parameter-invalid` for ids of rows that are not known by the cut-off. */
export function applyParameters({
  brief,
  parameters,
  known,
}: {
  brief: Brief;
  parameters: Parameters;
  known: Tables;
}): AppliedParameter[] {
  const faults: Fault[] = [];
  const applied = Object.entries(parameters).map(([name, value]): AppliedParameter => {
    const { type, idOf } = brief.config.parameters[name] ?? {};
    const label = name.replaceAll('_', ' ').replace(/^./, (first) => first.toUpperCase());
    if (idOf === undefined) return { label, text: type === 'date' ? longDay(value) : value, id: null };
    const row = known[idOf].find(({ id }) => id === value);
    if (row === undefined) {
      faults.push({
        file: brief.definition.file,
        field: `parameters.${name}`,
        problem: `No row "${value}" of ${idOf} is known by the cut-off.`,
        mend: 'Correct the id, or choose a later day.',
      });
    }
    return { label, text: row?.name ?? value, id: value };
  });
  if (faults.length > 0) throw new AppError('parameter-invalid', faults);
  return applied;
}

/** The title of a brief and what its edition is about: `By region: North`. */
export function titleOfEdition(brief: Brief, applied: readonly AppliedParameter[]): string {
  const about = applied.map(({ text }) => text).join(', ');
  return about === '' ? brief.config.title : `${brief.config.title}: ${about}`;
}
