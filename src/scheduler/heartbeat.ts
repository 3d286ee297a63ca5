import { setTimeout as delay } from 'node:timers/promises';
import { schedule, type ScheduledTask } from 'node-cron';

/** Calls `beat` repeatedly until disposed. Calls never overlap. */
export type Heartbeat = (beat: () => Promise<void>) => AsyncDisposable;

/**
 * If the clock goes back, node-cron waits until the old time is reached again, so the timer is restarted after this
 * silence.
 */
const SILENCE_MS = 10_000;

/** node-cron would log coloured warnings about beats longer than a second, which are normal. */
const silent = { info() {}, warn() {}, error() {}, debug() {} };

/** Beats every second with node-cron. Beats never overlap. */
export const everySecond: Heartbeat = (beat) => {
  let lastMs = performance.now();
  let running: Promise<void> | undefined;
  const start = (): ScheduledTask =>
    schedule(
      '* * * * * *',
      () => {
        lastMs = performance.now();
        running = beat().finally(() => {
          running = undefined;
          lastMs = performance.now();
        });
        return running;
      },
      { noOverlap: true, suppressMissedWarning: true, logger: silent, timezone: 'UTC' },
    );
  let task = start();
  const watch = setInterval(() => {
    if (running !== undefined || performance.now() - lastMs < SILENCE_MS) return;
    void task.destroy();
    lastMs = performance.now();
    task = start();
  }, SILENCE_MS / 2);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(watch);
      await task.destroy();
      await running;
    },
  };
};

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
