import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AppError } from '../../model/fault.ts';

/**
 * Holds a folder for the life of this process: two processes on one embedded ledger lose its rows. The operating system
 * lets go of the lock however the process ends. A command that is just ending is waited for. Throws `ledger-in-use`.
 */
export function lockFolder(folder: string, { waitMs }: { waitMs: number }): Disposable {
  mkdirSync(folder, { recursive: true });
  keepOthersOut(folder);
  const file = join(folder, 'lock');
  const lock = new DatabaseSync(file);
  try {
    lock.exec(`PRAGMA busy_timeout=${waitMs}; PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE`);
  } catch (cause) {
    lock.close();
    throw new AppError(
      'ledger-in-use',
      [
        {
          file: folder,
          problem: 'Another sitrep holds this ledger.',
          mend: 'Stop it first, or use it: all commands but start reach it by themselves.',
        },
      ],
      { cause },
    );
  }
  return { [Symbol.dispose]: () => lock.close() };
}

/** The socket takes any command, and tables and snapshot hold the key of all sessions: each makes its reader an operator. */
function keepOthersOut(folder: string): void {
  try {
    if ((statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700);
  } catch (cause) {
    throw new AppError(
      'ledger-unusable',
      [
        {
          file: folder,
          problem:
            'Other users of this machine can enter the folder of the ledger, and this user cannot change that.',
          mend: 'Run Sitrep as the user who owns the folder, or have its owner run "chmod 700" on it.',
        },
      ],
      { cause },
    );
  }
}
