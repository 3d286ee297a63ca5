import { z } from 'zod';
import { columnsOf, type Session } from './database.ts';
import { type QueueSession, sendJobs, type Store } from './jobs.ts';
import { type NewEdition, refreshRecord, type SourceCheck, sourceState } from '../records.ts';
import type { Ledger } from '../types.ts';

const columns = columnsOf(refreshRecord);
const withId = z.object({ id: z.string() });
/** Ended refreshes are only looked up by slots of the same days. */
const KEPT_DAYS = 90;

/** Refreshes of datasets before slots. */
export function refreshCalls(store: Store) {
  return {
    async claimRefresh(id, { job, now }) {
      const [claimed] = await store.rows(
        refreshRecord,
        `UPDATE sitrep.refresh SET state = 'running', job = $2, attempt = attempt + 1,
             started_at = coalesce(started_at, $3), next_try_at = NULL
           WHERE id = $1 AND (state = 'queued' OR (state = 'running' AND job = $2)) RETURNING ${columns}`,
        [id, job, now],
      );
      return claimed;
    },

    settleRefresh: ({ id, dataset, attempt }, refreshed, { now }) =>
      store.transaction(async (session) => {
        const startAfter = refreshed.outcome === 'retried' ? refreshed.afterSeconds : 0;
        const settled = await session.query(
          `UPDATE sitrep.refresh SET job = NULL, state = CASE $3::text WHEN 'ended' THEN 'ended' ELSE 'queued' END,
             ended_at = CASE $3 WHEN 'ended' THEN $4::timestamptz END,
             next_try_at = CASE $3 WHEN 'retried' THEN $4 + make_interval(secs => $5) END,
             attempt = attempt - CASE $3 WHEN 'given-back' THEN 1 ELSE 0 END
           WHERE id = $1 AND state = 'running' AND attempt = $2 RETURNING id`,
          [id, attempt, refreshed.outcome, now, startAfter],
        );
        // Another process took it over because this one seemed to be lost.
        if (settled.length === 0) return false;
        if (refreshed.outcome !== 'ended') {
          await sendJobs(session, 'refresh', [{ id, startAfter }]);
          return true;
        }
        if (refreshed.checks !== null)
          await recordChecks(session, { dataset, checks: refreshed.checks, now });
        await session.query(
          `DELETE FROM sitrep.refresh WHERE dataset = $1 AND ended_at < $2::timestamptz - make_interval(days => $3)`,
          [dataset, now, KEPT_DAYS],
        );
        const waiting = `SELECT id FROM sitrep.edition WHERE refresh = $1 AND state = 'queued'`;
        await sendJobs(session, 'edition', await session.rows(withId, waiting, [id]));
        return true;
      }),

    repeatRefreshes: ({ now, afterSeconds }) =>
      store.transaction(async (session) => {
        const jobs = await session.rows(
          withId,
          `INSERT INTO sitrep.refresh (id, dataset, slot, state)
           SELECT DISTINCT dataset || $3, dataset, $1::timestamptz, 'queued' FROM sitrep.source AS failing
           WHERE failing_since IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sitrep.refresh WHERE refresh.dataset = failing.dataset
             AND (state <> 'ended' OR ended_at > $1::timestamptz - make_interval(secs => $2)))
           ON CONFLICT DO NOTHING RETURNING id`,
          [now, afterSeconds, ` ${now.toISOString()}`],
        );
        await sendJobs(session, 'refresh', jobs);
        return jobs.length;
      }),

    staleEditions: () =>
      store.editions(
        // An operator may have put it on hold since.
        `WHERE state = 'held' AND (reason, 'fresh-data') IN (
             SELECT run.reason, code FROM sitrep.run WHERE run.edition = edition.id ORDER BY number DESC LIMIT 1)
           ORDER BY id`,
      ),

    sourceStates: () =>
      store.rows(sourceState, `SELECT ${columnsOf(sourceState)} FROM sitrep.source ORDER BY dataset, source`),
  } satisfies Partial<Ledger>;
}

/** Records which sources of a dataset work, and forgets those that it no longer has. */
async function recordChecks(
  session: Session,
  { dataset, checks, now }: { dataset: string; checks: readonly SourceCheck[]; now: Date },
): Promise<void> {
  await session.query(
    `WITH checked AS (SELECT source, failure FROM jsonb_to_recordset($2) AS given (source text, failure text)),
     removed AS (DELETE FROM sitrep.source WHERE dataset = $1 AND source NOT IN (SELECT source FROM checked))
     INSERT INTO sitrep.source AS known (dataset, source, last_success, failing_since, failure)
     SELECT $1, source, CASE WHEN failure IS NULL THEN $3::timestamptz END,
       CASE WHEN failure IS NOT NULL THEN $3::timestamptz END, failure FROM checked
     ON CONFLICT (dataset, source) DO UPDATE SET
       last_success = coalesce(excluded.last_success, known.last_success),
       recovered_at = CASE WHEN excluded.failure IS NOT NULL THEN NULL
         WHEN known.failing_since IS NOT NULL THEN $3 ELSE known.recovered_at END,
       failing_since = CASE WHEN excluded.failure IS NOT NULL
         THEN coalesce(known.failing_since, excluded.failing_since) END,
       failure = excluded.failure`,
    [dataset, JSON.stringify(checks), now],
  );
}

/**
 * The refresh that the due editions wait for; null if all of them were due before, at an earlier slot of their day, or
 * if the dataset was refreshed since their last slot. One that has not ended serves all slots that come due meanwhile.
 */
export async function refreshFor(
  session: QueueSession,
  { dataset, due }: { dataset: string; due: readonly NewEdition[] },
): Promise<string | null> {
  const before = await session.rows(
    withId,
    `SELECT id FROM sitrep.edition WHERE id = ANY($1::text[]) AND origin = 'schedule'`,
    [due.map(({ id }) => id)],
  );
  const slot = due.at(-1)?.slot ?? null;
  if (slot === null || before.length === due.length) return null;
  const id = `${dataset} ${slot.toISOString()}`;
  const added = await session.query(
    `INSERT INTO sitrep.refresh (id, dataset, slot, state)
     SELECT $1, $2, $3, 'queued' WHERE NOT EXISTS (
       SELECT 1 FROM sitrep.refresh WHERE dataset = $2 AND started_at >= $3)
     ON CONFLICT DO NOTHING RETURNING id`,
    [id, dataset, slot],
  );
  if (added.length > 0) {
    await sendJobs(session, 'refresh', [{ id }]);
    return id;
  }
  // The lock keeps it from ending before the editions are recorded, which it then wakes.
  const [open] = await session.rows(
    withId,
    `SELECT id FROM sitrep.refresh WHERE dataset = $1 AND state <> 'ended' FOR UPDATE`,
    [dataset],
  );
  return open?.id ?? null;
}
