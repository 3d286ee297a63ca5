import { z } from 'zod';
import { day } from '../calendar.ts';
import { marking } from '../dataset/fields.ts';
import { fault } from '../errors.ts';
import { papers } from '../project/brief.ts';
import { parameter } from '../project/parameters.ts';
import { channels } from '../project/target.ts';
import { approvalRecord } from './approval.ts';
import {
  deliveryRecord,
  deliveryStates,
  editionRecord,
  editionStates,
  instant,
  runRecord,
} from './edition.ts';
import { tokenRecord } from './principal.ts';

/**
 * What callers see of briefs, editions, deliveries and changes. The API answers with these, its document is made from
 * them, and the command line parses by them.
 */
const tally = z.partialRecord(z.enum(deliveryStates), z.number().int());

/** The files of an edition that can be read. */
export const fileKinds = ['pdf', 'html', 'manifest'] as const;
export type FileKind = (typeof fileKinds)[number];

export const editionView = editionRecord.omit({ folder: true, card: true, attempt: true }).extend({
  /** The second half of `id`. */
  name: z.string(),
  /** As it was made; null before. */
  title: z.string().nullable(),
  issue: z.string().nullable(),
  marking: marking.nullable(),
  /** What it says first, as plain text. */
  summary: z.array(z.string()),
  /** How many recipients there are in each state of delivery. */
  deliveries: tally,
  /** The same in short. */
  recipients: z.strictObject({
    total: z.number().int(),
    received: z.number().int(),
    failed: z.number().int(),
    waiting: z.number().int(),
  }),
  files: z.array(z.enum(fileKinds)),
  /** The SHA-256 that has to be approved before anything goes out; null where nothing waits for that. */
  toApprove: z.string().nullable(),
});
export type EditionView = z.output<typeof editionView>;

export const deliveryView = deliveryRecord.omit({ target: true });
export type DeliveryView = z.output<typeof deliveryView>;

/** A step of a run, as the worker wrote it down. */
export const stepRecord = z.strictObject({
  edition: z.string(),
  run: z.number().int(),
  /** Within its run, from 1. */
  number: z.number().int(),
  step: z.string(),
  at: instant,
});
export type StepRecord = z.output<typeof stepRecord>;

export const editionDetail = editionView.extend({
  runs: z.array(runRecord),
  /** Who approved or disapproved which bytes, the latest first. */
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
  /** When it is due next, and the last day that it then reports on. */
  next: z.strictObject({ at: instant, asOf: day }).nullable(),
  /** The edition of the newest period. */
  latest: editionView.nullable(),
  /** Editions in each state. */
  editions: z.partialRecord(z.enum(editionStates), z.number().int()),
  /** Why it cannot be read; none when it can. */
  faults: z.array(fault),
});
export type BriefView = z.output<typeof briefView>;

export const briefDetail = briefView.extend({
  parameters: z.record(z.string(), parameter),
  /** The query that gives an edition for each of its rows; null for a brief of one edition. */
  forEach: z.string().nullable(),
  /** The last day that an edition can be asked for now. */
  lastAsOf: day.nullable(),
  targets: z.array(z.strictObject({ channel: z.enum(channels), address: z.string(), clearance: marking })),
});
export type BriefDetail = z.output<typeof briefDetail>;

/** A part of a list; `next` asks for what follows, null at the end. */
export const pageOf = <T extends z.ZodType>(entry: T) =>
  z.strictObject({ items: z.array(entry), next: z.string().nullable() });
export interface Page<T> {
  readonly items: T[];
  readonly next: string | null;
}

/** What a change moved: editions and deliveries. */
export const moved = z.array(z.string());

export const tokenView = tokenRecord.omit({ sha256: true });
export type TokenView = z.output<typeof tokenView>;

/** A correction that was asked for. */
export const reissued = z.strictObject({
  edition: z.string(),
  replaces: z.string(),
  /** Corrections known by this day are in it. */
  asOf: day,
  changes: z.array(z.string()),
  /** Rows whose revisions rest on later issues: they are left to those. */
  passedOver: z.array(z.string()),
  recipients: z.number().int(),
  /** Recipients among them whose address was forgotten. */
  forgotten: z.number().int(),
});
export type Reissued = z.output<typeof reissued>;

/** An edition that was delivered and rests on rows that were corrected since, or that cannot be inspected. */
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
  /** Deliveries to recipients that are being sent, or were never tried. */
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
