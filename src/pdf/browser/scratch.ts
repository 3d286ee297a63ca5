import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { tryLock } from '../../file-lock.ts';

/** A folder of this process's own, removed with all it holds when disposed. */
export interface Scratch extends AsyncDisposable {
  readonly path: string;
}

/**
 * Each folder has a locked file beside it, named after it. A process id would not tell whether its owner lives: in the
 * next container, with the same cache folder, the same number is another process or none.
 */
const LOCK = '.lock';

/** Makes a folder in `parent`, having first removed those that dead processes left there. */
export async function openScratch(parent: string): Promise<Scratch> {
  await mkdir(parent, { recursive: true });
  await sweepScratch(parent);
  for (;;) {
    const path = join(parent, randomUUID());
    const lock = tryLock(path + LOCK);
    // Another process's sweep may have found the file before it was locked, and removed it.
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
 * Removes the folders that dead processes left in `parent`, and first ends the programs that still work in them: a
 * browser outlives a process that was killed. Finding those needs `/proc`, that is Linux.
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

/** A browser that is used writes to its profile each day. */
const UNUSED_MS = 7 * 86_400_000;

/** An earlier version named folders after its process, without a lock: those that nobody uses any more are removed. */
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

/** Undefined while the owner lives. What cannot be locked at all, such as another user's, counts as living. */
function lockOfDead(file: string): Disposable | undefined {
  try {
    // Not to create it again, where its owner has just removed it.
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
      // It ended by itself meanwhile.
    }
  }
}

/** The lock goes last: a folder without one would never be removed. */
async function removeScratch(path: string): Promise<void> {
  // A browser's last process may still write for a moment after the first has gone, hence the retries.
  await rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  await rm(path + LOCK, { force: true });
}
