import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Project } from './cli.ts';

const root = join(import.meta.dirname, '../..');

/** One line of the log. */
export interface LogLine {
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** A running `sitrep start`, `scheduler` or `worker`. */
export interface Service extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly lines: readonly LogLine[];
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Calls back for each line of the log that comes from now on. */
  onLine(callback: (line: LogLine) => void): void;
  /** The first line, of those there are and those to come, that is meant. Rejects when the process ends before. */
  line(isMeant: (line: LogLine) => boolean): Promise<LogLine>;
  /** Resolves when the process is gone, with its exit status or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  kill(): Promise<void>;
}

/** Starts the real program in a user's project, with health on a free port. */
export function startService(
  project: Pick<Project, 'folder'>,
  args: string,
  env: NodeJS.ProcessEnv = {},
): Service {
  const { PUPPETEER_EXECUTABLE_PATH: _, DATABASE_URL: __, ...inherited } = process.env;
  const child = spawn(process.execPath, [join(root, 'src/main.ts'), ...args.split(' ')], {
    cwd: project.folder,
    env: {
      ...inherited,
      XDG_CACHE_HOME: join(project.folder, '.cache'),
      SITREP_PORT: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: LogLine[] = [];
  const listeners = new Set<(line: LogLine) => void>();
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  createInterface(child.stderr).on('line', (text) => {
    stderr += `${text}\n`;
    if (!text.startsWith('{')) return;
    const line = JSON.parse(text) as LogLine;
    lines.push(line);
    for (const listener of listeners) listener(line);
  });
  const ended = once(child, 'close').then(
    ([status, signal]) => (signal ?? status) as number | NodeJS.Signals,
  );
  const service: Service = {
    process: child,
    lines,
    stdout: () => stdout,
    stderr: () => stderr,
    onLine: (callback) => void listeners.add(callback),
    line: (isMeant) => {
      const { promise, resolve, reject } = Promise.withResolvers<LogLine>();
      const found = lines.find(isMeant);
      if (found) resolve(found);
      listeners.add((line) => isMeant(line) && resolve(line));
      void ended.then((how) =>
        reject(new Error(`The service ended (${how}) before that:\n${stdout}\n${stderr}`)),
      );
      return promise;
    },
    ended,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    async [Symbol.asyncDispose]() {
      // Told, and not killed: its browser would outlive it.
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 40_000);
      await ended;
      clearTimeout(timer);
    },
  };
  return service;
}

type Json = ReturnType<typeof JSON.parse>;

/** Asks the API of a running service, again and again where a test waits: each command costs thirty times as much. */
export async function openApi(service: Service, token: string): Promise<(path: string) => Promise<Json>> {
  const { port } = await service.line(({ msg }) => msg === 'ready');
  const headers = { authorization: `Bearer ${token}` };
  return async (path) => (await fetch(`http://127.0.0.1:${String(port)}/api${path}`, { headers })).json();
}
