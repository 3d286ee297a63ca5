import { readdir, readFile } from 'node:fs/promises';
import { join, posix, relative, sep } from 'node:path';
import { loadDataset } from '../dataset/read.ts';
import type { Dataset } from '../dataset/schema.ts';
import { type GoldenFolder, goldenStore } from '../production/golden-files.ts';
import { loadMaterial } from '../production/material.ts';
import type { Brief } from '../project/brief.ts';
import { briefIds, loadBriefs } from '../project/load-briefs.ts';
import type { Material } from '../render/edition.ts';

/** A folder with `templates/` and `data/`: this repository, or one of a team of its own. */
export interface Project {
  readonly briefIds: () => Promise<string[]>;
  readonly loadBriefs: (ids: readonly string[]) => Promise<Brief[]>;
  readonly datasetNames: () => Promise<string[]>;
  readonly loadDataset: (name: string) => Promise<Dataset>;
  readonly loadMaterial: () => Promise<Material>;
  readonly goldens: GoldenFolder;
  /** The folders whose files several briefs share: `templates/_*`, and what comes with the program. */
  readonly sharedFolders: () => Promise<string[]>;
  /** Every folder in which a change can change a page. */
  readonly watched: readonly string[];
}

/**
 * Opens a project; `sitrep` is the folder of the program itself. What all briefs share, in `templates/_shared/`,
 * comes from the project where it has it, and else with the program.
 */
export function openProject(folder: string, { sitrep }: { sitrep: string }): Project {
  const templates = posix.join(folder, 'templates');
  const data = posix.join(folder, 'data');
  const packaged = shown(join(sitrep, 'templates/_shared'));
  return {
    briefIds: () => briefIds(templates),
    loadBriefs: (ids) => loadBriefs(templates, ids, { packaged }),
    datasetNames: async () =>
      (await readdir(data, { withFileTypes: true }).catch(() => []))
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name),
    loadDataset: (name) => loadDataset(join(data, name), posix.join(data, name)),
    loadMaterial,
    goldens: goldenStore(posix.join(folder, 'test/golden')),
    sharedFolders: async () => {
      const names = await readdir(templates).catch((): string[] => []);
      const own = names.filter((name) => name.startsWith('_')).map((name) => posix.join(templates, name));
      return [...new Set([...own, packaged])];
    },
    watched: [...new Set([templates, data, packaged])],
  };
}

/** As messages name it, and the hash of an edition's inputs holds it: from the working folder where it lies below it. */
function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return (short.startsWith('..') ? path : short).split(sep).join('/');
}

/** Reads a text that the program brings for its pages, by its path in `web/`. */
export const assetsOf =
  ({ sitrep }: { sitrep: string }) =>
  (name: string): Promise<string> =>
    readFile(join(sitrep, 'web', name), 'utf8');

/** The text of a file, or null where it cannot be read. */
export const readText = (file: string): Promise<string | null> => readFile(file, 'utf8').catch(() => null);
