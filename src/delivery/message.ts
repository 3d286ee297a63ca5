import type { Day } from '../calendar.ts';
import type { Card } from '../ledger/records.ts';
import type { Locale } from '../locale.ts';
import type { Target } from '../project/target.ts';
import type { Highlights, Picture } from '../render/manifest.ts';

/** A message to one target. */
export interface Message extends Pick<Card, 'title' | 'issue' | 'marking'> {
  /** The permanent id of this delivery; a repeated message has the same id. Letters, digits and hyphens. */
  readonly id: string;
  /** An edition, a notice instead of it when nothing is new, or an alert to the operator. */
  readonly kind: 'edition' | 'notice' | 'alert';
  /** Such as `weekly/2021-08-22`. */
  readonly edition: string;
  readonly brief: string;
  readonly asOf: Day;
  /** Set for a corrected revision. */
  readonly correction: {
    readonly revision: number;
    readonly asOf: Day;
    /** Such as `weekly/2021-08-22`. */
    readonly replaces: string;
    /** Each corrected row, in words for readers. */
    readonly changes: readonly string[];
    /** Ids of the deliveries of earlier revisions to the same target, in order. */
    readonly follows: readonly string[];
  } | null;
  /** Null for an alert, and for an edition of an earlier version. */
  readonly highlights: EnclosedHighlights | null;
  /** The bottom line, or the text of the notice or alert, one plain-text paragraph each. */
  readonly paragraphs: readonly string[];
  /** Null for a notice and an alert. */
  readonly pdf: {
    readonly name: string;
    readonly content: Uint8Array;
    readonly sha256: string;
    /** The edition's URL, if it is served. The message links to it if the file is too large to attach. */
    readonly url: string | null;
  } | null;
}

/** A PNG inside a message, at twice the size that it is shown in. */
type EnclosedPicture = Picture & { readonly content: Uint8Array };

export type EnclosedHighlights = Omit<Highlights, 'hero' | 'logo' | 'language'> & {
  /** The words of the edition's language. */
  readonly locale: Locale;
  readonly hero: (EnclosedPicture & { readonly caption: string }) | null;
  readonly logo: EnclosedPicture | null;
};

/**
 * The outcome of one attempt to deliver, with the answer or the reason:
 *
 * - `bounced`: permanently refused, so a retry would not help.
 * - `deferred`: certainly not accepted, but a retry may succeed.
 * - `unknown`: possibly accepted: the connection broke or fell silent after the whole message was handed over.
 * - `held`: blocked because settings are missing or do not allow it.
 */
export interface Receipt {
  readonly outcome: 'sent' | 'bounced' | 'deferred' | 'unknown' | 'held';
  readonly reason: string;
}

/**
 * Makes one attempt to send a message to a target. It rejects only for the signal's reason or an internal error, and
 * only while nothing has been handed over. After that it returns a receipt, `unknown` if necessary.
 */
export type Deliver = (
  message: Message,
  to: { readonly target: Target; readonly signal: AbortSignal },
) => Promise<Receipt>;

/** A message to the operator. Alerts quote no edition, so they may go out under any marking. */
export const alertMessage = (
  alert: Pick<Message, 'id' | 'title' | 'paragraphs' | 'asOf'> & Partial<Pick<Message, 'edition' | 'brief'>>,
): Message => ({
  kind: 'alert',
  edition: '',
  brief: 'alerts',
  issue: '',
  marking: 'TLP:CLEAR',
  correction: null,
  highlights: null,
  pdf: null,
  ...alert,
});
