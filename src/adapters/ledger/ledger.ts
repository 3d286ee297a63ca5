import type { PgBoss } from 'pg-boss';
import { z } from 'zod';
import type { EditionRecord, NewDelivery, NewEdition } from '../../model/edition.ts';
import { target } from '../../model/target.ts';
import type { Claim, Filter, Ledger } from '../../runtime/ledger.ts';
import type { Database, Session } from './database.ts';
import { isAlive, sendJob, takeJobs } from './jobs.ts';
import {
  deliveryColumns,
  deliveryId,
  editionColumns,
  runColumns,
  toDeliveries,
  toEditions,
  toRuns,
} from './rows.ts';

/** An edition that was begun this often and never ended takes its process down with it. */
const MOST_LOST = 20;
const open = { edition: `('queued', 'rendering')`, delivery: `('pending', 'sending')` };
const idRows = z.array(z.object({ id: z.string() }));

/** The ledger in a database that is migrated, with a queue that is started. */
export function openLedger(database: Database, boss: PgBoss): Ledger {
  const one = <T>(rows: readonly T[]): T | undefined => rows[0];

  /** Adds an edition, with its job when it is to be made; undefined when it exists. */
  const insert = async (
    session: Session,
    edition: NewEdition,
    { now, skipped = null }: { now: Date; skipped?: string | null },
  ): Promise<EditionRecord | undefined> => {
    const { id, brief, asOf, paper, parameters, partOf, origin, slot, reach } = edition;
    const added = one(
      toEditions(
        await session.query(
          `INSERT INTO sitrep.edition
             (id, brief, as_of, paper, parameters, part_of, origin, slot, reach, state, reason, requested_at, settled_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
           ON CONFLICT DO NOTHING RETURNING ${editionColumns}`,
          [
            id,
            brief,
            asOf,
            paper,
            JSON.stringify(parameters),
            partOf,
            origin,
            slot,
            reach,
            skipped === null ? 'queued' : 'skipped',
            skipped,
            now,
            skipped === null ? null : now,
          ],
        ),
      ),
    );
    if (added && skipped === null) await wake(session, added);
    return added;
  };

  /** Older periods first. */
  const wake = (session: Session, { id, asOf }: EditionRecord, afterSeconds = 0): Promise<void> =>
    sendJob(boss, session, {
      queue: 'edition',
      id,
      priority: -Math.floor(Date.parse(asOf) / 86_400_000),
      ...(afterSeconds > 0 && { startAfter: afterSeconds }),
    });

  const addDeliveries = async (
    session: Session,
    edition: string,
    { deliveries, now }: { deliveries: readonly NewDelivery[]; now: Date },
  ): Promise<string[]> => {
    const added: string[] = [];
    for (const delivery of deliveries) {
      const { channel, address, content, copy, heldBecause } = delivery;
      const id = deliveryId(edition, delivery);
      const rows = await session.query(
        `INSERT INTO sitrep.delivery
           (id, edition, channel, address, content, copy, target, state, reason, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id`,
        [
          id,
          edition,
          channel,
          address,
          content,
          copy,
          JSON.stringify(delivery.target),
          heldBecause === null ? 'pending' : 'held',
          heldBecause,
          now,
        ],
      );
      if (rows.length === 0) continue;
      added.push(id);
      if (heldBecause === null) await sendJob(boss, session, { queue: 'delivery', id });
    }
    return added;
  };

  /** An edition is done when nothing of it is on its way any more; what is held waits for an operator. */
  const closeEdition = async (session: Session, id: string, now: Date): Promise<void> => {
    // Locked first: two deliveries that end at once must not each take the other for open.
    await session.query('SELECT 1 FROM sitrep.edition WHERE id = $1 FOR UPDATE', [id]);
    await session.query(
      `UPDATE sitrep.edition SET state = 'done', settled_at = $2
       WHERE id = $1 AND state = 'delivering' AND NOT EXISTS (
         SELECT 1 FROM sitrep.delivery
         WHERE edition = $1 AND content IN ('edition', 'notice') AND state IN ('pending', 'sending', 'held'))`,
      [id, now],
    );
  };

  const list = (table: string, columns: string, order: string) => (filter: Filter) => {
    const where = [
      ['brief', table === 'edition' ? 'brief' : `(SELECT brief FROM sitrep.edition e WHERE e.id = edition)`],
      ['state', table === 'run' ? 'outcome' : 'state'],
      ['edition', table === 'edition' ? 'id' : 'edition'],
    ] as const;
    const given = where.flatMap(([key, column]) =>
      filter[key] === undefined ? [] : [[column, filter[key]] as const],
    );
    return database.query(
      `SELECT ${columns} FROM sitrep.${table}
       ${given.length > 0 ? 'WHERE' : ''} ${given.map(([column], index) => `${column} = $${index + 1}`).join(' AND ')}
       ORDER BY ${order} LIMIT ${filter.limit ?? 1000}`,
      given.map(([, value]) => value),
    );
  };
  const listEditions = list('edition', editionColumns, 'as_of DESC, id');
  const listRuns = list('run', runColumns, 'started_at DESC, edition, number DESC');
  const listDeliveries = list('delivery', deliveryColumns, 'created_at DESC, edition, id');

  const ledger: Ledger = {
    openSlots: (brief, { now, plan }) =>
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
          added.push(...[(await insert(session, edition, { now, skipped: reason })) ?? []].flat());
        for (const edition of opening.due)
          added.push(...[(await insert(session, edition, { now })) ?? []].flat());
        await session.query('UPDATE sitrep.cursor SET slot = $2 WHERE brief = $1', [brief, opening.cursor]);
        return added;
      }),

    request: (editions, now) =>
      database.transaction(async (session) => {
        const added: string[] = [];
        for (const edition of editions) {
          const record = await insert(session, edition, { now });
          if (record) added.push(record.id);
        }
        return added;
      }),

    claimEdition: (id, { job, now }) =>
      database.transaction(async (session): Promise<Claim | undefined> => {
        const edition = one(
          toEditions(
            await session.query(
              `UPDATE sitrep.edition SET state = 'rendering', job = $2, attempt = attempt + 1, started_at = $3, reason = NULL
               WHERE id = $1 AND (state = 'queued' OR (state = 'rendering' AND job = $2)) RETURNING ${editionColumns}`,
              [id, job, now],
            ),
          ),
        );
        if (!edition) return undefined;
        await session.query(
          `UPDATE sitrep.run SET outcome = 'lost', ended_at = $2, reason = 'The process ended during the run.'
           WHERE edition = $1 AND outcome = 'running'`,
          [id, now],
        );
        const rows = await session.query(
          `INSERT INTO sitrep.run SELECT $1, coalesce(max(number), 0) + 1, $2, NULL, 'running', NULL
           FROM sitrep.run WHERE edition = $1 RETURNING ${runColumns}`,
          [id, now],
        );
        const run = toRuns(rows)[0]?.number ?? 0;
        if (edition.attempt <= MOST_LOST) return { edition, run };
        const reason = `It was begun ${MOST_LOST} times and never ended: it may take too much memory.`;
        await session.query(
          `UPDATE sitrep.edition SET state = 'failed', reason = $2, settled_at = $3 WHERE id = $1`,
          [id, reason, now],
        );
        await session.query(
          `UPDATE sitrep.run SET outcome = 'failed', ended_at = $3, reason = $4 WHERE edition = $1 AND number = $2`,
          [id, run, now, reason],
        );
        return undefined;
      }),

    settleEdition: ({ edition: { id, attempt }, run }, making, { now, alert }) =>
      database.transaction(async (session) => {
        const current = one(
          toEditions(
            await session.query(`SELECT ${editionColumns} FROM sitrep.edition WHERE id = $1 FOR UPDATE`, [
              id,
            ]),
          ),
        );
        // Cancelled meanwhile, or taken over by another process that thought this one gone.
        if (current?.state !== 'rendering' || current.attempt !== attempt) return false;
        await session.query(
          `UPDATE sitrep.run SET outcome = $3, ended_at = $4, reason = $5 WHERE edition = $1 AND number = $2`,
          [id, run, making.outcome, now, 'reason' in making ? making.reason : null],
        );
        const settle = (state: string, reason: string | null, settledAt: Date | null) =>
          session.query(
            'UPDATE sitrep.edition SET state = $2, reason = $3, settled_at = $4, job = NULL WHERE id = $1',
            [id, state, reason, settledAt],
          );
        switch (making.outcome) {
          case 'made':
          case 'unchanged':
          case 'notice':
            await session.query(
              `UPDATE sitrep.edition SET rendered_at = $2, folder = $3, sha256 = $4, pages = $5, card = $6, attempt = 0 WHERE id = $1`,
              [id, now, making.folder, making.sha256, making.pages, JSON.stringify(making.card)],
            );
            await settle(
              making.deliveries.length > 0 ? 'delivering' : 'rendered',
              making.outcome === 'notice' ? 'Nothing is new: a notice goes out in its place.' : null,
              making.deliveries.length > 0 ? null : now,
            );
            await addDeliveries(session, id, { deliveries: making.deliveries, now });
            await closeEdition(session, id, now);
            break;
          case 'fanned-out':
            for (const child of making.editions) await insert(session, child, { now });
            await settle('done', making.reason, now);
            break;
          case 'skipped':
          case 'held':
          case 'failed':
            await settle(making.outcome, making.reason, now);
            break;
          case 'retried':
            await settle('queued', making.reason, null);
            await wake(session, current, making.afterSeconds);
            break;
        }
        if (alert) await addDeliveries(session, id, { deliveries: [alert], now });
        return true;
      }),

    claimDelivery: (id, { job, now }) =>
      database.transaction(async (session) => {
        const [before] = toDeliveries(
          await session.query(
            `SELECT ${deliveryColumns} FROM sitrep.delivery
             WHERE id = $1 AND (state = 'pending' OR (state = 'sending' AND job = $2)) FOR UPDATE`,
            [id, job],
          ),
        );
        if (!before) return undefined;
        if (before.state === 'sending' && isHeldAfterCrash(before.target)) {
          await interrupt(session, before.id);
          return undefined;
        }
        const [delivery] = toDeliveries(
          await session.query(
            `UPDATE sitrep.delivery SET state = 'sending', job = $2, attempt = attempt + 1, sending_at = $3 WHERE id = $1
             RETURNING ${deliveryColumns}`,
            [id, job, now],
          ),
        );
        const [edition] = toEditions(
          await session.query(`SELECT ${editionColumns} FROM sitrep.edition WHERE id = $1`, [before.edition]),
        );
        return delivery && edition && { delivery, edition };
      }),

    settleDelivery: ({ id, edition, attempt }, settlement, { now, alert }) =>
      database.transaction(async (session) => {
        const retried = settlement.state === 'retried';
        const settled = await session.query(
          `UPDATE sitrep.delivery SET state = $3, reason = $4, settled_at = $5, job = NULL
           WHERE id = $1 AND state = 'sending' AND attempt = $2 RETURNING id`,
          [id, attempt, retried ? 'pending' : settlement.state, settlement.reason, retried ? null : now],
        );
        if (settled.length === 0) return false;
        if (retried)
          await sendJob(boss, session, { queue: 'delivery', id, startAfter: settlement.afterSeconds });
        else await closeEdition(session, edition, now);
        if (alert) await addDeliveries(session, edition, { deliveries: [alert], now });
        return true;
      }),

    addDeliveries: (edition, deliveries, now) =>
      database.transaction((session) => addDeliveries(session, edition, { deliveries, now })),

    edition: async (id) => one(toEditions(await listEditions({ edition: id }))),
    editions: async (filter) => toEditions(await listEditions(filter)),
    runs: async (filter) => toRuns(await listRuns(filter)),
    deliveries: async (filter) => toDeliveries(await listDeliveries(filter)),
    cursors: async () =>
      z
        .array(z.object({ brief: z.string(), slot: z.date() }))
        .parse(await database.query('SELECT brief, slot FROM sitrep.cursor ORDER BY brief')),

    async counts() {
      const byState = async (table: string) =>
        Object.fromEntries(
          z
            .array(z.object({ state: z.string(), count: z.coerce.number() }))
            .parse(await database.query(`SELECT state, count(*) FROM sitrep.${table} GROUP BY state`))
            .map(({ state, count }) => [state, count]),
        );
      const [oldest] = await database.query(
        `SELECT min(coalesce(slot, requested_at)) AS at FROM sitrep.edition
         WHERE state IN ('queued', 'rendering', 'delivering') AND origin = 'schedule'`,
      );
      return {
        editions: await byState('edition'),
        deliveries: await byState('delivery'),
        oldestOpen: z.object({ at: z.date().nullable() }).parse(oldest).at,
      };
    },

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
        if (moved?.state === 'queued') await wake(session, moved);
        return moved !== undefined;
      }),

    moveDelivery: (id, { from, to, reason, now }) =>
      database.transaction(async (session) => {
        const [moved] = toDeliveries(
          await session.query(
            `UPDATE sitrep.delivery SET state = $2, reason = $3, job = NULL, attempt = 0,
               settled_at = CASE WHEN $2 = 'pending' THEN NULL ELSE $4::timestamptz END
             WHERE id = $1 AND state = ANY($5::text[]) RETURNING ${deliveryColumns}`,
            [id, to, reason, now, [...from]],
          ),
        );
        if (!moved) return false;
        if (to === 'pending') {
          await session.query(
            `UPDATE sitrep.edition SET state = 'delivering', settled_at = NULL WHERE id = $1 AND state = 'done' AND $2`,
            [moved.edition, moved.content === 'edition' || moved.content === 'notice'],
          );
          await sendJob(boss, session, { queue: 'delivery', id });
        }
        await closeEdition(session, moved.edition, now);
        return true;
      }),

    removeEditions: (before) =>
      database.transaction(async (session) =>
        toEditions(
          await session.query(
            `DELETE FROM sitrep.edition e WHERE settled_at < $1 AND state NOT IN ${open.edition}
               AND NOT EXISTS (SELECT 1 FROM sitrep.edition child WHERE child.part_of = e.id)
             RETURNING ${editionColumns}`,
            [before],
          ),
        ),
      ),
    forgetAddresses: async (before) =>
      (
        await database.query(
          `UPDATE sitrep.delivery SET address = 'forgotten:' || left(encode(sha256(address::bytea), 'hex'), 16),
             target = '{}'
           WHERE settled_at < $1 AND state NOT IN ${open.delivery} AND state <> 'held' AND address NOT LIKE 'forgotten:%'
           RETURNING id`,
          [before],
        )
      ).length,

    async reconcile() {
      let mended = 0;
      for (const queue of ['edition', 'delivery'] as const) {
        const stuck = z
          .array(z.object({ id: z.string(), job: z.string() }))
          .parse(
            await database.query(`SELECT id, job FROM sitrep.${queue} WHERE state = $1 AND job IS NOT NULL`, [
              queue === 'edition' ? 'rendering' : 'sending',
            ]),
          );
        for (const { id, job } of stuck) {
          if (await isAlive(boss, { queue, job })) continue;
          mended += 1;
          await database.transaction((session) =>
            queue === 'edition' ? lose(session, id) : interrupt(session, id),
          );
        }
        const waiting = idRows.parse(
          await database.query(`SELECT id FROM sitrep.${queue} WHERE state = $1`, [
            queue === 'edition' ? 'queued' : 'pending',
          ]),
        );
        for (const { id } of waiting) {
          const jobs = await boss.findJobs(queue, { key: id });
          if (jobs.some(({ state }) => state === 'created' || state === 'retry' || state === 'active'))
            continue;
          mended += 1;
          await sendJob(boss, database, { queue, id });
        }
      }
      return mended;
    },

    work: (handlers) => takeJobs(boss, handlers),

    async [Symbol.asyncDispose]() {
      await boss.stop({ graceful: true, close: true, timeout: 20_000 });
      await database[Symbol.asyncDispose]();
    },
  };
  return ledger;
}

/** Gives an edition back whose process ended while making it. */
async function lose(session: Session, id: string): Promise<void> {
  await session.query(
    `UPDATE sitrep.edition SET state = 'queued', job = NULL WHERE id = $1 AND state = 'rendering'`,
    [id],
  );
}

/**
 * A delivery that was being sent when its process ended may have arrived. It is sent again with the same id, or held for
 * the operator, as its target says.
 */
async function interrupt(session: Session, id: string): Promise<void> {
  await session.query(
    `UPDATE sitrep.delivery SET job = NULL,
       state = CASE WHEN target->>'afterCrash' = 'hold' THEN 'held' ELSE 'pending' END,
       reason = CASE WHEN target->>'afterCrash' = 'hold'
         THEN 'The process ended while it was being sent: it may have arrived. Release it to send it again.'
         ELSE 'The process ended while it was being sent.' END
     WHERE id = $1 AND state = 'sending'`,
    [id],
  );
}

const isHeldAfterCrash = (value: unknown): boolean => {
  const parsed = target.safeParse(value);
  return parsed.success && 'email' in parsed.data && parsed.data.afterCrash === 'hold';
};

/**
 * Gives back whatever was in hand when the process that held an embedded ledger ended: the lock proves that it is gone.
 */
export async function recover(database: Database, boss: PgBoss): Promise<void> {
  for (const name of ['edition', 'delivery'] as const) await boss.deleteAllJobs(name);
  await database.transaction(async (session) => {
    const lost = idRows.parse(await session.query(`SELECT id FROM sitrep.edition WHERE state = 'rendering'`));
    for (const { id } of lost) await lose(session, id);
    const sending = idRows.parse(
      await session.query(`SELECT id FROM sitrep.delivery WHERE state = 'sending'`),
    );
    for (const { id } of sending) await interrupt(session, id);
  });
}
