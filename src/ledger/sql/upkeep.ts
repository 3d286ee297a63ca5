import type { PgBoss } from 'pg-boss';
import { z } from 'zod';
import { type Database, type Session, waitsForRefresh } from './database.ts';
import { isAlive, queues, sendJobs, type Store } from './jobs.ts';
import type { Ledger } from '../types.ts';

/** SQL condition: finished before $1, nothing open. Revisions go together, because the last one replaces the others. */
const isRemovable = `(brief, as_of, paper, parameters) NOT IN (
  SELECT brief, as_of, paper, parameters FROM sitrep.edition e
  WHERE settled_at IS NULL OR settled_at >= $1 OR state IN ('queued', 'rendering')
    OR EXISTS (SELECT 1 FROM sitrep.edition child WHERE child.part_of = e.id)
    OR EXISTS (SELECT 1 FROM sitrep.delivery
      WHERE edition = e.id AND state IN ('waiting', 'pending', 'sending')))`;

/** Pruning and repair of the ledger. */
export function upkeepCalls(store: Store) {
  return {
    removableEditions: (before) => store.editions(`WHERE ${isRemovable} ORDER BY brief, as_of, id`, [before]),

    removeEditions: (ids, before) =>
      store.transaction(async (session) => {
        await session.query(
          'SELECT 1 FROM sitrep.edition WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE',
          [[...ids]],
        );
        const found = await session.query(
          `SELECT 1 FROM sitrep.edition WHERE id = ANY($2::text[]) AND ${isRemovable}`,
          [before, [...ids]],
        );
        if (found.length < ids.length) return false;
        await session.query('DELETE FROM sitrep.edition WHERE id = ANY($1::text[])', [[...ids]]);
        return true;
      }),

    forgetAddresses: async (before) => {
      // Server answers often repeat the address.
      const forgotten = await store.query(
        `UPDATE sitrep.delivery SET target = '{}', reason = replace(reason, address, 'the address'),
           address = 'forgotten:' || left(encode(sha256(convert_to(address, 'UTF8')), 'hex'), 16)
         WHERE settled_at < $1 AND state NOT IN ('waiting', 'pending', 'sending', 'held') AND address NOT LIKE 'forgotten:%'
         RETURNING id`,
        [before],
      );
      // In a backfill, `to` is a day, not an address.
      const forget = `UPDATE sitrep.audit SET details = details - 'to' WHERE at < $1 AND what = 'resend'`;
      await store.query(forget, [before]);
      return forgotten.length;
    },

    async reconcile() {
      let repaired = 0;
      for (const { queue, id, job } of await findActive(store)) {
        if (await isAlive(store.boss, queue, { id: job })) continue;
        repaired += 1;
        await store.query(giveBack[queue], [id, job]);
      }
      for (const { queue, id, nextTryAt } of await findWaiting(store)) {
        if (await isAlive(store.boss, queue, { key: id })) continue;
        repaired += 1;
        // A restart must not bring retries forward.
        await sendJobs(store, queue, [{ id, startAfter: nextTryAt ?? 0 }]);
      }
      return repaired;
    },
  } satisfies Partial<Ledger>;
}

/** Gives back all work in progress of the last process on an embedded ledger: the lock proves that it is gone. */
export async function recover(database: Database, boss: PgBoss): Promise<void> {
  for (const name of queues) await boss.deleteAllJobs(name);
  await database.transaction(async (session) => {
    for (const each of await findActive(session))
      await session.query(giveBack[each.queue], [each.id, each.job]);
  });
}

const active = z.object({ queue: z.enum(queues), id: z.string(), job: z.string() });
const findActive = (session: Session) =>
  session.rows(
    active,
    `SELECT 'edition' AS queue, id, job FROM sitrep.edition WHERE state = 'rendering'
       UNION ALL SELECT 'delivery', id, job FROM sitrep.delivery WHERE state = 'sending' AND job IS NOT NULL
       UNION ALL SELECT 'refresh', id, job FROM sitrep.refresh WHERE state = 'running'`,
  );

const waiting = z.object({ queue: z.enum(queues), id: z.string(), nextTryAt: z.date().nullable() });
const findWaiting = (session: Session) =>
  session.rows(
    waiting,
    `SELECT 'edition' AS queue, id, NULL::timestamptz AS "nextTryAt"
       FROM sitrep.edition WHERE state = 'queued' AND NOT (${waitsForRefresh})
       UNION ALL SELECT 'delivery', id, next_try_at FROM sitrep.delivery
       WHERE state = 'pending' OR (state = 'sending' AND job IS NULL)
       UNION ALL SELECT 'refresh', id, next_try_at FROM sitrep.refresh WHERE state = 'queued'`,
  );

/** Each gives back work only if the job still owns it, because another process may have claimed it meanwhile. */
const giveBack = {
  edition: `UPDATE sitrep.edition SET state = 'queued', job = NULL WHERE id = $1 AND state = 'rendering' AND job = $2`,
  // It stays `sending`, because it may have arrived.
  delivery: `UPDATE sitrep.delivery SET job = NULL WHERE id = $1 AND state = 'sending' AND job = $2`,
  refresh: `UPDATE sitrep.refresh SET state = 'queued', job = NULL WHERE id = $1 AND state = 'running' AND job = $2`,
} as const;
