import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashOf } from '../model/manifest.ts';

/**
 * A name for the program that changes with it: a hash over its own files (sources in a checkout, else what they were
 * compiled to), over the lock file, which pins every library and the packaged browser, and over the path of a browser
 * that the user chose. An edition made by another engine is rendered again.
 */
export async function nameEngine(
  folder: string,
  { browserPath = '' }: { browserPath?: string | undefined },
): Promise<string> {
  const within = (name: string) => readdir(join(folder, name), { recursive: true, withFileTypes: true });
  const names = (await within('src').catch(() => within('dist')))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  const files = [join(folder, 'package.json'), ...(await lockFile(folder)), ...names];
  const hashes = await Promise.all(files.map(async (file) => hashOf(await readFile(file))));
  return hashOf([...hashes, browserPath].join('\n'));
}

/** Our own in a checkout; where the program is installed, what npm notes of all that it installed beside it. */
async function lockFile(folder: string): Promise<string[]> {
  for (const file of [join(folder, 'package-lock.json'), join(folder, '../.package-lock.json')])
    if (
      await access(file).then(
        () => true,
        () => false,
      )
    )
      return [file];
  return [];
}
