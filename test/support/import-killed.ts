import { setTimeout as delay } from 'node:timers/promises';
import { acled } from '../../src/importers/acled.ts';
import { stix } from '../../src/importers/feeds/stix.ts';
import { importIncidents } from '../../src/importers/import.ts';

/** Imports a file, and kills itself at the start of a step or after some milliseconds. */
const [into = '', file = '', cacheFolder = '', killAt = ''] = process.argv.slice(2);
const kill = (): void => void process.kill(process.pid, 'SIGKILL');
if (/^\d+$/.test(killAt)) void delay(Number(killAt), undefined, { ref: false }).then(kill);
await importIncidents(
  { importer: file.endsWith('.json') ? stix : acled, files: [file], into, complete: false },
  {
    knownOn: '2024-05-01',
    version: '0',
    cacheFolder,
    onStep: (step) => {
      if (step === killAt) kill();
    },
  },
);
