import type { DeliveryDependencies } from '../delivery/deliver-edition.ts';
import { sendDelivery } from '../delivery/send-alerts.ts';
import type { Job } from '../ledger/types.ts';
import type { Log } from '../log.ts';
import { makeEdition, type EditionDependencies } from './make-edition.ts';
import { type Heartbeat, repeat } from './heartbeat.ts';
import { followUpRefreshes, type RefreshDependencies, runRefresh } from './run-refresh.ts';
import { alertLateEditions } from './scheduler.ts';

export type Role = 'scheduler' | 'worker' | 'server';

/** Each edition uses a browser page; deliveries are cheaper. */
const EDITIONS_AT_ONCE = 2;
const DELIVERIES_AT_ONCE = 4;
/** A dataset whose source is silent must not delay the others. */
const REFRESHES_AT_ONCE = 4;
const RECONCILE_MS = 60_000;
const WATCH_MS = 15_000;

/** Generates and delivers queued editions. Disposing waits for work in progress, given back if `giveBack` aborts. */
export async function startWorker({
  forEditions,
  forDelivery,
  refresh,
  heartbeat,
  giveBack,
}: {
  forEditions: EditionDependencies;
  forDelivery: DeliveryDependencies;
  refresh: RefreshDependencies['refresh'];
  heartbeat: Heartbeat;
  giveBack: AbortSignal;
}): Promise<AsyncDisposable> {
  const { ledger, log } = forEditions;
  let reconciledMs = forEditions.elapsedMs();
  const guarded = (work: (job: Job) => Promise<void>) => (job: Job) =>
    guard(log, job.id, () => work({ ...job, signal: AbortSignal.any([job.signal, giveBack]) }));
  await using starting = new AsyncDisposableStack();
  starting.use(
    await ledger.work({
      editionsAtOnce: EDITIONS_AT_ONCE,
      deliveriesAtOnce: DELIVERIES_AT_ONCE,
      refreshesAtOnce: REFRESHES_AT_ONCE,
      edition: guarded((job) => makeEdition(job, forEditions)),
      delivery: guarded((job) => sendDelivery(job, forDelivery)),
      refresh: guarded((job) => runRefresh(job, { ...forEditions, refresh })),
    }),
  );
  starting.use(
    heartbeat(async () => {
      await forEditions.activeRuns
        .abortStale(ledger)
        .catch((error: unknown) =>
          log.error({ error: String(error) }, 'The check for cancelled runs failed.'),
        );
      if (forEditions.elapsedMs() - reconciledMs < RECONCILE_MS) return;
      reconciledMs = forEditions.elapsedMs();
      await guard(log, 'all', async () => {
        await alertLateEditions(forEditions.now(), forEditions);
        await followUpRefreshes(forEditions);
        const repaired = await ledger.reconcile();
        if (repaired > 0) log.warn({ repaired }, 'Some unfinished work had no job. Each has one again.');
      }).catch(() => {});
    }),
  );
  return starting.move();
}

/** Checks for problems at intervals, starting at once. Disposing aborts the check in progress. */
export const startWatch = (log: Log, check: (signal: AbortSignal) => Promise<void>): AsyncDisposable =>
  repeat(WATCH_MS, (signal) =>
    check(signal).catch((error: unknown) =>
      log.error({ error: String(error) }, 'The check for problems failed.'),
    ),
  );

/** A job fails here only if the ledger does. The queue then retries it. */
async function guard(log: Log, id: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    log.error({ id, error: String(error) }, 'The ledger could not be written.');
    throw error;
  }
}
