import { existsSync } from 'node:fs';
import { chown, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../errors.ts';
import { waitForLock } from '../file-lock.ts';
import { hashOf } from '../hash.ts';
import { type FileToStore, type Manifest, manifest, manifestText } from '../render/manifest.ts';

/**
 * Reads the manifest of the edition in `folder`, if the edition is complete and unchanged. An edition with changed or
 * missing files counts as absent.
 */
export async function readEdition(folder: string): Promise<Manifest | undefined> {
  try {
    await putBackIfMissing(folder);
    const found = await readManifest(folder);
    for (const { name, sha256 } of found.files) {
      if (hashOf(await readFile(join(folder, name))) !== sha256) return undefined;
    }
    return found;
  } catch {
    return undefined;
  }
}

const readManifest = async (folder: string): Promise<Manifest> =>
  manifest.parse(JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')));

/** A file of an edition; undefined if it does not exist. */
export async function readEditionFile(folder: string, name: string): Promise<Uint8Array | undefined> {
  try {
    await putBackIfMissing(folder);
    return await readFile(join(folder, name));
  } catch {
    return undefined;
  }
}

/**
 * Writes an edition atomically: into a new folder, which is then renamed. If the last step fails, the previous edition
 * is restored; if the process is killed, the next access restores it. With `durable`, the write survives a power cut. A
 * delivered edition is never overwritten, except by the same bytes. Throws `output-unwritable` and `edition-delivered`.
 */
export async function storeEdition(
  folder: string,
  files: readonly FileToStore[],
  description: Manifest,
  { durable = false }: { durable?: boolean } = {},
): Promise<void> {
  const { parent, fresh, old } = placesOf(folder);
  try {
    using _ = await lockEditions(parent);
    const delivered = await wasDelivered(folder, description);
    try {
      await mkdir(fresh, { recursive: true });
      const all = [...files, { name: 'manifest.json', content: manifestText(description) }];
      await Promise.all(all.map(({ name, content }) => writeFile(join(fresh, name), content)));
      if (delivered) await writeMark(fresh);
      if (durable)
        await Promise.all(['', ...all.map(({ name }) => name)].map((name) => sync(join(fresh, name))));
      await mkdir(dirname(old), { recursive: true });
      const replaced = existsSync(folder);
      if (replaced) await rename(folder, old);
      try {
        await rename(fresh, folder);
      } catch (error) {
        if (replaced) await rename(old, folder);
        throw error;
      }
      if (durable) await sync(parent);
      await rm(old, { recursive: true, force: true });
    } finally {
      await rm(fresh, { recursive: true, force: true });
    }
  } catch (cause) {
    throw unwritable(folder, 'The edition cannot be written', cause);
  }
}

/** Marks the folder of an edition that was delivered, or whose delivery has begun. */
const MARK = '.delivered';

/**
 * Records durably that an edition is being delivered. Returns false and writes nothing if the file no longer has the
 * expected hash.
 */
export async function markDelivered(
  folder: string,
  { name, sha256 }: { readonly name: string; readonly sha256: string },
): Promise<boolean> {
  // The lock prevents anyone from replacing the edition between the check and the mark.
  using _ = await lockEditions(dirname(folder));
  const content = await readFile(join(folder, name)).catch(() => undefined);
  if (content === undefined || hashOf(content) !== sha256) return false;
  await writeMark(folder);
  return true;
}

async function writeMark(folder: string): Promise<void> {
  const mark = join(folder, MARK);
  await writeFile(mark, 'This edition was delivered: Sitrep never overwrites it.\n');
  await sync(mark);
  await sync(folder);
}

/** Whether the edition was delivered. Throws `edition-delivered` if it was and the new bytes differ. */
async function wasDelivered(folder: string, { files }: Manifest): Promise<boolean> {
  if (!existsSync(join(folder, MARK))) return false;
  // Its files may be damaged; writing the same bytes repairs them.
  const present = await readManifest(folder).catch(() => undefined);
  const hashes = (of: Manifest['files']) => JSON.stringify(of.map(({ name, sha256 }) => [name, sha256]));
  if (present && hashes(present.files) === hashes(files)) return true;
  throw new AppError('edition-delivered', {
    file: folder,
    problem: 'This edition was delivered, and the new version differs from it.',
    hint: 'To compare, write to another folder with --out. Sitrep never overwrites a delivered edition.',
  });
}

/** The start of the file name for the picture of an edition's first page; the rest is the hash of its HTML. */
const PICTURE = '.first-page-';
const pictureIn = (folder: string, htmlSha256: string): string => join(folder, `${PICTURE}${htmlSha256}.png`);

export const readPicture = (folder: string, htmlSha256: string): Promise<Uint8Array | undefined> =>
  readFile(pictureIn(folder, htmlSha256)).catch(() => undefined);

/**
 * Stores the picture beside the HTML that it shows, so that both are removed together. Does nothing if the HTML has
 * changed.
 */
export async function keepPicture(
  folder: string,
  { name, sha256, png }: { readonly name: string; readonly sha256: string; readonly png: Uint8Array },
): Promise<void> {
  using _ = await lockEditions(dirname(folder));
  const html = await readFile(join(folder, name)).catch(() => undefined);
  if (html === undefined || hashOf(html) !== sha256) return;
  const fresh = join(folder, `${PICTURE}new`);
  await writeFile(fresh, png);
  await rename(fresh, pictureIn(folder, sha256));
}

/**
 * Removes editions with their files: moves the files aside, calls `removeRows`, and deletes the files. If `removeRows`
 * returns false or fails, the files are moved back. `tidyEditions` completes the work of a killed process. Throws
 * `output-unwritable`.
 */
export async function removeEditions(
  folders: readonly string[],
  removeRows: () => Promise<boolean>,
): Promise<boolean> {
  const there = folders.filter((folder) => existsSync(dirname(folder)));
  const moved: string[] = [];
  const putBack = async () => {
    for (const folder of moved) await rename(placesOf(folder).removed, folder);
  };
  using locks = new DisposableStack();
  try {
    for (const parent of [...new Set(there.map((folder) => dirname(folder)))].toSorted())
      locks.use(await lockEditions(parent));
    for (const folder of there.filter((each) => existsSync(each))) {
      const { removed } = placesOf(folder);
      await mkdir(dirname(removed), { recursive: true });
      await rm(removed, { recursive: true, force: true });
      await rename(folder, removed);
      moved.push(folder);
    }
  } catch (cause) {
    await putBack();
    throw unwritable(folders[0] ?? '', 'The files of the edition cannot be removed', cause);
  }
  try {
    if (!(await removeRows())) {
      await putBack();
      return false;
    }
  } catch (error) {
    await putBack();
    throw error;
  }
  // The next `tidyEditions` deletes what cannot be deleted now.
  for (const folder of there)
    await rm(placesOf(folder).removed, { recursive: true, force: true }).catch(() => {});
  return true;
}

/**
 * Completes the work of killed processes in an output folder: removes half-written editions and restores replaced ones.
 * Of the editions that were being removed, restores those for which `isKept` returns true; it takes an id such as
 * `weekly/2021-08-22`.
 */
export async function tidyEditions(out: string, isKept: (id: string) => Promise<boolean>): Promise<void> {
  for (const brief of await namesIn(out)) {
    const parent = join(out, brief);
    const work = join(parent, WORK);
    const left = await Promise.all(['new', 'old', 'removed'].map((kind) => namesIn(join(work, kind))));
    if (left.flat().length === 0) continue;
    try {
      using _ = await lockEditions(parent);
      for (const name of await namesIn(join(work, 'removed'))) {
        const { folder, removed } = placesOf(join(parent, name));
        if (!existsSync(folder) && (await isKept(`${brief}/${name}`))) await rename(removed, folder);
        else await rm(removed, { recursive: true, force: true });
      }
    } catch (cause) {
      throw unwritable(work, 'Leftover files cannot be removed', cause);
    }
  }
}

/** A folder beside the editions of a brief, for the lock and for editions on their way in or out. */
const WORK = '.store';

function placesOf(folder: string) {
  const parent = dirname(folder);
  const [work, name] = [join(parent, WORK), basename(folder)];
  return {
    folder,
    parent,
    fresh: join(work, 'new', name),
    old: join(work, 'old', name),
    removed: join(work, 'removed', name),
  };
}

/** Longer than storing any edition takes, even on a busy machine. */
const LOCK_WAIT_MS = 120_000;
/**
 * Allows only one process at a time to change the editions in a folder. First repairs what a killed process left there.
 */
async function lockEditions(parent: string): Promise<Disposable> {
  const work = join(parent, WORK);
  await makeFolder(work);
  const file = join(work, 'lock');
  const isNew = !existsSync(file);
  const lock = await waitForLock(file, { waitMs: LOCK_WAIT_MS });
  try {
    // Root may run a single command in a service's folder, and the service must be able to write there afterwards.
    if (isNew && process.getuid?.() === 0) {
      const { uid, gid } = await stat(parent);
      for (const each of [work, file]) await chown(each, uid, gid).catch(() => {});
    }
    await putRight(parent);
    return lock;
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/** With `recursive`, Node 24 reports ENOENT on a read-only file system (EROFS). */
async function makeFolder(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  if (dirname(folder) !== folder) await makeFolder(dirname(folder));
  await mkdir(folder).catch((error: unknown) => {
    // Another process created it first.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  });
}

async function putRight(parent: string): Promise<void> {
  const work = join(parent, WORK);
  await rm(join(work, 'new'), { recursive: true, force: true });
  for (const name of await namesIn(join(work, 'old'))) {
    const { folder, old } = placesOf(join(parent, name));
    if (existsSync(folder)) await rm(old, { recursive: true, force: true });
    else await rename(old, folder);
  }
}

/** A process may have been killed between moving the old edition away and the new one in. */
async function putBackIfMissing(folder: string): Promise<void> {
  const { parent, old } = placesOf(folder);
  if (existsSync(folder) || !existsSync(old)) return;
  using _ = await lockEditions(parent);
}

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

const causes: { readonly [code: string]: string } = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'it is on a read-only file system',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
};

function unwritable(file: string, what: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const known = causes[code];
  return new AppError(
    'output-unwritable',
    {
      file,
      problem: `${what}: ${known === undefined ? reason : `${known} (${reason})`}.`,
      hint: 'Choose another folder with --out, free space on the disk, or correct the permissions of the folder.',
    },
    { cause },
  );
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
