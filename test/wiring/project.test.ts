import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openProject } from '../../src/wiring/project.ts';
import { temporaryFolder } from '../support/dataset.ts';

const root = join(import.meta.dirname, '../..');
const roads = join(root, 'examples/minimal');

/** The French example in a folder of its own, with a locale that the program does not have. */
async function projectWith(settings: string) {
  const folder = await temporaryFolder();
  for (const name of ['data', 'templates'])
    await cp(join(roads, name), join(folder, name), { recursive: true });
  await mkdir(join(folder, 'locales'));
  await writeFile(join(folder, 'locales/de.yaml'), 'extends: en-GB\npage: { no_reporting: Nichts. }\n');
  await writeFile(join(folder, 'sitrep.yaml'), settings);
  return openProject(folder, { sitrep: root });
}

test('a project has a language for its pages and messages, one for each brief, and one for each dataset', async () => {
  const project = await projectWith('language: de\n');
  const brief = await project.loadBrief('roads');
  const dataset = await project.loadDataset('roads');
  expect((await project.loadImprint()).locale.text('page.no_reporting')).toBe('Nichts.');
  expect(brief.locale.tag).toBe('fr');
  expect(dataset.locale?.tag).toBe('fr');
  const usual = await projectWith('');
  expect((await usual.loadImprint()).locale.tag).toBe('en-GB');
});

test('an unknown language of the project is a fault of sitrep.yaml', async () => {
  const project = await projectWith('marking: TLP:CLEAR\nlanguage: pt\n');
  await expect(project.loadImprint()).rejects.toMatchObject({
    code: 'brief-invalid',
    faults: [{ line: 2, field: 'language', problem: 'There is no locale "pt".' }],
  });
});
