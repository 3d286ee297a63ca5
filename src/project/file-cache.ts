import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../errors.ts';

/**
 * Loads what is made of the files in some folders again only when one of them was changed. A service reads briefs and
 * datasets for each edition, and what is derived from the same object, such as compiled templates, need not be derived
 * again either: together that takes as long as half an edition.
 */
export function remember<T>(
  load: (name: string) => Promise<T>,
  foldersOf: (name: string) => readonly string[] | Promise<readonly string[]>,
): (name: string) => Promise<T> {
  const remembered = new Map<string, { stamp: string; loaded: Promise<T> }>();
  return async (name) => {
    // Taken before they are read: what changes meanwhile has another stamp the next time.
    const folders = await foldersOf(name);
    const stamps = await Promise.all(folders.map(stampOf)).catch(() => undefined);
    const stamp = stamps?.join('\n');
    const before = remembered.get(name);
    if (before && before.stamp === stamp) return before.loaded;
    const loaded = load(name);
    if (stamp !== undefined) remembered.set(name, { stamp, loaded });
    // The same files have the same faults, and finding them takes as long; what else went wrong may pass.
    loaded.catch((error: unknown) => error instanceof AppError || remembered.delete(name));
    return loaded;
  };
}

/** Changes with every file that is written, added, removed or replaced. */
async function stampOf(folder: string): Promise<string> {
  // A folder that is not there may come.
  const names = (await readdir(folder, { recursive: true }).catch((): string[] => [])).toSorted();
  const stamps = names.map(async (name) => {
    const { ino, size, mtimeNs, ctimeNs } = await stat(join(folder, name), { bigint: true });
    return [name, ino, size, mtimeNs, ctimeNs].join(' ');
  });
  return (await Promise.all(stamps)).join('\n');
}
