import type { JobInsert, PgBoss } from 'pg-boss';
import type { EditionRecord } from '../../model/edition.ts';
import type { Handlers } from '../../runtime/ledger.ts';
import type { Session } from './database.ts';

/**
 * The queue wakes workers, and knows nothing: what there is to do stands in the ledger's own tables. A job that comes
 * twice finds nothing to do.
 */
const queues = { edition: 'edition', delivery: 'delivery' } as const;
type Queue = keyof typeof queues;

/** A process that is gone is noticed after this: the least that the queue allows. */
const HEARTBEAT_SECONDS = 10;
/** Longer than any attempt may take: each has a time limit of its own. */
const EXPIRE_SECONDS = 2 * 3600;

export async function createQueues(boss: PgBoss): Promise<void> {
  for (const name of Object.values(queues)) {
    // Other failures are counted in the ledger; these are retries after a process was lost.
    await boss.createQueue(name, {
      policy: 'short',
      retryLimit: 10_000,
      retryDelay: 1,
      heartbeatSeconds: HEARTBEAT_SECONDS,
      expireInSeconds: EXPIRE_SECONDS,
      deleteAfterSeconds: 24 * 3600,
      notify: true,
    });
  }
}

interface NewJob extends Pick<JobInsert, 'startAfter' | 'priority'> {
  /** Of the edition or delivery. */
  readonly id: string;
}

/** Sends jobs as part of the session's transaction, at once; where one waits already, that will do. */
export async function sendJobs(
  boss: PgBoss,
  session: Session,
  { queue, jobs }: { queue: Queue; jobs: readonly NewJob[] },
): Promise<void> {
  if (jobs.length === 0) return;
  const inserted = jobs.map(({ id, ...options }) => ({ ...options, data: { id }, singletonKey: id }));
  // Without `db` this would wait for the connection that the transaction holds, for ever.
  await boss.insert(queues[queue], inserted, { db: session.queue });
}

/** Has the job of one that an operator lets go on come at once, where it waits for a later try. */
export async function hurry(
  boss: PgBoss,
  session: Session,
  { queue, id }: { queue: Queue; id: string },
): Promise<void> {
  await boss.update(queues[queue], { id }, { singletonKey: id, startAfter: '0', db: session.queue });
}

/** Sends editions' jobs: older periods first. */
export const wakeEditions = (
  session: Session,
  boss: PgBoss,
  editions: readonly Pick<EditionRecord, 'id' | 'asOf'>[],
  { afterSeconds = 0 }: { afterSeconds?: number } = {},
): Promise<void> =>
  sendJobs(boss, session, {
    queue: 'edition',
    jobs: editions.map(({ id, asOf }) => ({
      id,
      priority: -Math.floor(Date.parse(asOf) / 86_400_000),
      ...(afterSeconds > 0 && { startAfter: afterSeconds }),
    })),
  });

/** Whether the queue still knows the job, waiting or at work. */
export async function isAlive(boss: PgBoss, { queue, job }: { queue: Queue; job: string }): Promise<boolean> {
  const found = await boss.findJobs(queues[queue], { id: job });
  return found.some(({ state }) => state === 'created' || state === 'retry' || state === 'active');
}

/** Takes jobs one by one until it is disposed of, which waits for those in hand. */
export async function takeJobs(boss: PgBoss, handlers: Handlers): Promise<AsyncDisposable> {
  const options = {
    pollingIntervalSeconds: 0.5,
    notifyPollingIntervalSeconds: 1,
    heartbeatRefreshSeconds: 2,
    orderByCreatedOn: true,
  };
  const take = async (queue: Queue, atOnce: number) => {
    for (let each = 0; each < atOnce; each += 1) {
      let worker = '';
      worker = await boss.work<{ id: string }>(queues[queue], options, async ([job]) => {
        if (job) await handlers[queue]({ id: job.data.id, job: job.id, signal: job.signal });
        // By itself the queue looks for the next job only after its interval.
        boss.notifyWorker(worker);
      });
    }
  };
  await take('edition', handlers.editionsAtOnce);
  await take('delivery', handlers.deliveriesAtOnce);
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(Object.values(queues).map((name) => boss.offWork(name, { wait: true })));
    },
  };
}
