import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder of this process's own, removed with all it holds when disposed. */
export interface Scratch extends AsyncDisposable {
  readonly path: string;
}

/** Makes `<parent>/<pid>-<random>`, having first removed those that dead processes left there. */
export async function openScratch(parent: string): Promise<Scratch> {
  await mkdir(parent, { recursive: true });
  await sweepScratch(parent);
  const path = await mkdtemp(join(parent, `${process.pid}-`));
  return { path, [Symbol.asyncDispose]: () => removeFolder(path) };
}

/**
 * Removes the folders that dead processes left in `parent`, and first ends the programs that still work in them: a
 * browser outlives a process that was killed. Finding those needs `/proc`, that is Linux.
 */
export async function sweepScratch(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  const dead = names.filter((name) => {
    const pid = /^(\d+)-/.exec(name)?.[1];
    return pid !== undefined && !isAlive(Number(pid));
  });
  if (dead.length === 0) return;
  await killUsersOf(dead.map((name) => join(parent, name)));
  await Promise.all(dead.map((name) => removeFolder(join(parent, name))));
}

/** Kills the processes whose command line names one of the folders. */
async function killUsersOf(folders: readonly string[]): Promise<void> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const isTheirs = folders.some((folder) => command.includes(`=${folder}/`));
    if (!isTheirs) continue;
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended by itself meanwhile.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, but belongs to another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

// A browser's last process may still write for a moment after the first has gone, hence the retries.
const removeFolder = (path: string): Promise<void> =>
  rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
