import { z } from 'zod';
import { hashOf } from '../hash.ts';
import { type EditionRecord, instant } from './edition.ts';

/** A single line, for display in terminals. */
export const personName = z
  .string()
  .trim()
  .regex(/^[^\p{Cc}]{1,100}$/u, 'is not a name of up to 100 letters');

/** The person who decides. `user` is authenticated; `claimedName` is a name that this user gives. */
const approver = z.strictObject({
  user: z.string().min(1),
  /** What authenticated the user: the operating system for a command, the server for a logged-in caller. */
  namedBy: z.enum(['system', 'server']),
  claimedName: personName.nullable(),
});

/** One decision on an edition. A later decision adds a record and never changes an earlier one. */
export const approvalRecord = approver.extend({
  edition: z.string(),
  /** From 1, in the order of the decisions. */
  number: z.number().int(),
  decision: z.enum(['approved', 'disapproved']),
  /** Hash of the content that was decided on: see `hashToApprove`. */
  sha256: z.string(),
  decidedAt: instant,
});
export type ApprovalRecord = z.output<typeof approvalRecord>;

type Made = Pick<EditionRecord, 'sha256' | 'card'>;

/** Hash of the content to approve: the PDF, or the text of a notice. Null if the edition was never generated. */
export function hashToApprove({ sha256, card }: Made): string | null {
  if (card === null) return null;
  const { title, issue, marking, paragraphs } = card;
  return sha256 ?? hashOf(JSON.stringify([title, issue, marking, ...paragraphs]));
}

/** Whether the edition's current content still needs approval before it can go out. */
export const waitsForApproval = ({
  needsApproval,
  approvedSha256,
  ...made
}: Made & Pick<EditionRecord, 'needsApproval' | 'approvedSha256'>): boolean =>
  needsApproval && (approvedSha256 === null || approvedSha256 !== hashToApprove(made));

export const waitReason = (edition: string): string => `It needs approval: “sitrep approve ${edition}”.`;
