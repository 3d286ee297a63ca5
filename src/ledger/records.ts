import { z } from 'zod';
import { day } from '../calendar.ts';
import { correction } from '../dataset/corrections.ts';
import { marking } from '../dataset/fields.ts';
import { hashOf } from '../hash.ts';
import { papers } from '../project/brief.ts';
import { channels } from '../project/target.ts';
import { highlights } from '../render/manifest.ts';

/** queued → rendering → delivering → done, or another end state. `rendered`: generated, with nothing to deliver. */
export const editionStates = [
  'queued',
  'rendering',
  'rendered',
  'delivering',
  'done',
  'held',
  'failed',
  'cancelled',
  'skipped',
] as const;
export type EditionState = (typeof editionStates)[number];

/** The reason of an edition or delivery that an operator put on hold. It has no fault and waits for a release. */
export const heldByOperator = 'An operator put it on hold.';

/** pending → sending → sent, or another end state. `waiting`: only approval makes it pending. */
export const deliveryStates = [
  'waiting',
  'pending',
  'sending',
  'sent',
  'bounced',
  'failed',
  'held',
  'cancelled',
] as const;
export type DeliveryState = (typeof deliveryStates)[number];

export type Recipients = ReturnType<typeof recipientsOf>;

/** How many recipients an edition has reached. Cancelled deliveries do not count. */
export function recipientsOf(tally: { readonly [state in DeliveryState]?: number }) {
  const sum = (...states: readonly DeliveryState[]) =>
    states.reduce((total, state) => total + (tally[state] ?? 0), 0);
  const received = sum('sent');
  const failed = sum('bounced', 'failed');
  // In progress, waiting for a retry or for approval, or on hold.
  const waiting = sum('waiting', 'pending', 'sending', 'held');
  return { total: received + failed + waiting, received, failed, waiting };
}

/** Which targets an edition is delivered to automatically: all, folders only, or none. */
const reaches = ['all', 'folders', 'none'] as const;
export type Reach = (typeof reaches)[number];

/** A date from the database or an ISO string from JSON. */
export const instant = z.coerce.date();

/** A requested edition. Brief, day, paper, parameters and revision are its identity; `id` combines all five. */
const newEdition = z.strictObject({
  id: z.string(),
  brief: z.string(),
  asOf: day,
  paper: z.enum(papers),
  parameters: z.record(z.string(), z.string()),
  /** The edition that fanned out into this one. */
  partOf: z.string().nullable(),
  origin: z.enum(['schedule', 'backfill', 'request', 'correction']),
  /** When the edition was due; null if it was requested. */
  slot: instant.nullable(),
  reach: z.enum(reaches),
  /** Null for the first issue. */
  correction: correction.nullable(),
});
export type NewEdition = z.output<typeof newEdition>;

/** What messages about an edition say, fixed when the edition is generated. */
const card = z.strictObject({
  title: z.string(),
  /** Number of the issue, such as `2021-W33`; empty for an alert. */
  issue: z.string(),
  marking,
  /** The bottom line, or the text of the notice. */
  paragraphs: z.array(z.string()),
  /** File name of the PDF in the edition's folder; null for a notice. */
  pdf: z.string().nullable(),
  /** What a revision corrects, one row each, in words for readers. */
  corrected: z.array(z.string()).default([]),
  /** Null for a notice, and for an edition of an earlier version. */
  highlights: highlights.nullable().default(null),
});
export type Card = z.output<typeof card>;

export const editionRecord = newEdition.extend({
  state: z.enum(editionStates),
  /** Why the edition is in its state, with every fault that blocks it. */
  reason: z.string().nullable(),
  /** How many attempts were started since the edition was last requested. */
  attempt: z.number().int(),
  requestedAt: instant,
  startedAt: instant.nullable(),
  renderedAt: instant.nullable(),
  settledAt: instant.nullable(),
  folder: z.string().nullable(),
  /** Hash of the PDF; null for a notice, which has none. */
  sha256: z.string().nullable(),
  pages: z.number().int().nullable(),
  card: card.nullable(),
  /** Whether its brief required approval when the edition was generated. */
  needsApproval: z.boolean(),
  /** Hash of the approved content (`hashToApprove`); null if nothing is approved now. */
  approvedSha256: z.string().nullable(),
});
export type EditionRecord = z.output<typeof editionRecord>;

/** What a delivery contains: the edition, a notice instead of it, or an alert to the operator. */
const contents = [
  'edition',
  'notice',
  'held',
  'failed',
  'late',
  'left-out',
  'undelivered',
  'approval',
] as const;
export type Content = (typeof contents)[number];
export const isForRecipients = (content: Content): content is 'edition' | 'notice' =>
  content === 'edition' || content === 'notice';

const newDelivery = z.strictObject({
  channel: z.enum(channels),
  address: z.string(),
  content: z.enum(contents),
  /** How many times an operator had it sent again. */
  copy: z.number().int(),
  /** The target as defined in the brief. */
  target: z.json(),
  /** The reason if it must not go out now. */
  heldBecause: z.string().nullable(),
});
export type NewDelivery = z.output<typeof newDelivery>;

/** A delivery as stored in the ledger: one edition to one target. */
export const deliveryRecord = newDelivery.omit({ heldBecause: true }).extend({
  id: z.string(),
  edition: z.string(),
  state: z.enum(deliveryStates),
  reason: z.string().nullable(),
  attempt: z.number().int(),
  /** How many times a process ended while sending it. */
  interruptions: z.number().int(),
  /** Whether an attempt ended with an unknown outcome: its process ended, or there was no answer. */
  mayHaveArrived: z.boolean(),
  createdAt: instant,
  sendingAt: instant.nullable(),
  settledAt: instant.nullable(),
  /** The first attempt since it was created or an operator had it sent again. The time limit starts here. */
  tryingSince: instant.nullable(),
  /** When it is retried; null unless it waits for a retry. */
  nextTryAt: instant.nullable(),
  /** Number of attempts with no answer on whether the message was accepted. Each may have left a copy. */
  unanswered: z.number().int(),
});
export type DeliveryRecord = z.output<typeof deliveryRecord>;

/** The condition of deliveries. Only failures leave out alerts to the operator. */
export const deliveryHealth = z.object({
  failed: z.coerce.number(),
  failedLately: z.coerce.number(),
  /** When the oldest delivery that waits to be sent was created. */
  oldestWaiting: instant.nullable(),
  /** Since when every mail attempt has failed; null while mail is accepted. */
  mailFailingSince: instant.nullable(),
});

/** One attempt to generate an edition. */
export const runRecord = z.strictObject({
  edition: z.string(),
  number: z.number().int(),
  startedAt: instant,
  endedAt: instant.nullable(),
  outcome: z.enum([
    'running',
    'made',
    'unchanged',
    'notice',
    'held',
    'failed',
    'retried',
    'given-back',
    'lost',
    'cancelled',
    'skipped',
    'fanned-out',
  ]),
  reason: z.string().nullable(),
});
export type RunRecord = z.output<typeof runRecord>;

/** Text that the database can store: PostgreSQL rejects zero bytes. */
export const storable = z.string().refine((text) => !text.includes('\0'), 'holds a zero byte');

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
export function hashToApprove(made: Made): string | null {
  if (made.card === null) return null;
  const { title, issue, marking: mark, paragraphs } = made.card;
  return made.sha256 ?? hashOf(JSON.stringify([title, issue, mark, ...paragraphs]));
}

/** Whether the edition's current content still needs approval before it can go out. */
export const waitsForApproval = ({
  needsApproval,
  approvedSha256,
  ...made
}: Made & Pick<EditionRecord, 'needsApproval' | 'approvedSha256'>): boolean =>
  needsApproval && (approvedSha256 === null || approvedSha256 !== hashToApprove(made));

export const waitReason = (edition: string): string => `It needs approval: “sitrep approve ${edition}”.`;

export const revisionOf = (edition: Pick<EditionRecord, 'correction'>): number =>
  edition.correction?.revision ?? 1;

/** Whether a revision replaces the earlier ones: it does unless cancelled, even before it is generated. */
export const wasIssued = ({ state }: EditionRecord): boolean => state !== 'cancelled';

/** The later revision that replaces or will replace an edition; undefined if there is none. */
export async function replacementOf(
  edition: EditionRecord,
  ledger: { revisions(id: string): Promise<EditionRecord[]> },
): Promise<EditionRecord | undefined> {
  const revisions = await ledger.revisions(edition.id);
  return revisions.findLast((each) => revisionOf(each) > revisionOf(edition) && wasIssued(each));
}

/** The result of checking one source of a dataset. */
export interface SourceCheck {
  readonly source: string;
  /** Why the source failed, for the operator; null if it answered, with new data or without. */
  readonly failure: string | null;
  /** After how many seconds a source that failed asks to be tried again. */
  readonly retryAfterSeconds?: number | undefined;
}

/** One refresh of a dataset's sources before slots. The editions of these slots wait until it has ended. */
export const refreshRecord = z.strictObject({
  id: z.string(),
  dataset: z.string(),
  /** The latest slot that was due when it was requested. */
  slot: instant,
  /** How many attempts were started. An attempt that was given back does not count. */
  attempt: z.number().int(),
  startedAt: instant.nullable(),
});
export type RefreshRecord = z.output<typeof refreshRecord>;

/** What the refreshes of the service found out about one source. */
export const sourceState = z.strictObject({
  dataset: z.string(),
  source: z.string(),
  lastSuccess: instant.nullable(),
  /** Since when every check has failed; null while the source answers. */
  failingSince: instant.nullable(),
  /** When the source answered again for the first time after its last failure; null while it fails. */
  recoveredAt: instant.nullable(),
  /** Why the last check failed; null if it did not. */
  failure: z.string().nullable(),
});
export type SourceState = z.output<typeof sourceState>;

/** The outcome of one attempt to refresh a dataset. */
export type Refreshed =
  /** `checks` has every source of the dataset; null if none could be checked, for example because of its settings. */
  | { readonly outcome: 'ended'; readonly checks: readonly SourceCheck[] | null }
  | { readonly outcome: 'retried'; readonly afterSeconds: number }
  | { readonly outcome: 'given-back' };
