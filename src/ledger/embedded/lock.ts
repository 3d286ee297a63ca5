import { chmodSync, lchownSync, lstatSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { tryLock } from '../../file-lock.ts';
import { faultOfFolder } from './folder-faults.ts';

const LOOK_AGAIN_MS = 50;
/** SQLite's code: https://www.sqlite.org/rescode.html */
const NOT_A_DATABASE = 26;
const refusal = z.object({ errcode: z.number() });

/**
 * Locks a folder for the life of this process, because two processes on one embedded ledger lose rows. The operating
 * system releases the lock however the process ends. Waits up to `waitMs` for another process to end. Throws
 * `ledger-in-use`, `ledger-unavailable` and `ledger-unusable`.
 */
export async function lockFolder(folder: string, { waitMs }: { waitMs: number }): Promise<Disposable> {
  const deadlineMs = performance.now() + waitMs;
  for (;;) {
    try {
      const made = mkdirSync(folder, { recursive: true });
      if (made !== undefined) giveToOwner(made);
      keepOthersOut(folder);
      const lock = tryLock(join(folder, 'lock'));
      if (lock) return lock;
    } catch (cause) {
      // The low byte is the primary code; the other bytes give details.
      const code = (refusal.safeParse(cause).data?.errcode ?? 0) & 0xff;
      if (code === NOT_A_DATABASE) throw noLockFile(folder, cause);
      throw await faultOfFolder(folder, cause, 'The folder of the ledger cannot be locked');
    }
    if (performance.now() >= deadlineMs) throw inUse(folder);
    await delay(LOOK_AGAIN_MS);
  }
}

const inUse = (folder: string): AppError =>
  new AppError('ledger-in-use', [
    {
      file: folder,
      problem: 'Another sitrep uses this ledger.',
      hint: 'Stop it first, or use it: all commands but start reach it by themselves.',
    },
  ]);

const noLockFile = (folder: string, cause: unknown): AppError =>
  new AppError(
    'ledger-unusable',
    [
      {
        file: join(folder, 'lock'),
        problem: 'This file is not a lock file of sitrep.',
        hint: 'Delete it while no sitrep is running. It contains no data.',
      },
    ],
    { cause },
  );

const refused = z.object({ code: z.enum(['EPERM', 'EACCES']) });

/**
 * The socket accepts any command, and the tables and snapshot contain the session key: access to either makes a user an
 * operator.
 */
function keepOthersOut(folder: string): void {
  try {
    if ((statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700);
  } catch (cause) {
    if (!refused.safeParse(cause).success) throw cause;
    throw new AppError(
      'ledger-unusable',
      [
        {
          file: folder,
          problem:
            'Other users of this machine can enter the folder of the ledger, and this user cannot change that.',
          hint: 'Run Sitrep as the user who owns the folder, or have its owner run "chmod 700" on it.',
        },
      ],
      { cause },
    );
  }
}

/**
 * If root works in another user's folder, gives that user the files that root created. The service runs as that user
 * and could not open the ledger otherwise.
 */
export function giveToOwner(path: string): void {
  if (process.getuid?.() !== 0) return;
  const own = lstatSync(path);
  const { uid, gid } = own.uid === 0 ? lstatSync(dirname(path)) : own;
  if (uid === 0) return;
  const entries = own.isDirectory() ? readdirSync(path, { recursive: true, encoding: 'utf8' }) : [];
  for (const entry of [path, ...entries.map((name) => join(path, name))])
    if (lstatSync(entry).uid === 0) lchownSync(entry, uid, gid);
}
