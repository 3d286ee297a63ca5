import { changesBetween } from '../dataset/point-in-time.ts';
import { damagedFiles } from '../dataset/reading/incident-store.ts';
import type { Tables } from '../dataset/schema.ts';
import { type Fault, onAppError } from '../errors.ts';
import { hashOf } from '../hash.ts';
import { editionId } from '../ledger/edition-id.ts';
import { alterationsOf, notRecorded, type Recorded, unexplained } from '../provenance/alterations.ts';
import { compareManifests, compareRows, type Difference } from '../provenance/compare.ts';
import { readProof } from '../provenance/read-proof.ts';
import type { Request } from '../render/edition.ts';
import type { Manifest, SealedManifest } from '../render/manifest.ts';
import { openEdition, type Repository } from './open-edition.ts';
import { type Edition, produce } from './produce.ts';

export interface Verification {
  /** `altered`: the PDF or its records differ from the original, whatever happened to the inputs. */
  readonly verdict: 'identical' | 'differs' | 'altered';
  /** For example `weekly/2021-08-22`. */
  readonly edition: string;
  readonly sha256: string;
  /** The SHA-256 of the PDF rendered here and now; null if rendering fails. */
  readonly rendered: string | null;
  /** Signs that the PDF was altered, one sentence each. */
  readonly alterations: readonly string[];
  readonly differences: readonly Difference[];
  /** Faults that prevent rendering, and damaged files of incidents. */
  readonly faults: readonly Fault[];
  /** Further notes, one sentence each, such as rows that changed after the cut-off. */
  readonly notes: readonly string[];
}

/**
 * Renders a PDF's edition again from the repository, and reports whether the bytes are the same or what differs.
 * `recordsOf` returns the hashes recorded elsewhere; `beside` is the manifest in the same folder, and `altered` are the
 * files that it names and that have other bytes; both count only if the manifest belongs to the PDF. Writes nothing. Throws `pdf-invalid` if the PDF is damaged or from another program.
 */
export async function verify(
  pdf: Uint8Array,
  {
    beside,
    altered = [],
    recordsOf,
    repository,
  }: {
    beside: Manifest | null;
    altered?: readonly string[];
    recordsOf: (named: EditionNames) => Promise<readonly Recorded[]>;
    repository: Repository;
  },
): Promise<Verification> {
  const proof = await readProof(pdf);
  const { manifest, sha256 } = proof;
  const own = beside !== null && isOf(beside, manifest) ? beside : null;
  const { request, faults: missing } = await openEdition(manifest, repository);
  const { ids, paper } = namesOf(manifest);
  const besidePdf = own?.files.find(({ name }) => name.endsWith('.pdf'));
  const recorded: Recorded[] = [
    ...(besidePdf ? [{ where: 'the manifest beside it', sha256: besidePdf.sha256 }] : []),
    ...(await recordsOf({ ids, paper })),
  ];
  const dataset = request?.dataset;
  const damaged = dataset ? await damagedFiles(dataset.incidents, dataset.folder, { isThorough: true }) : [];
  const made = request && (await renderAgain(request, repository));
  const faults = [...missing, ...damaged.map(({ fault }) => fault), ...(made?.faults ?? [])];
  const again = made?.edition;
  const rendered = again ? hashOf(again.pdf) : null;
  const tables = dataset?.tables;
  const differences = !tables
    ? []
    : again
      ? compareManifests({ was: manifest, is: again.manifest }, tables)
      : compareRows(manifest, { tables });
  const explained = differences.length > 0 || faults.length > 0;
  const broken = alterationsOf(proof, { rendered, recorded, explained });
  const isKnown = explained || broken.length > 0 || rendered === sha256;
  const other =
    isKnown || !again
      ? undefined
      : unexplained({ proof, again: await readProof(again.pdf), own, recorded, tables });
  const alterations = [
    ...broken,
    ...(other?.altered ? [other.says] : []),
    ...(own === null ? [] : altered).map(
      (name) => `The file ${name} beside it was altered: its bytes do not match manifest.json.`,
    ),
  ];
  const notes = [
    ...(other && !other.altered ? [other.says] : []),
    ...(explained ? notRecorded(sha256, recorded) : []),
    ...(tables ? laterChanges(manifest, tables) : []),
  ];
  const verdict = alterations.length > 0 ? 'altered' : rendered === sha256 ? 'identical' : 'differs';
  const edition = request?.id ?? ids[0];
  return { verdict, edition, sha256, rendered, alterations, differences, faults, notes };
}

const isOf = (beside: Manifest, { brief, asOf, paper, parameters, correction }: SealedManifest): boolean =>
  beside.brief === brief &&
  beside.asOf === asOf &&
  beside.paper === paper &&
  beside.correction?.revision === correction?.revision &&
  JSON.stringify(beside.parameters) === JSON.stringify(parameters);

/** An edition's paper and possible ids; which id applies was decided when the edition was requested. */
export interface EditionNames {
  readonly ids: readonly [string, ...string[]];
  readonly paper: string;
}

function namesOf({ brief, asOf, paper, parameters, correction }: SealedManifest): EditionNames {
  const revision = correction?.revision;
  const nameWith = (ownPaper: typeof paper | null) =>
    editionId({ brief, asOf, paper, ownPaper, parameters, revision });
  return { paper, ids: [nameWith(paper), nameWith(null)] };
}

async function renderAgain(
  request: Request,
  repository: Repository,
): Promise<{ edition?: Edition; faults: readonly Fault[] }> {
  try {
    const { effects, signal } = repository;
    const edition = await produce(request, effects, await repository.loadMaterial(), { signal });
    return { edition, faults: [] };
  } catch (error) {
    return onAppError(({ faults }) => ({ faults }))(error);
  }
}

/**
 * Rows of the edition that were revised or withdrawn after its cut-off, or after the day of its correction. They do not
 * count as a difference, but readers may want to know.
 */
function laterChanges({ asOf: cutOff, correction, rows }: SealedManifest, tables: Tables): string[] {
  const asOf = correction?.asOf ?? cutOff;
  const shown = new Set(rows.map(({ id }) => id));
  const last = '9999-12-31';
  return changesBetween(tables, { previousAsOf: asOf, asOf: last, include: ({ row }) => shown.has(row.id) })
    .filter(({ change }) => change !== 'new')
    .map(({ id, change, knownOn }) => `${id} was ${change} on ${knownOn}, after the cut-off.`);
}
