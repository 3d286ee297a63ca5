import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, open as openFile, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { gunzip } from 'node:zlib';
import { PGlite } from '@electric-sql/pglite';
import { z } from 'zod';
import { faultOfFolder, giveToOwner, lockFolder, unusable } from './access.ts';
import type { AppError } from '../../errors.ts';

/**
 * The folder of an embedded ledger. Its process may be killed at any moment, so each step is one rename:
 *
 * - `data` is the ledger.
 * - `new-*` and `empty-*` are unfinished, and the next process removes them. However, a `new-*` that contains a
 *   database, if it is the only one, may be the only copy of the ledger.
 * - `restored` is a fully unpacked snapshot. It becomes `data` after the old `data` is renamed to `damaged-*`.
 * - `snapshot.tar.gz` is the last copy of the ledger; `snapshot.json` records how many editions it contains.
 */
const placesIn = (folder: string) => ({
  data: join(folder, 'data'),
  restored: join(folder, 'restored'),
  snapshot: join(folder, 'snapshot.tar.gz'),
  contents: join(folder, 'snapshot.json'),
  fresh: () => join(folder, `new-${randomUUID()}`),
  /** A ledger that is still being created contains nothing to lose. */
  empty: () => join(folder, `empty-${randomUUID()}`),
});

/**
 * PostgreSQL in WebAssembly runs as V8's fast compiler leaves it. Optimising its largest functions would use 500 MB for
 * a while and 90 MB for good, and the ledger's queries would gain little. The flags must precede the first instance.
 */
setFlagsFromString('--no-wasm-tier-up');
setFlagsFromString('--no-wasm-dynamic-tiering');

/** The system already caches the pages: PostgreSQL's default buffers of 128 MB would store them twice. */
const startParams = [...PGlite.defaultStartParams, '-c', 'shared_buffers=4MB'];

const contents = z.object({ editions: z.number().int() });

/** Opens a ledger's data, which this process has locked. Creates a ledger only if there never was one. */
export async function openData(folder: string): Promise<PGlite> {
  const { data, restored } = placesIn(folder);
  try {
    const [copy] = await loneCopies(folder);
    if (copy !== undefined)
      throw unusable(undefined, {
        file: data,
        problem: `The ledger is missing, and ${basename(copy)} beside it may be the only copy of it.`,
        hint: `Rename ${basename(copy)} to "data" to go on with it. Otherwise move it out of the folder, and start again.`,
      });
    await removeUnfinished(folder);
    if (await isFilled(data)) await discard(restored, folder);
    // An earlier restore was killed after it had moved the old ledger away.
    else if (existsSync(restored)) await rename(restored, data);
    else if (!(await hasRemains(folder))) await createData(folder);
    else
      throw unusable(undefined, {
        file: data,
        problem: 'The ledger is missing, and what is beside it shows that there was one.',
        hint: 'Run "sitrep restore" to go on from the last snapshot. To begin a new ledger instead, move snapshot.tar.gz and every damaged-* out of the folder first.',
      });
    return await PGlite.create({ dataDir: data, startParams });
  } catch (cause) {
    throw await faultOfFolder(folder, cause);
  }
}

/** Except for `start` and commands that generate editions, commands use an embedded ledger for less than this. */
export const LOCK_WAIT_MS = 3_000;

/** Replaces the ledger with the last snapshot and keeps the old data next to it. Returns the folder of the old data. */
export async function restoreSnapshot(folder: string): Promise<string | null> {
  using locks = new DisposableStack();
  locks.use(await lockFolder(folder, { waitMs: LOCK_WAIT_MS }));
  const { data, restored, snapshot, fresh } = placesIn(folder);
  const tar = await readSnapshot(snapshot);
  for (const copy of await loneCopies(folder)) await rename(copy, join(folder, `damaged-${randomUUID()}`));
  await removeUnfinished(folder);
  await discard(restored, folder);
  const unpacked = fresh();
  try {
    await (await PGlite.create({ dataDir: unpacked, loadDataDir: new Blob([tar]) })).close();
  } catch (cause) {
    await rm(unpacked, { recursive: true, force: true }).catch(() => {});
    const fault = await faultOfFolder(folder, cause);
    throw fault.code === 'ledger-unavailable' ? fault : damagedSnapshot(snapshot, cause);
  }
  await rename(unpacked, restored);
  const remains = (await isFilled(data)) ? join(folder, `damaged-${randomUUID()}`) : null;
  if (remains !== null) await rename(data, remains);
  await rename(restored, data);
  giveToOwner(folder);
  return remains;
}

/** Writes a copy of the ledger, flushed to disk. Returns the new name of an earlier one that has more editions. */
export async function writeSnapshot(
  folder: string,
  { pglite, editions }: { pglite: PGlite; editions: number },
): Promise<string | null> {
  const { snapshot, contents: said, fresh } = placesIn(folder);
  const file = fresh();
  const description = fresh();
  try {
    const dump = await pglite.dumpDataDir('gzip');
    await writeDurably(file, new Uint8Array(await dump.arrayBuffer()));
    await writeDurably(description, JSON.stringify({ editions }));
    const kept = await keepFuller(folder, editions);
    await rename(file, snapshot);
    await rename(description, said);
    await syncFolder(folder);
    giveToOwner(folder);
    return kept;
  } catch (cause) {
    await Promise.all([file, description].map((path) => rm(path, { force: true }).catch(() => {})));
    throw await faultOfFolder(folder, cause, 'The snapshot cannot be written');
  }
}

/** Records how many editions were removed on purpose, so that a smaller snapshot does not look like lost data. */
export async function noteRemoved(folder: string, count: number): Promise<void> {
  const { contents: said, fresh } = placesIn(folder);
  const before = await editionsInSnapshot(folder);
  if (before === null || count === 0) return;
  const file = fresh();
  await writeFile(file, JSON.stringify({ editions: Math.max(0, before - count) }));
  await rename(file, said);
}

async function keepFuller(folder: string, editions: number): Promise<string | null> {
  const { snapshot, fresh } = placesIn(folder);
  if (!existsSync(snapshot)) return null;
  const before = await editionsInSnapshot(folder);
  // Snapshots of an earlier version have no count, so only an empty ledger is known to have fewer editions.
  if (before === null ? editions > 0 : editions >= before) return null;
  const kept = join(folder, `fuller-snapshot-${before ?? 'unknown'}.tar.gz`);
  const copy = fresh();
  await copyFile(snapshot, copy);
  await rename(copy, kept);
  return kept;
}

async function editionsInSnapshot(folder: string): Promise<number | null> {
  const text = await readFile(placesIn(folder).contents, 'utf8').catch(() => '');
  try {
    return contents.parse(JSON.parse(text)).editions;
  } catch {
    return null;
  }
}

/** Unpacks the tar file in a snapshot. PGlite would end the process on a damaged archive. */
async function readSnapshot(file: string): Promise<Uint8Array<ArrayBuffer>> {
  const packed = await readFile(file).catch((cause: unknown) => {
    throw unusable(cause, {
      file,
      problem: 'There is no snapshot to restore.',
      hint: 'Restore a copy of it from a backup.',
    });
  });
  try {
    const tar = await promisify(gunzip)(packed);
    // Every tar header contains this: https://www.gnu.org/software/tar/manual/html_node/Standard.html
    if (tar.toString('latin1', 257, 262) !== 'ustar') throw new Error('It is not a tar file.');
    return new Uint8Array(tar);
  } catch (cause) {
    throw damagedSnapshot(file, cause);
  }
}

/** Creates the data in a temporary folder and renames it, so that an interrupted process leaves no partial ledger. */
async function createData(folder: string): Promise<void> {
  const { data, empty } = placesIn(folder);
  const made = empty();
  try {
    await (await PGlite.create({ dataDir: made, startParams })).close();
  } catch (cause) {
    await rm(made, { recursive: true, force: true }).catch(() => {});
    throw cause;
  }
  await rename(made, data);
}

async function isFilled(data: string): Promise<boolean> {
  return existsSync(data) && (await readdir(data)).length > 0;
}

/** Whether a ledger existed here before: it left a snapshot, or data that a restore put aside. */
async function hasRemains(folder: string): Promise<boolean> {
  const names = await readdir(folder);
  return names.some((name) => name === 'snapshot.tar.gz' || name.startsWith('damaged-'));
}

async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (name.startsWith('new-') || name.startsWith('empty-'))
      await rm(join(folder, name), { recursive: true, force: true });
}

/** Databases left by a killed restore of an earlier version, if there is no other. PostgreSQL needs this file. */
async function loneCopies(folder: string): Promise<string[]> {
  const { data, restored } = placesIn(folder);
  if ((await isFilled(data)) || existsSync(restored)) return [];
  const copies = (await readdir(folder)).filter((name) => name.startsWith('new-'));
  return copies
    .map((name) => join(folder, name))
    .filter((path) => existsSync(join(path, 'global/pg_control')));
}

/** Renames the folder first, so that a partly deleted one cannot be mistaken for a complete one. */
async function discard(path: string, folder: string): Promise<void> {
  if (!existsSync(path)) return;
  const old = placesIn(folder).fresh();
  await rename(path, old);
  await rm(old, { recursive: true, force: true });
}

async function writeDurably(path: string, content: Uint8Array | string): Promise<void> {
  await using file = await openFile(path, 'w');
  await file.writeFile(content);
  await file.sync();
}

async function syncFolder(folder: string): Promise<void> {
  await using directory = await openFile(folder, 'r');
  await directory.sync();
}

const damagedSnapshot = (file: string, cause: unknown): AppError =>
  unusable(cause, {
    file,
    problem: 'The snapshot is damaged and cannot be restored.',
    hint: 'Restore a copy of it from a backup.',
  });
