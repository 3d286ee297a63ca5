import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';

const root = join(import.meta.dirname, '..');
const [begin, end] = ['<!-- import graph: npm run imports -->', '<!-- end of import graph -->'];

/** For each folder of `src/`, the other folders that its files import from, types included. */
async function importsOfFolders(): Promise<Map<string, Set<string>>> {
  const folders = new Map<string, Set<string>>();
  const files = (await readdir(join(root, 'src'), { recursive: true })).filter((name) =>
    name.endsWith('.ts'),
  );
  await Promise.all(
    files.map(async (name) => {
      const file = name.replaceAll('\\', '/');
      const folder = folderOf(file);
      if (folder === undefined) return;
      const imported = folders.get(folder) ?? new Set();
      folders.set(folder, imported);
      const text = await readFile(join(root, 'src', name), 'utf8');
      for (const [, path = ''] of text.matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) {
        const target = folderOf(posix.join(posix.dirname(file), path));
        if (target !== undefined && target !== folder) imported.add(target);
      }
    }),
  );
  return folders;
}

/** The top folder of a path below `src/`. A file directly in `src/` has none. */
const folderOf = (file: string): string | undefined => (file.includes('/') ? file.split('/')[0] : undefined);

/** Every folder that can be reached from one by imports. Throws if the folders import in a circle. */
function reachable(folders: ReadonlyMap<string, ReadonlySet<string>>, from: string): Set<string> {
  const found = new Set<string>();
  const visit = (folder: string): void => {
    for (const next of folders.get(folder) ?? []) {
      if (next === from) throw new Error(`src/${from}/ and src/${folder}/ import in a circle.`);
      if (found.has(next)) continue;
      found.add(next);
      visit(next);
    }
  };
  visit(from);
  return found;
}

/**
 * A Mermaid graph of the imports between folders. An arrow that follows from others is left out (the transitive
 * reduction), because all of them together are too many to read.
 */
export function importGraph(folders: ReadonlyMap<string, ReadonlySet<string>>): string {
  const arrows = [...folders].flatMap(([folder, imported]) => {
    const indirect = new Set([...imported].flatMap((each) => [...reachable(folders, each)]));
    // Checks for a circle through this folder as well.
    return [...reachable(folders, folder)]
      .filter((each) => imported.has(each) && !indirect.has(each))
      .map((each) => `  ${folder} --> ${each}`);
  });
  return ['```mermaid', 'flowchart TD', ...arrows.toSorted(), '```'].join('\n');
}

/** docs/architecture.md with the graph of the imports as they are. Throws if the page has no place for it. */
export async function withImportGraph(page: string): Promise<string> {
  const [before, rest] = page.split(begin);
  const [, after] = rest?.split(end) ?? [];
  if (before === undefined || after === undefined)
    throw new Error(`docs/architecture.md needs "${begin}" and "${end}".`);
  return `${before}${begin}\n\n${importGraph(await importsOfFolders())}\n\n${end}${after}`;
}

if (import.meta.main) {
  const path = join(root, 'docs/architecture.md');
  await writeFile(path, await withImportGraph(await readFile(path, 'utf8')));
}
