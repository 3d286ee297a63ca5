import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { importCommands } from '../../src/cli/import.ts';
import { loadDataset } from '../../src/dataset/reading/read.ts';
import { acledEvent, csv, faultsOf, newDesk } from '../support/incidents.ts';
import { bundleOf, stixObject } from '../support/stix.ts';

async function newCommand() {
  const desk = await newDesk();
  const lines: string[] = [];
  const progress: string[] = [];
  const commands = importCommands({
    knownOn: '2024-04-01',
    version: '0',
    cacheFolder: join(desk.folder, 'cache'),
    readText: (file) => readFile(file, 'utf8').catch(() => null),
    writeNew: (file, text) => writeFile(file, text, { flag: 'wx' }),
    actorsIn: async (folder) => (await loadDataset(folder, folder)).tables.actors,
    progress: (line) => progress.push(line),
    print: (line) => lines.push(line),
  });
  const defaults = { complete: false, suggest: false };
  return { desk, lines, progress, run: commands.import, defaults };
}

test('the report says what was read, skipped and not recognised, and proposes actors', async () => {
  const { desk, lines, progress, run, defaults } = await newCommand();
  const rows = Array.from({ length: 1200 }, (_, index) => acledEvent({ event_id_cnty: `N${index}` }));
  const odd = acledEvent({
    event_id_cnty: 'X',
    country: 'Ruritania',
    iso: '',
    actor1: 'Red Groop',
    fatalities: '?',
  });
  const file = await desk.write(csv([...rows, odd, acledEvent({ event_id_cnty: '' })]), 'export.csv');
  const actors = join(desk.folder, 'actors.csv');
  await run('acled', [file], { ...defaults, into: desk.into, actors });
  expect(lines).toEqual([
    `${desk.into}: import 1, known on 2024-04-01.`,
    '  1,202 rows read: 1,201 new, 0 revised, 0 unchanged, 1 skipped. 0 withdrawn.',
    '  2024-03-10 to 2024-03-10, 1 country: FR.',
    '  Skipped: 1 × has no event_id_cnty (export.csv, row 1203).',
    '  Kept in "extra" only: 1 × a value of fatalities that does not fit (export.csv, row 1202).',
    '  Countries not recognised: Ruritania (1). These incidents are of no country.',
    '  3 names of actors, 0 in the table actors. Not there: Blue Group (1,201), Red Group (1,200), Red Groop (1).',
    `  Proposed rows for the table actors: ${actors}. Read them before you use them.`,
  ]);
  expect(await readFile(actors, 'utf8')).toContain('A-Blue-Group,2024-04-01,current,Blue Group,');
  expect(progress).toContain('read');
  expect(progress.at(-1)).toBe('');
  expect(progress.every((line) => line.length < 60)).toBe(true);
  const [fault] = await faultsOf(run('acled', [file], { ...defaults, into: desk.into, actors }));
  expect(fault).toMatchObject({ file: actors, problem: 'cannot be written, or exists already.' });
});

test('for a misspelt country, the report says which was perhaps meant', async () => {
  const { desk, lines, run, defaults } = await newCommand();
  const event = acledEvent({ country: 'Columbia', iso: '' });
  await run('acled', [await desk.write(csv([event]))], { ...defaults, into: desk.into });
  expect(lines).toContain(
    '  Countries not recognised: Columbia (1). These incidents are of no country. Did you mean "Colombia" for "Columbia"?',
  );
});

test('the report on a bundle counts notes by table, and what has no table by type', async () => {
  const { desk, lines, run, defaults } = await newCommand();
  const actor = stixObject('intrusion-set', 1, { name: 'Red Fox' });
  const tool = stixObject('tool', 2, { name: 'A tool' });
  const seen = stixObject('sighting', 3, {
    sighting_of_ref: actor['id'],
    first_seen: '2024-02-01T00:00:00Z',
  });
  const [notes, both] = [
    await desk.write(bundleOf([actor, tool]), 'notes.json'),
    await desk.write(bundleOf([actor, seen]), 'both.json'),
  ];
  await run('stix', [notes], { ...defaults, into: desk.into });
  await run('stix', [both], { ...defaults, into: desk.into });
  expect(lines).toEqual([
    `${desk.into}: import 1, known on 2024-04-01.`,
    '  No incidents or sightings, only notes.',
    '  Notes: 1 new, 0 revised, 0 unchanged, 0 withdrawn (actors 1).',
    '  Skipped: 1 × is a tool: there is no table for it (notes.json).',
    `${desk.into}: import 2, known on 2024-04-01.`,
    '  1 incident or sighting: 1 new, 0 revised, 0 unchanged. 0 withdrawn.',
    '  Notes: 0 new, 0 revised, 1 unchanged, 0 withdrawn.',
    '  2024-02-01 to 2024-02-01, 0 countries.',
    '  1 name of actors, 1 in the table actors.',
  ]);
});

test('options that do not fit are refused', async () => {
  const { desk, run, defaults } = await newCommand();
  const file = await desk.write(csv([acledEvent({})]));
  const [noDataset] = await faultsOf(run('acled', [file], defaults));
  expect(noDataset?.hint).toBe('Add --into data/NAME.');
  for (const [into, hint] of [
    ['protests', 'Write --into data/protests.'],
    ['data', 'Write --into data/NAME.'],
  ] as const)
    expect(await faultsOf(run('acled', [file], { ...defaults, into }))).toMatchObject([{ hint }]);
  const [mapped] = await faultsOf(run('acled', [file], { ...defaults, into: desk.into, mapping: 'm.yaml' }));
  expect(mapped?.problem).toContain('are for tables');
  const [absent] = await faultsOf(run('table', [file], { ...defaults, into: desk.into, mapping: 'm.yaml' }));
  expect(absent).toMatchObject({ file: 'm.yaml', problem: 'cannot be read.' });
  expect(await desk.files()).toEqual([]);
});
