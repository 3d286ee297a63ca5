import type { Day } from '../calendar.ts';
import type { Marking } from '../dataset/fields.ts';
import type { ErrorCode } from '../errors.ts';
import type { ApprovalRecord } from './approval.ts';
import type {
  Card,
  DeliveryRecord,
  DeliveryState,
  EditionRecord,
  EditionState,
  NewDelivery,
  NewEdition,
  RunRecord,
} from './edition.ts';
import type { AuditRecord, TokenRecord } from './principal.ts';
import type { Progress, StepRecord } from './views.ts';

/** What came of one attempt at an edition. */
export type Making =
  | {
      readonly outcome: 'made' | 'unchanged' | 'notice';
      readonly folder: string | null;
      readonly sha256: string | null;
      readonly pages: number | null;
      readonly card: Card;
      readonly needsApproval: boolean;
      readonly deliveries: readonly NewDelivery[];
    }
  | { readonly outcome: 'skipped' | 'given-back'; readonly reason: string }
  | { readonly outcome: 'fanned-out'; readonly editions: readonly NewEdition[]; readonly reason: string }
  | { readonly outcome: 'held' | 'failed'; readonly reason: string }
  | {
      readonly outcome: 'retried';
      readonly reason: string;
      /** What kind of failure it was; null for one that nobody foresaw. */
      readonly code: ErrorCode | null;
      readonly afterSeconds: number;
    };

/**
 * What came of one attempt at a delivery; `retried` is tried again. `mayHaveArrived` says that nobody knows, and stays
 * on record whatever comes of the next.
 */
export type Settlement =
  | {
      readonly state: 'sent' | 'bounced' | 'failed' | 'held';
      readonly reason: string;
      readonly mayHaveArrived?: boolean;
    }
  /** Nothing was sent, because the process was stopped: it is sent at once by the next process that takes it, and no attempt is counted. */
  | { readonly state: 'given-back'; readonly reason: string }
  /** Not sent for want of approval. `approvedSha256` is what was approved when it was looked at: another is looked at again. */
  | { readonly state: 'waiting'; readonly reason: string; readonly approvedSha256: string | null }
  | {
      readonly state: 'retried';
      readonly reason: string;
      readonly afterSeconds: number;
      readonly mayHaveArrived?: boolean;
      /** This try ended without an answer. */
      readonly unanswered?: boolean;
    };

/** The slots of a brief up to now: what to make of them, and where to go on from. */
export interface Opening {
  readonly cursor: Date;
  readonly due: readonly NewEdition[];
  readonly skipped: readonly { readonly edition: NewEdition; readonly reason: string }[];
}

/** A decision on editions that were made. */
export type Decision = Pick<ApprovalRecord, 'decision' | 'user' | 'namedBy' | 'claimedName'> & {
  readonly now: Date;
};

interface Filter {
  readonly brief?: string | undefined;
  readonly state?: string | undefined;
  readonly edition?: string | undefined;
  readonly limit?: number | undefined;
  /** Only what the caller may see. */
  readonly visibility?: Visibility | undefined;
}

/** What a caller may see: everything else is left out of every list and count. */
export interface Visibility {
  /** What editions may be marked that were made. */
  readonly markings: readonly Marking[];
  /** The briefs whose editions may be seen before they are made: then the marking of the brief counts. */
  readonly briefs: readonly string[];
}

/** Where a list goes on: behind the entry with these values. */
interface EditionFilter extends Filter {
  readonly from?: Day | undefined;
  readonly to?: Day | undefined;
  /** Only editions of the schedule that were due before this and have no alert that they are late. */
  readonly lateSince?: Date | undefined;
  readonly after?: { readonly asOf: string; readonly revision: number; readonly id: string } | undefined;
}
interface DeliveryFilter extends Filter {
  readonly id?: string | undefined;
  /** The first letters of an id. */
  readonly idPrefix?: string | undefined;
  readonly after?: { readonly createdAt: Date; readonly edition: string; readonly id: string } | undefined;
}
interface AuditFilter {
  readonly edition?: string | undefined;
  readonly who?: string | undefined;
  readonly limit?: number | undefined;
  /** Only changes to editions that may be seen; left out, all, and those to no edition too. */
  readonly visibility?: Visibility | undefined;
  readonly after?: number | undefined;
}

/** How many deliveries to recipients there are in each state; alerts to the operator do not count. */
export type Tally = { readonly [state in DeliveryState]?: number };

/** Numbers for an operator's instruments. */
export interface Counts {
  readonly editions: { readonly [state in EditionState]?: number };
  readonly deliveries: Tally;
  /** Editions that wait and were asked for one by one: neither a backfill nor a schedule counts. */
  readonly queuedRequests: number;
  /** When the oldest edition that is not settled was due or asked for. */
  readonly oldestOpen: Date | null;
}

/** How delivery goes. Only failures leave alerts to the operator out. */
interface DeliveryHealth {
  readonly failed: number;
  /** Since the instant that was asked for. */
  readonly failedLately: number;
  /** When the oldest delivery that waits for a try was created. */
  readonly oldestWaiting: Date | null;
  /** Since when mail has been tried without a single message being accepted; null while it is accepted. */
  readonly mailFailingSince: Date | null;
}

/** One attempt that holds an edition: later attempts outdate it, and then it may settle nothing. */
export interface Claim {
  readonly edition: EditionRecord;
  readonly run: number;
  /** The codes of the attempts that failed since it was asked for; those that were merely interrupted do not count. */
  readonly failures: readonly (string | null)[];
}

/**
 * What was asked for, what became of it and who got it, kept through every crash. Each call happens whole or not at
 * all, with the jobs that follow from it. An edition exists once for each identity, a delivery once for each target.
 */
export interface Ledger extends AsyncDisposable {
  /**
   * Makes what `plan` finds due since the brief's cursor into editions, and moves the cursor. A brief that is met for
   * the first time begins at `now`. Two schedulers at once: one waits for the other. Gives the editions that are new.
   */
  openSlots(
    brief: string,
    options: {
      now: Date;
      plan: (cursor: Date) => Opening;
      /** Word to the operator of an edition that is due; null for none. */
      alert?: (edition: EditionRecord) => NewDelivery | null;
      /** Word of a slot that is left out, since this edition issued its day on other paper; null for none. */
      leftOut?: (issued: EditionRecord) => NewDelivery | null;
    },
  ): Promise<EditionRecord[]>;
  /** Asks for editions; those that exist stay as they are. Gives the ids of the new ones. */
  request(editions: readonly NewEdition[], now: Date): Promise<string[]>;

  /** Takes an edition to make it; undefined when there is nothing to do. `job` is the same when a job is retaken. */
  claimEdition(id: string, options: { job: string; now: Date }): Promise<Claim | undefined>;
  /**
   * Writes down what came of it, with an alert to `operator` if it went wrong, and the last steps of the run. False for a
   * claim that is outdated.
   */
  settleEdition(
    claim: Claim,
    making: Making,
    options: { now: Date; alert: NewDelivery | null; steps?: readonly StepRecord[] },
  ): Promise<boolean>;

  /**
   * Takes a delivery to send it, and writes that down first. `interrupted` is one that was being sent when its process
   * ended: it may have arrived. Undefined when there is nothing to do.
   */
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
   * Takes an alert to send it, with all others to the same address that wait: they go out as one message. None when
   * there is nothing to do, or when the last message is less than `everySeconds` ago: then it comes again after that.
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
  /** Records which problems there are now, and forgets those that are over. Gives those to alert the operator of. */
  openProblems(ids: readonly string[], now: Date): Promise<{ id: string; since: Date }[]>;
  /** Records that the operator was alerted of these problems. */
  closeProblems(ids: readonly string[], now: Date): Promise<void>;
  deliveryHealth(options: { failedSince: Date }): Promise<DeliveryHealth>;
  /** Adds a delivery to an edition, such as an alert or another copy; one that is there already stays. */
  addDeliveries(edition: string, deliveries: readonly NewDelivery[], now: Date): Promise<string[]>;

  /**
   * Writes down that each of the editions was approved as it is, and lets go what waited for that; or that it was
   * disapproved, and has what is not on its way wait. Gives their ids, each before those of its deliveries that moved.
   * Nothing happens to any of them when `sha256` is not what one is any more: those are `outdated`.
   */
  decide(
    editions: readonly { readonly id: string; readonly sha256: string }[],
    decision: Decision,
  ): Promise<{ readonly moved: readonly string[] } | { readonly outdated: readonly string[] }>;
  /** Decisions on an edition, the latest first. */
  approvals(edition: string): Promise<ApprovalRecord[]>;

  edition(id: string, visibility?: Visibility): Promise<EditionRecord | undefined>;
  /** All revisions of an edition, the first first. */
  revisions(id: string): Promise<EditionRecord[]>;
  editions(filter: EditionFilter): Promise<EditionRecord[]>;
  /**
   * The editions of some briefs of which a PDF went out, or may have, and in whose place no later revision is or will
   * be: the newest period first.
   */
  deliveredEditions(briefs: readonly string[]): Promise<EditionRecord[]>;
  /** How far the editions of a brief between two days are: how many are in each state, and what is on its way. */
  progress(of: { brief: string; from: Day; to: Day }): Promise<Progress>;
  runs(filter: Filter): Promise<RunRecord[]>;
  deliveries(filter: DeliveryFilter): Promise<DeliveryRecord[]>;
  /** How many recipients of each of the editions there are, by the state of their delivery. Alerts do not count. */
  deliveryCounts(editions: readonly string[]): Promise<ReadonlyMap<string, Tally>>;
  counts(filter?: Pick<Filter, 'brief' | 'visibility'>): Promise<Counts>;
  cursors(): Promise<{ brief: string; slot: Date }[]>;

  /**
   * Moves an edition or delivery from one of the states `from`; false when it is in none of them. With `onlyUnsent` also
   * false when a delivery of the edition was sent, or is on its way.
   */
  moveEdition(
    id: string,
    move: {
      from: readonly EditionState[];
      to: EditionState;
      reason: string | null;
      onlyUnsent?: boolean;
      now: Date;
    },
  ): Promise<boolean>;
  /** `didNotArrive` takes back that it may have. */
  moveDelivery(
    id: string,
    move: {
      from: readonly DeliveryState[];
      to: DeliveryState;
      reason: string | null;
      didNotArrive?: boolean;
      now: Date;
    },
  ): Promise<boolean>;
  /** The editions that were settled before `before`, all revisions of each. */
  removableEditions(before: Date): Promise<EditionRecord[]>;
  /** Removes editions with their runs and deliveries; false, and none is removed, where one is no longer removable. */
  removeEditions(ids: readonly string[], before: Date): Promise<boolean>;
  /** Puts a hash in the place of each address in deliveries settled before `before`; gives how many. */
  forgetAddresses(before: Date): Promise<number>;

  /** Writes down steps of runs; those that are there already stay. */
  addSteps(steps: readonly StepRecord[]): Promise<void>;
  /** The steps of an edition in their order. */
  steps(edition: string): Promise<StepRecord[]>;

  tokens(): Promise<TokenRecord[]>;
  /** False when there is one of that name. */
  addToken(token: TokenRecord): Promise<boolean>;
  removeToken(name: string): Promise<boolean>;
  /** The value kept under a name: the first that was ever offered, so that all processes have the same. */
  secret(name: string, offered: string): Promise<string>;

  /** Writes down that a change was asked for; gives the number under which to say what came of it. */
  recordChange(change: Omit<AuditRecord, 'id' | 'outcome'>): Promise<number>;
  closeChange(id: number, outcome: AuditRecord['outcome']): Promise<void>;
  audit(filter: AuditFilter): Promise<AuditRecord[]>;

  /** Sees to it that whatever is open has a job: none should ever lack one. Gives how many lacked one. */
  reconcile(): Promise<number>;
  /** Takes jobs and hands them on until it is disposed of, which waits for those in hand. */
  work(handlers: Handlers): Promise<AsyncDisposable>;
}

export interface Handlers {
  readonly edition: (job: { id: string; job: string; signal: AbortSignal }) => Promise<void>;
  readonly delivery: (job: { id: string; job: string; signal: AbortSignal }) => Promise<void>;
  /** How many of each at once. */
  readonly editionsAtOnce: number;
  readonly deliveriesAtOnce: number;
}
