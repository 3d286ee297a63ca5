import { execFile } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { enableCompileCache } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { testCacheFolder } from './cache.ts';
import { copyFolder } from './copy.ts';

const root = join(import.meta.dirname, '../..');

interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A project folder of a user, with the product's templates and data, in which the real program is run. */
export interface Project extends AsyncDisposable {
  readonly folder: string;
  /** Starts the program in the folder of the project unless another is given; splits text at spaces. */
  sitrep(args: string | readonly string[], env?: NodeJS.ProcessEnv, at?: { folder: string }): Promise<Run>;
  /** Runs the same program in the process of the tests, one call after another: most of a start is loading and warming up. */
  call(args: string | readonly string[], env?: NodeJS.ProcessEnv, at?: { folder: string }): Promise<Run>;
  write(file: string, text: string): Promise<void>;
}

const main = join(root, 'src/main.ts');
// As the program does: the processes that it starts use the same. The variable is set too late for this process.
enableCompileCache(process.env['NODE_COMPILE_CACHE']);
/** The calls of this process, one after another: they share its folder, variables and output. */
let calls: Promise<unknown> = Promise.resolve();
let count = 0;

async function runHere(args: readonly string[], env: NodeJS.ProcessEnv, folder: string): Promise<Run> {
  const { argv, env: variables, stdout, stderr } = process;
  const before = process.cwd();
  const written = { stdout: '', stderr: '' };
  const collect = (name: 'stdout' | 'stderr') => (text: string | Uint8Array) => {
    written[name] += String(text);
    return true;
  };
  const emitters: readonly [EventEmitter, string][] = [
    [process, 'SIGTERM'],
    [process, 'SIGINT'],
    [stdout, 'error'],
  ];
  const listeners = emitters.map(([emitter, event]) => emitter.listeners(event));
  const writes = [stdout.write, stderr.write] as const;
  try {
    process.chdir(folder);
    Object.assign(process, { argv: [process.execPath, main, ...args], env, exitCode: undefined });
    [stdout.write, stderr.write] = [collect('stdout'), collect('stderr')];
    count += 1;
    // The module that starts the program runs anew; those that it imports are loaded already.
    await import(/* @vite-ignore */ `${main}?call=${count}`);
    return { status: Number(process.exitCode ?? 0), ...written };
  } finally {
    process.chdir(before);
    Object.assign(process, { argv, env: variables, exitCode: undefined });
    [stdout.write, stderr.write] = writes;
    for (const [index, [emitter, event]] of emitters.entries())
      for (const each of emitter.listeners(event))
        if (!listeners[index]?.includes(each)) emitter.removeListener(event, each as () => void);
  }
}

const given = (args: string | readonly string[]): readonly string[] =>
  typeof args === 'string' ? args.split(' ').filter((arg) => arg !== '') : args;

export async function openProject(): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'sitrep-cli-'));
  for (const part of ['templates', 'data']) copyFolder(join(root, part), join(folder, part));
  await copyFile(join(root, 'sitrep.yaml'), join(folder, 'sitrep.yaml'));
  // The program looks for "sitrep" in the user's cache folder: the browser is unpacked once for all tests.
  await mkdir(testCacheFolder, { recursive: true });
  await mkdir(join(folder, '.cache'));
  await symlink(testCacheFolder, join(folder, '.cache/sitrep'));
  const variables = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => {
    const { PUPPETEER_EXECUTABLE_PATH: _, ...inherited } = process.env;
    return { ...inherited, XDG_CACHE_HOME: join(folder, '.cache'), ...env };
  };
  return {
    folder,
    sitrep: (args, env = {}, at = { folder }) =>
      new Promise((resolve) => {
        const options = { cwd: at.folder, env: variables(env), timeout: 500_000 };
        execFile(process.execPath, [main, ...given(args)], options, (error, stdout, stderr) => {
          resolve({ status: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
        });
      }),
    call: (args, env = {}, at = { folder }) => {
      const run = calls.then(() => runHere(given(args), variables(env), at.folder));
      calls = run.catch(() => {});
      return run;
    },
    write: async (file, text) => {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), text);
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 10 }),
  };
}
