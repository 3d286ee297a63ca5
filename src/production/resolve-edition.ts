import { type Day, periodEnding } from '../calendar.ts';
import type { Correction } from '../dataset/corrections.ts';
import { editionId } from '../ledger/edition-id.ts';
import type { Paper } from '../project/brief.ts';
import type { Loaded } from '../project/load.ts';
import { requireParameters } from '../project/parameters.ts';
import type { Request } from '../render/edition.ts';

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
}: Loaded & {
  asOf: Day;
  paper?: Paper | undefined;
  parameters?: { readonly [name: string]: string | number };
  correction?: Correction | null;
  id?: string;
}): Request {
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
