import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type ApprovalRecord, approvalRecord } from '../approval.ts';
import {
  type DeliveryRecord,
  deliveryRecord,
  type EditionRecord,
  editionRecord,
  type NewDelivery,
  type RunRecord,
  runRecord,
} from '../edition.ts';
import type { Visibility } from '../types.ts';

/** The table's columns, named as in the model. */
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

/** SQL condition: the edition is not generated before a refresh of its dataset has ended. */
export const waitsForRefresh = `EXISTS (SELECT 1 FROM sitrep.refresh
  WHERE refresh.id = edition.refresh AND refresh.state <> 'ended')`;

/** The permanent id of a delivery: a hash of its identity that does not reveal the address. */
export function deliveryId(
  edition: string,
  { channel, address, content, copy }: Pick<NewDelivery, 'channel' | 'address' | 'content' | 'copy'>,
): string {
  return createHash('sha256')
    .update(JSON.stringify([edition, channel, address, content, copy]))
    .digest('hex')
    .slice(0, 32);
}

/** A query condition with its values. Each `$?` stands for the next value. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/**
 * Whether a caller may see an edition. Its marking at the time of generation counts. In any other state the brief
 * counts too, because the card may come from an earlier run, and the reasons from a later one.
 */
export const visible = ({ markings, briefs }: Visibility): Condition => ({
  sql: `(card->>'marking' IS NULL OR card->>'marking' = ANY($?::text[]))
    AND ((card->>'marking' IS NOT NULL AND state IN ('rendered', 'delivering', 'done')) OR brief = ANY($?::text[]))`,
  values: [[...markings], [...briefs]],
});

/** The same for a table whose column `edition` contains the edition's id. */
export function visibleOf(visibility: Visibility): Condition {
  const { sql, values } = visible(visibility);
  return { sql: `edition IN (SELECT id FROM sitrep.edition WHERE ${sql})`, values };
}

/** Joins the conditions and numbers their values. */
export function where(conditions: readonly (Condition | undefined)[]): Condition {
  const given = conditions.filter((condition) => condition !== undefined);
  let number = 0;
  const sql = given.map((each) => `(${each.sql.replaceAll('$?', () => `$${(number += 1)}`)})`).join(' AND ');
  return { sql: sql === '' ? '' : `WHERE ${sql}`, values: given.flatMap(({ values }) => values) };
}

/** A condition that applies only if there is a value to compare with. */
export const given = (sql: string, ...values: readonly unknown[]): Condition | undefined =>
  values.every((value) => value !== undefined) ? { sql, values } : undefined;
