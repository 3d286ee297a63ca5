import { issueNumber } from '../calendar.ts';
import { knownFor } from '../dataset/corrections.ts';
import type { Dataset } from '../dataset/schema.ts';
import { alertTo, approvalAlertTo } from '../delivery/alert.ts';
import type { WorkDependencies } from '../delivery/deliver-edition.ts';
import { targetsOf, targetsOfReplaced } from '../delivery/recipients.ts';
import { backoffSeconds } from '../delivery/settings.ts';
import { AppError, describeFault, type ErrorCode } from '../errors.ts';
import { newEdition, ownPaperOf } from '../ledger/edition-id.ts';
import { type EditionRecord, type NewDelivery, waitsForApproval } from '../ledger/records.ts';
import type { Claim, Job, Ledger, Making } from '../ledger/types.ts';
import type { StepRecord } from '../ledger/views.ts';
import type { Log } from '../log.ts';
import { resolveEdition } from '../production/fan-out.ts';
import type { Store } from '../production/generate.ts';
import { highlightsWithoutPage } from '../production/highlights.ts';
import type { Effects } from '../production/produce.ts';
import type { Brief } from '../project/brief.ts';
import type { Target } from '../project/target.ts';
import { applyParameters, titleOfEdition } from '../query/select.ts';
import { nothingNew } from '../render/changes.ts';
import type { Material, Step } from '../render/edition.ts';

/** Effects and settings for generating editions. */
export interface EditionDependencies extends WorkDependencies {
  /** Reads the brief's current version, so that changes apply without a restart. */
  loadBrief(id: string): Promise<Brief>;
  loadDataset(name: string): Promise<Dataset>;
  loadMaterial(): Promise<Material>;
  readonly effects: Effects;
  readonly store: Store;
  readonly engine: string;
  readonly out: string;
  /** Whether a target is an example left in a brief. */
  readonly isExample?: (to: Target) => boolean;
  /** Runs in progress in this process, so that they can be stopped. */
  readonly activeRuns: ActiveRuns;
  elapsedMs(): number;
  onRendered?(seconds: number): void;
}

/** Errors that may be temporary: in the browser, the disk or the chart process. A person must fix any other. */
const passing: ReadonlySet<ErrorCode> = new Set([
  'browser-failed',
  'chart-slow',
  'chart-unfinished',
  'print-failed',
  'output-unwritable',
  'ledger-unavailable',
]);
const MOST_ATTEMPTS = 5;
/** A slow chart may come from a busy machine, or never finish; each attempt at it delays all other charts. */
const MOST_SLOW = 2;
const FULL_PAUSE_SECONDS = 600;
const isDiskFull = (error: unknown): boolean =>
  error instanceof Error && (Reflect.get(error, 'code') === 'ENOSPC' || isDiskFull(error.cause));
/** An edition started more often than this without ending probably crashes its process. */
const MOST_BEGUN = 100;

/** Makes one attempt to generate a requested edition and records the result in the ledger. */
export async function makeEdition(
  { id, job, signal }: Job,
  dependencies: EditionDependencies,
): Promise<void> {
  const { ledger, log, operator } = dependencies;
  const claim = await ledger.claimEdition(id, { job, now: dependencies.now() });
  if (claim === undefined) return;
  log.info({ edition: id, run: claim.run }, 'rendering');
  const notes = noteSteps(claim, dependencies);
  using run = dependencies.activeRuns.track(claim);
  const making = await attempt(claim, {
    ...dependencies,
    signal: AbortSignal.any([signal, run.signal]),
    onStep: (step) => {
      log.info({ edition: id, step }, step);
      notes.add(step);
    },
  });
  const steps = await notes.left();
  const reason = 'reason' in making ? making.reason : undefined;
  const wrong = making.outcome === 'held' || making.outcome === 'failed';
  const alert = wrong && operator !== null ? alertTo(operator, making.outcome, claim.run) : null;
  const settled = await ledger.settleEdition(claim, making, { now: dependencies.now(), alert, steps });
  const fields = { edition: id, run: claim.run, outcome: making.outcome, reason };
  if (!settled) log.warn(fields, 'The edition was cancelled or taken over meanwhile.');
  else if (wrong) log.error(fields, 'The edition was not made.');
  else log.info(fields, making.outcome);
}

interface Attempt extends EditionDependencies {
  readonly signal: AbortSignal;
  readonly onStep: (step: Step) => void;
}

async function attempt({ edition, failures }: Claim, dependencies: Attempt): Promise<Making> {
  const { text } = dependencies.locale;
  if (edition.attempt > MOST_BEGUN)
    return { outcome: 'failed', reason: text('web.edition.never_ended', { count: MOST_BEGUN }) };
  try {
    return await make(edition, dependencies);
  } catch (error) {
    if (dependencies.signal.aborted) return { outcome: 'given-back', reason: text('web.edition.stopped') };
    const known = error instanceof AppError;
    const reason = known ? error.faults.map(describeFault).join('\n') : String(error);
    // Permanent faults block the edition at once, with all reasons.
    if (known && !passing.has(error.code)) {
      const isStale = error.faults.every(({ rule }) => rule === 'fresh-data');
      return { outcome: 'held', reason, code: isStale ? 'fresh-data' : null };
    }
    const code = known ? error.code : null;
    const all = [...failures, code];
    if (all.filter((each) => each === 'chart-slow').length >= MOST_SLOW) return { outcome: 'held', reason };
    // A full disk is not the edition's fault, so it is retried until there is space.
    const isFull = isDiskFull(error);
    if (all.length >= MOST_ATTEMPTS && !isFull) return { outcome: 'failed', reason };
    const pause = backoffSeconds(all.length, () => dependencies.random());
    const afterSeconds = isFull ? Math.min(pause, FULL_PAUSE_SECONDS) : pause;
    return { outcome: 'retried', reason, code, afterSeconds };
  }
}

async function make(edition: EditionRecord, dependencies: Attempt): Promise<Making> {
  const brief = await dependencies.loadBrief(edition.brief);
  const dataset = await dependencies.loadDataset(brief.config.dataset);
  const { asOf, parameters, correction } = edition;
  // A correction replaces a single edition, even if the brief fans out now.
  const isWhole = edition.partOf === null && correction === null && Object.keys(parameters).length === 0;
  if (brief.config.forEach !== null && isWhole) return fanOutInto(edition, { brief, dataset }, dependencies);

  const request = resolveEdition({ ...edition, brief, dataset });
  const { period } = request;
  const applied = applyParameters({
    brief,
    parameters: request.parameters,
    known: knownFor(dataset.tables, { asOf, correctedAsOf: correction?.asOf ?? null }),
  });
  const nothing = edition.origin === 'schedule' ? nothingNew({ brief, dataset, period, applied }) : null;
  const { whenNothingNew } = brief.config.schedule;
  if (nothing !== null && whenNothingNew === 'skip') return { outcome: 'skipped', reason: nothing };
  const { isExample } = dependencies;
  const { marking, approval: needsApproval } = brief.config;
  const card = { title: titleOfEdition(brief, applied), issue: issueNumber(asOf), marking };
  if (nothing !== null && whenNothingNew === 'notice') {
    const highlights = highlightsWithoutPage(brief);
    const notice: Made = {
      outcome: 'notice',
      folder: null,
      sha256: null,
      pages: null,
      card: { ...card, paragraphs: [nothing], pdf: null, corrected: [], highlights },
      needsApproval,
      deliveries: targetsOf(edition, { brief, content: 'notice', isExample }),
    };
    return withAlerts(edition, notice, dependencies);
  }

  const started = dependencies.elapsedMs();
  // A process that waits for the next slot needs none of what prints an edition.
  const { generate } = await import('../production/generate.ts');
  const [outcome] = await generate(
    {
      requests: [request],
      out: dependencies.out,
      formats: ['pdf', 'html'],
      force: false,
      engine: dependencies.engine,
    },
    {
      effects: dependencies.effects,
      material: await dependencies.loadMaterial(),
      store: dependencies.store,
      reports: {
        elapsedMs: () => dependencies.elapsedMs(),
        onStep: (_, step) => dependencies.onStep(step),
      },
      signal: dependencies.signal,
    },
  );
  const pdf = outcome?.manifest.files.find(({ name }) => name.endsWith('.pdf'));
  if (outcome === undefined || pdf === undefined) throw new Error(`No PDF was made of ${edition.id}.`);
  if (outcome.tookMs !== null) dependencies.onRendered?.((dependencies.elapsedMs() - started) / 1000);
  const made: Made = {
    outcome: outcome.tookMs === null ? 'unchanged' : 'made',
    folder: outcome.folder,
    sha256: pdf.sha256,
    pages: outcome.manifest.pages,
    card: {
      ...card,
      paragraphs: outcome.manifest.summary,
      pdf: pdf.name,
      corrected: outcome.manifest.correction?.changes.map(({ text }) => text) ?? [],
      highlights: outcome.manifest.highlights,
    },
    needsApproval,
    deliveries:
      correction === null
        ? targetsOf(edition, { brief, content: 'edition', isExample })
        : await targetsOfReplaced(edition, marking, dependencies),
  };
  return withAlerts(edition, made, dependencies);
}

type Made = Extract<Making, { outcome: 'made' | 'unchanged' | 'notice' }>;

/** Adds an alert to the operator if deliveries wait for approval, or if part of a correction cannot be sent. */
async function withAlerts(
  { id, approvedSha256, correction }: EditionRecord,
  making: Made,
  { ledger, operator }: EditionDependencies,
): Promise<Made> {
  const { deliveries } = making;
  if (operator === null || deliveries.length === 0) return making;
  const waits = waitsForApproval({ ...making, approvedSha256 });
  const isIncomplete = correction !== null && deliveries.some(({ heldBecause }) => heldBecause !== null);
  const alerts: NewDelivery[] = [];
  if (waits) alerts.push(await approvalAlertTo(operator, { edition: id, ledger }));
  if (isIncomplete) alerts.push(alertTo(operator, 'undelivered'));
  return { ...making, deliveries: [...deliveries, ...alerts] };
}

/** The editions that an edition fans out into, one for each row of its query. */
async function fanOutInto(
  edition: EditionRecord,
  { brief, dataset }: { brief: Brief; dataset: Dataset },
  { effects, locale }: EditionDependencies,
): Promise<Making> {
  const { id: partOf, asOf, paper, origin, slot, reach } = edition;
  const { fanOut } = await import('../production/fan-out.ts');
  const sets = await fanOut({ brief, dataset, asOf }, effects);
  const editions = sets.map((parameters) =>
    newEdition(
      { brief: edition.brief, asOf, paper, parameters, partOf, origin, slot, reach, correction: null },
      { ownPaper: ownPaperOf(edition) },
    ),
  );
  const reason = locale.text('web.edition.split', { count: editions.length });
  return { outcome: 'fanned-out', editions, reason };
}

type ActiveRuns = ReturnType<typeof openActiveRuns>;

/** The runs in progress in this process. */
export function openActiveRuns() {
  const active = new Map<AbortController, Claim>();
  return {
    /** Tracks a run until disposed. The signal aborts if the run is cancelled or another process takes it over. */
    track(claim: Claim): Disposable & { readonly signal: AbortSignal } {
      const stop = new AbortController();
      active.set(stop, claim);
      return { signal: stop.signal, [Symbol.dispose]: () => void active.delete(stop) };
    },
    /** Aborts runs that were cancelled or taken over meanwhile. */
    async abortStale(ledger: Pick<Ledger, 'runs'>) {
      for (const [stop, { edition, run }] of new Map(active)) {
        const running = await ledger.runs({ edition: edition.id, state: 'running' });
        if (active.has(stop) && !running.some(({ number }) => number === run))
          stop.abort(new Error(`The run ${run} of ${edition.id} was cancelled or taken over.`));
      }
    },
  };
}

/** Steps follow each other within milliseconds, so they are gathered and written while rendering continues. */
const GATHER_MS = 250;

/** Records a run's steps, the last ones together with the result. Failing to record a step does not harm the run. */
function noteSteps(
  { edition, run }: Claim,
  { ledger, log, now }: { ledger: Pick<Ledger, 'addSteps'>; log: Log; now: () => Date },
) {
  const waiting: StepRecord[] = [];
  let number = 0;
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();
  const take = (): readonly StepRecord[] => {
    clearTimeout(timer);
    timer = undefined;
    return waiting.splice(0);
  };
  const write = (): void => {
    const steps = take();
    writing = writing
      .then(() => ledger.addSteps(steps))
      .catch((error: unknown) =>
        log.warn({ edition: edition.id, error: String(error) }, 'The steps of a run could not be recorded.'),
      );
  };
  return {
    add(step: Step) {
      waiting.push({ edition: edition.id, run, number: (number += 1), step, at: now() });
      timer ??= setTimeout(write, GATHER_MS);
    },
    /** Waits for the writes in progress and returns the steps that are not written yet. */
    async left() {
      const steps = take();
      await writing;
      return steps;
    },
  };
}
