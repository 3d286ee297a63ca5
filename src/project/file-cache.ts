import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../errors.ts';

/**
 * Loads a result from the files in some folders, and reloads it only when one of them changes. A service reads briefs
 * and datasets for each edition. Results derived from the loaded object, such as compiled templates, are reused too:
 * loading and deriving take half as long as an edition.
 */
export function remember<T>(
  load: (name: string) => Promise<T>,
  foldersOf: (name: string) => readonly string[] | Promise<readonly string[]>,
): (name: string) => Promise<T> {
  const remembered = new Map<string, { stamp: string; loaded: Promise<T> }>();
  return async (name) => {
    // Stamped before loading, so that a change during loading causes a reload next time.
    const folders = await foldersOf(name);
    const stamps = await Promise.all(folders.map(stampOf)).catch(() => undefined);
    const stamp = stamps?.join('\n');
    const before = remembered.get(name);
    if (before && before.stamp === stamp) return before.loaded;
    const loaded = load(name);
    if (stamp !== undefined) remembered.set(name, { stamp, loaded });
    // The same files have the same faults, and finding them takes as long as loading; other errors may be temporary.
    loaded.catch((error: unknown) => error instanceof AppError || remembered.delete(name));
    return loaded;
  };
}

/** A stamp that changes whenever a file is written, added, removed or replaced; `folder` may be one file. */
async function stampOf(folder: string): Promise<string> {
  // A missing folder may be created later.
  const names = (
    await readdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) =>
      error.code === 'ENOTDIR' ? [''] : [],
    )
  ).toSorted();
  const stamps = names.map(async (name) => {
    const { ino, size, mtimeNs, ctimeNs } = await stat(join(folder, name), { bigint: true });
    return [name, ino, size, mtimeNs, ctimeNs].join(' ');
  });
  return (await Promise.all(stamps)).join('\n');
}
