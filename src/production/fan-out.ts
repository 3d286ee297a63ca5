import { type Day, periodEnding } from '../calendar.ts';
import type { Correction } from '../dataset/corrections.ts';
import type { Row } from '../dataset/parse-rows.ts';
import { knownBy, tablesWithin } from '../dataset/point-in-time.ts';
import { AppError, type Fault } from '../errors.ts';
import { editionId } from '../ledger/edition-id.ts';
import type { Brief, Paper } from '../project/brief.ts';
import type { Loaded } from '../project/load.ts';
import {
  describeParameters,
  hasValues,
  type Parameters,
  readParameters,
  requireParameters,
} from '../project/parameters.ts';
import { knownIncidents } from '../query/incidents.ts';
import { commonParameters, type From, type OpenQueries } from '../query/select.ts';
import type { Request } from '../render/edition.ts';
import { TimeLimit } from '../render/template/time-limit.ts';

type Asked = Loaded & { readonly asOf: Day; readonly paper?: Paper | undefined };
type Values = { readonly [name: string]: string | number };

/**
 * The parameters of every edition of a brief as of a day, sorted. A brief that does not fan out has one edition,
 * without parameters. A brief that does has an edition for each row of its `forEach` query, which sees the rows known
 * by the cut-off; without rows there is nothing to issue. Throws `query-failed`, `brief-invalid` with every row that
 * does not match the declared parameters, or `parameter-invalid` for a required parameter without a value.
 */
export async function fanOut(
  { brief, dataset, asOf }: Loaded & { asOf: Day },
  { openQueries }: { openQueries: OpenQueries },
): Promise<Parameters[]> {
  return brief.config.forEach === null
    ? [requireParameters(brief, {})]
    : runForEach(brief, {
        known: knownBy(tablesWithin(dataset, brief.config.marking), asOf),
        settings: dataset.settings,
        incidents: knownIncidents(dataset, { asOf, marking: brief.config.marking }),
        period: periodEnding(asOf, brief.config.period),
        openQueries,
      });
}

/**
 * The editions that match the `given` values: for a brief that fans out, all editions with these values; otherwise the
 * one with exactly these. Also throws `parameter-invalid` if there is none, so that a misspelt value does not give an
 * empty page.
 */
export async function editionsAskedFor(
  { brief, dataset, asOf, paper, given = {} }: Asked & { given?: Values | undefined },
  effects: { openQueries: OpenQueries },
): Promise<Request[]> {
  const resolve = (parameters: Values) => resolveEdition({ brief, dataset, asOf, paper, parameters });
  if (brief.config.forEach === null) return [resolve(given)];
  const declared = Object.entries(brief.config.parameters).map(([name, config]) => [
    name,
    { ...config, optional: true },
  ]);
  const wanted = requireParameters({ ...brief, config: { parameters: Object.fromEntries(declared) } }, given);
  const editions = await fanOut({ brief, dataset, asOf }, effects);
  const found = editions.filter((parameters) => hasValues(parameters, wanted));
  if (found.length > 0 || Object.keys(wanted).length === 0) return found.map(resolve);
  throw new AppError('parameter-invalid', {
    file: brief.definition.file,
    field: 'parameters',
    problem: `There is no edition with ${describeParameters(wanted)} as of ${asOf}.`,
    hint:
      editions.length === 0
        ? 'There are no editions as of that day.'
        : `There are editions with ${editions.map(describeParameters).join('; ')}.`,
  });
}

/** Runs the `forEach` query over the known rows and parses the result. Throws `print-failed` if that takes too long. */
export async function runForEach(
  brief: Brief,
  { known, settings, incidents, period, openQueries }: Omit<From, 'brief' | 'parameters' | 'signal'>,
): Promise<Parameters[]> {
  const source = brief.queries[brief.config.forEach ?? ''];
  if (source === undefined) throw new Error(`forEach of ${brief.id} names no query.`);
  const limit = new TimeLimit(brief, { what: `The query "${brief.config.forEach}" of forEach` });
  await using queries = await openQueries(known, {
    macros: brief.macros,
    settings,
    incidents,
    locale: brief.locale,
  });
  const query = {
    sql: source.text,
    file: source.file,
    parameters: commonParameters(brief, period, settings),
  };
  const rows = await queries.query(query, { signal: limit.signal }).catch((cause: unknown) => {
    throw limit.explain(cause);
  });
  return editionsOf(rows, { brief, file: source.file });
}

function editionsOf(rows: readonly Row[], { brief, file }: { brief: Brief; file: string }): Parameters[] {
  const { parameters: declared } = brief.config;
  // All rows of a query have the same columns.
  const [first = declared] = rows;
  const missing = Object.keys(declared).filter((name) => !Object.hasOwn(first, name));
  const undeclared = Object.keys(first).filter((name) => !Object.hasOwn(declared, name));
  const faults: Fault[] = [
    ...missing.map((name) => ({
      file,
      field: name,
      problem: `The query has no column "${name}", which is a parameter of the brief.`,
      hint: 'Add the column, or remove the parameter from brief.yaml.',
    })),
    ...undeclared.toSorted().map((name) => ({
      file,
      field: name,
      problem: `The query has a column "${name}", which is not a parameter of the brief.`,
      hint: 'Declare it in brief.yaml, or leave it out.',
    })),
  ];
  const byKey = new Map<string, Parameters>();
  for (const [index, row] of rows.entries()) {
    const { parameters, problems } = readParameters(declared, row);
    for (const { name, problem, hint } of problems)
      if (Object.hasOwn(declared, name) && !missing.includes(name))
        faults.push({ file, field: name, problem: `Row ${index + 1} of the query: ${problem}`, hint });
    if (problems.length > 0) continue;
    const key = JSON.stringify(parameters);
    if (byKey.has(key)) {
      const problem = `Row ${index + 1} of the query repeats ${describeParameters(parameters) || 'one without values'}.`;
      faults.push({ file, problem, hint: 'Return each edition once, for example with DISTINCT.' });
    }
    byKey.set(key, parameters);
  }
  if (faults.length > 0) throw new AppError('brief-invalid', faults);
  return [...byKey].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, parameters]) => parameters);
}

/**
 * Resolves an edition's period, paper, parameters and identity. Commands, the preview and the worker call this once for
 * each edition and pass the result on. An edition in the ledger keeps the `id` that it has there. Throws
 * `parameter-invalid` with every value that the brief does not accept.
 */
export function resolveEdition({
  brief,
  dataset,
  asOf,
  paper = brief.config.paper,
  parameters: given = {},
  correction = null,
  id,
}: Asked & { parameters?: Values; correction?: Correction | null; id?: string }): Request {
  const parameters = requireParameters(brief, given);
  const ownPaper = brief.config.paper;
  const revision = correction?.revision;
  return {
    id: id ?? editionId({ brief: brief.id, asOf, paper, ownPaper, parameters, revision }),
    brief,
    dataset,
    asOf,
    period: periodEnding(asOf, brief.config.period),
    paper,
    parameters,
    correction,
  };
}
