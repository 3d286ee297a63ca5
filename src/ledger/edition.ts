import { z } from 'zod';
import { day } from '../calendar.ts';
import { correction } from '../dataset/corrections.ts';
import { marking } from '../dataset/fields.ts';
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

/** How many recipients an edition has reached. Cancelled deliveries do not count. */
export interface Recipients {
  readonly total: number;
  readonly received: number;
  readonly failed: number;
  /** In progress, waiting for a retry or for approval, or on hold. */
  readonly waiting: number;
}

export function recipientsOf(tally: { readonly [state in DeliveryState]?: number }): Recipients {
  const sum = (...states: readonly DeliveryState[]) =>
    states.reduce((total, state) => total + (tally[state] ?? 0), 0);
  const received = sum('sent');
  const failed = sum('bounced', 'failed');
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

/** An edition as stored in the ledger. */
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
/** Whether it goes to recipients rather than to the operator. */
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
