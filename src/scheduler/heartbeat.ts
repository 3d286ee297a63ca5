/** Calls `beat` repeatedly until disposed. Calls never overlap. `beat` handles its own errors. */
export type Heartbeat = (beat: () => Promise<void>) => AsyncDisposable;

const BEAT_MS = 1_000;

/** Beats every second, whatever the clock on the wall does. While a beat lasts longer, others are left out. */
export const everySecond: Heartbeat = (beat) => {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= beat().finally(() => {
      running = undefined;
    });
  }, BEAT_MS);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await running;
    },
  };
};
