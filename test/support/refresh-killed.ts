import { setTimeout as delay } from 'node:timers/promises';
import { refreshDataset } from '../../src/refresh/refresh.ts';

/** Refreshes a dataset, and kills itself at the start of a step of the import or after some milliseconds. */
const [into = '', cacheFolder = '', killAt = ''] = process.argv.slice(2);
const kill = (): void => void process.kill(process.pid, 'SIGKILL');
if (/^\d+$/.test(killAt)) void delay(Number(killAt), undefined, { ref: false }).then(kill);
await refreshDataset(into, {
  knownOn: '2024-05-01',
  version: '0',
  cacheFolder,
  variables: {},
  onStep: (step) => {
    if (step === killAt) kill();
  },
});
