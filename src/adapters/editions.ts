import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '../model/fault.ts';
import { hashOf, manifest, type FileToStore, type Manifest } from '../model/manifest.ts';

/**
 * The manifest of the edition in `folder`, if one is there, whole and as it was written: an edition whose files were
 * changed or removed counts as absent.
 */
export async function readEdition(folder: string): Promise<Manifest | undefined> {
  try {
    const found = manifest.parse(JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')));
    for (const { name, sha256 } of found.files) {
      if (hashOf(await readFile(join(folder, name))) !== sha256) return undefined;
    }
    return found;
  } catch {
    return undefined;
  }
}

/**
 * Writes an edition whole or not at all: into a folder of its own beside its place, then by renaming. What stood there
 * before is put back if the last step fails. Throws `output-unwritable`.
 */
export async function storeEdition(
  folder: string,
  files: readonly FileToStore[],
  description: Manifest,
): Promise<void> {
  const parent = dirname(folder);
  const fresh = join(parent, `.new-${randomUUID()}`);
  const old = join(parent, `.old-${randomUUID()}`);
  try {
    await mkdir(fresh, { recursive: true });
    await Promise.all([
      ...files.map(({ name, content }) => writeFile(join(fresh, name), content)),
      writeFile(join(fresh, 'manifest.json'), `${JSON.stringify(description, null, 2)}\n`),
    ]);
    await putInPlace(fresh, { folder, old });
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
