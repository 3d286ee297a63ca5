import type { JobInsert, PgBoss } from 'pg-boss';
import { z } from 'zod';
import type { Database, Session } from './database.ts';
import type { Handlers } from '../types.ts';

/** The queue only wakes workers: what there is to do is in the ledger, so a job that runs twice finds nothing. */
export const queues = ['edition', 'delivery', 'refresh'] as const;
type Queue = (typeof queues)[number];

/** A session with the queue. */
export interface QueueSession extends Session {
  readonly boss: PgBoss;
}
/** The ledger's database with its queue. */
export interface Store extends QueueSession {
  transaction<T>(work: (session: QueueSession) => Promise<T>): Promise<T>;
}
export const storeOf = (database: Database, boss: PgBoss): Store => ({
  ...database,
  boss,
  transaction: (work) => database.transaction((session) => work({ ...session, boss })),
});

/** A lost process is noticed after this time, the minimum that the queue allows. */
const HEARTBEAT_SECONDS = 10;
/** Longer than any attempt takes, since each has its own time limit, and than a machine sleeps overnight. */
const EXPIRE_SECONDS = 23 * 3600;

/**
 * Creates the queues. On an embedded ledger they have no heartbeat (null): its lock shows that the process lives, and after a
 * jump of the clock or a sleep of the machine, the queue would hand out again what is being sent.
 */
export async function createQueues(
  boss: PgBoss,
  heartbeatSeconds: number | null = HEARTBEAT_SECONDS,
): Promise<void> {
  for (const name of queues) {
    // These retries follow the loss of a process. The ledger counts all other failures.
    await boss.createQueue(name, {
      policy: 'short',
      retryLimit: 10_000,
      retryDelay: 1,
      deleteAfterSeconds: 24 * 3600,
      notify: true,
    });
    // Not above, because an earlier version may have created the queue.
    await boss.updateQueue(name, { heartbeatSeconds, expireInSeconds: EXPIRE_SECONDS });
  }
}

/** Sends jobs within the session's transaction. A job that is already queued is not repeated. */
export async function sendJobs(
  session: QueueSession,
  queue: Queue,
  jobs: readonly (Pick<JobInsert, 'startAfter'> & { id: string })[],
): Promise<void> {
  if (jobs.length === 0) return;
  const ids = jobs.map(({ id }) => id);
  const priorities = await prioritiesOf(session, queue, ids);
  const inserted = jobs.map(({ id, startAfter = 0 }) => ({
    priority: priorities.get(id) ?? 0,
    startAfter,
    data: { id },
    singletonKey: id,
  }));
  // Without `db`, this would wait for ever for the connection that the transaction uses.
  await session.boss.insert(queue, inserted, { db: session.queue });
}

/** Step between the priorities of kinds of work, wide enough for a day number. */
const STEP = 1_000_000;
const REQUESTED = 2 * STEP;
/** A slot missed by more than this is made up for with the priority of a backfill. */
const rank = `CASE WHEN e.origin = 'schedule' AND e.requested_at - e.slot < interval '1 day' THEN 3
  WHEN e.origin IN ('request', 'correction') THEN 2 ELSE 1 END`;
const ranked = {
  edition: `SELECT e.id, ${rank} AS rank, e.as_of AS "asOf" FROM sitrep.edition e WHERE e.id = ANY($1::text[])`,
  // Alerts come first: they are few, and somebody has to act on them.
  delivery: `SELECT d.id, CASE WHEN d.content IN ('edition', 'notice') THEN ${rank} ELSE 4 END AS rank, e.as_of AS "asOf"
    FROM sitrep.delivery d JOIN sitrep.edition e ON e.id = d.edition WHERE d.id = ANY($1::text[])`,
  refresh: `SELECT id, 3 AS rank, slot::date::text AS "asOf" FROM sitrep.refresh WHERE id = ANY($1::text[])`,
} as const;
const rankedRow = z.object({ id: z.string(), rank: z.number(), asOf: z.string() });

/** Priorities: today's slots first, then requests, then past periods from the oldest. */
async function prioritiesOf(
  session: Session,
  queue: Queue,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await session.rows(rankedRow, ranked[queue], [[...ids]]);
  const dayOf = (asOf: string): number => Math.floor(Date.parse(asOf) / 86_400_000);
  return new Map(rows.map(({ id, rank: own, asOf }) => [id, own * STEP - dayOf(asOf)]));
}

/** Moves a waiting job ahead of any backfill, because a person requested it. */
export async function hurry(session: QueueSession, queue: Queue, id: string): Promise<void> {
  const own = (await prioritiesOf(session, queue, [id])).get(id) ?? 0;
  const priority = Math.max(own, REQUESTED);
  const options = { singletonKey: id, startAfter: '0', priority, db: session.queue };
  await session.boss.update(queue, { id }, options);
}

/** Whether the queue still has a job with this id or on this key, waiting or running. */
export async function isAlive(
  boss: PgBoss,
  queue: Queue,
  which: { readonly id: string } | { readonly key: string },
): Promise<boolean> {
  const found = await boss.findJobs(queue, which);
  return found.some(({ state }) => state === 'created' || state === 'retry' || state === 'active');
}

/** Runs jobs one by one until disposed. Disposing waits for the jobs in progress. */
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
      worker = await boss.work<{ id: string }>(queue, options, async ([job]) => {
        if (job) await handlers[queue]({ id: job.data.id, job: job.id, signal: job.signal });
        // Without this, the queue looks for the next job only after its polling interval.
        boss.notifyWorker(worker);
      });
    }
  };
  await take('edition', handlers.editionsAtOnce);
  await take('delivery', handlers.deliveriesAtOnce);
  await take('refresh', handlers.refreshesAtOnce);
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(queues.map((name) => boss.offWork(name, { wait: true })));
    },
  };
}
