import { z } from 'zod';
import { tokenRecord } from './principal.ts';
import {
  approvalRecord,
  deliveryRecord,
  deliveryStates,
  editionRecord,
  editionStates,
  instant,
  runRecord,
} from './records.ts';
import { day } from '../calendar.ts';
import { marking } from '../dataset/fields.ts';
import { fault } from '../errors.ts';
import { papers } from '../project/brief.ts';
import { parameter } from '../project/parameters.ts';
import { channels } from '../project/target.ts';

/** What callers see. The schemas define the API's answers and document, and the command line parses with them. */
const tally = z.partialRecord(z.enum(deliveryStates), z.number().int());

/** Kinds of files in an edition that can be read. */
export const fileKinds = ['pdf', 'html', 'manifest'] as const;
export type FileKind = (typeof fileKinds)[number];

export const editionView = editionRecord.omit({ folder: true, card: true, attempt: true }).extend({
  /** The second half of `id`. */
  name: z.string(),
  /** The title when it was generated; null before. */
  title: z.string().nullable(),
  issue: z.string().nullable(),
  marking: marking.nullable(),
  /** The bottom line or notice, as plain text. */
  summary: z.array(z.string()),
  /** Number of recipients in each state of delivery. */
  deliveries: tally,
  /** A summary of `deliveries`. */
  recipients: z.strictObject({
    total: z.number().int(),
    received: z.number().int(),
    failed: z.number().int(),
    waiting: z.number().int(),
  }),
  files: z.array(z.enum(fileKinds)),
  /** The SHA-256 to approve before anything goes out; null if nothing waits for approval. */
  toApprove: z.string().nullable(),
});
export type EditionView = z.output<typeof editionView>;

export const deliveryView = deliveryRecord.omit({ target: true });
export type DeliveryView = z.output<typeof deliveryView>;

/** A step of a run, as the worker recorded it. */
export const stepRecord = z.strictObject({
  edition: z.string(),
  run: z.number().int(),
  /** From 1, within its run. */
  number: z.number().int(),
  step: z.string(),
  at: instant,
});
export type StepRecord = z.output<typeof stepRecord>;

export const editionDetail = editionView.extend({
  runs: z.array(runRecord),
  /** Decisions on the edition with the hashes they apply to, the latest first. */
  approvals: z.array(approvalRecord),
});
export type EditionDetail = z.output<typeof editionDetail>;

export const briefView = z.strictObject({
  id: z.string(),
  title: z.string(),
  subject: z.string(),
  marking: marking.nullable(),
  paper: z.enum(papers).nullable(),
  schedule: z.strictObject({ cron: z.string(), timezone: z.string() }).nullable(),
  /** The next slot, with the last day that its edition reports on. */
  next: z.strictObject({ at: instant, asOf: day }).nullable(),
  /** The edition of the newest period. */
  latest: editionView.nullable(),
  /** Number of editions in each state. */
  editions: z.partialRecord(z.enum(editionStates), z.number().int()),
  /** Why the brief cannot be read; empty if it can. */
  faults: z.array(fault),
});
export type BriefView = z.output<typeof briefView>;

export const briefDetail = briefView.extend({
  parameters: z.record(z.string(), parameter),
  /** The query with one row for each edition; null for a brief with a single edition. */
  forEach: z.string().nullable(),
  /** The last day for which an edition can be requested now. */
  lastAsOf: day.nullable(),
  targets: z.array(z.strictObject({ channel: z.enum(channels), address: z.string(), clearance: marking })),
});
export type BriefDetail = z.output<typeof briefDetail>;

/** A page of a list. `next` is the cursor of the following page, null at the end. */
export const pageOf = <T extends z.ZodType>(entry: T) =>
  z.strictObject({ items: z.array(entry), next: z.string().nullable() });
export interface Page<T> {
  readonly items: T[];
  readonly next: string | null;
}

/** Ids of the editions and deliveries that a change affected. */
export const moved = z.array(z.string());

export const tokenView = tokenRecord.omit({ sha256: true });
export type TokenView = z.output<typeof tokenView>;

/** The result of a request for a correction. */
export const reissued = z.strictObject({
  edition: z.string(),
  replaces: z.string(),
  /** The edition includes corrections known by this day. */
  asOf: day,
  changes: z.array(z.string()),
  /** Rows left out because their revisions depend on rows of later issues. */
  passedOver: z.array(z.string()),
  recipients: z.number().int(),
  /** How many of the recipients' addresses were forgotten. */
  forgotten: z.number().int(),
});
export type Reissued = z.output<typeof reissued>;

/** A delivered edition that contains rows corrected since, or that cannot be inspected. */
export const correctable = z.strictObject({
  edition: z.string(),
  changes: z.array(z.string()),
  problem: z.string().nullable(),
});
export type Correctable = z.output<typeof correctable>;

export const backfilled = z.strictObject({ all: z.array(z.string()), new: z.array(z.string()) });
export type Backfilled = z.output<typeof backfilled>;

export const progress = z.strictObject({
  editions: z.partialRecord(z.enum(editionStates), z.number().int()),
  /** Deliveries to recipients that are being sent or were never tried. */
  deliveriesOnTheirWay: z.number().int(),
});
export type Progress = z.output<typeof progress>;

export const pruneRequest = z.strictObject({
  editionsBefore: instant.optional(),
  addressesBefore: instant.optional(),
});
export type PruneRequest = z.output<typeof pruneRequest>;
export const pruned = z.strictObject({ editions: z.array(z.string()), addresses: z.number().int() });
export type Pruned = z.output<typeof pruned>;
