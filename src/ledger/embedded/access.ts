import { randomUUID } from 'node:crypto';
import { chmodSync, constants, lchownSync, lstatSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { access, lstat, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { AppError, type Fault } from '../../errors.ts';
import { tryLock } from '../../file-lock.ts';
import { reasonOf } from '../sql/database.ts';

/** On a full disk, a ledger needs room for one more log file. */
const PROBE_BYTES = 17 * 1024 * 1024;
/** Codes for a full disk: Node, PostgreSQL (SQLSTATE), and PGlite's own file system (WASI). */
const full: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', '53100', 51, 19]);
/** SQLSTATEs for corrupted data, and for a file that PostgreSQL cannot read or write. */
const damaged: ReadonlySet<unknown> = new Set(['XX001', 'XX002', '58030']);
const thrown = z.object({ code: z.string().optional(), errno: z.number().optional() });

/**
 * Finds out from the disk why a ledger folder cannot be used. Returns `ledger-unavailable` if the disk is full or
 * read-only or the folder belongs to another user. Otherwise the data count as damaged (`ledger-unusable`), with the
 * text of `otherwise`.
 */
export async function faultOfFolder(
  folder: string,
  cause: unknown,
  otherwise = 'The ledger is damaged and cannot be opened',
): Promise<AppError> {
  if (cause instanceof AppError) return cause;
  const fault = await obstacle(folder, cause);
  if (fault !== undefined) return new AppError('ledger-unavailable', fault, { cause });
  return unusable(cause, {
    file: folder,
    problem: `${otherwise}: ${reasonOf(cause)}.`,
    hint: 'Stop what runs on it and run "sitrep restore", which puts the last snapshot in its place and keeps the remains.',
  });
}

export const unusable = (cause: unknown, fault: Fault): AppError =>
  new AppError('ledger-unusable', fault, { cause });

/** The same for a query error. Errors that have nothing to do with the disk are returned unchanged. */
export async function explainQuery(folder: string, error: unknown): Promise<unknown> {
  const { code, errno } = thrown.safeParse(error).data ?? {};
  const isOfDisk =
    full.has(code) ||
    damaged.has(code) ||
    (errno !== undefined && code === undefined) ||
    // WebAssembly, in which the embedded ledger runs, throws this error.
    (error instanceof Error && error.name === 'RuntimeError');
  return isOfDisk ? faultOfFolder(folder, error, 'The ledger is damaged') : error;
}

async function obstacle(folder: string, cause: unknown): Promise<Fault | undefined> {
  const { code, errno } = thrown.safeParse(cause).data ?? {};
  if (full.has(code) || full.has(errno)) return diskFull(folder);
  const probe = join(await nearest(folder), `new-probe-${randomUUID()}`);
  try {
    await writeFile(probe, new Uint8Array(PROBE_BYTES));
  } catch (error) {
    const { code: refused = '' } = thrown.safeParse(error).data ?? {};
    if (full.has(refused)) return diskFull(folder);
    if (refused === 'EROFS')
      return {
        file: folder,
        problem: 'The file system is read-only.',
        hint: 'Mount it so that it can be written, or give another folder with --out.',
      };
    if (refused === 'EACCES' || refused === 'EPERM') return foreign(await nearest(folder), folder);
    if (refused === 'ENOTDIR' || refused === 'EEXIST')
      return {
        file: folder,
        problem: 'The ledger needs a folder in this place, and there is a file.',
        hint: 'Move the file away, or give another folder with --out.',
      };
  } finally {
    await rm(probe, { force: true }).catch(() => {});
  }
  const found = await unwritable(folder);
  return found === undefined ? undefined : foreign(found, folder);
}

const diskFull = (folder: string): Fault => ({
  file: folder,
  problem: 'The disk is full.',
  hint: 'Free some space and try again. That does not need a restore.',
});

async function foreign(path: string, folder: string): Promise<Fault> {
  const owner = nameOf((await lstat(path)).uid);
  const own = process.getuid?.() ?? '';
  return {
    file: path,
    problem: `It belongs to ${owner}, and ${nameOf(own)} may not write it. Perhaps ${owner} ran sitrep on this ledger once.`,
    hint: `Change the owner, "sudo chown -R ${own} ${folder}", or run sitrep as ${owner}.`,
  };
}

const nameOf = (uid: number | string): string => (uid === 0 ? 'root' : `user ${uid}`);

/** The folder itself, or its nearest existing parent. */
async function nearest(folder: string): Promise<string> {
  const found = await lstat(folder).catch(() => undefined);
  return found || dirname(folder) === folder ? folder : nearest(dirname(folder));
}

/** The first file or folder of the ledger that this process cannot read or write. */
async function unwritable(folder: string): Promise<string | undefined> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile() && !entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    const wanted = constants.R_OK | constants.W_OK | (entry.isDirectory() ? constants.X_OK : 0);
    const refusal: unknown = await access(path, wanted).catch((error: unknown) => error);
    if (refusal !== undefined) return path;
  }
  return undefined;
}

const LOOK_AGAIN_MS = 50;
/** SQLite's code: https://www.sqlite.org/rescode.html */
const NOT_A_DATABASE = 26;
const sqliteError = z.object({ errcode: z.number() });

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
      const code = (sqliteError.safeParse(cause).data?.errcode ?? 0) & 0xff;
      if (code === NOT_A_DATABASE)
        throw unusable(cause, {
          file: join(folder, 'lock'),
          problem: 'This file is not a lock file of sitrep.',
          hint: 'Delete it while no sitrep is running. It contains no data.',
        });
      throw await faultOfFolder(folder, cause, 'The folder of the ledger cannot be locked');
    }
    if (performance.now() >= deadlineMs)
      throw new AppError('ledger-in-use', {
        file: folder,
        problem: 'Another sitrep uses this ledger.',
        hint: 'Stop it first, or use it: all commands but start reach it by themselves.',
      });
    await delay(LOOK_AGAIN_MS);
  }
}

const refused = z.object({ code: z.enum(['EPERM', 'EACCES']) });

/** The socket accepts any command, and the files contain the session key: either makes a user an operator. */
function keepOthersOut(folder: string): void {
  try {
    if ((statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700);
  } catch (cause) {
    if (!refused.safeParse(cause).success) throw cause;
    throw unusable(cause, {
      file: folder,
      problem:
        'Other users of this machine can enter the folder of the ledger, and this user cannot change that.',
      hint: 'Run Sitrep as the user who owns the folder, or have its owner run "chmod 700" on it.',
    });
  }
}

/** Gives what root created to the folder's owner: the service runs as that user and could not open it otherwise. */
export function giveToOwner(path: string): void {
  if (process.getuid?.() !== 0) return;
  const own = lstatSync(path);
  const { uid, gid } = own.uid === 0 ? lstatSync(dirname(path)) : own;
  if (uid === 0) return;
  const entries = own.isDirectory() ? readdirSync(path, { recursive: true, encoding: 'utf8' }) : [];
  for (const entry of [path, ...entries.map((name) => join(path, name))])
    if (lstatSync(entry).uid === 0) lchownSync(entry, uid, gid);
}
