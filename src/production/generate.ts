import { join } from 'node:path';
import { AppError } from '../errors.ts';
import { splitEditionId } from '../ledger/edition-id.ts';
import type { Format } from '../project/brief.ts';
import { throwAll } from '../project/load.ts';
import { describeParameters } from '../project/parameters.ts';
import { inputsOf } from '../provenance/inputs.ts';
import { describeEdition, describeRendering, knownTables } from '../provenance/make-manifest.ts';
import type { Material, Request, Step } from '../render/edition.ts';
import type { FileToStore, Manifest } from '../render/manifest.ts';
import { highlightsFor } from './highlights.ts';
import { type Effects, produce, render } from './produce.ts';

/** Reads and writes stored editions. */
export interface Store {
  read(folder: string): Promise<Manifest | undefined>;
  write(folder: string, files: readonly FileToStore[], description: Manifest): Promise<void>;
}

export interface Job {
  readonly requests: readonly Request[];
  readonly out: string;
  readonly formats: readonly Format[];
  /** Also render editions that already exist. */
  readonly force: boolean;
  /** The name of the program and its libraries, for the hash of the inputs. */
  readonly engine: string;
}

export interface Outcome {
  readonly brief: string;
  readonly folder: string;
  readonly manifest: Manifest;
  /** Duration in milliseconds; null if the edition already existed. */
  readonly tookMs: number | null;
}

export interface Reports {
  /** `edition` is the name of the brief, with the parameters if the brief has several editions. */
  onStep(edition: string, step: Step): void;
  /** A monotonic clock in milliseconds. */
  elapsedMs(): number;
}

/**
 * Generates the requested editions that do not exist yet, two at a time: one is printed while the next is composed.
 * Throws the faults of all that failed; the others are stored nevertheless.
 */
export async function generate(
  { requests, out, formats: wanted, force, engine }: Job,
  {
    effects,
    material,
    store,
    reports,
    signal: stop,
  }: { effects: Effects; material: Material; store: Store; reports: Reports; signal: AbortSignal },
): Promise<Outcome[]> {
  const failed = new AbortController();
  const signal = AbortSignal.any([stop, failed.signal]);
  const make = async (request: Request): Promise<Outcome> => {
    const { brief, id } = request;
    // An edition's folder never lies within that of another, because a folder is replaced as a whole.
    const folder = join(out, id);
    const inputs = inputsOf(request, { engine, material: material.sha256, formats: wanted });
    const present = force ? undefined : await store.read(folder);
    if (present?.inputs === inputs) return { brief: brief.id, folder, manifest: present, tookMs: null };
    const startedMs = reports.elapsedMs();
    const label = [brief.id, describeParameters(request.parameters)].filter((part) => part !== '').join(' ');
    const onStep = (step: Step) => reports.onStep(label, step);
    const options = { onStep, signal, elapsedMs: () => reports.elapsedMs() };
    /** An edition for which no PDF is requested. */
    const renderOnly = async () => {
      const rendering = await render(request, effects, material, options);
      const manifest = describeRendering(request, rendering, { material, browser: null, attachments: [] });
      return { ...rendering, manifest, pdf: undefined, pages: null };
    };
    const edition = wanted.includes('pdf')
      ? await produce(request, effects, material, options)
      : await renderOnly();
    const name = `${brief.id}-${splitEditionId(id).name}`;
    const { highlights, files: pictures } = await highlightsFor(brief, edition);
    const files = [
      ...(edition.pdf ? [{ name: `${name}.pdf`, content: edition.pdf }] : []),
      ...(wanted.includes('html') ? [{ name: `${name}.html`, content: edition.html }] : []),
      ...pictures,
    ];
    onStep('store');
    const { rules, pages } = edition;
    const known = knownTables(request.dataset.tables, request.correction?.asOf ?? request.asOf);
    const manifest = describeEdition(edition.manifest, { rules, pages, inputs, known, highlights, files });
    await store.write(folder, files, manifest);
    return { brief: brief.id, folder, manifest, tookMs: reports.elapsedMs() - startedMs };
  };

  const waiting = [...requests.entries()];
  const outcomes: Outcome[] = [];
  const failures: AppError[] = [];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      signal.throwIfAborted();
      const [index, request] = next;
      try {
        outcomes[index] = await make(request);
      } catch (error) {
        if (!(error instanceof AppError)) {
          // An unexpected error ends the program, so the other edition must stop too.
          failed.abort(error);
          throw error;
        }
        failures.push(error);
      }
    }
  };
  const ended = await Promise.allSettled([work(), work()]);
  failed.signal.throwIfAborted();
  for (const each of ended) if (each.status === 'rejected') throw each.reason;
  throwAll(failures);
  return outcomes;
}
