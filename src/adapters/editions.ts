import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '../model/fault.ts';
import { hashOf, manifest, manifestText, type FileToStore, type Manifest } from '../model/manifest.ts';

/**
 * The manifest of the edition in `folder`, if one is there, whole and as it was written: an edition whose files were
 * changed or removed counts as absent.
 */
export async function readEdition(folder: string): Promise<Manifest | undefined> {
  try {
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

/**
 * Writes an edition whole or not at all: into a folder of its own beside its place, then by renaming. What stood there
 * before is put back if the last step fails. With `durable` a power cut cannot undo it. An edition that was delivered
 * is never overwritten, but by the same bytes. Throws `output-unwritable` and `edition-delivered`.
 */
export async function storeEdition(
  folder: string,
  files: readonly FileToStore[],
  description: Manifest,
  { durable = false }: { durable?: boolean } = {},
): Promise<void> {
  const delivered = await wasDelivered(folder, description);
  const parent = dirname(folder);
  const fresh = join(parent, `.new-${randomUUID()}`);
  const old = join(parent, `.old-${randomUUID()}`);
  try {
    await mkdir(fresh, { recursive: true });
    await removeLeftovers(parent);
    await Promise.all([
      ...files.map(({ name, content }) => writeFile(join(fresh, name), content)),
      writeFile(join(fresh, 'manifest.json'), manifestText(description)),
    ]);
    if (delivered) await markDelivered(fresh);
    if (durable)
      await Promise.all([...files.map(({ name }) => join(fresh, name)), fresh].map((path) => sync(path)));
    await putInPlace(fresh, { folder, old });
    if (durable) await sync(parent);
    await rm(old, { recursive: true, force: true });
  } catch (cause) {
    await rm(fresh, { recursive: true, force: true }).catch(() => {});
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError(
      'output-unwritable',
      [
        {
          file: folder,
          problem: `The edition cannot be written: ${reason}.`,
          mend: 'Choose another folder with --out, or mend its permissions.',
        },
      ],
      { cause },
    );
  }
}

/** Older than any edition takes to store: what a process left that was killed meanwhile. */
const LEFT_MS = 3_600_000;

async function removeLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!/^\.(?:new|old)-[0-9a-f-]{36}$/.test(name)) continue;
    const { mtimeMs } = await stat(join(parent, name)).catch(() => ({ mtimeMs: Infinity }));
    if (Date.now() - mtimeMs > LEFT_MS) await rm(join(parent, name), { recursive: true, force: true });
  }
}

/** In the folder of an edition that was delivered, or whose delivery was begun. */
const MARK = '.delivered';

/** Writes down, safe from a power cut, that an edition is being delivered. */
export async function markDelivered(folder: string): Promise<void> {
  const mark = join(folder, MARK);
  await writeFile(mark, 'This edition was delivered: Sitrep never overwrites it.\n');
  await sync(mark);
  await sync(folder);
}

/** A file of an edition; undefined when it is not there. */
export async function readEditionFile(folder: string, name: string): Promise<Uint8Array | undefined> {
  return readFile(join(folder, name)).catch(() => undefined);
}

/** Whether the edition was delivered. Throws `edition-delivered` if so, and other bytes were to take its place. */
async function wasDelivered(folder: string, { files }: Manifest): Promise<boolean> {
  if (!existsSync(join(folder, MARK))) return false;
  // Its files may be damaged: the same bytes then mend them.
  const present = await readManifest(folder).catch(() => undefined);
  const hashes = (of: Manifest['files']) => JSON.stringify(of.map(({ name, sha256 }) => [name, sha256]));
  if (present && hashes(present.files) === hashes(files)) return true;
  throw new AppError('edition-delivered', [
    {
      file: folder,
      problem: 'This edition was delivered, and what would be written now differs from it.',
      mend: 'Write to another folder with --out to compare. What was delivered is never overwritten.',
    },
  ]);
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Moves `fresh` to `folder`, and what stood there to `old`; another process may be doing the same. */
async function putInPlace(fresh: string, { folder, old }: { folder: string; old: string }): Promise<void> {
  for (;;) {
    const replaced = await rename(folder, old).then(() => true, unless('ENOENT'));
    try {
      await rename(fresh, folder);
      return;
    } catch (error) {
      // Someone else put theirs there in between: it is replaced in its turn, so that the last to come stays.
      if (isCode(error, 'ENOTEMPTY', 'EEXIST')) {
        await rm(old, { recursive: true, force: true });
        continue;
      }
      if (replaced) await rename(old, folder);
      throw error;
    }
  }
}

const isCode = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code));

const unless =
  (code: string) =>
  (error: unknown): false => {
    if (isCode(error, code)) return false;
    throw error;
  };
