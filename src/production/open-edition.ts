import { resolveEdition } from './fan-out.ts';
import type { Effects } from './produce.ts';
import { AppError, type Fault } from '../errors.ts';
import type { Catalogue } from '../project/load.ts';
import type { Material, Request } from '../render/edition.ts';
import type { SealedManifest } from '../render/manifest.ts';

/** The repository as it is now. */
export interface Repository extends Catalogue {
  loadMaterial(): Promise<Material>;
  readonly effects: Effects;
  readonly signal: AbortSignal;
}

/** The edition's current inputs, or the faults if they are missing. */
export async function openEdition(
  manifest: SealedManifest,
  repository: Catalogue,
): Promise<{ request: Request | undefined; faults: readonly Fault[] }> {
  const { brief: id, dataset: name, asOf, paper, parameters, correction: was, incidents } = manifest;
  const correction = was && {
    revision: was.revision,
    asOf: was.asOf,
    replaces: was.replaces,
    rows: was.changes.filter(({ table }) => table !== 'incidents').map((each) => each.id),
    incidents: was.incidents,
  };
  const missing = (what: string, problem: string) => ({
    request: undefined,
    faults: [{ file: what, problem, hint: 'Verify it in the project that generated it.' }],
  });
  if (!(await repository.briefIds()).includes(id))
    return missing(`templates/${id}`, 'There is no such brief here.');
  try {
    const [brief] = await repository.loadBriefs([id]);
    // The brief may use another dataset by now, and the current inputs matter here.
    const wanted = brief?.config.dataset ?? name;
    if (!(await repository.datasetNames()).includes(wanted))
      return missing(`data/${wanted}`, 'There is no such dataset here.');
    const dataset = await repository.loadDataset(wanted);
    return brief === undefined
      ? missing(`templates/${id}`, 'There is no such brief here.')
      : {
          // Later imports and checks of the same day were not there yet.
          request: {
            ...resolveEdition({ brief, dataset, asOf, paper, parameters, correction }),
            upToImport: incidents?.import,
            checked: incidents?.checked,
          },
          faults: [],
        };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { request: undefined, faults: error.faults };
  }
}
