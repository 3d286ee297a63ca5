import type { PgBoss } from 'pg-boss';
import { z } from 'zod';
import { type Database, deliveryColumns, toRecipients } from './database.ts';
import { ended, endSending, isAgain, sendAgain, startSending } from './deliveries.ts';
import { sendJobs } from './jobs.ts';
import type { Ledger } from '../types.ts';

const isAlert = `NOT (${toRecipients})`;
const isFailed = `${toRecipients} AND state IN ('bounced', 'failed')`;
/** Arbitrary but fixed key of an advisory lock: without it, two processes could each take half of the alerts. */
const LOCK = 7_241_965;

/** Alerts to the operator, which go out together, and problems that concern no single edition. */
export function alertCalls(database: Database, boss: PgBoss) {
  return {
    claimAlerts: (id, { job, now, everySeconds }) =>
      database.transaction(async (session) => {
        await session.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
        const [first] = await session.deliveries(
          `SELECT ${deliveryColumns} FROM sitrep.delivery
             WHERE id = $1 AND ${isAlert} AND (state = 'pending' OR (state = 'sending' AND (job = $2 OR job IS NULL)))`,
          [id, job],
        );
        if (!first) return [];
        const { channel, address, state } = first;
        if (state === 'pending') {
          const rows = await session.query(
            `SELECT max(sending_at) AS last FROM sitrep.delivery
             WHERE ${isAlert} AND channel = $1 AND address = $2 AND sending_at <= $3`,
            [channel, address, now],
          );
          const [{ last }] = z.tuple([z.object({ last: z.date().nullable() })]).parse(rows);
          const next = last === null ? now : new Date(last.getTime() + everySeconds * 1000);
          if (next > now) {
            await session.query('UPDATE sitrep.delivery SET next_try_at = $2 WHERE id = $1', [id, next]);
            const startAfter = Math.ceil((next.getTime() - now.getTime()) / 1000);
            await sendJobs(boss, session, { queue: 'delivery', jobs: [{ id, startAfter }] });
            return [];
          }
        }
        // Alerts that an interrupted process was sending go out as the same set, so that the message has the same id.
        return session.deliveries(
          `UPDATE sitrep.delivery SET ${startSending}
             WHERE ${isAlert} AND channel = $3 AND address = $4 AND state = $5
               AND ($5 = 'pending' OR job = $1 OR job IS NULL)
             RETURNING ${deliveryColumns}`,
          [job, now, channel, address, state],
        );
      }),

    settleAlerts: (alerts, settlement, { now }) =>
      database.transaction(async (session) => {
        const again = isAgain(settlement);
        const ids = alerts.map(({ id }) => id);
        // With the time of an attempt that sent nothing, the alerts would wait as they do after a message.
        await session.query(
          `UPDATE sitrep.delivery SET ${endSending}, sending_at = CASE $7 WHEN 0 THEN sending_at END
           WHERE id = ANY($8::text[]) AND state = 'sending' AND sending_at = $9`,
          [...ended(settlement, { again, now }), ids, alerts[0]?.sendingAt ?? now],
        );
        if (again) await sendAgain(boss, session, { ids, settlement });
      }),

    openProblems: (ids, now) =>
      database.transaction(async (session) => {
        await session.query('DELETE FROM sitrep.problem WHERE NOT (id = ANY($1::text[]))', [[...ids]]);
        await session.query(
          `INSERT INTO sitrep.problem (id, since) SELECT unnest($1::text[]), $2 ON CONFLICT DO NOTHING`,
          [[...ids], now],
        );
        return session.rows(
          z.object({ id: z.string(), since: z.date() }),
          'SELECT id, since FROM sitrep.problem WHERE alerted_at IS NULL ORDER BY id',
        );
      }),

    closeProblems: async (ids, now) => {
      await database.query('UPDATE sitrep.problem SET alerted_at = $2 WHERE id = ANY($1::text[])', [
        [...ids],
        now,
      ]);
    },

    async deliveryHealth({ failedSince }) {
      const rows = await database.query(
        `WITH last AS (
           SELECT coalesce(max(settled_at), '-infinity') AS sent_at FROM sitrep.delivery
           WHERE state = 'sent' AND channel = 'email')
         SELECT count(*) FILTER (WHERE ${isFailed}) AS failed,
           count(*) FILTER (WHERE ${isFailed} AND settled_at >= $1) AS "failedLately",
           min(created_at) FILTER (WHERE state IN ('pending', 'sending')) AS "oldestWaiting",
           min(trying_since) FILTER (WHERE state = 'pending' AND channel = 'email' AND attempt > 0
             AND trying_since > sent_at) AS "mailFailingSince"
         FROM sitrep.delivery, last`,
        [failedSince],
      );
      return z.tuple([deliveryHealth]).parse(rows)[0];
    },
  } satisfies Partial<Ledger>;
}

const deliveryHealth = z.object({
  failed: z.coerce.number(),
  failedLately: z.coerce.number(),
  oldestWaiting: z.date().nullable(),
  mailFailingSince: z.date().nullable(),
});
