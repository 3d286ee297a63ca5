import type { PgBoss } from 'pg-boss';
import { z } from 'zod';
import { waitsForApproval } from '../../model/approval.ts';
import type { EditionRecord, NewEdition } from '../../model/edition.ts';
import type { Ledger, Making } from '../../runtime/ledger.ts';
import type { Database, Session } from './database.ts';
import { closeEdition, insertDeliveries } from './deliveries.ts';
import { wakeEdition } from './jobs.ts';
import { insertSteps } from './records.ts';
import { editionColumns, toEditions } from './rows.ts';

/** A run that is begun, and how many of those before it failed since the edition was asked for. */
const started = z.object({ number: z.number(), failures: z.number() });

/** Asking for editions and making them. */
export function editionCalls(
  database: Database,
  boss: PgBoss,
): Pick<Ledger, 'openSlots' | 'request' | 'claimEdition' | 'settleEdition' | 'moveEdition'> {
  return {
    openSlots: (brief, { now, plan, alert = () => null }) =>
      database.transaction(async (session) => {
        await session.query('INSERT INTO sitrep.cursor VALUES ($1, $2) ON CONFLICT DO NOTHING', [brief, now]);
        const row = await session.query('SELECT slot FROM sitrep.cursor WHERE brief = $1 FOR UPDATE', [
          brief,
        ]);
        const [{ slot: cursor }] = z.tuple([z.object({ slot: z.date() })]).parse(row);
        const opening = plan(cursor);
        if (opening.cursor.getTime() === cursor.getTime()) return [];
        const added: EditionRecord[] = [];
        for (const { edition, reason } of opening.skipped)
          added.push(...(await insert(session, boss, { edition, now, skipped: reason })));
        for (const edition of opening.due) {
          const due = await insert(session, boss, { edition, now });
          for (const record of due) {
            const word = alert(record);
            const deliveries = word === null ? [] : [word];
            await insertDeliveries(session, boss, { edition: record.id, deliveries, now });
          }
          added.push(...due);
        }
        await session.query('UPDATE sitrep.cursor SET slot = $2 WHERE brief = $1', [brief, opening.cursor]);
        return added;
      }),

    request: (editions, now) =>
      database.transaction(async (session) => {
        const added: EditionRecord[] = [];
        for (const edition of editions) added.push(...(await insert(session, boss, { edition, now })));
        return added.map(({ id }) => id);
      }),

    claimEdition: (id, { job, now }) =>
      database.transaction(async (session) => {
        const [edition] = toEditions(
          await session.query(
            `UPDATE sitrep.edition
             SET state = 'rendering', job = $2, attempt = attempt + 1, started_at = $3, reason = NULL
             WHERE id = $1 AND (state = 'queued' OR (state = 'rendering' AND job = $2))
             RETURNING ${editionColumns}`,
            [id, job, now],
          ),
        );
        if (!edition) return undefined;
        const [{ number: run, failures }] = z.tuple([started]).parse(
          await session.query(
            `WITH lost AS (
               UPDATE sitrep.run SET outcome = 'lost', ended_at = $2, reason = 'The process ended during the run.'
               WHERE edition = $1 AND outcome = 'running')
             INSERT INTO sitrep.run SELECT $1, coalesce(max(number), 0) + 1, $2, NULL, 'running', NULL
             FROM sitrep.run WHERE edition = $1 RETURNING number,
               (SELECT count(*)::integer FROM sitrep.run before
                WHERE edition = $1 AND outcome = 'retried' AND before.number > sitrep.run.number - $3) AS failures`,
            [id, now, edition.attempt],
          ),
        );
        return { edition, run, failures };
      }),

    settleEdition: ({ edition, run }, making, { now, alert, steps = [] }) =>
      database.transaction(async (session) => {
        const { id } = edition;
        const ended = await session.query(
          `UPDATE sitrep.run SET outcome = $3, ended_at = $4, reason = $5
           FROM (SELECT id FROM sitrep.edition WHERE id = $1 AND state = 'rendering' FOR UPDATE) AS current
           WHERE edition = current.id AND number = $2 AND outcome = 'running' RETURNING number`,
          [id, run, making.outcome, now, 'reason' in making ? making.reason : null],
        );
        // Cancelled or given back meanwhile, or taken over by another process, which thought this one gone.
        if (ended.length === 0) return false;
        await insertSteps(session, steps);
        await settle(session, boss, { edition, making, now });
        if (alert) await insertDeliveries(session, boss, { edition: id, deliveries: [alert], now });
        return true;
      }),

    moveEdition: (id, { from, to, reason, now }) =>
      database.transaction(async (session) => {
        const [moved] = toEditions(
          await session.query(
            `UPDATE sitrep.edition SET state = $2, reason = $3, attempt = 0, job = NULL,
               settled_at = CASE WHEN $2 = 'queued' THEN NULL ELSE $4::timestamptz END
             WHERE id = $1 AND state = ANY($5::text[]) RETURNING ${editionColumns}`,
            [id, to, reason, now, [...from]],
          ),
        );
        if (!moved) return false;
        await endRun(session, id, { now, reason });
        if (moved.state === 'queued') await wakeEdition(session, boss, moved);
        return true;
      }),
  };
}

/** Adds an edition, with its job when it is to be made; gives none when it exists. */
async function insert(
  session: Session,
  boss: PgBoss,
  { edition, now, skipped = null }: { edition: NewEdition; now: Date; skipped?: string | null },
): Promise<EditionRecord[]> {
  const { id, brief, asOf, paper, partOf, origin, slot, reach } = edition;
  const parameters = JSON.stringify(edition.parameters);
  const correction = edition.correction && JSON.stringify(edition.correction);
  const [state, settledAt] = skipped === null ? ['queued', null] : ['skipped', now];
  const added = toEditions(
    await session.query(
      `INSERT INTO sitrep.edition
         (id, brief, as_of, paper, parameters, part_of, origin, slot, reach, state, reason, requested_at, settled_at,
          correction)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
       ON CONFLICT DO NOTHING RETURNING ${editionColumns}`,
      [
        id,
        brief,
        asOf,
        paper,
        parameters,
        partOf,
        origin,
        slot,
        reach,
        state,
        skipped,
        now,
        settledAt,
        correction,
      ],
    ),
  );
  const isDue = added.length === 0 && origin === 'schedule' && skipped === null;
  const woken = isDue ? await takeOver(session, edition, now) : added;
  if (skipped === null) for (const record of woken) await wakeEdition(session, boss, record);
  return woken;
}

/**
 * An edition that somebody only looked at before it was due becomes that of the schedule: it is made once more, which
 * finds it unchanged, and then goes out. One that goes out already is left alone.
 */
async function takeOver(
  session: Session,
  { id, slot, reach }: NewEdition,
  now: Date,
): Promise<EditionRecord[]> {
  const taken = toEditions(
    await session.query(
      `UPDATE sitrep.edition SET origin = 'schedule', slot = $2, reach = $3, state = 'queued', reason = NULL,
         attempt = 0, job = NULL, settled_at = NULL
       WHERE id = $1 AND origin = 'request' AND reach <> 'all' RETURNING ${editionColumns}`,
      [id, slot, reach],
    ),
  );
  if (taken.length > 0) await endRun(session, id, { now, reason: 'It became due.' });
  return taken;
}

/** The run under way may settle nothing any more. */
const endRun = (session: Session, id: string, { now, reason }: { now: Date; reason: string | null }) =>
  session.query(
    `UPDATE sitrep.run SET outcome = 'cancelled', ended_at = $2, reason = $3
     WHERE edition = $1 AND outcome = 'running'`,
    [id, now, reason],
  );

/** Writes down what an edition comes to by `making`. */
async function settle(
  session: Session,
  boss: PgBoss,
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
      await session.query(
        `UPDATE sitrep.edition SET rendered_at = $2, folder = $3, sha256 = $4, pages = $5, card = $6, attempt = 0,
           state = $7, reason = $8, settled_at = $9, job = NULL, needs_approval = $10 WHERE id = $1`,
        [id, now, folder, sha256, pages, JSON.stringify(card), state, reason, settledAt, needsApproval],
      );
      // Made once more before anything went out: to whom is decided anew.
      await session.query(`DELETE FROM sitrep.delivery WHERE edition = $1 AND state = 'waiting'`, [id]);
      if (deliveries.length === 0) break;
      const waits = waitsForApproval({ ...edition, sha256, card, needsApproval });
      await insertDeliveries(session, boss, { edition: id, deliveries, now, waits });
      await closeEdition(session, id, now);
      break;
    }
    case 'fanned-out':
      for (const child of making.editions) await insert(session, boss, { edition: child, now });
      await moveTo('done', making.reason, now);
      break;
    case 'skipped':
    case 'held':
    case 'failed':
      await moveTo(making.outcome, making.reason, now);
      break;
    case 'given-back':
      await moveTo('queued', making.reason, null);
      await wakeEdition(session, boss, edition);
      break;
    case 'retried':
      await moveTo('queued', making.reason, null);
      await wakeEdition(session, boss, { ...edition, afterSeconds: making.afterSeconds });
      break;
  }
}

/** Gives an edition back whose process ended while making it, if `job` still holds it. */
export async function loseEdition(session: Session, { id, job }: { id: string; job: string }): Promise<void> {
  await session.query(
    `UPDATE sitrep.edition SET state = 'queued', job = NULL WHERE id = $1 AND state = 'rendering' AND job = $2`,
    [id, job],
  );
}
