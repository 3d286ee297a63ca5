import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Reads a text that the program brings for its pages, by its path in `web/`. */
export const assetsOf =
  ({ sitrep }: { sitrep: string }) =>
  (name: string): Promise<string> =>
    readFile(join(sitrep, 'web', name), 'utf8');

/** The text of a file, or null where it cannot be read. */
export const readText = (file: string): Promise<string | null> => readFile(file, 'utf8').catch(() => null);
