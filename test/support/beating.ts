import { setTimeout as delay } from 'node:timers/promises';
import { everySecond } from '../../src/scheduler/heartbeat.ts';

// Run by the test of the heartbeat in a process of its own: the first beat takes until two others were due.
let beats = 0;
const again = Promise.withResolvers<void>();
const heart = everySecond(async () => {
  beats += 1;
  if (beats > 1) again.resolve();
  if (beats === 1) await delay(2_500);
});
await again.promise;
await heart[Symbol.asyncDispose]();
