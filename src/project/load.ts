import type { Dataset } from '../dataset/schema.ts';
import { AppError, distinct } from '../errors.ts';
import type { Brief } from './brief.ts';

/** What a project has. */
export interface Catalogue {
  briefIds(): Promise<string[]>;
  datasetNames(): Promise<string[]>;
  loadBriefs(ids: readonly string[]): Promise<Brief[]>;
  readonly loadDataset: (name: string) => Promise<Dataset>;
}

/** The briefs named, each once, or all where none is. Throws `brief-unknown`. */
export async function namedBriefs(
  catalogue: Pick<Catalogue, 'briefIds'>,
  names: readonly string[],
): Promise<string[]> {
  const known = await catalogue.briefIds();
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw unknownBriefs(unknown, known);
  return names.length > 0 ? [...new Set(names)] : known;
}

/** The briefs that can be read, and what is wrong with the others: one hides no other. */
export async function readableBriefs(
  catalogue: Pick<Catalogue, 'briefIds' | 'loadBriefs'>,
): Promise<{ briefs: Brief[]; errors: AppError[] }> {
  const briefs: Brief[] = [];
  const errors: AppError[] = [];
  for (const id of await catalogue.briefIds()) {
    try {
      briefs.push(...(await catalogue.loadBriefs([id])));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      errors.push(error);
    }
  }
  return { briefs, errors };
}

/** Loads briefs and the datasets they name, with the faults of both at once. */
export async function load(
  catalogue: Catalogue,
  ids: readonly string[],
): Promise<{ briefs: Brief[]; datasets: ReadonlyMap<string, Dataset> }> {
  const names = await catalogue.datasetNames();
  const errors: AppError[] = [];
  const collect = (error: unknown): undefined => {
    if (!(error instanceof AppError)) throw error;
    errors.push(error);
  };
  const briefs = (await catalogue.loadBriefs(ids).catch(collect)) ?? [];
  errors.push(...briefs.filter((brief) => !names.includes(brief.config.dataset)).map(unknownDataset));
  // Which dataset a faulty brief needs is not known: then all are looked at.
  const wanted = new Set(briefs.length > 0 ? briefs.map((brief) => brief.config.dataset) : names);
  const loaded = await Promise.all(
    names
      .filter((name) => wanted.has(name))
      .map(async (name) => [name, await catalogue.loadDataset(name).catch(collect)] as const),
  );
  const [first] = errors;
  if (first !== undefined) throw new AppError(first.code, distinct(errors), { cause: first });
  return {
    briefs,
    datasets: new Map(loaded.flatMap(([name, dataset]) => (dataset ? [[name, dataset]] : []))),
  };
}

export function datasetOf(brief: Brief, datasets: ReadonlyMap<string, Dataset>): Dataset {
  const dataset = datasets.get(brief.config.dataset);
  if (dataset === undefined) throw unknownDataset(brief);
  return dataset;
}

function unknownBriefs(unknown: readonly string[], known: readonly string[]): AppError {
  return new AppError(
    'brief-unknown',
    unknown.map((name) => ({
      problem: `There is no brief "${name}".`,
      mend: `The briefs are ${known.join(', ')}.`,
    })),
  );
}

export function unknownDataset({ definition, config }: Brief): AppError {
  return new AppError('brief-invalid', [
    {
      file: definition.file,
      field: 'dataset',
      problem: `There is no dataset "${config.dataset}" in data/.`,
      mend: 'Correct the name.',
    },
  ]);
}
