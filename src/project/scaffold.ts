import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, posix, relative, resolve, sep } from 'node:path';
import { Temporal } from 'temporal-polyfill';
import { parse, parseDocument } from 'yaml';
import { z } from 'zod';
import type { Day } from '../calendar.ts';
import { AppError } from '../errors.ts';
import { usualLanguage } from '../locale.ts';
import { filesBelow } from './source-files.ts';

/** Placeholders in `scaffold/` files, such as `@NAME@`, and their values. A number replaces the quotes around it too. */
type Values = { readonly [placeholder: string]: string | number };

/** The briefs that a new one can start from: folders of `scaffold/`. */
export const scaffolds = ['brief', 'activity-watch', 'reports'] as const;
export type Scaffold = (typeof scaffolds)[number];

/** Creates folders of briefs from those in `scaffold/`. `schema` is the schema file for `brief.yaml`. */
export function scaffoldOf(folder: string, { sitrep, schema }: { sitrep: string; schema: string }) {
  const at = (brief: string) => posix.join(folder, 'templates', brief);
  return {
    /** Returns the files written. Throws `operation-refused` if the brief already exists. */
    async write(brief: string, values: Values, from: Scaffold = 'brief'): Promise<string[]> {
      const to = at(brief);
      // `mkdir` returns the first folder that it creates.
      if ((await mkdir(to, { recursive: true })) === undefined)
        throw new AppError('operation-refused', {
          file: to,
          problem: 'The folder exists already.',
          hint: 'Choose another name, or edit that brief.',
        });
      const words = await wordsOf(folder, sitrep);
      const all = { ...words, ...values, SCHEMA: relative(to, schema).split(sep).join('/') };
      return copyFilled(join(sitrep, 'scaffold', from), to, all);
    },
    remove: (brief: string): Promise<void> => rm(at(brief), { recursive: true, force: true }),
  };
}

const languageOnly = z.object({ language: z.string() });

/**
 * The sentences of the scaffolds, by placeholder, in the language of the project in `folder`; in English if there are
 * none in its language. Its settings are checked when the new brief is loaded.
 */
async function wordsOf(folder: string, sitrep: string): Promise<Values> {
  const read = (language: string) => readFile(join(sitrep, 'scaffold/words', `${language}.yaml`), 'utf8');
  const settings = await readFile(posix.join(folder, 'sitrep.yaml'), 'utf8').catch(() => '');
  const { language = usualLanguage } = languageOnly.partial().catch({}).parse(parseDocument(settings).toJS());
  const text = await read(basename(language)).catch(() => read(usualLanguage));
  return z.record(z.string(), z.string()).parse(parse(text));
}

/**
 * Writes a new project with a small invented dataset and no brief, and returns its files. `dependency` is what npm
 * installs as `sitrep`. Throws `operation-refused` if the folder is not empty.
 */
export async function writeProject(
  folder: string,
  {
    sitrep,
    dependency,
    platform,
    today,
  }: { sitrep: string; dependency: string; platform: string; today: Day },
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0)
    throw new AppError('operation-refused', {
      file: folder,
      problem: 'The folder is not empty.',
      hint: 'Name one that is empty or does not exist yet.',
    });
  const manifest = {
    name:
      basename(resolve(folder))
        .toLowerCase()
        .replaceAll(/[^a-z0-9-]+/g, '-')
        .replace(/^-+/, '') || 'briefs',
    private: true,
    scripts: {
      start: 'sitrep start',
      preview: 'sitrep preview',
      check: 'sitrep check',
      briefs: 'sitrep generate',
      test: 'sitrep test',
    },
    // On platforms where the browser comes as a package, Puppeteer need not download another.
    ...(platform === 'linux-x64' && { puppeteer: { skipDownload: true } }),
    dependencies: { sitrep: dependency },
  };
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const files = await copyFilled(join(sitrep, 'scaffold/project'), folder, daysBefore(today));
  return [posix.join(folder, 'package.json'), ...files];
}

/** `DAY_1` is yesterday, so that the invented events are recent when they are written. */
const daysBefore = (today: Day): Values =>
  Object.fromEntries(
    Array.from({ length: 10 }, (_, days) => [
      `DAY_${days}`,
      Temporal.PlainDate.from(today).subtract({ days }).toString(),
    ]),
  );

/** Empties a folder without removing it. */
export async function clearFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true });
}

/**
 * The dependency to declare in a project for the program in the folder `sitrep`: a path for a checkout or tarball,
 * otherwise the version.
 */
export async function dependencyOn(sitrep: string, version: string): Promise<string> {
  if (basename(dirname(sitrep)) !== 'node_modules') return `file:${sitrep}`;
  const installer = dirname(dirname(sitrep));
  const text = await readFile(join(installer, 'package.json'), 'utf8').catch(() => '{}');
  const [, path] = /"sitrep"\s*:\s*"file:([^"]+)"/.exec(text) ?? [];
  return path === undefined ? version : `file:${resolve(installer, path)}`;
}

/**
 * Copies a folder, replaces its placeholders and returns the files. npm does not pack `.gitignore`, so the source has
 * no dot.
 */
async function copyFilled(from: string, to: string, values: Values): Promise<string[]> {
  const written: string[] = [];
  for (const name of await filesBelow(from)) {
    const text = await readFile(join(from, name), 'utf8');
    const target = posix.join(to, name === 'gitignore' ? '.gitignore' : name);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(
      target,
      text
        .replaceAll(/'@([A-Z_0-9]+)@'/g, (whole, key: string) =>
          typeof values[key] === 'number' ? String(values[key]) : whole,
        )
        .replaceAll(/@([A-Z_0-9]+)@/g, (whole, key: string) => String(values[key] ?? whole)),
    );
    written.push(target);
  }
  return written;
}
