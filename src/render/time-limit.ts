import { AppError } from '../errors.ts';
import type { Brief } from '../project/brief.ts';

interface TimeLimitOptions {
  /** Stops the work for another reason. */
  readonly signal?: AbortSignal | undefined;
  /** A steadily rising number of milliseconds. Without it a fault cannot tell what took the time. */
  readonly elapsedMs?: (() => number) | undefined;
  /** What the time is for. */
  readonly what?: string;
}

/** How long one edition may take, from its first query to its last check: `limits.seconds` of its brief. */
export class TimeLimit {
  /** Aborts when the time is up, or the work is to stop. */
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

  /** Notes what the time is spent on from now on. */
  enter(step: string): void {
    const now = this.#elapsedMs?.() ?? 0;
    this.#spent.set(this.#step, (this.#spent.get(this.#step) ?? 0) + now - this.#since);
    this.#step = step;
    this.#since = now;
  }

  /** Throws when the time is up: for what takes the thread, and so keeps the signal from being heard. */
  readonly check = (): void => {
    this.signal.throwIfAborted();
    const milliseconds = this.#elapsedMs ? this.#elapsedMs() - this.#start : 0;
    if (milliseconds > this.#brief.config.limits.seconds * 1000) throw this.error();
  };

  /** `work`, or the end of the time if that comes first. */
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

  /** What stopped the work: an error that says so where it was this limit. */
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
    return new AppError(
      'print-failed',
      [
        {
          file: definition.file,
          field: 'limits.seconds',
          problem: `${this.#what} took longer than ${config.limits.seconds} s${took}.`,
          mend: 'Let it select and print less, or raise limits.seconds in brief.yaml.',
        },
      ],
      { cause },
    );
  }
}
