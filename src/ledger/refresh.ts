import { z } from 'zod';
import { instant } from './edition.ts';

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
  /** When the first attempt started. */
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
