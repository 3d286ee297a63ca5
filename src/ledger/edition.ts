import { z } from 'zod';
import { day } from '../calendar.ts';
import { correction } from '../dataset/corrections.ts';
import { marking } from '../dataset/fields.ts';
import { papers } from '../project/brief.ts';
import { channels } from '../project/target.ts';

/** queued → rendering → delivering → done, or it ends otherwise; `rendered` is made, and nothing is to be delivered. */
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

/** Why an edition or delivery is held that nothing is wrong with: it stays so until the operator releases it. */
export const heldByOperator = 'Held by the operator.';

/** pending → sending → sent, or it ends otherwise; `waiting` is for approval, which alone makes it pending. */
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

/** How many recipients an edition has reached. Cancelled deliveries count as none. */
export interface Recipients {
  readonly total: number;
  readonly received: number;
  readonly failed: number;
  /** On their way, waiting for another try or for approval, or on hold. */
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

/** What goes out of an edition by itself: to all targets, to folders alone, or nowhere. */
const reaches = ['all', 'folders', 'none'] as const;
export type Reach = (typeof reaches)[number];

/** As the database gives it, or as JSON has it. */
export const instant = z.coerce.date();

/** An edition that is asked for. Brief, day, paper, parameters and revision are its identity, and `id` names the five. */
const newEdition = z.strictObject({
  id: z.string(),
  brief: z.string(),
  asOf: day,
  paper: z.enum(papers),
  parameters: z.record(z.string(), z.string()),
  /** The edition that fanned out into this one. */
  partOf: z.string().nullable(),
  origin: z.enum(['schedule', 'backfill', 'request', 'correction']),
  /** When it was due; null for one that was asked for. */
  slot: instant.nullable(),
  reach: z.enum(reaches),
  /** Null for an edition as it is first issued. */
  correction: correction.nullable(),
});
export type NewEdition = z.output<typeof newEdition>;

/** What messages about an edition say of it, as it was when it was made. */
const card = z.strictObject({
  title: z.string(),
  issue: z.string(),
  marking,
  /** The bottom line, or the notice in its place. */
  paragraphs: z.array(z.string()),
  /** File name of the PDF in the edition's folder; null for a notice. */
  pdf: z.string().nullable(),
  /** What a revision corrects, a row each, as a reader is told. */
  corrected: z.array(z.string()).default([]),
});
export type Card = z.output<typeof card>;

/** An edition as the ledger keeps it. */
export const editionRecord = newEdition.extend({
  state: z.enum(editionStates),
  /** Why it is in its state, with every fault that holds it. */
  reason: z.string().nullable(),
  /** Times that it was begun since it was asked for, or asked for again. */
  attempt: z.number().int(),
  requestedAt: instant,
  startedAt: instant.nullable(),
  renderedAt: instant.nullable(),
  settledAt: instant.nullable(),
  folder: z.string().nullable(),
  /** Of the PDF; null for a notice, which has none. */
  sha256: z.string().nullable(),
  pages: z.number().int().nullable(),
  card: card.nullable(),
  /** What its brief said of approval when it was made. */
  needsApproval: z.boolean(),
  /** What is approved as things are, by its hash (`hashToApprove`). */
  approvedSha256: z.string().nullable(),
});
export type EditionRecord = z.output<typeof editionRecord>;

/** What a delivery carries: the edition, a notice in its place, or word to the operator. */
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
/** Whether it goes to recipients, and not to the operator. */
export const isForRecipients = (content: Content): content is 'edition' | 'notice' =>
  content === 'edition' || content === 'notice';

const newDelivery = z.strictObject({
  channel: z.enum(channels),
  address: z.string(),
  content: z.enum(contents),
  /** Counts the times that an operator had it sent again. */
  copy: z.number().int(),
  /** The target as the brief defines it. */
  target: z.json(),
  /** Set where it must not go out as things are. */
  heldBecause: z.string().nullable(),
});
export type NewDelivery = z.output<typeof newDelivery>;

/** A delivery as the ledger keeps it: one edition to one target. */
export const deliveryRecord = newDelivery.omit({ heldBecause: true }).extend({
  id: z.string(),
  edition: z.string(),
  state: z.enum(deliveryStates),
  reason: z.string().nullable(),
  attempt: z.number().int(),
  /** Times that its process ended while it was being sent. */
  interruptions: z.number().int(),
  /** Whether an attempt ended so that nobody knows whether it arrived: its process ended, or there was no answer. */
  mayHaveArrived: z.boolean(),
  createdAt: instant,
  sendingAt: instant.nullable(),
  settledAt: instant.nullable(),
  /** The first try since it was created, or since an operator had it sent again: the time limit counts from here. */
  tryingSince: instant.nullable(),
  /** When it is tried again; null unless it waits for another try. */
  nextTryAt: instant.nullable(),
  /** Tries after which nobody answered whether the message was accepted. Each may have left a copy. */
  unanswered: z.number().int(),
});
export type DeliveryRecord = z.output<typeof deliveryRecord>;

/** One attempt at an edition. */
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

/** A text that a database takes: PostgreSQL knows no zero byte. */
export const storable = z.string().refine((text) => !text.includes('\0'), 'holds a zero byte');
