import { z } from 'zod';
import { hashOf } from '../hash.ts';
import { type EditionRecord, instant } from './edition.ts';

/** On one line, as it is shown in terminals. */
export const personName = z
  .string()
  .trim()
  .regex(/^[^\p{Cc}]{1,100}$/u, 'is not a name of up to 100 letters');

/** Who decides. The system names the user of the process that asks; any other name is what that user claims. */
const approver = z.strictObject({
  user: z.string().min(1),
  /** Who says that it is this user: the system, of a command; the server, of whoever it let in. */
  namedBy: z.enum(['system', 'server']),
  claimedName: personName.nullable(),
});

/** One decision on an edition, kept as it was taken: a later one does not change it. */
export const approvalRecord = approver.extend({
  edition: z.string(),
  /** From 1, in the order in which they were taken. */
  number: z.number().int(),
  decision: z.enum(['approved', 'disapproved']),
  /** What was looked at: see `hashToApprove`. */
  sha256: z.string(),
  decidedAt: instant,
});
export type ApprovalRecord = z.output<typeof approvalRecord>;

type Made = Pick<EditionRecord, 'sha256' | 'card'>;

/** What is approved: the bytes of the PDF, or the words of a notice, which has none. Null for what was never made. */
export function hashToApprove({ sha256, card }: Made): string | null {
  if (card === null) return null;
  const { title, issue, marking, paragraphs } = card;
  return sha256 ?? hashOf(JSON.stringify([title, issue, marking, ...paragraphs]));
}

/** Whether nothing of an edition may go out as things are. */
export const waitsForApproval = ({
  needsApproval,
  approvedSha256,
  ...made
}: Made & Pick<EditionRecord, 'needsApproval' | 'approvedSha256'>): boolean =>
  needsApproval && (approvedSha256 === null || approvedSha256 !== hashToApprove(made));

export const waitReason = (edition: string): string => `It waits for approval: "sitrep approve ${edition}".`;
