import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';
import type { CellFault } from '../parse-rows.ts';

/** The real path of a regular file inside `root`, or the reason why there is none. */
export async function locate(root: string, path: string): Promise<string | CellFault> {
  const hint = 'Name a file inside the dataset’s folder, such as "events.csv".';
  const outside = { problem: `path "${path}" leaves the dataset’s folder.`, hint };
  if (/[*?[\]{}]/.test(path)) return { problem: `path "${path}" is a pattern, not one file.`, hint };
  if (/^[a-z][a-z0-9+.-]*:/i.test(path) || isAbsolute(path) || path.split(/[\\/]/).includes('..'))
    return outside;
  try {
    const place = await realpath(resolve(root, path));
    const inside = relative(root, place);
    if (inside.startsWith('..') || isAbsolute(inside)) return outside;
    if ((await stat(place)).isFile()) return place;
    return { problem: 'is not a file.', hint };
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    return {
      problem: reason === 'ENOENT' ? 'does not exist.' : `cannot be opened (${String(reason)}).`,
      hint: 'Add the file, or correct the path in datapackage.json.',
    };
  }
}
