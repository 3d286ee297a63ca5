import type { PgBoss } from 'pg-boss';
import { z } from 'zod';
import { hashToApprove, waitReason } from '../approval.ts';
import type { Database, Session } from './database.ts';
import type { EditionRecord } from '../edition.ts';
import { sendJobs } from './jobs.ts';
import { approvalColumns, editionColumns, toApprovals, toEditions } from './rows.ts';
import type { Decision, Ledger } from '../types.ts';

/** Records approvals and releases or blocks the deliveries that depend on them. */
export function approvalCalls(database: Database, boss: PgBoss): Pick<Ledger, 'decide' | 'approvals'> {
  return {
    decide: (editions, decision) =>
      database.transaction(async (session) => {
        // The lock keeps a worker's result from being stored in the middle of a decision. Rows are locked in order, so
        // that two decisions on the same editions cannot deadlock.
        const locked = toEditions(
          await session.query(
            `SELECT ${editionColumns} FROM sitrep.edition WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE`,
            [editions.map(({ id }) => id)],
          ),
        );
        const found = new Map(locked.map((edition) => [edition.id, edition]));
        const outdated = editions.filter(({ id, sha256 }) => !isAsSeen(found.get(id), sha256));
        if (outdated.length > 0) return { outdated: outdated.map(({ id }) => id) };
        const moved: string[] = [];
        for (const { id, sha256 } of editions)
          moved.push(id, ...(await decideOn(id, { session, boss, sha256, decision })));
        return { moved };
      }),

    approvals: async (edition) =>
      toApprovals(
        await database.query(
          `SELECT ${approvalColumns} FROM sitrep.approval WHERE edition = $1 ORDER BY number DESC`,
          [edition],
        ),
      ),
  };
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
     WHERE edition = $1 AND state = $4 AND content IN ('edition', 'notice') RETURNING id`,
    approved ? [id, 'pending', null, 'waiting'] : [id, 'waiting', waitReason(id), 'pending'],
  );
  const jobs = z.array(z.object({ id: z.string() })).parse(moved);
  if (approved) await sendJobs(boss, session, { queue: 'delivery', jobs });
  return jobs.map((job) => job.id);
}
