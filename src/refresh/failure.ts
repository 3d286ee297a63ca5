import type { Fault } from '../errors.ts';

/** Why a source brought nothing. */
export type FailureReason =
  /** No file, no such host, or no connection. */
  | 'down'
  | 'timeout'
  | 'too-large'
  /** An HTTP status that is no success. */
  | 'status'
  /** An address inside a network, or one without https. */
  | 'refused-address'
  /** The connection ended before the file did. */
  | 'truncated'
  /** The importer's faults. */
  | 'wrong-shape'
  | 'shrunk'
  /** A variable is not set. */
  | 'credentials';

/** The refresh of one source failed, and the dataset is as it was. */
export class SourceFailure extends Error {
  override readonly name = 'SourceFailure';
  readonly reason: FailureReason;
  readonly fault: Fault;
  /** When the source says that a new try makes sense. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    reason: FailureReason,
    fault: Fault,
    { retryAfterSeconds, ...options }: { cause?: unknown; retryAfterSeconds?: number | undefined } = {},
  ) {
    super(fault.problem, options);
    this.reason = reason;
    this.fault = fault;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
