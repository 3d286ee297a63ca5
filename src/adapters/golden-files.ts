import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, posix, relative, sep } from 'node:path';
import { loadFonts } from './fonts.ts';
import type { Format, NamedFont } from '../pipeline/golden.ts';

/** Where accepted goldens lie, one folder a brief. */
export interface GoldenFolder {
  /** As messages name it. */
  readonly path: string;
  /** By their path below the folder. */
  read(): Promise<ReadonlyMap<string, string>>;
  /** Writes the files, and removes those paths. */
  change(files: ReadonlyMap<string, string>, removed: readonly string[]): Promise<void>;
  format: Format;
  loadFonts(): Promise<readonly NamedFont[]>;
}

/** Prettier's own style, whatever a project sets for its sources: goldens are the same wherever they are made. */
const layout = { printWidth: 110, singleQuote: true };

export function goldenStore(path: string): GoldenFolder {
  return {
    path,
    async read() {
      const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
      const names = entries
        .filter((entry) => entry.isFile())
        .map((entry) => relative(path, join(entry.parentPath, entry.name)).split(sep).join('/'));
      const read = names.map(async (name) => [name, await readFile(join(path, name), 'utf8')] as const);
      return new Map(await Promise.all(read));
    },
    async change(files, removed) {
      for (const name of removed) await rm(posix.join(path, name));
      for (const [name, text] of files) {
        await mkdir(dirname(join(path, name)), { recursive: true });
        await writeFile(join(path, name), text);
      }
    },
    async format(text, language) {
      // Only a test needs it: every other command starts without.
      const { format } = await import('prettier');
      return format(text, { ...layout, parser: language });
    },
    loadFonts,
  };
}
