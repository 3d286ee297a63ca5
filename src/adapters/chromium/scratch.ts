import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder of this process's own, removed with all it holds when disposed. */
export interface Scratch extends AsyncDisposable {
  readonly path: string;
}

/** Makes `<parent>/<pid>-<random>`, having first removed those that dead processes left there. */
export async function openScratch(parent: string): Promise<Scratch> {
  await mkdir(parent, { recursive: true });
  await removeLeftovers(parent);
  const path = await mkdtemp(join(parent, `${process.pid}-`));
  return { path, [Symbol.asyncDispose]: () => removeFolder(path) };
}

async function removeLeftovers(parent: string): Promise<void> {
  const names = await readdir(parent);
  const dead = names.filter((name) => {
    const pid = /^(\d+)-/.exec(name)?.[1];
    return pid !== undefined && !isAlive(Number(pid));
  });
  await Promise.all(dead.map((name) => removeFolder(join(parent, name))));
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
