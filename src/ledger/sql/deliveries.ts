import type { PgBoss } from 'pg-boss';
import { z } from 'zod';
import {
  type Database,
  deliveryColumns,
  deliveryId,
  editionColumns,
  toRecipients,
  type Session,
} from './database.ts';
import { hurry, sendJobs } from './jobs.ts';
import {
  approvalRecord,
  type EditionRecord,
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

/** The start of an attempt, by job $1 at $2. A delivery that a lost process was sending may have arrived. */
export const startSending = `state = 'sending', job = $1, sending_at = $2,
  trying_since = coalesce(trying_since, $2), next_try_at = NULL,
  attempt = attempt + CASE state WHEN 'sending' THEN 0 ELSE 1 END,
  interruptions = interruptions + CASE state WHEN 'sending' THEN 1 ELSE 0 END,
  may_have_arrived = may_have_arrived OR state = 'sending'`;

/** The end of an attempt, with the values of `ended`. */
export const endSending = `state = $1, reason = $2, settled_at = $3, next_try_at = $4, job = NULL,
  may_have_arrived = may_have_arrived OR $5, unanswered = unanswered + $6, attempt = attempt - $7`;
export const ended = (settlement: Settlement, { again, now }: { again: boolean; now: Date }): unknown[] => [
  again ? 'pending' : settlement.state,
  settlement.reason,
  again || settlement.state === 'waiting' ? null : now,
  settlement.state === 'retried' ? new Date(now.getTime() + settlement.afterSeconds * 1000) : null,
  'mayHaveArrived' in settlement && settlement.mayHaveArrived,
  settlement.state === 'retried' && settlement.unanswered === true ? 1 : 0,
  settlement.state === 'given-back' ? 1 : 0,
];
export const isAgain = ({ state }: Settlement): boolean => state === 'retried' || state === 'given-back';

/** Has deliveries attempted again, after the pause of a retry. */
export const sendAgain = (
  boss: PgBoss,
  session: Session,
  { ids, settlement }: { ids: readonly string[]; settlement: Settlement },
): Promise<void> => {
  const pause = settlement.state === 'retried' && { startAfter: settlement.afterSeconds };
  return sendJobs(boss, session, { queue: 'delivery', jobs: ids.map((id) => ({ id, ...pause })) });
};

/** Creates, sends and closes deliveries. */
export function deliveryCalls(database: Database, boss: PgBoss) {
  return {
    claimDelivery: (id, { job, now }) =>
      database.transaction(async (session) => {
        const [before] = await session.deliveries(
          `SELECT ${deliveryColumns} FROM sitrep.delivery
             WHERE id = $1 AND ${toRecipients}
               AND (state = 'pending' OR (state = 'sending' AND (job = $2 OR job IS NULL))) FOR UPDATE`,
          [id, job],
        );
        if (!before) return undefined;
        const [delivery] = await session.deliveries(
          `UPDATE sitrep.delivery SET ${startSending} WHERE id = $3 RETURNING ${deliveryColumns}`,
          [job, now, id],
        );
        const [edition] = await session.editions(
          `SELECT ${editionColumns} FROM sitrep.edition WHERE id = $1`,
          [before.edition],
        );
        return delivery && edition && { delivery, edition, interrupted: before.state === 'sending' };
      }),

    settleDelivery: ({ id, edition, attempt, sendingAt }, settlement, { now, alert }) =>
      database.transaction(async (session) => {
        await lockEdition(session, edition);
        const again = isAgain(settlement) || (await wasDecided(session, edition, settlement));
        // A retry by an operator restarts the count of attempts, so only the time of the attempt identifies it.
        const settled = await session.query(
          `UPDATE sitrep.delivery SET ${endSending}
           WHERE id = $8 AND state = 'sending' AND attempt = $9 AND sending_at = $10 RETURNING id`,
          [...ended(settlement, { again, now }), id, attempt, sendingAt],
        );
        if (settled.length === 0) return false;
        if (again) await sendAgain(boss, session, { ids: [id], settlement });
        else await closeEdition(session, edition, now);
        if (alert && !again) await insertDeliveries(session, boss, { edition, deliveries: [alert], now });
        return true;
      }),

    addDeliveries: (edition, deliveries, now) =>
      database.transaction(async (session) => {
        await lockEdition(session, edition);
        const open = await session.deliveries(
          `SELECT ${deliveryColumns} FROM sitrep.delivery WHERE edition = $1 AND ${toRecipients} AND ${isOpen}`,
          [edition],
        );
        const free = deliveries.filter(
          ({ channel, address, content }) =>
            !isForRecipients(content) ||
            !open.some((each) => each.channel === channel && each.address === address),
        );
        return insertDeliveries(session, boss, { edition, deliveries: free, now });
      }),

    moveDelivery: (id, { from, to, reason, didNotArrive = false, now }) =>
      database.transaction(async (session) => {
        const found = await session.query('SELECT edition FROM sitrep.delivery WHERE id = $1', [id]);
        for (const { edition } of z.array(z.object({ edition: z.string() })).parse(found))
          await lockEdition(session, edition);
        const [moved] = await session.deliveries(
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
          await sendJobs(boss, session, { queue: 'delivery', jobs: [{ id }] });
          await hurry(boss, session, { queue: 'delivery', id });
        }
        await closeEdition(session, moved.edition, now);
        return true;
      }),
  } satisfies Partial<Ledger>;
}

/** Adds deliveries, with a job for each one that is not on hold. Returns the ids of the new ones. */
export async function insertDeliveries(
  session: Session,
  boss: PgBoss,
  {
    edition,
    deliveries,
    now,
    waits = false,
  }: { edition: string; deliveries: readonly NewDelivery[]; now: Date; waits?: boolean },
): Promise<string[]> {
  const added: string[] = [];
  const pending: { id: string; startAfter?: number }[] = [];
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
    if (state === 'pending')
      pending.push({ id, ...(!isForRecipients(content) && { startAfter: GATHER_SECONDS }) });
  }
  await sendJobs(boss, session, { queue: 'delivery', jobs: pending });
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

/** Records approvals and releases or blocks the deliveries that depend on them. */
export function approvalCalls(database: Database, boss: PgBoss) {
  return {
    decide: (editions, decision) =>
      database.transaction(async (session) => {
        // The lock keeps a worker's result from being stored in the middle of a decision. Rows are locked in order, so
        // that two decisions on the same editions cannot deadlock.
        const locked = await session.editions(
          `SELECT ${editionColumns} FROM sitrep.edition WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE`,
          [editions.map(({ id }) => id)],
        );
        const found = new Map(locked.map((edition) => [edition.id, edition]));
        const outdated = editions.filter(({ id, sha256 }) => !isAsSeen(found.get(id), sha256));
        if (outdated.length > 0) return { outdated: outdated.map(({ id }) => id) };
        const moved: string[] = [];
        for (const { id, sha256 } of editions)
          moved.push(id, ...(await decideOn(id, { session, boss, sha256, decision })));
        return { moved };
      }),

    approvals: (edition) =>
      database.rows(
        approvalRecord,
        `SELECT edition, number, decision, sha256, user_name AS "user", named_by AS "namedBy",
           claimed_name AS "claimedName", decided_at AS "decidedAt"
         FROM sitrep.approval WHERE edition = $1 ORDER BY number DESC`,
        [edition],
      ),
  } satisfies Partial<Ledger>;
}

function isAsSeen(edition: EditionRecord | undefined, sha256: string): boolean {
  const isMade =
    edition?.state === 'delivering' || edition?.state === 'done' || edition?.state === 'rendered';
  return edition !== undefined && isMade && hashToApprove(edition) === sha256;
}

/** Returns the ids of the deliveries that it releases or blocks. */
async function decideOn(
  id: string,
  {
    session,
    boss,
    sha256,
    decision: { decision, user, namedBy, claimedName, now },
  }: { session: Session; boss: PgBoss; sha256: string; decision: Decision },
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
  const moved = await session.query(
    `UPDATE sitrep.delivery SET state = $2, reason = $3, settled_at = NULL, attempt = 0
     WHERE edition = $1 AND state = $4 AND ${toRecipients} RETURNING id, next_try_at AS "nextTryAt"`,
    approved ? [id, 'pending', null, 'waiting'] : [id, 'waiting', waitReason(id), 'pending'],
  );
  const jobs = z.array(z.object({ id: z.string(), nextTryAt: z.date().nullable() })).parse(moved);
  if (approved) {
    await sendJobs(boss, session, { queue: 'delivery', jobs: jobs.map((each) => ({ id: each.id })) });
    // One that was withdrawn while it waited for a retry still has the job of that retry, perhaps hours ahead.
    for (const { id: delivery, nextTryAt } of jobs)
      if (nextTryAt !== null) await hurry(boss, session, { queue: 'delivery', id: delivery });
  }
  return jobs.map((each) => each.id);
}
