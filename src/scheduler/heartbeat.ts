import { schedule, type ScheduledTask } from 'node-cron';

/** Calls `beat` again and again, never while the last call is under way, until it is disposed of. */
export type Heartbeat = (beat: () => Promise<void>) => AsyncDisposable;

/** A clock that goes back leaves node-cron waiting for the hour to come round again: then it is started anew. */
const SILENCE_MS = 10_000;

/** It would write coloured lines into the log: that a beat takes longer than a second is nothing to report. */
const silent = { info() {}, warn() {}, error() {}, debug() {} };

/** Beats each second by node-cron, and never while the last beat is under way. */
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
