import { setTimeout as delay } from 'node:timers/promises';

/** Calls `beat` repeatedly until disposed. Calls never overlap. */
export type Heartbeat = (beat: () => Promise<void>) => AsyncDisposable;

/**
 * Calls `beat` at once and then with pauses of `pauseMs`, until disposed. Disposing aborts the signal of the call in
 * progress and waits for it. `beat` reports its own errors.
 */
export function repeat(pauseMs: number, beat: (stop: AbortSignal) => Promise<void>): AsyncDisposable {
  const stop = new AbortController();
  const { signal } = stop;
  const beats = (async () => {
    while (!signal.aborted) {
      await beat(signal).catch(() => {});
      await delay(pauseMs, undefined, { signal }).catch(() => {});
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('The process was stopped.'));
      await beats;
    },
  };
}

/** Timers do not depend on the clock: however it is set, the next beat comes a second later. */
export const everySecond: Heartbeat = (beat) => repeat(1000, beat);
