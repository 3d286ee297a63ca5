import { join } from 'node:path';
import { appendAlert, operatorTarget } from '../delivery/alert.ts';
import { openDelivery } from '../delivery/channels.ts';
import type { DeliveryDependencies } from '../delivery/deliver-edition.ts';
import type { Receipt } from '../delivery/message.ts';
import { isExample } from '../delivery/settings.ts';
import type { OperatorContext } from '../editions/context.ts';
import { openProblemAlerts } from '../editions/problems.ts';
import { editionPath } from '../ledger/edition-id.ts';
import type { Ledger } from '../ledger/types.ts';
import type { Repository } from '../production/open-edition.ts';
import {
  markDelivered,
  readEdition,
  readEditionFile,
  removeEditions,
  storeEdition,
  tidyEditions,
} from '../production/store.ts';
import type { Target } from '../project/target.ts';
import { everySecond } from '../scheduler/heartbeat.ts';
import { openActiveRuns } from '../scheduler/make-edition.ts';
import type { RefreshDependencies } from '../scheduler/run-refresh.ts';
import type { Schedules } from '../scheduler/scheduler.ts';
import { startWorker } from '../scheduler/worker.ts';
import type { PageDependencies } from '../server/pages/queries.ts';
import type { readSettings } from '../settings.ts';

/** The parts that the service and the operator's commands share. */
export interface Parts
  extends
    Omit<ReturnType<typeof readSettings>, 'logLevel'>,
    Omit<PageDependencies, 'loadMaterial' | 'picture' | 'readFile' | 'explain' | 'now'>,
    Omit<Repository, 'signal'>,
    Pick<DeliveryDependencies, 'localeFor'>,
    Pick<RefreshDependencies, 'refresh' | 'log'>,
    Pick<Schedules, 'refreshesFirst'> {
  readonly cacheFolder: string;
  readonly engine: string;
  /** The system user who runs this process. */
  readonly systemUser: string;
  readonly drawPicture: (html: string, options: { readonly signal: AbortSignal }) => Promise<Uint8Array>;
  readonly stop: AbortSignal;
  /** Defers shutdown, including the browser's, until running work is done or `end` is called. */
  readonly finishFirst: () => { end(): void };
}

/** Longer than the time limit of any channel. */
const DELIVERY_TIMEOUT_MS = 6 * 60_000;
/** Work in progress at shutdown has this long to finish. After that it is given back. */
const GRACE_MS = 15_000;

export const now = (): Date => new Date();

/** Connects the parts that work on a ledger. */
export function assemble(
  ledger: Ledger,
  {
    out,
    parts,
    ...given
  }: {
    out: string;
    parts: Parts;
    onRendered?: (seconds: number) => void;
    newLink?: () => string | undefined;
  },
) {
  const { operator, operatorWebhook, publicUrl } = parts.delivery;
  /** A webhook without a mailbox is enough for alerts. */
  const operatorAddress = operator ?? operatorWebhook;
  const { log, locale, refresh } = parts;
  const common = { ...parts, ...given, ledger, out, now, random: Math.random };
  const foldersRoot = join(out, 'delivered');
  const delivery = openDelivery({ settings: parts.delivery, foldersRoot, now, locale });
  const alertOtherwise: DeliveryDependencies['alertOtherwise'] = async (
    message,
    { reason, isFirstTry, signal },
  ) => {
    if (isFirstTry)
      await appendAlert(join(out, 'alerts.log'), { at: now(), message, reason }).catch((error: unknown) =>
        log.error({ error: String(error) }, 'The alert could not be written to alerts.log.'),
      );
    if (operatorWebhook === null || operator === null) return null;
    return delivery
      .deliver(message, { target: operatorTarget(operatorWebhook), signal })
      .catch((error: unknown): Receipt => ({ outcome: 'deferred', reason: String(error) }));
  };
  const context: OperatorContext = {
    ...common,
    openQueries: parts.effects.openQueries,
    readManifest: readEdition,
    readPdf: readEditionFile,
    removeEditions,
    // An edition without a folder was requested again, so the files on disk belong to its predecessor.
    tidyEditions: () => tidyEditions(out, async (id) => (await ledger.edition(id))?.folder != null),
    mostQueued: parts.http.mostQueued,
  };
  const forEditions = {
    ...common,
    store: {
      read: readEdition,
      write: (...[folder, files, description]: Parameters<typeof storeEdition>) =>
        storeEdition(folder, files, description, { durable: true }),
    },
    operator: operatorAddress,
    isExample: (to: Target) => isExample(to, parts.delivery),
    activeRuns: openActiveRuns(),
    elapsedMs: () => performance.now(),
  };
  const forDelivery = {
    ...common,
    deliver: delivery.deliver,
    readEditionFile,
    markDelivered,
    operator: operatorAddress,
    alertEverySeconds: parts.delivery.alertEverySeconds,
    alertOtherwise,
    timeoutMs: DELIVERY_TIMEOUT_MS,
    retry: parts.delivery.retry,
    urlOf: (edition: string) =>
      publicUrl === null ? null : `${publicUrl}/editions/${editionPath(edition)}/pdf`,
  };
  /** Generates and delivers until disposed. Disposing gives work in progress a limited time to finish. */
  const work = async (): Promise<AsyncDisposable> => {
    const inHand = parts.finishFirst();
    const giving = new AbortController();
    const giveBack = giving.signal;
    const worker = await startWorker({ forEditions, forDelivery, refresh, heartbeat: everySecond, giveBack });
    return {
      async [Symbol.asyncDispose]() {
        const timer = setTimeout(() => {
          // This comes first, so that an edition whose browser closes afterwards counts as stopped, not failed.
          giving.abort(new Error('The process was stopped.'));
          inHand.end();
        }, GRACE_MS);
        await worker[Symbol.asyncDispose]();
        clearTimeout(timer);
      },
    };
  };
  return { context, work, delivery, alertOf: openProblemAlerts(forDelivery) };
}
