import { accessSync, closeSync, constants, existsSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

/** SQLITE_BUSY: another connection has the lock. */
const BUSY = 5;

/**
 * Locks `file`, creating it if it is missing; undefined while somebody else has the lock, in this process or another.
 * SQLite takes the lock (node:fs has no locks), and the system releases it however its owner ends. It also works between
 * containers that share the file, where process ids mean nothing. Throws the system's error where the file cannot be
 * written.
 */
export function tryLock(file: string): Disposable | undefined {
  // SQLite would create it without the group's rights. Closing any other descriptor of the file would release the lock.
  if (!existsSync(file)) createEmpty(file);
  // SQLite's own error does not say whether the file is read-only, or someone else's.
  accessSync(file, constants.R_OK | constants.W_OK);
  const database = new DatabaseSync(file);
  try {
    // Nothing is ever written, and a journal would be left beside the file by a process that is killed.
    database.exec('PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE');
    return { [Symbol.dispose]: () => database.close() };
  } catch (error) {
    database.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === BUSY) return undefined;
    throw error;
  }
}

function createEmpty(file: string): void {
  try {
    closeSync(openSync(file, 'wx'));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

const RETRY_MS = 10;

/** Waits for the lock on `file` without blocking this process. Throws once `waitMs` have passed. */
export async function waitForLock(file: string, { waitMs }: { waitMs: number }): Promise<Disposable> {
  for (const startMs = performance.now(); performance.now() - startMs < waitMs; await delay(RETRY_MS)) {
    const lock = tryLock(file);
    if (lock) return lock;
  }
  throw new Error(`another process has been writing in ${dirname(file)} for ${Math.round(waitMs / 1000)} s`);
}
