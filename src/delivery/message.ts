import type { Day } from '../calendar.ts';
import type { Marking } from '../dataset/fields.ts';
import type { Target } from '../project/target.ts';

/** What goes to one target. */
export interface Parcel {
  /** Names this delivery for ever: sent again, it carries the same. Letters, digits and hyphens. */
  readonly id: string;
  /** An edition; a notice in its place, when nothing is new; or word to the operator that something is wrong. */
  readonly kind: 'edition' | 'notice' | 'alert';
  /** Such as `weekly/2021-08-22`. */
  readonly edition: string;
  readonly brief: string;
  readonly title: string;
  /** Number of the issue, such as `2021-W33`. */
  readonly issue: string;
  readonly asOf: Day;
  readonly marking: Marking;
  /** Of a corrected revision. */
  readonly correction: {
    readonly revision: number;
    readonly asOf: Day;
    /** Such as `weekly/2021-08-22`. */
    readonly replaces: string;
    /** Each row that was corrected, as a reader is told. */
    readonly changes: readonly string[];
    /** The deliveries of earlier revisions to the same target, the first first. */
    readonly follows: readonly string[];
  } | null;
  /** The bottom line, or what the notice or alert says: a paragraph each, plain text. */
  readonly paragraphs: readonly string[];
  /** Null for a notice and an alert. */
  readonly pdf: {
    readonly name: string;
    readonly content: Uint8Array;
    readonly sha256: string;
    /** Where the edition can be read, if it is served somewhere: goes into the message when the file is too large. */
    readonly url: string | null;
  } | null;
}

/** What became of one attempt to deliver. */
export type Receipt =
  | { readonly outcome: 'sent'; readonly detail: string }
  /** Refused for good: trying again would change nothing. */
  | { readonly outcome: 'bounced'; readonly reason: string }
  /** Certainly not accepted, and may be another time. */
  | { readonly outcome: 'deferred'; readonly reason: string }
  /** It may have been accepted or not: the connection was cut, or fell silent, once all of it was handed over. */
  | { readonly outcome: 'unknown'; readonly reason: string }
  /** Must not be sent as things are: settings are missing, or do not allow it. */
  | { readonly outcome: 'held'; readonly reason: string };

/**
 * Sends one parcel to one target, once. It rejects only for the signal's reason and for faults of its own, and only while
 * nothing has been handed over; after that it answers, with `unknown` if need be.
 */
export type Deliver = (
  parcel: Parcel,
  to: { readonly target: Target; readonly signal: AbortSignal },
) => Promise<Receipt>;
