import { resolveEdition } from './fan-out.ts';
import type { Effects } from './produce.ts';
import { AppError, type Fault, onAppError } from '../errors.ts';
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
export const openEdition = (
  manifest: SealedManifest,
  repository: Catalogue,
): Promise<{ request?: Request; faults: readonly Fault[] }> =>
  requestOf(manifest, repository).then(
    (request) => ({ request, faults: [] }),
    onAppError(({ faults }) => ({ faults })),
  );

async function requestOf(
  { brief: id, asOf, paper, parameters, correction: was, incidents }: SealedManifest,
  { briefIds, datasetNames, loadBrief, loadDataset }: Catalogue,
): Promise<Request> {
  const missing = (file: string, problem: string) =>
    new AppError('brief-invalid', {
      file,
      problem,
      hint: 'Verify it in the project that generated it.',
    });
  if (!(await briefIds()).includes(id)) throw missing(`templates/${id}`, 'There is no such brief here.');
  const brief = await loadBrief(id);
  // The brief may use another dataset by now, and the current inputs matter here.
  const { dataset: wanted } = brief.config;
  if (!(await datasetNames()).includes(wanted))
    throw missing(`data/${wanted}`, 'There is no such dataset here.');
  const dataset = await loadDataset(wanted);
  const correction = was && {
    revision: was.revision,
    asOf: was.asOf,
    replaces: was.replaces,
    rows: was.changes.filter(({ table }) => table !== 'incidents').map((each) => each.id),
    incidents: was.incidents,
  };
  return {
    ...resolveEdition({ brief, dataset, asOf, paper, parameters, correction }),
    // Later imports and checks of the same day were not there yet.
    upToImport: incidents?.import,
    checked: incidents?.checked,
  };
}
