import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { tryLock } from '../../file-lock.ts';

/**
 * Each folder has a locked file beside it, named after the folder. A process id would not show whether the owner is
 * alive: in the next container with the same cache folder, the id belongs to another process or to none.
 */
const LOCK = '.lock';

/**
 * Creates a folder in `parent` for this process alone, after removing those that dead processes left there. Disposing
 * removes the folder with its contents.
 */
export async function openScratch(parent: string) {
  await mkdir(parent, { recursive: true });
  await sweepScratch(parent);
  for (;;) {
    const path = join(parent, randomUUID());
    const lock = tryLock(path + LOCK);
    // Another process's sweep may have found and removed the file before it was locked.
    if (lock === undefined || !existsSync(path + LOCK)) {
      lock?.[Symbol.dispose]();
      continue;
    }
    await mkdir(path);
    return {
      path,
      async [Symbol.asyncDispose]() {
        using _ = lock;
        await removeScratch(path);
      },
    };
  }
}

/**
 * Removes the folders that dead processes left in `parent`. First ends the programs that still use them, because a
 * browser outlives a process that was killed. Finding those programs needs `/proc`, and so Linux.
 */
export async function sweepScratch(parent: string): Promise<void> {
  await sweepUnlocked(parent);
  using locks = new DisposableStack();
  const dead: string[] = [];
  for (const name of await readdir(parent).catch(() => [])) {
    if (!name.endsWith(LOCK)) continue;
    const lock = lockOfDead(join(parent, name));
    if (lock === undefined) continue;
    locks.use(lock);
    dead.push(join(parent, name.slice(0, -LOCK.length)));
  }
  if (dead.length === 0) return;
  await killUsersOf(dead);
  await Promise.all(dead.map((path) => removeScratch(path)));
}

/** A browser in use writes to its profile every day. */
const UNUSED_MS = 7 * 86_400_000;

/** An earlier version named folders after process ids, without a lock. This removes the ones no longer in use. */
async function sweepUnlocked(parent: string): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    const path = join(parent, name);
    if (!/^\d+-\w{6}$/.test(name) || Date.now() - (await lastChange(path)) < UNUSED_MS) continue;
    if ((await usersOf([path])).length === 0) await removeScratch(path);
  }
}

async function lastChange(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const times = [folder, ...names.map((name) => join(folder, name))].map((path) =>
    stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    ),
  );
  return Math.max(...(await Promise.all(times)));
}

/**
 * Undefined while the owner is alive. A file that cannot be locked, such as another user's, counts as having a live
 * owner.
 */
function lockOfDead(file: string): Disposable | undefined {
  try {
    // Avoids recreating a file that its owner has just removed.
    return existsSync(file) ? tryLock(file) : undefined;
  } catch {
    return undefined;
  }
}

/** The processes whose command line names one of the folders. */
async function usersOf(folders: readonly string[]): Promise<number[]> {
  const users: number[] = [];
  for (const pid of (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (folders.some((folder) => command.includes(`=${folder}/`))) users.push(Number(pid));
  }
  return users;
}

async function killUsersOf(folders: readonly string[]): Promise<void> {
  for (const pid of await usersOf(folders)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // The process ended in the meantime.
    }
  }
}

/** The lock is removed last: a folder without one would never be removed. */
async function removeScratch(path: string): Promise<void> {
  // A browser's last process may write for a moment after the first has ended, hence the retries.
  await rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  await rm(path + LOCK, { force: true });
}
