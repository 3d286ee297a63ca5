import { accessSync, closeSync, constants, existsSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

/** SQLITE_BUSY: another connection has the lock. */
const BUSY = 5;

/**
 * Locks `file`, creating it if it is missing. Returns undefined while this or another process has the lock. SQLite
 * takes the lock because node:fs has no locks; the system releases it however the owner ends. The lock also works
 * between containers that share the file, where process ids mean nothing. Throws the system's error if the file cannot
 * be written.
 */
export function tryLock(file: string): Disposable | undefined {
  // SQLite would create the file without group permissions. Closing any other descriptor of the file would release the
  // lock.
  if (!existsSync(file)) createEmpty(file);
  // SQLite's own error does not say whether the file is read-only or belongs to another user.
  accessSync(file, constants.R_OK | constants.W_OK);
  const database = new DatabaseSync(file);
  try {
    // Nothing is ever written, and a process that is killed would leave a journal beside the file.
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
