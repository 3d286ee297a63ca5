import { AppError } from '../../errors.ts';
import type { Brief } from '../../project/brief.ts';

interface TimeLimitOptions {
  /** Stops the work for other reasons. */
  readonly signal?: AbortSignal | undefined;
  /** A monotonic clock in milliseconds. Without it, a fault cannot report which step took the time. */
  readonly elapsedMs?: (() => number) | undefined;
  /** The work that is limited, for messages. */
  readonly what?: string;
}

/** The time limit of one edition, from its first query to its last check: `limits.seconds` of its brief. */
export class TimeLimit {
  /** Aborts when the time is up or the work is to stop. */
  readonly signal: AbortSignal;
  readonly #timeout: AbortSignal;
  readonly #brief: Brief;
  readonly #elapsedMs: (() => number) | undefined;
  readonly #what: string;
  readonly #start: number;
  readonly #spent = new Map<string, number>();
  #step = '';
  #since: number;

  constructor(brief: Brief, { signal, elapsedMs, what = 'The edition' }: TimeLimitOptions) {
    this.#brief = brief;
    this.#timeout = AbortSignal.timeout(brief.config.limits.seconds * 1000);
    this.signal = signal ? AbortSignal.any([signal, this.#timeout]) : this.#timeout;
    this.#elapsedMs = elapsedMs;
    this.#what = what;
    this.#start = this.#since = elapsedMs?.() ?? 0;
  }

  /** Records the step that the following time is spent on. */
  enter(step: string): void {
    const now = this.#elapsedMs?.() ?? 0;
    this.#spent.set(this.#step, (this.#spent.get(this.#step) ?? 0) + now - this.#since);
    this.#step = step;
    this.#since = now;
  }

  /** Throws when the time is up. Needed in code that blocks the thread, because the signal cannot fire there. */
  readonly check = (): void => {
    this.signal.throwIfAborted();
    const milliseconds = this.#elapsedMs ? this.#elapsedMs() - this.#start : 0;
    if (milliseconds > this.#brief.config.limits.seconds * 1000) throw this.error();
  };

  /** Waits for `work`, but no longer than the time limit. */
  async within<T>(work: Promise<T>): Promise<T> {
    const { signal } = this;
    const stopped = Promise.withResolvers<never>();
    const stop = () => stopped.reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    try {
      signal.throwIfAborted();
      return await Promise.race([work, stopped.promise]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Returns the reason why the work stopped: a time-limit error if this limit was the cause. */
  explain(cause: unknown): unknown {
    return this.#timeout.aborted && !(cause instanceof AppError) ? this.error(cause) : cause;
  }

  private error(cause?: unknown): AppError {
    this.enter(this.#step);
    const steps = [...this.#spent]
      .filter(([step, spent]) => step !== '' && spent >= 50)
      .toSorted(([, a], [, b]) => b - a)
      .map(([step, spent]) => `${step} ${(spent / 1000).toFixed(1)} s`);
    const { definition, config } = this.#brief;
    const took = steps.length > 0 ? `: ${steps.join(', ')}` : '';
    const fault = {
      file: definition.file,
      field: 'limits.seconds',
      problem: `${this.#what} took longer than ${config.limits.seconds} s${took}.`,
      hint: 'Select and print less, or raise limits.seconds in brief.yaml.',
    };
    return new AppError('print-failed', fault, { cause });
  }
}
