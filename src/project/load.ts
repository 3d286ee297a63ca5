import type { Dataset } from '../dataset/schema.ts';
import { AppError, collectIn, distinct, type Fault, meantBy } from '../errors.ts';
import { type Brief, briefTopics } from './brief.ts';
import { located } from './source-files.ts';

/** The contents of a project. */
export interface Catalogue {
  readonly briefIds: () => Promise<string[]>;
  readonly datasetNames: () => Promise<string[]>;
  readonly loadBrief: (id: string) => Promise<Brief>;
  readonly loadDataset: (name: string) => Promise<Dataset>;
}

/** The named briefs without duplicates, or all briefs if none is named. Throws `brief-unknown`. */
export async function namedBriefs(
  catalogue: Pick<Catalogue, 'briefIds'>,
  names: readonly string[],
): Promise<string[]> {
  const known = await catalogue.briefIds();
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new AppError(
      'brief-unknown',
      unknown.map((name) => ({
        problem: `There is no brief "${name}".`,
        hint: known.length === 0 ? 'There are none: make one with "sitrep new".' : meantBy(name, known),
      })),
    );
  return names.length > 0 ? [...new Set(names)] : known;
}

/** The readable ones among the named briefs (or all, if none is named), and the faults of the others. */
export async function readableBriefs(
  catalogue: Pick<Catalogue, 'briefIds' | 'loadBrief'>,
  named?: readonly string[],
): Promise<{ briefs: Brief[]; errors: AppError[] }> {
  const briefs: Brief[] = [];
  const errors: AppError[] = [];
  for (const id of named ?? (await catalogue.briefIds())) {
    const brief = await catalogue.loadBrief(id).catch(collectIn(errors));
    if (brief) briefs.push(brief);
  }
  return { briefs, errors };
}

/** A brief with its dataset. */
export interface Loaded {
  readonly brief: Brief;
  readonly dataset: Dataset;
}

/**
 * Loads briefs with their datasets. A fault in one brief does not exclude others: `errors` has the faults of those
 * excluded.
 */
export async function load(
  catalogue: Catalogue,
  ids: readonly string[],
): Promise<{ loaded: Loaded[]; errors: AppError[] }> {
  const { briefs, errors } = await readableBriefs(catalogue, ids);
  const names = await catalogue.datasetNames();
  const datasetOf = async (brief: Brief): Promise<Dataset> => {
    if (!names.includes(brief.config.dataset)) throw unknownDataset(brief, names);
    const dataset = await catalogue.loadDataset(brief.config.dataset);
    requireTopics(brief, dataset);
    return dataset;
  };
  const loaded: Loaded[] = [];
  for (const brief of briefs) {
    const dataset = await datasetOf(brief).catch(collectIn(errors));
    if (dataset) loaded.push({ brief, dataset });
  }
  return { loaded, errors };
}

/** Throws all `errors` as one, if there are any. */
export function throwAll(given: readonly AppError[]): void {
  // A dataset that cannot be read is the same error for each of its briefs.
  const errors = [...new Set(given)];
  const [first] = errors;
  if (first !== undefined)
    throw new AppError(first.code, distinct(errors), {
      cause: first,
      warnings: errors.flatMap(({ warnings }) => warnings),
    });
}

export function unknownDataset({ definition, config }: Brief, names: readonly string[]): AppError {
  const problem = `There is no dataset "${config.dataset}" in data/.`;
  const hint = meantBy(config.dataset, names);
  return new AppError(
    'brief-invalid',
    located([{ file: definition.file, field: 'dataset', problem, hint }], definition),
  );
}

/** Throws `brief-invalid` if the brief has topics that its dataset does not. */
export function requireTopics(brief: Brief, dataset: Pick<Dataset, 'settings'>): void {
  const faults = topicFaults(brief, dataset);
  if (faults.length > 0) throw new AppError('brief-invalid', faults);
}

/**
 * Finds topics of a brief that its dataset does not have. A dataset with no rows or declared topics may gain any topic.
 */
export function topicFaults(
  { definition, config }: Brief,
  { settings: { topics } }: Pick<Dataset, 'settings'>,
): Fault[] {
  const names = topics.map(({ name }) => name);
  const asked = briefTopics(config);
  if (asked === 'all' || names.length === 0) return [];
  const faults = asked.flatMap((topic, index): Fault[] => {
    if (names.includes(topic)) return [];
    const field = config.topics === undefined ? 'topic' : `topics.${index}`;
    const problem = `The dataset has no topic "${topic}".`;
    return [{ file: definition.file, field, problem, hint: meantBy(topic, names) }];
  });
  return located(faults, definition);
}
