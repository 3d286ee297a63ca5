import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '../model/dataset.ts';

type Load = (folder: string, displayPath: string) => Promise<Dataset>;

/**
 * Loads a dataset again only when a file in its folder was changed. Reading and checking it takes as long as half an
 * edition, and what is derived from the same dataset need not be derived again either.
 */
export function rememberDatasets(load: Load): Load {
  const remembered = new Map<string, { stamp: string; dataset: Promise<Dataset> }>();
  return async (folder, displayPath) => {
    // Taken before it is read: what changes meanwhile has another stamp the next time.
    const stamp = await stampOf(folder).catch(() => undefined);
    const before = remembered.get(folder);
    if (before && before.stamp === stamp) return before.dataset;
    const dataset = load(folder, displayPath);
    if (stamp !== undefined) remembered.set(folder, { stamp, dataset });
    dataset.catch(() => remembered.delete(folder));
    return dataset;
  };
}

/** Changes with every file that is written, added, removed or replaced. */
async function stampOf(folder: string): Promise<string> {
  const names = (await readdir(folder, { recursive: true })).toSorted();
  const stamps = names.map(async (name) => {
    const { ino, size, mtimeNs, ctimeNs } = await stat(join(folder, name), { bigint: true });
    return [name, ino, size, mtimeNs, ctimeNs].join(' ');
  });
  return (await Promise.all(stamps)).join('\n');
}
