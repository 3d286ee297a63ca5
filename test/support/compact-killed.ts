import { setTimeout as delay } from 'node:timers/promises';
import { compact } from '../../src/importers/compact.ts';

/** Compacts a dataset, and kills itself at the start of a step or after some milliseconds. */
const [into = '', cacheFolder = '', killAt = ''] = process.argv.slice(2);
const kill = (): void => void process.kill(process.pid, 'SIGKILL');
if (/^\d+$/.test(killAt)) void delay(Number(killAt), undefined, { ref: false }).then(kill);
await compact(into, {
  version: '0',
  cacheFolder,
  onStep: (step) => {
    if (step === killAt) kill();
  },
});
