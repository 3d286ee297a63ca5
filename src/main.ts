import { readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import { CommanderError } from 'commander';
import envPaths from 'env-paths';
import { z } from 'zod';
import { today } from './calendar.ts';
import { openChartProcess } from './charts/worker.ts';
import type { Shell } from './cli/context.ts';
import { commandLine } from './cli/program/program.ts';
import { AppError, causesOf, describeFault } from './errors.ts';
import type { Printer } from './pdf/browser/print.ts';
import type { Effects } from './production/produce.ts';
import { remember } from './project/file-cache.ts';
import { clearFolder, dependencyOn, scaffoldOf, writeProject } from './project/scaffold.ts';
import { shareQueries } from './query/shared-database.ts';
import type { Material } from './render/edition.ts';
import { misspeltVariables, readEnvFile, readSettings } from './settings.ts';
import { watchParent } from './wiring/parent.ts';
import type { Parts } from './wiring/parts.ts';
import { assetsOf, openProject, readText } from './wiring/project.ts';

/**
 * Wires settings, adapters and the shell. Only this file reads the environment and sets the exit status. It imports
 * large libraries (the browser, DuckDB, the ledger's database) on first use, because loading all of them takes longer
 * than most commands.
 */
const sitrep = dirname(dirname(fileURLToPath(import.meta.url)));
const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(await readFile(join(sitrep, 'package.json'), 'utf8')));
const browserPath = process.env['PUPPETEER_EXECUTABLE_PATH'] || undefined;
const cacheFolder = envPaths('sitrep', { suffix: '' }).cache;
/** Colours are used only on a terminal, and not if NO_COLOR is set. */
const paint = (style: 'red' | 'green' | 'cyan' | 'dim', text: string): string => styleText(style, text);
const print = (line: string): void => void process.stdout.write(`${line}\n`);
/** The reader of a pipe may stop early, as `head` does; the work continues. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

/** In a container a user may have a number but no name. */
const systemUser = (): string => {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
};

await using resources = new AsyncDisposableStack();
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => stop.abort(new Error(`The process was told to stop (${signal}).`)));
/**
 * Aborts running work and ends the browser: at once when the program is stopped, unless running work may finish first.
 */
const end = new AbortController();
const endWithStop = () => end.abort(stop.signal.reason);
stop.signal.addEventListener('abort', endWithStop);
const finishFirst = () => {
  stop.signal.removeEventListener('abort', endWithStop);
  return { end: endWithStop };
};

const queries = resources.use(
  shareQueries(async (...tables) => (await import('./query/database.ts')).openQueries(...tables)),
);
const charts = resources.use(openChartProcess());
let printer: Promise<Printer> | undefined;
const project = openProject('.', { sitrep });
let material: Promise<Material> | undefined;
const readMaterial = (): Promise<Material> => (material ??= project.loadMaterial());
/** Called for the first edition that is printed, so that the browser starts while charts are drawn. */
const startPrinter = (): Promise<Printer> =>
  (printer ??= Promise.all([import('./pdf/browser/print.ts'), readMaterial()]).then(
    ([{ openPrinter }, { fontFaces }]) =>
      openPrinter({
        cacheFolder,
        browserPath,
        fontFaces,
        // With --json, standard output contains JSON only.
        onStep: process.argv.includes('--json') ? () => {} : print,
        signal: end.signal,
      }),
  ));
// Registered before the browser opens, so that a run that fails early also ends a browser that is still starting.
resources.defer(async () => {
  const opened = await printer?.catch(() => undefined);
  await opened?.[Symbol.asyncDispose]();
});

const effects: Effects = {
  openQueries: queries.open,
  drawChart: charts.drawChart,
  startPrinting: () => {
    charts.start();
    startPrinter().catch(() => {});
  },
  print: async (html, options) => (await startPrinter()).print(html, options),
  browser: async () => (await startPrinter()).browser,
};
const { briefIds, datasetNames } = project;
const loadDataset = remember(project.loadDataset, (name) => [join('data', name), 'locales']);
const loadBrief = remember(project.loadBrief, async (id) => [
  join('templates', id),
  'sitrep.yaml',
  'locales',
  'images',
  'fonts',
  ...(await project.sharedFolders()),
]);
const catalogue = { briefIds, loadBrief, datasetNames, loadDataset, loadMaterial: readMaterial };
const nameEngine = async () => (await import('./production/material.ts')).nameEngine(sitrep, { browserPath });
/** Variables of the environment, including empty ones, take precedence over the file. */
const variables = () => ({ ...readEnvFile('.env'), ...process.env });
const readParts = async (usualLevel: string): Promise<Parts> => {
  const { logLevel, ...settings } = readSettings(variables());
  return {
    ...settings,
    cacheFolder,
    engine: await nameEngine(),
    systemUser: systemUser(),
    effects,
    log: (await import('./log.ts')).openLog(logLevel ?? usualLevel),
    ...(await project.loadImprint()),
    localeFor: project.localeFor,
    ...catalogue,
    ...(await import('./wiring/refresh.ts')).openRefresh({ version, cacheFolder, variables: variables() }),
    readAsset: assetsOf({ sitrep }),
    drawPicture: async (html, options) => (await startPrinter()).picture(html, options),
    stop: stop.signal,
    finishFirst,
  };
};

const now = new Date();
const shell: Shell = {
  now,
  signal: stop.signal,
  print,
  warn: (line) => void process.stderr.write(`sitrep: ${line}\n`),
  fail: () => void (process.exitCode = 1),
  ...(process.stderr.isTTY && { progress: (line) => void process.stderr.write(`\r\u001B[K${line}`) }),
};
/** For the commands that import or fetch incidents. */
const importing = { ...shell, knownOn: today(now, 'UTC'), version, cacheFolder };

const program = commandLine(
  {
    main: async () => {
      const { commands } = await import('./cli/commands.ts');
      const { readEdition, storeEdition } = await import('./production/store.ts');
      const { targetFaults } = await import('./delivery/settings.ts');
      return commands({
        ...shell,
        targetFaults: ({ definition: { file }, config: { marking, deliver } }) =>
          targetFaults({ file, marking, deliver }, readSettings(variables()).delivery),
        engine: await nameEngine(),
        ...catalogue,
        effects,
        store: { read: readEdition, write: storeEdition },
      });
    },
    service: async () =>
      (await import('./wiring/commands.ts')).serviceOf({
        readParts,
        catalogue,
        misspelt: () => misspeltVariables(variables()),
        isTerminal: process.stdout.isTTY,
        hasDisplay:
          process.platform !== 'linux' || Boolean(process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY']),
        print,
      }),
    operator: async () => {
      const { operatorCommands } = await import('./cli/operate.ts');
      const { pause, withLedger } = await import('./wiring/ledger-client.ts');
      return operatorCommands({
        ...shell,
        ...catalogue,
        withLedger: async (options, use) => withLedger({ ...options, parts: await readParts('error') }, use),
        wait: () => pause(stop.signal),
      });
    },
    author: async () => {
      const { authorCommands } = await import('./cli/author.ts');
      return authorCommands({
        ...shell,
        ...catalogue,
        goldens: await project.goldens(),
        scaffold: scaffoldOf('.', { sitrep, schema: join(sitrep, 'templates/brief.schema.json') }),
        startProject: async (folder) => {
          const dependency = await dependencyOn(sitrep, version);
          const platform = `${process.platform}-${process.arch}`;
          const files = await writeProject(folder, {
            sitrep,
            dependency,
            platform,
            today: importing.knownOn,
          });
          const schema = join(folder, 'node_modules/sitrep/templates/brief.schema.json');
          const scaffold = scaffoldOf(folder, { sitrep, schema });
          const started = openProject(folder, { sitrep });
          return {
            files,
            project: { ...started, goldens: await started.goldens(), scaffold },
            undo: () => clearFolder(folder),
          };
        },
        openQueries: queries.open,
        drawChart: charts.drawChart,
        preview: async (options) => {
          // npx does not forward SIGTERM: it exits and leaves the server and the browser running.
          using _ =
            process.env['npm_command'] === undefined
              ? undefined
              : watchParent(() => stop.abort(new Error('npx has ended.')));
          const { servePreview } = await import('./preview/server.ts');
          const { watchFolders } = await import('./preview/watch.ts');
          await servePreview(options, {
            ...catalogue,
            watched: project.watched,
            effects,
            readAsset: assetsOf({ sitrep }),
            readText,
            locale: (await project.loadImprint()).locale,
            watch: watchFolders,
          });
        },
        acceptedIn: { ci: process.env['CI'] },
        paint,
      });
    },
    imports: async () => {
      const { importCommands } = await import('./cli/import.ts');
      const { loadDataset: readDataset } = await import('./dataset/reading/read.ts');
      return importCommands({
        ...importing,
        readText,
        writeNew: (file, text) => writeFile(file, text, { flag: 'wx' }),
        actorsIn: async (folder) => (await readDataset(folder, folder)).tables.actors,
      });
    },
    data: async () =>
      (await import('./cli/data.ts')).dataCommands({
        ...importing,
        variables: variables(),
        datasetNames,
        folderOf: (name) => join('data', name),
      }),
    proof: async () => {
      const { proofCommands } = await import('./cli/proof.ts');
      const { readPdfFile } = await import('./pdf/read.ts');
      const { recordedIn } = await import('./wiring/ledger-client.ts');
      return proofCommands({
        ...shell,
        ...catalogue,
        effects,
        readPdf: readPdfFile,
        recordsOf: (out, named) => recordedIn(out, { named, readParts: () => readParts('error') }),
      });
    },
  },
  version,
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
    for (const fault of causesOf(error.faults)) process.stderr.write(`sitrep: ${describeFault(fault)}\n`);
    for (const fault of causesOf(error.warnings))
      process.stderr.write(`sitrep: warning: ${describeFault(fault)}\n`);
    process.stderr.write(
      `${error.faults.length} fault${error.faults.length === 1 ? '' : 's'} (${error.code}).\n`,
    );
    process.exitCode = 1;
  } else {
    throw error;
  }
}
