import { glob, readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, matchesGlob, resolve } from 'node:path';
import { z } from 'zod';
import { tableNames } from '../dataset/schema.ts';
import type { Fault } from '../errors.ts';
import { commandFor } from './format.ts';
import { readHead } from './source-file.ts';

const aTable = /\.(csv|tsv|xlsx?|jsonl|ndjson|parquet)$/i;
const recorded = z.object({ files: z.array(z.object({ name: z.string(), bytes: z.number() })) });

/**
 * The tables in `data/` or in a dataset's folder that nobody reads: they are no resource or source of the dataset, and were
 * not imported. Each comes with what to do about it. `folder` is relative to the working folder.
 */
export async function unreadFiles(folder: string, { inDataset }: { inDataset: boolean }): Promise<Fault[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const tables = entries.filter((each) => each.isFile() && /^[^.]/.test(each.name) && aTable.test(each.name));
  if (tables.length === 0) return [];
  const descriptor = await readFile(join(folder, 'datapackage.json'), 'utf8').catch(() => undefined);
  const paths = (descriptor?.match(/"(?:[^"\\]|\\.)*"/g) ?? []).map((text) =>
    resolve(folder, text.slice(1, -1)),
  );
  const imported = new Set<string>();
  for await (const file of glob(join(folder, inDataset ? '' : '*', 'incidents/*/import.json'))) {
    const record = await readFile(file, 'utf8')
      .then((text) => recorded.parse(JSON.parse(text)))
      .catch(() => undefined);
    for (const { name, bytes } of record?.files ?? []) imported.add(`${bytes} ${name}`);
  }
  const faults: Fault[] = [];
  for (const { name } of tables) {
    const file = join(folder, name);
    const isNamed = paths.some((path) => path === resolve(file) || matchesGlob(resolve(file), path));
    if (isNamed || imported.has(`${(await stat(file)).size} ${name}`)) continue;
    faults.push({
      file,
      problem: 'Nothing reads this file: it is no resource or source of a dataset, and it was not imported.',
      hint: await howToRead(file, { inDataset, isDataset: descriptor !== undefined }),
    });
  }
  return faults;
}

async function howToRead(
  file: string,
  { inDataset, isDataset }: { inDataset: boolean; isDataset: boolean },
): Promise<string> {
  const stem = basename(file).replace(/\.\w+$/, '');
  const table = inDataset ? tableNames.find((each) => each === stem) : undefined;
  if (table !== undefined)
    return `Name it in datapackage.json, under resources: { "name": "${table}", "path": "${basename(file)}" }.`;
  const into = inDataset ? dirname(file) : join('data', stem.toLowerCase().replaceAll(/[^a-z0-9_-]+/g, '-'));
  const [, format = 'table'] = /sitrep import (\w+)/.exec(commandFor(await readHead(file), '')) ?? [];
  const from = inDataset && !isDataset ? basename(file) : file;
  const named = /^[\w./-]+$/.test(from) ? from : `"${from}"`;
  const command =
    format === 'table'
      ? `sitrep import table ${named} --suggest > ${stem.replaceAll(/[^\w-]+/g, '-')}.yaml, and when that is right, with --mapping and --into ${into}`
      : `sitrep import ${format} ${named} --into ${into}`;
  return from === file
    ? `Import it: ${command}.`
    : `Move it out of ${into}, remove that folder, and import it: ${command}.`;
}
