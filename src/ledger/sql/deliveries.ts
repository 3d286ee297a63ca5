import { z } from 'zod';
import { deliveryColumns, deliveryId, type Session, toRecipients } from './database.ts';
import { hurry, type QueueSession, sendJobs, type Store } from './jobs.ts';
import {
  approvalRecord,
  deliveryHealth,
  type DeliveryRecord,
  deliveryRecord,
  hashToApprove,
  isForRecipients,
  type NewDelivery,
  waitReason,
} from '../records.ts';
import type { Decision, Ledger, Settlement } from '../types.ts';

/** Alerts wait this long for others, because one cause often leads to several alerts. */
const GATHER_SECONDS = 5;

/** SQL condition: it is on its way, or goes out as soon as it is approved. */
const isOpen = `state IN ('waiting', 'pending', 'sending')`;
const isAlert = `NOT (${toRecipients})`;
const isFailed = `${toRecipients} AND state IN ('bounced', 'failed')`;

/** The start of an attempt, by job $1 at $2. A delivery that a lost process was sending may have arrived. */
const startSending = `state = 'sending', job = $1, sending_at = $2,
  trying_since = coalesce(trying_since, $2), next_try_at = NULL,
  attempt = attempt + CASE state WHEN 'sending' THEN 0 ELSE 1 END,
  interruptions = interruptions + CASE state WHEN 'sending' THEN 1 ELSE 0 END,
  may_have_arrived = may_have_arrived OR state = 'sending'`;

/** The end of an attempt, with the values of `ended`. */
const endSending = `state = $1, reason = $2, settled_at = $3, next_try_at = $4, job = NULL,
  may_have_arrived = may_have_arrived OR $5, unanswered = unanswered + $6, attempt = attempt - $7`;
const ended = (settlement: Settlement, { again, now }: { again: boolean; now: Date }): unknown[] => [
  again ? 'pending' : settlement.state,
  settlement.reason,
  again || settlement.state === 'waiting' ? null : now,
  settlement.state === 'retried' ? new Date(now.getTime() + settlement.afterSeconds * 1000) : null,
  'mayHaveArrived' in settlement && settlement.mayHaveArrived,
  settlement.state === 'retried' && settlement.unanswered === true ? 1 : 0,
  settlement.state === 'given-back' ? 1 : 0,
];
const isAgain = ({ state }: Settlement): boolean => state === 'retried' || state === 'given-back';

/** Has deliveries attempted again, after the pause of a retry. */
const sendAgain = (session: QueueSession, ids: readonly string[], settlement: Settlement): Promise<void> => {
  const startAfter = settlement.state === 'retried' ? settlement.afterSeconds : 0;
  return sendJobs(
    session,
    'delivery',
    ids.map((id) => ({ id, startAfter })),
  );
};

/** Creates, sends and closes deliveries. */
export function deliveryCalls(store: Store) {
  return {
    claimDelivery: (id, { job, now }) =>
      store.transaction(async (session) => {
        const [claimed] = await session.rows(
          deliveryRecord.extend({ interrupted: z.boolean() }),
          `UPDATE sitrep.delivery SET ${startSending}
           FROM (SELECT id AS found, state = 'sending' AS interrupted FROM sitrep.delivery
             WHERE id = $3 AND ${toRecipients}
               AND (state = 'pending' OR (state = 'sending' AND (job = $1 OR job IS NULL))) FOR UPDATE) AS before
           WHERE id = found RETURNING ${deliveryColumns}, interrupted`,
          [job, now, id],
        );
        if (!claimed) return undefined;
        const { interrupted, ...delivery } = claimed;
        const [edition] = await session.editions('WHERE id = $1', [delivery.edition]);
        return edition && { delivery, edition, interrupted };
      }),

    settleDelivery: ({ id, edition, attempt, sendingAt }, settlement, { now, alert }) =>
      store.transaction(async (session) => {
        await lockEdition(session, edition);
        const again = isAgain(settlement) || (await wasDecided(session, edition, settlement));
        // A retry by an operator restarts the count of attempts, so only the time of the attempt identifies it.
        const settled = await session.query(
          `UPDATE sitrep.delivery SET ${endSending}
           WHERE id = $8 AND state = 'sending' AND attempt = $9 AND sending_at = $10 RETURNING id`,
          [...ended(settlement, { again, now }), id, attempt, sendingAt],
        );
        if (settled.length === 0) return false;
        if (again) await sendAgain(session, [id], settlement);
        else await closeEdition(session, edition, now);
        if (alert && !again) await insertDeliveries(session, { edition, deliveries: [alert], now });
        return true;
      }),

    addDeliveries: (edition, deliveries, now) =>
      store.transaction(async (session) => {
        await lockEdition(session, edition);
        const open = await session.deliveries(`WHERE edition = $1 AND ${toRecipients} AND ${isOpen}`, [
          edition,
        ]);
        const free = deliveries.filter(
          ({ channel, address, content }) =>
            !isForRecipients(content) ||
            !open.some((each) => each.channel === channel && each.address === address),
        );
        return insertDeliveries(session, { edition, deliveries: free, now });
      }),

    moveDelivery: (id, { from, to, reason, didNotArrive = false, now }) =>
      store.transaction(async (session) => {
        await session.query(
          `SELECT 1 FROM sitrep.edition WHERE id = (SELECT edition FROM sitrep.delivery WHERE id = $1) FOR UPDATE`,
          [id],
        );
        const [moved] = await session.rows(
          deliveryRecord,
          `UPDATE sitrep.delivery SET state = $2, reason = $3, job = NULL, attempt = 0, interruptions = 0,
               unanswered = 0, trying_since = NULL, next_try_at = NULL,
               may_have_arrived = may_have_arrived AND NOT $6,
               settled_at = CASE WHEN $2 = 'pending' THEN NULL ELSE $4::timestamptz END
             WHERE id = $1 AND state = ANY($5::text[]) AND NOT ($2 = 'pending' AND EXISTS (
               SELECT 1 FROM sitrep.delivery later
               WHERE (later.edition, later.channel, later.address, later.content) =
                   (delivery.edition, delivery.channel, delivery.address, delivery.content)
                 AND later.copy > delivery.copy AND (${isOpen} OR later.state = 'sent')))
             RETURNING ${deliveryColumns}`,
          [id, to, reason, now, [...from], didNotArrive],
        );
        if (!moved) return false;
        if (to === 'pending') {
          await session.query(
            `UPDATE sitrep.edition SET state = 'delivering', settled_at = NULL WHERE id = $1 AND state = 'done' AND $2`,
            [moved.edition, isForRecipients(moved.content)],
          );
          await sendJobs(session, 'delivery', [{ id }]);
          await hurry(session, 'delivery', id);
        }
        await closeEdition(session, moved.edition, now);
        return true;
      }),
  } satisfies Partial<Ledger>;
}

/** Adds deliveries, with a job for each one that is not on hold. Returns the ids of the new ones. */
export async function insertDeliveries(
  session: QueueSession,
  {
    edition,
    deliveries,
    now,
    waits = false,
  }: { edition: string; deliveries: readonly NewDelivery[]; now: Date; waits?: boolean },
): Promise<string[]> {
  const added: string[] = [];
  const pending: { id: string; startAfter: number }[] = [];
  for (const delivery of deliveries) {
    const { channel, address, content, copy, heldBecause } = delivery;
    const id = deliveryId(edition, delivery);
    const target = JSON.stringify(delivery.target);
    const waiting = waits && isForRecipients(content);
    const state = heldBecause !== null ? 'held' : waiting ? 'waiting' : 'pending';
    const reason = heldBecause ?? (waiting ? waitReason(edition) : null);
    const rows = await session.query(
      `INSERT INTO sitrep.delivery
         (id, edition, channel, address, content, copy, target, state, reason, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id`,
      [id, edition, channel, address, content, copy, target, state, reason, now],
    );
    if (rows.length === 0) continue;
    added.push(id);
    if (state === 'pending') pending.push({ id, startAfter: isForRecipients(content) ? 0 : GATHER_SECONDS });
  }
  await sendJobs(session, 'delivery', pending);
  return added;
}

/**
 * Every transaction that changes deliveries locks their edition first. Locking in different orders would cause
 * deadlocks. The lock also makes deliveries that end at the same time see each other, so that the last one closes the
 * edition.
 */
export async function lockEdition(session: Session, id: string): Promise<void> {
  await session.query('SELECT 1 FROM sitrep.edition WHERE id = $1 FOR UPDATE', [id]);
}

/** An edition is done when none of its deliveries is in progress; deliveries on hold wait for an operator. */
export async function closeEdition(session: Session, id: string, now: Date): Promise<void> {
  await session.query(
    `UPDATE sitrep.edition SET state = 'done', settled_at = $2
     WHERE id = $1 AND state = 'delivering' AND NOT EXISTS (
       SELECT 1 FROM sitrep.delivery
       WHERE edition = $1 AND ${toRecipients} AND state IN ('waiting', 'pending', 'sending', 'held'))`,
    [id, now],
  );
}

/** Whether an edition was approved or disapproved since its approval was last checked. If so, it is checked again. */
async function wasDecided(session: Session, edition: string, settlement: Settlement): Promise<boolean> {
  if (settlement.state !== 'waiting') return false;
  const changed = await session.query(
    'SELECT 1 FROM sitrep.edition WHERE id = $1 AND approved_sha256 IS DISTINCT FROM $2',
    [edition, settlement.approvedSha256],
  );
  return changed.length > 0;
}

/** Arbitrary but fixed key of an advisory lock: without it, two processes could each take half of the alerts. */
const LOCK = 7_241_965;

/** Alerts to the operator, which go out together, and problems that concern no single edition. */
export function alertCalls(store: Store) {
  return {
    claimAlerts: (id, { job, now, everySeconds }) =>
      store.transaction(async (session): Promise<DeliveryRecord[]> => {
        await session.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
        const [first] = await session.deliveries(
          `WHERE id = $1 AND ${isAlert} AND (state = 'pending' OR (state = 'sending' AND (job = $2 OR job IS NULL)))`,
          [id, job],
        );
        if (!first) return [];
        const { channel, address, state } = first;
        if (state === 'pending') {
          const { last } = await session.one(
            z.object({ last: z.date().nullable() }),
            `SELECT max(sending_at) AS last FROM sitrep.delivery
             WHERE ${isAlert} AND channel = $1 AND address = $2 AND sending_at <= $3`,
            [channel, address, now],
          );
          const next = last === null ? now : new Date(last.getTime() + everySeconds * 1000);
          if (next > now) {
            await session.query('UPDATE sitrep.delivery SET next_try_at = $2 WHERE id = $1', [id, next]);
            const startAfter = Math.ceil((next.getTime() - now.getTime()) / 1000);
            await sendJobs(session, 'delivery', [{ id, startAfter }]);
            return [];
          }
        }
        // Alerts that an interrupted process was sending go out as the same set, so that the message has the same id.
        return session.rows(
          deliveryRecord,
          `UPDATE sitrep.delivery SET ${startSending}
             WHERE ${isAlert} AND channel = $3 AND address = $4 AND state = $5
               AND ($5 = 'pending' OR job = $1 OR job IS NULL)
             RETURNING ${deliveryColumns}`,
          [job, now, channel, address, state],
        );
      }),

    settleAlerts: (alerts, settlement, { now }) =>
      store.transaction(async (session) => {
        const again = isAgain(settlement);
        const ids = alerts.map(({ id }) => id);
        // With the time of an attempt that sent nothing, the alerts would wait as they do after a message.
        await session.query(
          `UPDATE sitrep.delivery SET ${endSending}, sending_at = CASE $7 WHEN 0 THEN sending_at END
           WHERE id = ANY($8::text[]) AND state = 'sending' AND sending_at = $9`,
          [...ended(settlement, { again, now }), ids, alerts[0]?.sendingAt ?? now],
        );
        if (again) await sendAgain(session, ids, settlement);
      }),

    openProblems: (ids, now) =>
      store.transaction(async (session) => {
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
      const close = 'UPDATE sitrep.problem SET alerted_at = $2 WHERE id = ANY($1::text[])';
      await store.query(close, [[...ids], now]);
    },

    deliveryHealth: ({ failedSince }) =>
      store.one(
        deliveryHealth,
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
      ),
  } satisfies Partial<Ledger>;
}

/** Records approvals and releases or blocks the deliveries that depend on them. */
export function approvalCalls(store: Store) {
  return {
    decide: (editions, decision) =>
      store.transaction(async (session) => {
        // The lock keeps a worker's result from being stored in the middle of a decision. Rows are locked in order, so
        // that two decisions on the same editions cannot deadlock.
        const locked = await session.editions(
          `WHERE id = ANY($1::text[]) AND state IN ('rendered', 'delivering', 'done') ORDER BY id FOR UPDATE`,
          [editions.map(({ id }) => id)],
        );
        const current = new Map(locked.map((edition) => [edition.id, hashToApprove(edition)]));
        const outdated = editions.filter(({ id, sha256 }) => current.get(id) !== sha256);
        if (outdated.length > 0) return { outdated: outdated.map(({ id }) => id) };
        const moved: string[] = [];
        for (const edition of editions)
          moved.push(edition.id, ...(await decideOn(session, edition, decision)));
        return { moved };
      }),

    approvals: (edition) =>
      store.rows(
        approvalRecord,
        `SELECT edition, number, decision, sha256, user_name AS "user", named_by AS "namedBy",
           claimed_name AS "claimedName", decided_at AS "decidedAt"
         FROM sitrep.approval WHERE edition = $1 ORDER BY number DESC`,
        [edition],
      ),
  } satisfies Partial<Ledger>;
}

/** Returns the ids of the deliveries that it releases or blocks. */
async function decideOn(
  session: QueueSession,
  { id, sha256 }: { readonly id: string; readonly sha256: string },
  { decision, user, namedBy, claimedName, now }: Decision,
): Promise<string[]> {
  await session.query(
    `INSERT INTO sitrep.approval
     SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5, $6, $7 FROM sitrep.approval WHERE edition = $1`,
    [id, decision, sha256, user, claimedName, now, namedBy],
  );
  const approved = decision === 'approved';
  await session.query('UPDATE sitrep.edition SET approved_sha256 = $2 WHERE id = $1', [
    id,
    approved ? sha256 : null,
  ]);
  const moved = await session.rows(
    deliveryRecord.pick({ id: true, nextTryAt: true }),
    `UPDATE sitrep.delivery SET state = $2, reason = $3, settled_at = NULL, attempt = 0
     WHERE edition = $1 AND state = $4 AND ${toRecipients} RETURNING id, next_try_at AS "nextTryAt"`,
    approved ? [id, 'pending', null, 'waiting'] : [id, 'waiting', waitReason(id), 'pending'],
  );
  if (approved) {
    await sendJobs(session, 'delivery', moved);
    // One that was withdrawn while it waited for a retry still has the job of that retry, perhaps hours ahead.
    for (const delivery of moved)
      if (delivery.nextTryAt !== null) await hurry(session, 'delivery', delivery.id);
  }
  return moved.map((delivery) => delivery.id);
}
