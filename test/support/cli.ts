import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
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
  /** Runs in the folder of the project unless another is given; splits text at spaces. */
  sitrep(args: string | readonly string[], env?: NodeJS.ProcessEnv, at?: { folder: string }): Promise<Run>;
  write(file: string, text: string): Promise<void>;
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
  return {
    folder,
    sitrep: (args, env = {}, at = { folder }) =>
      new Promise((resolve) => {
        const { PUPPETEER_EXECUTABLE_PATH: _, ...inherited } = process.env;
        const options = {
          cwd: at.folder,
          env: { ...inherited, XDG_CACHE_HOME: join(folder, '.cache'), ...env },
          timeout: 500_000,
        };
        const argv = [join(root, 'src/main.ts'), ...given(args)];
        execFile(process.execPath, argv, options, (error, stdout, stderr) => {
          resolve({ status: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
        });
      }),
    write: async (file, text) => {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), text);
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 10 }),
  };
}
