import { access, readdir } from 'node:fs/promises';
import { join, posix, relative, sep } from 'node:path';
import type { Brief } from '../model/brief.ts';
import type { Dataset } from '../model/dataset.ts';
import type { Material } from '../pipeline/produce.ts';
import { briefIds, loadBriefs } from './briefs.ts';
import { loadDataset } from './dataset.ts';
import { goldenStore, type GoldenFolder } from './golden-files.ts';
import { loadMaterial } from './material.ts';

/** A folder with `templates/` and `data/`: this repository, or one of a team of its own. */
export interface Project {
  readonly briefIds: () => Promise<string[]>;
  readonly loadBriefs: (ids: readonly string[]) => Promise<Brief[]>;
  readonly datasetNames: () => Promise<string[]>;
  readonly loadDataset: (name: string) => Promise<Dataset>;
  readonly loadMaterial: () => Promise<Material>;
  readonly goldens: GoldenFolder;
  /** The folders of what is common to all briefs; one of them need not be there. */
  readonly sharedFolders: readonly string[];
  /** Every folder in which a change can change a page. */
  readonly watched: readonly string[];
}

/**
 * Opens a project; `sitrep` is the folder of the program itself. What is common to all briefs (`templates/_shared/`,
 * `data/geo/`) comes from the project where it has it, and else with the program.
 */
export function openProject(folder: string, { sitrep }: { sitrep: string }): Project {
  const templates = posix.join(folder, 'templates');
  const data = posix.join(folder, 'data');
  const packaged = shown(join(sitrep, 'templates/_shared'));
  const geo = posix.join(data, 'geo');
  return {
    briefIds: () => briefIds(templates),
    loadBriefs: (ids) => loadBriefs(templates, ids, { packaged }),
    datasetNames: async () =>
      (await readdir(data, { withFileTypes: true }).catch(() => []))
        .filter((entry) => entry.isDirectory() && entry.name !== 'geo')
        .map(({ name }) => name),
    loadDataset: (name) => loadDataset(join(data, name), posix.join(data, name)),
    loadMaterial: async () => {
      const isOwn = await access(geo).then(
        () => true,
        () => false,
      );
      return loadMaterial(isOwn ? geo : join(sitrep, 'data/geo'));
    },
    goldens: goldenStore(posix.join(folder, 'test/golden')),
    sharedFolders: [...new Set([posix.join(templates, '_shared'), packaged])],
    watched: [...new Set([templates, data, packaged])],
  };
}

/** As messages name it, and the hash of an edition's inputs holds it: from the working folder where it lies below it. */
function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return (short.startsWith('..') ? path : short).split(sep).join('/');
}
