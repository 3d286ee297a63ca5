import { createHash } from 'node:crypto';
import { z } from 'zod';
import { approvalRecord, type ApprovalRecord } from '../../model/approval.ts';
import {
  deliveryRecord,
  editionRecord,
  runRecord,
  type DeliveryRecord,
  type EditionRecord,
  type NewDelivery,
  type RunRecord,
} from '../../model/edition.ts';

/** Columns under the names of the model. */
export const editionColumns = `id, brief, as_of AS "asOf", paper, parameters, part_of AS "partOf", origin, slot, reach, state,
  reason, attempt, requested_at AS "requestedAt", started_at AS "startedAt", rendered_at AS "renderedAt",
  settled_at AS "settledAt", folder, sha256, pages, card, correction, needs_approval AS "needsApproval",
  approved_sha256 AS "approvedSha256"`;
export const deliveryColumns = `id, edition, channel, address, content, copy, target, state, reason, attempt, interruptions,
  may_have_arrived AS "mayHaveArrived", created_at AS "createdAt", sending_at AS "sendingAt", settled_at AS "settledAt",
  trying_since AS "tryingSince", next_try_at AS "nextTryAt", unanswered`;
export const approvalColumns = `edition, number, decision, sha256, user_name AS "user", named_by AS "namedBy", claimed_name AS "claimedName",
  decided_at AS "decidedAt"`;
export const runColumns = `edition, number, started_at AS "startedAt", ended_at AS "endedAt", outcome, reason`;

export const toEditions = (rows: unknown[]): EditionRecord[] => z.array(editionRecord).parse(rows);
export const toDeliveries = (rows: unknown[]): DeliveryRecord[] => z.array(deliveryRecord).parse(rows);
export const toApprovals = (rows: unknown[]): ApprovalRecord[] => z.array(approvalRecord).parse(rows);
export const toRuns = (rows: unknown[]): RunRecord[] => z.array(runRecord).parse(rows);

/** Names a delivery for ever, and does not tell its address: a function of what it is. */
export function deliveryId(
  edition: string,
  { channel, address, content, copy }: Pick<NewDelivery, 'channel' | 'address' | 'content' | 'copy'>,
): string {
  return createHash('sha256')
    .update(JSON.stringify([edition, channel, address, content, copy]))
    .digest('hex')
    .slice(0, 32);
}
