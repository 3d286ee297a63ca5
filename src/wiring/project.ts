import { readdir, readFile } from 'node:fs/promises';
import { join, posix, relative, resolve, sep } from 'node:path';
import type { Dataset } from '../dataset/schema.ts';

export type Project = ReturnType<typeof openProject>;

/**
 * Opens a project, a folder with `templates/` and `data/`: this repository, or a team's own. `sitrep` is the program's own folder. Files that all briefs share, in `templates/_shared/`, come
 * from the project if it has them, otherwise from the program. What reads files and renders goldens is imported on
 * first use.
 */
export function openProject(folder: string, { sitrep }: { sitrep: string }) {
  const templates = posix.join(folder, 'templates');
  const data = posix.join(folder, 'data');
  // The program's own checkout is a project too.
  const ownLocales = posix.join(folder, 'locales');
  const locales = resolve(ownLocales) === resolve(sitrep, 'locales') ? undefined : ownLocales;
  const packaged = shown(join(sitrep, 'templates/_shared'));
  return {
    briefIds: async () => (await import('../project/load-briefs.ts')).briefIds(templates),
    loadBrief: async (id: string) =>
      (await import('../project/load-briefs.ts')).loadBrief(templates, id, { packaged, locales }),
    /** The words of a language, by its BCP 47 tag; undefined if there are none. */
    localeFor: async (tag: string) =>
      (await import('../project/locales.ts')).loadLocale(tag, { own: locales, faults: [] }),
    /** The locale of web pages and messages, and who publishes. Throws `brief-invalid`. */
    loadImprint: async () =>
      (await import('../project/load-briefs.ts')).projectImprint(templates, { locales }),
    datasetNames: async () =>
      (await readdir(data, { withFileTypes: true }).catch(() => []))
        // An import prepares its files in a hidden folder.
        .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
        .map(({ name }) => name),
    loadDataset: async (name: string): Promise<Dataset> => {
      const { loadDataset } = await import('../dataset/reading/read.ts');
      const dataset = await loadDataset(join(data, name), posix.join(data, name));
      const { language } = dataset.settings;
      if (language === null) return dataset;
      const { loadLocale } = await import('../project/locales.ts');
      // Without a locale, its texts are printed with the figures of the brief.
      return { ...dataset, locale: await loadLocale(language, { own: locales, faults: [] }) };
    },
    loadMaterial: async () => (await import('../production/material.ts')).loadMaterial(),
    goldens: async () =>
      (await import('../production/golden.ts')).goldenStore(posix.join(folder, 'test/golden')),
    /** Folders with files shared by several briefs: `templates/_*`, and those provided by the program. */
    sharedFolders: async () => {
      const names = await readdir(templates).catch((): string[] => []);
      const own = names.filter((name) => name.startsWith('_')).map((name) => posix.join(templates, name));
      return [...new Set([...own, packaged])];
    },
    /** All folders whose files affect a page. */
    watched: [
      ...new Set([
        templates,
        data,
        ownLocales,
        posix.join(folder, 'images'),
        posix.join(folder, 'fonts'),
        packaged,
      ]),
    ],
  };
}

/** The path for messages and for the hash of an edition's inputs: relative to the working folder if it is inside it. */
function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return (short.startsWith('..') ? path : short).split(sep).join('/');
}

/** Reads a text file that the program provides for its pages, by its path in `web/`. */
export const assetsOf =
  ({ sitrep }: { sitrep: string }) =>
  (name: string): Promise<string> =>
    readFile(join(sitrep, 'web', name), 'utf8');

export const readText = (file: string): Promise<string | null> => readFile(file, 'utf8').catch(() => null);
