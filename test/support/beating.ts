import { everySecond } from '../../src/adapters/heartbeat.ts';

// Run by the test of the heartbeat in a process of its own: the first beat takes until two others were due.
let beats = 0;
const again = Promise.withResolvers<void>();
const heart = everySecond(async () => {
  beats += 1;
  if (beats > 1) again.resolve();
  const startMs = performance.now();
  while (beats === 1 && performance.now() - startMs < 2_500)
    await new Promise((resolve) => setImmediate(resolve));
});
await again.promise;
await heart[Symbol.asyncDispose]();
