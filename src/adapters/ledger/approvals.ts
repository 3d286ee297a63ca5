import type { PgBoss } from 'pg-boss';
import { z } from 'zod';
import { hashToApprove, waitReason } from '../../model/approval.ts';
import type { Ledger } from '../../runtime/ledger.ts';
import type { Database } from './database.ts';
import { sendJobs } from './jobs.ts';
import { approvalColumns, editionColumns, toApprovals, toEditions } from './rows.ts';

/** Who approved what, and what follows from it. */
export function approvalCalls(database: Database, boss: PgBoss): Pick<Ledger, 'decide' | 'approvals'> {
  return {
    decide: (id, { decision, sha256, user, namedBy, claimedName, now }) =>
      database.transaction(async (session) => {
        // Locked: what a worker finds wanting at this moment, it settles before or after, and never past this.
        const [edition] = toEditions(
          await session.query(`SELECT ${editionColumns} FROM sitrep.edition WHERE id = $1 FOR UPDATE`, [id]),
        );
        const isMade =
          edition?.state === 'delivering' || edition?.state === 'done' || edition?.state === 'rendered';
        if (!edition || !isMade || hashToApprove(edition) !== sha256) return undefined;
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
