import type { z } from 'zod';
import type { AuditRecord, TokenRecord } from './principal.ts';
import type {
  ApprovalRecord,
  Card,
  deliveryHealth,
  DeliveryRecord,
  DeliveryState,
  EditionRecord,
  EditionState,
  NewDelivery,
  NewEdition,
  Refreshed,
  RefreshRecord,
  RunRecord,
  SourceState,
} from './records.ts';
import type { Progress, StepRecord } from './views.ts';
import type { Day } from '../calendar.ts';
import type { Marking } from '../dataset/fields.ts';
import type { ErrorCode } from '../errors.ts';

/** The outcome of one attempt to generate an edition. */
export type Making =
  | (Pick<EditionRecord, 'folder' | 'sha256' | 'pages' | 'needsApproval'> & {
      readonly outcome: 'made' | 'unchanged' | 'notice';
      readonly card: Card;
      readonly deliveries: readonly NewDelivery[];
    })
  | { readonly outcome: 'skipped' | 'given-back'; readonly reason: string }
  | { readonly outcome: 'fanned-out'; readonly editions: readonly NewEdition[]; readonly reason: string }
  | {
      readonly outcome: 'held' | 'failed';
      readonly reason: string;
      /** `fresh-data`: only the age of the data stopped it, so newer data release it. */
      readonly code?: 'fresh-data' | null;
    }
  | {
      readonly outcome: 'retried';
      readonly reason: string;
      /** The kind of failure; null for an unexpected one. */
      readonly code: ErrorCode | null;
      readonly afterSeconds: number;
    };

/** The outcome of one attempt to deliver. `mayHaveArrived` stays on record, whatever later attempts bring. */
export type Settlement =
  | {
      readonly state: 'sent' | 'bounced' | 'failed' | 'held';
      readonly reason: string;
      readonly mayHaveArrived?: boolean;
    }
  /** Nothing was sent, because the process was stopped. The attempt does not count, and the next is at once. */
  | { readonly state: 'given-back'; readonly reason: string }
  /** Approval is missing. If it has changed since `approvedSha256` was checked, the delivery is checked again. */
  | { readonly state: 'waiting'; readonly reason: string; readonly approvedSha256: string | null }
  | {
      readonly state: 'retried';
      readonly reason: string;
      readonly afterSeconds: number;
      readonly mayHaveArrived?: boolean;
      /** This attempt ended without an answer. */
      readonly unanswered?: boolean;
    };

/** A brief's slots up to now: the editions to create, and the slot to continue from. */
export interface Opening {
  readonly cursor: Date;
  readonly due: readonly NewEdition[];
  readonly skipped: readonly { readonly edition: NewEdition; readonly reason: string }[];
}

/** A decision on generated editions. */
export type Decision = Pick<ApprovalRecord, 'decision' | 'user' | 'namedBy' | 'claimedName'> & {
  readonly now: Date;
};

/** A change of state. */
export interface Move<State> {
  readonly from: readonly State[];
  readonly to: State;
  readonly reason: string | null;
  readonly now: Date;
}

export interface Filter {
  readonly brief?: string | undefined;
  readonly state?: string | undefined;
  readonly edition?: string | undefined;
  /** By default, a list has all entries: a change to an edition's deliveries must reach each of them. */
  readonly limit?: number | undefined;
  /** Limits the list to the data that the caller may see. */
  readonly visibility?: Visibility | undefined;
}

/** What a caller may see. Lists and counts leave out everything else. */
export interface Visibility {
  /** The markings that the caller may see on generated editions. */
  readonly markings: readonly Marking[];
  /** The briefs whose editions the caller may see before they are generated, when only the brief's marking is known. */
  readonly briefs: readonly string[];
}

/** Where a list continues: after the entry with these values. */
export interface EditionFilter extends Filter {
  readonly from?: Day | undefined;
  readonly to?: Day | undefined;
  /** Only scheduled editions that were due before this, are not generated, and have no alert about that. */
  readonly lateSince?: Date | undefined;
  readonly after?: { readonly asOf: string; readonly revision: number; readonly id: string } | undefined;
}
export interface DeliveryFilter extends Filter {
  readonly id?: string | undefined;
  /** The first characters of an id. */
  readonly idPrefix?: string | undefined;
  readonly after?: { readonly createdAt: Date; readonly edition: string; readonly id: string } | undefined;
}
/** With `visibility`, a list has no changes that concern no edition. */
export interface AuditFilter extends Pick<Filter, 'edition' | 'limit' | 'visibility'> {
  readonly who?: string | undefined;
  readonly after?: number | undefined;
}

/** Number of deliveries to recipients in each state. Alerts to the operator do not count. */
export type Tally = { readonly [state in DeliveryState]?: number };

/** Numbers for monitoring. */
interface Counts {
  readonly editions: { readonly [state in EditionState]?: number };
  readonly deliveries: Tally;
  /** Queued editions that were requested one by one, outside backfills and schedules. */
  readonly queuedRequests: number;
  /** When the oldest unfinished edition was due or requested. */
  readonly oldestOpen: Date | null;
}

/** One attempt that owns an edition. A later attempt invalidates it, and it can then no longer record a result. */
export interface Claim {
  readonly edition: EditionRecord;
  readonly run: number;
  /** Error codes of failed attempts since the edition was requested. Interrupted attempts do not count. */
  readonly failures: readonly (string | null)[];
}

/**
 * Stores requests, results and recipients durably, even through crashes. Each call is atomic, including the jobs that
 * it creates. An edition exists once for each identity, and a delivery once for each target.
 */
export interface Ledger extends AsyncDisposable {
  /**
   * Turns the slots that `plan` finds due since the brief's cursor into editions, and moves the cursor. A new brief
   * starts at `now`. If two schedulers call this at once, one waits for the other. Returns the new editions.
   */
  openSlots(
    brief: string,
    options: {
      now: Date;
      plan: (cursor: Date) => Opening;
      /** The dataset whose sources are refreshed before the due editions are generated; null for none. */
      refresh?: string | null;
      /** The alert to the operator about a due edition; null for none. */
      alert?: (edition: EditionRecord) => NewDelivery | null;
      /** The alert about a slot left out because its day was issued as this edition, on other paper; or null. */
      leftOut?: (issued: EditionRecord) => NewDelivery | null;
    },
  ): Promise<EditionRecord[]>;
  /** Requests editions. Existing editions stay as they are. Returns the ids of the new ones. */
  request(editions: readonly NewEdition[], now: Date): Promise<string[]>;

  /** Claims a refresh; undefined if there is nothing to do. `job` is the same when a job is retaken. */
  claimRefresh(id: string, options: { job: string; now: Date }): Promise<RefreshRecord | undefined>;
  /** Records the result, and wakes the editions if the refresh has ended. Returns false if the claim is outdated. */
  settleRefresh(refresh: RefreshRecord, refreshed: Refreshed, options: { now: Date }): Promise<boolean>;
  /** Refreshes each dataset with a failing source again, `afterSeconds` after the last time. Returns how many. */
  repeatRefreshes(options: { now: Date; afterSeconds: number }): Promise<number>;
  /** Editions on hold because of the age of their data. */
  staleEditions(): Promise<EditionRecord[]>;
  /** What the last ended refreshes found out about each source, in order of dataset and source. */
  sourceStates(): Promise<SourceState[]>;

  /** Claims an edition to generate; undefined if there is nothing to do or a refresh must end first. */
  claimEdition(id: string, options: { job: string; now: Date }): Promise<Claim | undefined>;
  /** Records the result, with the last steps and an alert. Returns false if the claim is outdated. */
  settleEdition(
    claim: Claim,
    making: Making,
    options: { now: Date; alert: NewDelivery | null; steps?: readonly StepRecord[] },
  ): Promise<boolean>;

  /** Claims a delivery, which is on record before it is sent. `interrupted`: a process ended while sending it. */
  claimDelivery(
    id: string,
    options: { job: string; now: Date },
  ): Promise<{ delivery: DeliveryRecord; edition: EditionRecord; interrupted: boolean } | undefined>;
  settleDelivery(
    delivery: DeliveryRecord,
    settlement: Settlement,
    options: { now: Date; alert: NewDelivery | null },
  ): Promise<boolean>;
  /**
   * Claims an alert, with all others waiting for the same address: they go out as one message. Returns none if there is
   * nothing to do, or if the last message is less than `everySeconds` old; the alert is then tried again after that
   * time.
   */
  claimAlerts(
    id: string,
    options: { job: string; now: Date; everySeconds: number },
  ): Promise<DeliveryRecord[]>;
  settleAlerts(
    alerts: readonly DeliveryRecord[],
    settlement: Exclude<Settlement, { state: 'waiting' }>,
    options: { now: Date },
  ): Promise<void>;
  /** Records the current problems and forgets the others. Returns those without an alert to the operator. */
  openProblems(ids: readonly string[], now: Date): Promise<{ id: string; since: Date }[]>;
  /** Records that the operator was alerted to these problems. */
  closeProblems(ids: readonly string[], now: Date): Promise<void>;
  /** `failedLately` counts from `failedSince`. */
  deliveryHealth(options: { failedSince: Date }): Promise<z.output<typeof deliveryHealth>>;
  /** Adds deliveries that are new, unless a copy is on its way to the recipient. Returns the ids of the new ones. */
  addDeliveries(edition: string, deliveries: readonly NewDelivery[], now: Date): Promise<string[]>;

  /**
   * Records that each edition's current content is approved, and releases the deliveries that waited for it; or that it
   * is disapproved, and stops deliveries that are not yet in progress. Returns the ids of the editions, each before the
   * ids of its changed deliveries. If `sha256` no longer matches, nothing happens to any edition, and those that differ
   * are `outdated`.
   */
  decide(
    editions: readonly { readonly id: string; readonly sha256: string }[],
    decision: Decision,
  ): Promise<{ readonly moved: readonly string[] } | { readonly outdated: readonly string[] }>;
  /** Decisions on an edition, the latest first. */
  approvals(edition: string): Promise<ApprovalRecord[]>;

  edition(id: string, visibility?: Visibility): Promise<EditionRecord | undefined>;
  /** The edition with the same brief, day, paper, parameters and revision, whatever its id. */
  sameEdition(of: NewEdition): Promise<EditionRecord | undefined>;
  /** All revisions of an edition, in order. */
  revisions(id: string): Promise<EditionRecord[]>;
  editions(filter: EditionFilter): Promise<EditionRecord[]>;
  /** Editions whose PDF was or may have been sent, without a later revision, the newest period first. */
  deliveredEditions(briefs: readonly string[]): Promise<EditionRecord[]>;
  /** Progress of a brief's editions between two days: how many are in each state, and which are in progress. */
  progress(of: { brief: string; from: Day; to: Day }): Promise<Progress>;
  runs(filter: Filter): Promise<RunRecord[]>;
  deliveries(filter: DeliveryFilter): Promise<DeliveryRecord[]>;
  /** Number of each edition's recipients by the state of their delivery. Alerts do not count. */
  deliveryCounts(editions: readonly string[]): Promise<ReadonlyMap<string, Tally>>;
  counts(filter?: Pick<Filter, 'brief' | 'visibility'>): Promise<Counts>;
  cursors(): Promise<{ brief: string; slot: Date }[]>;

  /** Returns false if the state is none of `from`, or with `onlyUnsent` if a delivery was sent or is in progress. */
  moveEdition(id: string, move: Move<EditionState> & { onlyUnsent?: boolean }): Promise<boolean>;
  /** `didNotArrive` clears `mayHaveArrived`. No delivery is pending again once a later copy was sent or is on its way. */
  moveDelivery(id: string, move: Move<DeliveryState> & { didNotArrive?: boolean }): Promise<boolean>;
  /** Editions finished before `before`, with all their revisions. */
  removableEditions(before: Date): Promise<EditionRecord[]>;
  /** Removes editions with all that belongs to them, or none and returns false if one is no longer removable. */
  removeEditions(ids: readonly string[], before: Date): Promise<boolean>;
  /** Replaces each address in deliveries finished before `before` with a hash. Returns how many. */
  forgetAddresses(before: Date): Promise<number>;

  /** Records steps of runs. Existing steps stay as they are. */
  addSteps(steps: readonly StepRecord[]): Promise<void>;
  /** The steps of an edition, in order. */
  steps(edition: string): Promise<StepRecord[]>;

  tokens(): Promise<TokenRecord[]>;
  /** Returns false if a token of that name exists. */
  addToken(token: TokenRecord): Promise<boolean>;
  removeToken(name: string): Promise<boolean>;
  /** The value stored under a name. The first value offered is kept, so that all processes share it. */
  secret(name: string, offered: string): Promise<string>;

  /** Records a requested change. Returns the number under which to record its outcome. */
  recordChange(change: Omit<AuditRecord, 'id' | 'outcome'>): Promise<number>;
  closeChange(id: number, outcome: AuditRecord['outcome']): Promise<void>;
  audit(filter: AuditFilter): Promise<AuditRecord[]>;

  /** Adds a job to each unfinished edition and delivery that has none, which should never happen. Returns how many. */
  reconcile(): Promise<number>;
  /** Runs jobs until disposed. Disposing waits for the jobs in progress. */
  work(handlers: Handlers): Promise<AsyncDisposable>;
}

/** Work on an edition, a delivery or a refresh with this id. `job` is the same when a job is retaken. */
export interface Job {
  readonly id: string;
  readonly job: string;
  readonly signal: AbortSignal;
}

export interface Handlers {
  readonly edition: (job: Job) => Promise<void>;
  readonly delivery: (job: Job) => Promise<void>;
  readonly refresh: (job: Job) => Promise<void>;
  /** Maximum number of editions in progress. */
  readonly editionsAtOnce: number;
  readonly deliveriesAtOnce: number;
  readonly refreshesAtOnce: number;
}
