import { z } from 'zod';
import { editionColumns, type Session, toRecipients, waitsForRefresh } from './database.ts';
import { closeEdition, insertDeliveries, lockEdition } from './deliveries.ts';
import { hurry, type QueueSession, sendJobs, type Store } from './jobs.ts';
import { insertSteps, sameEdition } from './queries.ts';
import { refreshFor } from './refreshes.ts';
import { editionId } from '../edition-id.ts';
import {
  type EditionRecord,
  editionRecord,
  heldByOperator,
  type NewEdition,
  waitsForApproval,
} from '../records.ts';
import type { Ledger, Making } from '../types.ts';

/** Requests editions and records their runs. */
export function editionCalls(store: Store) {
  return {
    openSlots: (brief, { now, plan, refresh = null, alert = () => null, leftOut = () => null }) =>
      store.transaction(async (session) => {
        await session.query('INSERT INTO sitrep.cursor VALUES ($1, $2) ON CONFLICT DO NOTHING', [brief, now]);
        const { slot: cursor } = await session.one(
          z.object({ slot: z.date() }),
          'SELECT slot FROM sitrep.cursor WHERE brief = $1 FOR UPDATE',
          [brief],
        );
        const opening = plan(cursor);
        if (opening.cursor.getTime() === cursor.getTime()) return [];
        const skipped = await insert(session, { asked: opening.skipped, now });
        const waitsFor =
          refresh === null ? null : await refreshFor(session, { dataset: refresh, due: opening.due });
        const asked = opening.due.map((edition) => ({ edition, waitsFor }));
        const issued: EditionRecord[] = [];
        const due = await insert(session, { asked, now, issued });
        for (const [{ id: edition }, word] of [
          ...due.map((each) => [each, alert(each)] as const),
          ...issued.map((each) => [each, leftOut(each)] as const),
        ])
          if (word !== null) await insertDeliveries(session, { edition, deliveries: [word], now });
        await session.query('UPDATE sitrep.cursor SET slot = $2 WHERE brief = $1', [brief, opening.cursor]);
        return [...skipped, ...due];
      }),

    request: (editions, now) =>
      store.transaction(async (session) => {
        const added = await insert(session, { asked: editions.map((edition) => ({ edition })), now });
        return added.map(({ id }) => id);
      }),

    claimEdition: (id, { job, now }) =>
      store.transaction(async (session) => {
        const [edition] = await session.rows(
          editionRecord,
          `UPDATE sitrep.edition
             SET state = 'rendering', job = $2, attempt = attempt + 1, started_at = $3, reason = NULL
             WHERE id = $1 AND (state = 'queued' OR (state = 'rendering' AND job = $2))
               AND NOT (${waitsForRefresh})
             RETURNING ${editionColumns}`,
          [id, job, now],
        );
        if (!edition) return undefined;
        const started = await session.one(
          z.object({ run: z.number(), failures: z.array(z.string().nullable()) }),
          `WITH lost AS (
             UPDATE sitrep.run SET outcome = 'lost', ended_at = $2, reason = 'The process ended during the run.'
             WHERE edition = $1 AND outcome = 'running')
           INSERT INTO sitrep.run SELECT $1, coalesce(max(number), 0) + 1, $2, NULL, 'running', NULL
           FROM sitrep.run WHERE edition = $1 RETURNING number AS run,
             ARRAY(SELECT code FROM sitrep.run before
              WHERE edition = $1 AND outcome = 'retried' AND before.number > sitrep.run.number - $3) AS failures`,
          [id, now, edition.attempt],
        );
        return { edition, ...started };
      }),

    settleEdition: ({ edition, run }, making, { now, alert, steps = [] }) =>
      store.transaction(async (session) => {
        const { id } = edition;
        const reason = 'reason' in making ? making.reason : null;
        const code = 'code' in making ? making.code : null;
        const ended = await session.query(
          `UPDATE sitrep.run SET outcome = $3, ended_at = $4, reason = $5, code = $6
           FROM (SELECT id FROM sitrep.edition WHERE id = $1 AND state = 'rendering' FOR UPDATE) AS current
           WHERE edition = current.id AND number = $2 AND outcome = 'running' RETURNING number`,
          [id, run, making.outcome, now, reason, code],
        );
        // The edition was cancelled, given back, or taken over by another process that took this one for dead.
        if (ended.length === 0) return false;
        await insertSteps(session, steps);
        await settle(session, { edition, making, now });
        if (alert) await insertDeliveries(session, { edition: id, deliveries: [alert], now });
        return true;
      }),

    moveEdition: (id, { from, to, reason, onlyUnsent = false, now }) =>
      store.transaction(async (session) => {
        await lockEdition(session, id);
        const [moved] = await session.rows(
          editionRecord,
          `UPDATE sitrep.edition SET state = $2, reason = $3, attempt = 0, job = NULL,
               settled_at = CASE WHEN $2 = 'queued' THEN NULL ELSE $4::timestamptz END
             WHERE id = $1 AND state = ANY($5::text[]) AND NOT ($6 AND EXISTS (
               SELECT 1 FROM sitrep.delivery WHERE edition = $1 AND ${toRecipients}
                 AND state NOT IN ('waiting', 'held', 'cancelled')))
             RETURNING ${editionColumns}`,
          [id, to, reason, now, [...from], onlyUnsent],
        );
        if (!moved) return false;
        await endRun(session, id, { now, reason });
        if (moved.state === 'queued') {
          await sendJobs(session, 'edition', [moved]);
          await hurry(session, 'edition', id);
        }
        return true;
      }),
  } satisfies Partial<Ledger>;
}

/** A requested edition. If it has a reason to be skipped, it is only recorded. */
interface Asked {
  readonly edition: NewEdition;
  readonly reason?: string;
  /** The refresh that must end before the edition is generated. */
  readonly waitsFor?: string | null | undefined;
}

/** Adds editions with their jobs. Returns the new ones in order; `issued` gets those issued on other paper before. */
async function insert(
  session: QueueSession,
  { asked, now, issued }: { asked: readonly Asked[]; now: Date; issued?: EditionRecord[] },
): Promise<EditionRecord[]> {
  const inserted = await insertRows(session, asked, now);
  const records = new Map(inserted.map((record) => [record.id, record]));
  const isNew = new Set(inserted.map(({ id }) => id));
  const added: EditionRecord[] = [];
  for (const { edition, reason, waitsFor = null } of asked) {
    const record = records.get(edition.id);
    records.delete(edition.id);
    if (record) added.push(record);
    else if (reason === undefined)
      added.push(...(await resolve(session, { edition, waitsFor }, { now, issued })));
  }
  const waiting = new Set(asked.flatMap(({ edition, waitsFor }) => (waitsFor ? [edition.id] : [])));
  const toMake = added.filter(({ id, state }) => state === 'queued' && !waiting.has(id));
  await sendJobs(session, 'edition', toMake);
  // An edition that is already queued, perhaps for a backfill, has a job with a lower priority.
  const again = asked.filter(({ edition: { id, origin }, reason }) =>
    origin === 'schedule' || origin === 'request' ? reason === undefined && !isNew.has(id) : false,
  );
  for (const { edition } of again) await hurry(session, 'edition', edition.id);
  return added;
}

/** Inserts in the order of the ids, so that two transactions with the same editions do not deadlock. */
async function insertRows(session: Session, asked: readonly Asked[], now: Date): Promise<EditionRecord[]> {
  if (asked.length === 0) return [];
  const given = asked
    .map(({ edition, reason, waitsFor }) => ({
      ...edition,
      refresh: waitsFor,
      ...(reason === undefined ? { state: 'queued' } : { state: 'skipped', reason, settledAt: now }),
    }))
    .toSorted((one, other) => (one.id < other.id ? -1 : 1));
  return session.rows(
    editionRecord,
    `INSERT INTO sitrep.edition
         (id, brief, as_of, paper, parameters, part_of, origin, slot, reach, state, reason, requested_at, settled_at,
          correction, refresh)
       SELECT id, brief, "asOf", paper, parameters, "partOf", origin, slot, reach, state, reason, $2, "settledAt", correction,
         refresh
       FROM jsonb_to_recordset($1) AS given (id text, brief text, "asOf" text, paper text, parameters jsonb,
         "partOf" text, origin text, slot timestamptz, reach text, state text, reason text, "settledAt" timestamptz,
         correction jsonb, refresh text)
       ON CONFLICT DO NOTHING RETURNING ${editionColumns}`,
    [JSON.stringify(given), now],
  );
}

/**
 * Decides about an edition that could not be inserted. Its identity is brief, day, paper, parameters and revision, as
 * they were when it was requested. If an edition with that identity exists, it is the same one, whatever its id.
 * Otherwise the id belongs to an edition on other paper, because the paper of the brief has changed since. The new
 * edition then gets a name that includes its paper, unless the day was already issued.
 */
async function resolve(
  session: Session,
  { edition, waitsFor }: Asked,
  { now, issued }: { now: Date; issued: EditionRecord[] | undefined },
): Promise<EditionRecord[]> {
  const { brief, asOf, paper, parameters, correction, origin } = edition;
  const revision = correction?.revision ?? 1;
  const same = await sameEdition(session, edition);
  if (same !== undefined)
    return origin === 'schedule'
      ? takeOver(session, { edition: { ...edition, id: same.id }, waitsFor }, now)
      : [];
  const [other] = await session.editions('WHERE id = $1', [edition.id]);
  const wasIssued = origin === 'schedule' && (other?.origin === 'schedule' || other?.reach === 'all');
  if (wasIssued && other) issued?.push(other);
  if (origin === 'backfill' || wasIssued) return [];
  const id = editionId({ brief, asOf, paper, ownPaper: null, parameters, revision });
  return insertRows(session, [{ edition: { ...edition, id }, waitsFor }], now);
}

/** The same reason as earlier versions wrote it. */
const heldByOperatorBefore = 'Held by the operator.';

/**
 * Turns an edition that was requested early, for fewer than all targets, into a scheduled one. It is generated again,
 * found unchanged, and then delivered. An edition that already goes to all targets is left alone, and one that the
 * operator put on hold stays on hold.
 */
async function takeOver(
  session: Session,
  { edition: { id, slot, reach }, waitsFor = null }: Asked,
  now: Date,
): Promise<EditionRecord[]> {
  const taken = await session.rows(
    editionRecord,
    `UPDATE sitrep.edition SET origin = 'schedule', slot = $2, reach = $3, attempt = 0, job = NULL, settled_at = NULL, refresh = $6,
         state = CASE WHEN is_kept THEN edition.state ELSE 'queued' END, reason = CASE WHEN is_kept THEN $4 END
       FROM (SELECT state = 'held' AND reason IN ($4, $5) AS is_kept FROM sitrep.edition WHERE id = $1 FOR UPDATE) AS present
       WHERE id = $1 AND origin <> 'schedule' AND reach <> 'all' RETURNING ${editionColumns}`,
    [id, slot, reach, heldByOperator, heldByOperatorBefore, waitsFor],
  );
  if (taken.length > 0) await endRun(session, id, { now, reason: 'It became due.' });
  return taken;
}

/** After this, the run in progress can no longer record a result. */
const endRun = (session: Session, id: string, { now, reason }: { now: Date; reason: string | null }) =>
  session.query(
    `UPDATE sitrep.run SET outcome = 'cancelled', ended_at = $2, reason = $3
     WHERE edition = $1 AND outcome = 'running'`,
    [id, now, reason],
  );

/** Records the result of an attempt (`making`). */
async function settle(
  session: QueueSession,
  { edition, making, now }: { edition: EditionRecord; making: Making; now: Date },
): Promise<void> {
  const { id } = edition;
  const moveTo = (state: string, reason: string | null, settledAt: Date | null) =>
    session.query(
      'UPDATE sitrep.edition SET state = $2, reason = $3, settled_at = $4, job = NULL WHERE id = $1',
      [id, state, reason, settledAt],
    );
  switch (making.outcome) {
    case 'made':
    case 'unchanged':
    case 'notice': {
      const { folder, sha256, pages, card, needsApproval, deliveries } = making;
      const [state, settledAt] = deliveries.length > 0 ? ['delivering', null] : ['rendered', now];
      const reason = making.outcome === 'notice' ? 'Nothing is new: a notice goes out in its place.' : null;
      // An edition generated again before any delivery has its recipients decided anew.
      await session.query(
        `WITH undecided AS (DELETE FROM sitrep.delivery WHERE edition = $1 AND state = 'waiting')
         UPDATE sitrep.edition SET rendered_at = $2, folder = $3, sha256 = $4, pages = $5, card = $6, attempt = 0,
           state = $7, reason = $8, settled_at = $9, job = NULL, needs_approval = $10 WHERE id = $1`,
        [id, now, folder, sha256, pages, JSON.stringify(card), state, reason, settledAt, needsApproval],
      );
      if (deliveries.length === 0) break;
      const waits = waitsForApproval({ ...edition, sha256, card, needsApproval });
      await insertDeliveries(session, { edition: id, deliveries, now, waits });
      await closeEdition(session, id, now);
      break;
    }
    case 'fanned-out':
      await insert(session, { asked: making.editions.map((child) => ({ edition: child })), now });
      await moveTo('done', making.reason, now);
      break;
    case 'skipped':
    case 'held':
    case 'failed':
      await moveTo(making.outcome, making.reason, now);
      break;
    case 'given-back':
    case 'retried':
      await moveTo('queued', making.reason, null);
      await sendJobs(session, 'edition', [
        { id, startAfter: making.outcome === 'retried' ? making.afterSeconds : 0 },
      ]);
      break;
  }
}
