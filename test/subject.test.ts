import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { loadDataset } from '../src/dataset/reading/read.ts';
import { temporaryFolder } from './support/dataset.ts';

// The program serves any dataset, so what is in these folders may name nothing that belongs to the sample alone.
const root = join(import.meta.dirname, '..');
const folders = ['src', 'templates/_shared', 'locales', 'scaffold'];

/** Names in the sample that are ordinary words too, and what else they mean in the program. */
const ordinary: { readonly [name: string]: string } = {
  IS: 'a keyword of SQL',
  AF: 'the key of associated files in a PDF',
  other: 'an ordinary word; an affiliation by this name means none in particular',
  state: 'the state of an edition, of a browser, of a test',
  international: 'an ordinary word',
  allied: 'an ordinary word',
  analysis: 'the step between queries and charts',
  report: 'what an event is; to report a fault',
  interview: 'an ordinary word',
  statement: 'a statement of SQL or of Handlebars; a status of an event',
  video: 'an ordinary word',
  claims: 'an ordinary word',
  collection: 'the gathering of reports',
  evidence: 'what a page rests on',
  'Public record': 'a status of an event',
  person: 'an ordinary word',
  record: 'a record of the ledger',
  context: 'the context of a template, of a command, of an issue of zod',
};

/** What the sample calls its actors, places, sources and terms, and the codes of its countries. */
async function namesOfSample(): Promise<string[]> {
  const { name, tables, settings } = await loadDataset(join(root, 'data/afghanistan-2021'), 'sample');
  const { topics, affiliations, sourceKinds } = settings;
  const names = [
    name,
    ...tables.actors.flatMap((actor) => [actor.name, actor.long_name, ...actor.aliases]),
    ...tables.places.flatMap((place) => [place.name, place.province, place.country]),
    ...tables.sources.map((source) => source.name),
    ...[...topics, ...affiliations, ...sourceKinds].flatMap((term) => [term.name, term.title]),
  ];
  return [...new Set(names)].flatMap((each) =>
    each === null || Object.hasOwn(ordinary, each) ? [] : [each],
  );
}

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
/** Small letters or capitals, unless the name is an abbreviation: "us" is no country, and neither is the end of "en-US". */
const patternOf = (name: string): RegExp =>
  name === name.toUpperCase()
    ? new RegExp(`(?<![\\p{L}\\p{N}-])${escaped(name)}(?![\\p{L}\\p{N}])`, 'u')
    : new RegExp(`(?<![\\p{L}\\p{N}])${escaped(name)}(?![\\p{L}\\p{N}])`, 'iu');

/** `src/a.ts:3: "Kabul"` for each name on each line, and for each name in the path of a file. */
async function subjectWords(folder: string, names: readonly string[]): Promise<string[]> {
  const patterns = names.map((name) => [name, patternOf(name)] as const);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const file = join(entry.parentPath, entry.name);
        const lines = [relative(folder, file), ...(await readFile(file, 'utf8')).split('\n')];
        return lines.flatMap((line, number) =>
          patterns.flatMap(([name, pattern]) =>
            pattern.test(line) ? [`${relative(root, file)}:${number}: "${name}"`] : [],
          ),
        );
      }),
  );
  return found.flat().toSorted();
}

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

test('the program names nothing that belongs to the sample', async () => {
  const names = await namesOfSample();
  expect(names).toEqual(expect.arrayContaining(['Kabul', 'ties', 'al-qaeda-branch', 'Taliban']));
  const found: string[] = [];
  for (const folder of folders.map((each) => join(root, each)))
    if (await isThere(folder)) found.push(...(await subjectWords(folder, names)));
  expect(found).toEqual([]);
});

test('a name of the sample is found by its file and line, whatever its capitals', async () => {
  const folder = await temporaryFolder();
  await writeFile(
    join(folder, 'kabul.sql'),
    "SELECT 1\nWHERE topic = 'ties'\n-- properties, ISIS-K, Talibans, us\n",
  );
  const found = await subjectWords(folder, await namesOfSample());
  expect(found.map((each) => each.replace(/^.*kabul\.sql/, ''))).toEqual([
    ':0: "Kabul"',
    ':2: "ties"',
    ':3: "ISIS"',
    ':3: "ISIS-K"',
    ':3: "isis"',
  ]);
});

test('an exception is a name of the sample', async () => {
  const { tables, settings } = await loadDataset(join(root, 'data/afghanistan-2021'), 'sample');
  const names = JSON.stringify([tables.actors, tables.sources, settings]);
  for (const name of Object.keys(ordinary)) expect(names).toContain(`"${name}"`);
});
