import { join } from 'node:path';
import type { Dataset } from '../dataset/schema.ts';
import { appendAlert, operatorTarget } from '../delivery/alert.ts';
import { openDelivery } from '../delivery/channels.ts';
import type { Dispatch } from '../delivery/deliver-edition.ts';
import type { Receipt } from '../delivery/message.ts';
import type { DeliverySettings } from '../delivery/settings.ts';
import { isExample } from '../delivery/target-faults.ts';
import type { OperatorContext } from '../editions/context.ts';
import { openProblemAlerts } from '../editions/problems.ts';
import { editionPath } from '../ledger/edition-id.ts';
import type { Ledger } from '../ledger/types.ts';
import type { Log } from '../log.ts';
import type { Effects } from '../production/produce.ts';
import {
  markDelivered,
  readEdition,
  readEditionFile,
  removeEditions,
  storeEdition,
  tidyEditions,
} from '../production/store.ts';
import type { Brief } from '../project/brief.ts';
import type { Target } from '../project/target.ts';
import type { Material } from '../render/edition.ts';
import { openActiveRuns } from '../scheduler/active-runs.ts';
import { everySecond } from '../scheduler/heartbeat.ts';
import { startWorker } from '../scheduler/worker.ts';
import type { HttpSettings } from '../settings.ts';

/** What the service and the operator's commands are put together from. */
export interface Parts {
  readonly databaseUrl: string | undefined;
  readonly delivery: DeliverySettings;
  readonly http: HttpSettings;
  /** Where the browser and its profiles are kept. */
  readonly cacheFolder: string;
  readonly engine: string;
  /** The user of the system who runs this process. */
  readonly systemUser: string;
  readonly effects: Effects;
  /** The first page of an HTML as a PNG. */
  readonly drawPicture: (html: string, options: { readonly signal: AbortSignal }) => Promise<Uint8Array>;
  readonly log: Log;
  readonly loadMaterial: () => Promise<Material>;
  readonly briefIds: () => Promise<string[]>;
  readonly loadBrief: (id: string) => Promise<Brief>;
  readonly loadDataset: (name: string) => Promise<Dataset>;
  readonly loadBriefs: (ids: readonly string[]) => Promise<Brief[]>;
  readonly datasetNames: () => Promise<string[]>;
  /** A text of the pages that the program brings. */
  readonly readAsset: (name: string) => Promise<string>;
  /** Aborted when the program is told to stop. */
  readonly stop: AbortSignal;
  /** Has a stop leave what is in hand alone, the browser included, until it is told to end that too. */
  readonly finishFirst: () => { end(): void };
}

/** Longer than any channel takes for itself. */
const DELIVERY_TIMEOUT_MS = 6 * 60_000;
/** What is in hand at a stop may take this long to finish; then it is given back. */
const GRACE_MS = 15_000;

export const now = (): Date => new Date();

/** What goes wrong in the background of a ledger is written down, and does not end the program. */
export const ledgerOptions = ({ log }: Pick<Parts, 'log'>) => ({
  onError: (error: Error) => log.error({ error: error.message }, 'The ledger reports a fault.'),
});

/** Puts together what works on a ledger. */
export function assemble(
  ledger: Ledger,
  {
    out,
    onRendered,
    newLink,
    parts,
  }: {
    out: string;
    onRendered: (seconds: number) => void;
    newLink?: () => string | undefined;
    parts: Parts;
  },
) {
  const { operator, operatorWebhook, publicUrl } = parts.delivery;
  /** A webhook alone is an operator too. */
  const operatorAddress = operator ?? operatorWebhook;
  const { log, briefIds, loadBrief } = parts;
  const delivery = openDelivery({ settings: parts.delivery, foldersRoot: join(out, 'delivered'), now });
  const alertOtherwise: Dispatch['alertOtherwise'] = async (parcel, { reason, isFirstTry, signal }) => {
    if (isFirstTry)
      await appendAlert(join(out, 'alerts.log'), { at: now(), parcel, reason }).catch((error: unknown) =>
        log.error({ error: String(error) }, 'The alert could not be written to alerts.log.'),
      );
    if (operatorWebhook === null || operator === null) return null;
    return delivery
      .deliver(parcel, { target: operatorTarget(operatorWebhook), signal })
      .catch((error: unknown): Receipt => ({ outcome: 'deferred', reason: String(error) }));
  };
  const context: OperatorContext = {
    ledger,
    briefIds,
    loadBrief,
    loadDataset: parts.loadDataset,
    readManifest: readEdition,
    readPdf: readEditionFile,
    removeEditions,
    // A row without a folder was asked for anew since: what lies there is of its predecessor.
    tidyEditions: () => tidyEditions(out, async (id) => (await ledger.edition(id))?.folder != null),
    now,
    mostQueued: parts.http.mostQueued,
    ...(newLink && { newLink }),
  };
  const workshop = {
    ledger,
    loadBrief,
    loadDataset: parts.loadDataset,
    loadMaterial: parts.loadMaterial,
    effects: parts.effects,
    store: {
      read: readEdition,
      write: (...[folder, files, description]: Parameters<typeof storeEdition>) =>
        storeEdition(folder, files, description, { durable: true }),
    },
    engine: parts.engine,
    out,
    operator: operatorAddress,
    isExample: (to: Target) => isExample(to, parts.delivery),
    log,
    activeRuns: openActiveRuns(),
    now,
    elapsedMs: () => performance.now(),
    random: Math.random,
    onRendered,
  };
  const dispatch = {
    ledger,
    deliver: delivery.deliver,
    readPdf: readEditionFile,
    markDelivered,
    operator: operatorAddress,
    alertEverySeconds: parts.delivery.alertEverySeconds,
    alertOtherwise,
    log,
    timeoutMs: DELIVERY_TIMEOUT_MS,
    retry: parts.delivery.retry,
    urlOf: (edition: string) =>
      publicUrl === null ? null : `${publicUrl}/editions/${editionPath(edition)}/pdf`,
    now,
    random: Math.random,
  };
  /** Makes and delivers until it is disposed of, which lets what is in hand finish, for a while. */
  const work = async (): Promise<AsyncDisposable> => {
    const inHand = parts.finishFirst();
    const giving = new AbortController();
    const giveBack = giving.signal;
    const worker = await startWorker({ workshop, dispatch, heartbeat: everySecond, giveBack });
    return {
      async [Symbol.asyncDispose]() {
        const timer = setTimeout(() => {
          // First: an edition whose browser ends after that was stopped, and did not fail.
          giving.abort(new Error('The process was stopped.'));
          inHand.end();
        }, GRACE_MS);
        await worker[Symbol.asyncDispose]();
        clearTimeout(timer);
      },
    };
  };
  return { context, work, delivery, alertOf: openProblemAlerts(dispatch) };
}
