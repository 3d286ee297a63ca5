import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import envPaths from 'env-paths';
import { z } from 'zod';
import { briefIds, loadBriefs } from './adapters/briefs.ts';
import { openPrinter, type Printer } from './adapters/chromium/printer.ts';
import { loadDataset } from './adapters/dataset.ts';
import { openQueries } from './adapters/duckdb.ts';
import { readEdition, storeEdition } from './adapters/editions.ts';
import { nameEngine } from './adapters/engine.ts';
import { shareQueries } from './adapters/shared-queries.ts';
import { loadMaterial } from './adapters/material.ts';
import { AppError, describeFault } from './model/fault.ts';
import type { Material } from './pipeline/produce.ts';
import { commandLine } from './shells/cli.ts';
import { commands } from './shells/commands.ts';

/** Wires settings, adapters and the shell; alone reads the environment and sets the exit status. */
const sitrep = dirname(dirname(fileURLToPath(import.meta.url)));
const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(await readFile(join(sitrep, 'package.json'), 'utf8')));
const browserPath = process.env['PUPPETEER_EXECUTABLE_PATH'] || undefined;
const print = (line: string): void => void process.stdout.write(`${line}\n`);

await using resources = new AsyncDisposableStack();
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

const queries = resources.use(shareQueries(openQueries));
let printer: Promise<Printer> | undefined;
let material: Promise<Material> | undefined;
const readMaterial = (): Promise<Material> => (material ??= loadMaterial('data/geo'));
/** Opened by the first edition that is to be printed, so that it starts while charts are drawn. */
const startPrinter = (): Promise<Printer> =>
  (printer ??= readMaterial().then(({ fontFaces }) =>
    openPrinter({
      cacheFolder: envPaths('sitrep', { suffix: '' }).cache,
      browserPath,
      fontFaces,
      onStep: print,
      signal: stop.signal,
    }),
  ));
// Registered before it is opened: a run that fails early ends the browser that is still starting.
resources.defer(async () => {
  const opened = await printer?.catch(() => undefined);
  await opened?.[Symbol.asyncDispose]();
});

const program = commandLine(
  commands({
    now: new Date(),
    engine: await nameEngine(sitrep, { browserPath }),
    briefIds: () => briefIds('templates'),
    datasetNames: async () =>
      (await readdir('data', { withFileTypes: true }).catch(() => []))
        .filter((entry) => entry.isDirectory() && entry.name !== 'geo')
        .map(({ name }) => name),
    loadBriefs: (ids) => loadBriefs('templates', ids),
    loadDataset: (name) => loadDataset(join('data', name), `data/${name}`),
    loadMaterial: readMaterial,
    effects: {
      openQueries: queries.open,
      startPrinting: () => void startPrinter().catch(() => {}),
      print: async (html, options) => (await startPrinter()).print(html, options),
    },
    store: { read: readEdition, write: storeEdition },
    signal: stop.signal,
    elapsedMs: () => performance.now(),
    print,
  }),
  { version },
);

try {
  await program.parseAsync();
} catch (error) {
  if (stop.signal.aborted) {
    process.stderr.write('sitrep: Stopped. Editions that were not finished were not written.\n');
    process.exitCode = 143;
  } else if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if (error instanceof AppError) {
    for (const fault of error.faults) process.stderr.write(`sitrep: ${describeFault(fault)}\n`);
    process.stderr.write(
      `${error.faults.length} fault${error.faults.length === 1 ? '' : 's'} (${error.code}). `,
    );
    process.stderr.write('Nothing was written for what is named here.\n');
    process.exitCode = 1;
  } else {
    throw error;
  }
}
