import type { EditionDependencies } from './make-edition.ts';
import { freshnessOf } from '../dataset/freshness.ts';
import { AppError, describeFault } from '../errors.ts';
import type { Refreshed, RefreshRecord, SourceCheck } from '../ledger/records.ts';
import type { Job, Ledger } from '../ledger/types.ts';
import type { Log } from '../log.ts';

/** Effects for refreshing datasets. */
export interface RefreshDependencies {
  readonly ledger: Pick<Ledger, 'claimRefresh' | 'settleRefresh'>;
  /** Checks each source of a dataset and imports what is new. Rejects only if no source can be checked. */
  readonly refresh: (
    dataset: string,
    options: { now: Date; signal: AbortSignal },
  ) => Promise<readonly SourceCheck[]>;
  readonly log: Log;
  readonly now: () => Date;
}

/** Slots wait no longer than this for their data, except after a process was killed. */
const LIMIT_MS = 10 * 60_000;
/** The pauses before the second attempt and the third, which is the last. */
const PAUSES_SECONDS = [60, 240];
/** A refresh that was started more often than this without ending probably crashes its process. */
const MOST_BEGUN = 20;

/**
 * Makes one attempt to refresh a dataset before its slots. While a source fails, there are further attempts, as long as
 * the limit allows; after that, the dataset's policy for stale data applies to the editions that wait.
 */
export async function runRefresh(
  { id, job, signal }: Job,
  { ledger, refresh, log, now }: RefreshDependencies,
): Promise<void> {
  const claim = await ledger.claimRefresh(id, { job, now: now() });
  if (claim === undefined) return;
  const settle = (refreshed: Refreshed) => ledger.settleRefresh(claim, refreshed, { now: now() });
  const { dataset, attempt } = claim;
  log.info({ dataset, attempt }, 'refreshing');
  // After a kill, the limit may be over before this attempt starts. It gets the same time as a first one.
  const left = leftMs(claim, now());
  const timeout = AbortSignal.timeout(left > 0 ? left : LIMIT_MS);
  let checks: readonly SourceCheck[] | null = null;
  let failures: readonly unknown[];
  /** After how many seconds the sources that failed ask to be tried again. */
  let askedSeconds = 0;
  try {
    if (attempt > MOST_BEGUN) throw new Error(`The process ended ${MOST_BEGUN} times during the refresh.`);
    checks = await refresh(dataset, { now: now(), signal: AbortSignal.any([signal, timeout]) });
    const failed = checks.filter(({ failure }) => failure !== null);
    askedSeconds = Math.max(0, ...failed.map(({ retryAfterSeconds = 0 }) => retryAfterSeconds));
    failures = failed;
  } catch (error) {
    failures = [error instanceof AppError ? error.faults.map(describeFault) : String(error)];
  }
  if (signal.aborted) return void (await settle({ outcome: 'given-back' }));
  const [usual] = PAUSES_SECONDS.slice(attempt - 1);
  const pause = usual === undefined ? Infinity : Math.max(usual, askedSeconds);
  const isRetried = failures.length > 0 && pause * 1000 < leftMs(claim, now());
  const settled = await settle(
    isRetried ? { outcome: 'retried', afterSeconds: pause } : { outcome: 'ended', checks },
  );
  const fields = { dataset, attempt, failures, again: isRetried };
  if (!settled) log.warn(fields, 'Another process took over the refresh.');
  else if (failures.length > 0) log.error(fields, 'Sources failed.');
  else log.info(fields, 'refreshed');
}

/** While a source fails, its dataset is refreshed this long after the last time. */
const REPEAT_SECONDS = 3600;

/** Tries failing sources again. Releases editions that wait for newer data, even if the data were fetched by hand. */
export async function followUpRefreshes({
  ledger,
  loadBrief,
  loadDataset,
  log,
  now,
}: Pick<EditionDependencies, 'ledger' | 'loadBrief' | 'loadDataset' | 'log' | 'now'>): Promise<void> {
  await ledger.repeatRefreshes({ now: now(), afterSeconds: REPEAT_SECONDS });
  for (const edition of await ledger.staleEditions()) {
    const { id, asOf } = edition;
    try {
      const { config } = await loadBrief(edition.brief);
      const { timezone } = config.schedule;
      if (freshnessOf(await loadDataset(config.dataset), { asOf, timezone })?.isStale) continue;
    } catch (error) {
      if (error instanceof AppError) continue;
      throw error;
    }
    const move = { from: ['held'], to: 'queued', reason: null, now: now() } as const;
    if (await ledger.moveEdition(id, move)) log.info({ edition: id }, 'Its data are fresh now.');
  }
}

/** If the clock has gone back, no time has passed. */
const leftMs = ({ startedAt }: RefreshRecord, now: Date): number =>
  LIMIT_MS - Math.max(0, now.getTime() - (startedAt ?? now).getTime());
