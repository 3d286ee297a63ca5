import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashOf } from '../model/manifest.ts';

/**
 * A name for the program that changes with it: a hash over its own files, over the lock file, which pins every library
 * and the packaged browser, and over the path of a browser that the user chose. An edition made by another engine is
 * rendered again.
 */
export async function nameEngine(
  folder: string,
  { browserPath = '' }: { browserPath?: string | undefined },
): Promise<string> {
  const names = (await readdir(join(folder, 'src'), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  const files = [join(folder, 'package.json'), join(folder, 'package-lock.json'), ...names];
  const hashes = await Promise.all(files.map(async (file) => hashOf(await readFile(file))));
  return hashOf([...hashes, browserPath].join('\n'));
}
