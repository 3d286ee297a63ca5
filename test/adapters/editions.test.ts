import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { markDelivered, readEdition, storeEdition } from '../../src/adapters/editions.ts';
import { AppError } from '../../src/model/fault.ts';
import { hashOf, type FileToStore, type Manifest } from '../../src/model/manifest.ts';
import { temporaryFolder } from '../support/dataset.ts';
import { sampleManifest } from '../support/sample-manifest.ts';

/** An edition that says `text`, in two files. */
function edition(text: string): { files: FileToStore[]; description: Manifest } {
  const files = [
    { name: 'a.pdf', content: new TextEncoder().encode(`pdf of ${text}`) },
    { name: 'a.html', content: `html of ${text}` },
  ];
  const described = files.map(({ name, content }) => ({
    name,
    bytes: Buffer.byteLength(content),
    sha256: hashOf(content),
  }));
  const made = { inputs: hashOf(text), known: [], pages: 2, files: described };
  return { files, description: { ...sampleManifest, ...made } };
}
const store = (folder: string, text: string) => {
  const { files, description } = edition(text);
  return storeEdition(folder, files, description);
};
/** The files of an edition and what they hold, but for the manifest. */
const contentsOf = async (folder: string) => {
  const names = (await readdir(folder)).filter((name) => name !== 'manifest.json').toSorted();
  return Promise.all(names.map(async (name) => `${name}: ${await readFile(join(folder, name), 'utf8')}`));
};
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => (error instanceof AppError ? error.code : error),
  );

test('what is stored is read back, and nothing else is left behind', async () => {
  const out = await temporaryFolder();
  const folder = join(out, 'brief/2021-08-25');
  expect(await readEdition(folder)).toBeUndefined();
  await store(folder, 'one');
  expect(await readEdition(folder)).toEqual(edition('one').description);
  await store(folder, 'two');
  expect(await readEdition(folder)).toEqual(edition('two').description);
  expect(await contentsOf(folder)).toEqual(['a.html: html of two', 'a.pdf: pdf of two']);
  expect(await readdir(join(out, 'brief'))).toEqual(['2021-08-25']);
});

test('a file that the new edition does not have does not stay from the old one', async () => {
  const folder = join(await temporaryFolder(), 'a');
  await store(folder, 'one');
  const { files, description } = edition('two');
  const fewer = files.slice(0, 1);
  await storeEdition(folder, fewer, { ...description, files: description.files.slice(0, 1) });
  expect(await contentsOf(folder)).toEqual(['a.pdf: pdf of two']);
});

test.each([
  ['a file was changed', (folder: string) => writeFile(join(folder, 'a.html'), 'edited')],
  ['a file was removed', (folder: string) => rm(join(folder, 'a.pdf'))],
  ['the manifest was removed', (folder: string) => rm(join(folder, 'manifest.json'))],
  ['the manifest was cut off', (folder: string) => writeFile(join(folder, 'manifest.json'), '{"brief":')],
  ['the manifest is of another kind', (folder: string) => writeFile(join(folder, 'manifest.json'), '{}')],
])('an edition counts as absent when %s', async (_, spoil) => {
  const folder = join(await temporaryFolder(), 'a');
  await store(folder, 'one');
  await spoil(folder);
  expect(await readEdition(folder)).toBeUndefined();
});

test('a file that cannot be written leaves the old edition as it was', async () => {
  const out = await temporaryFolder();
  const folder = join(out, 'a');
  await store(folder, 'one');
  const { files, description } = edition('two');
  // One file goes into a folder that is not there: root, too, cannot write it.
  const failing = [...files, { name: 'missing/b.html', content: '' }];
  expect(await codeOf(storeEdition(folder, failing, description))).toBe('output-unwritable');
  expect(await readEdition(folder)).toEqual(edition('one').description);
  expect(await readdir(out)).toEqual(['a']);
});

test('an edition that cannot be put in its place leaves nothing half-written', async () => {
  const out = await temporaryFolder();
  const folder = join(out, 'a');
  await store(folder, 'one');
  // A name that is too long for its neighbour: the old one is not there, and the new one cannot be.
  const tooLong = join(out, 'x'.repeat(300));
  expect(await codeOf(store(tooLong, 'two'))).toBe('output-unwritable');
  expect(await readdir(out)).toEqual(['a']);
});

test('an output folder that is a file is named, with a way out', async () => {
  const out = join(await temporaryFolder(), 'output');
  await writeFile(out, 'not a folder');
  const error = await store(join(out, 'brief/2021-08-25'), 'one').catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    code: 'output-unwritable',
    faults: [{ file: join(out, 'brief/2021-08-25'), mend: expect.stringContaining('--out') }],
  });
  expect(await readFile(out, 'utf8')).toBe('not a folder');
});

test('a file in the place of the edition is replaced, as an edition is', async () => {
  const out = await temporaryFolder();
  await mkdir(join(out, 'brief'));
  await writeFile(join(out, 'brief/a'), 'in the way');
  await store(join(out, 'brief/a'), 'one');
  expect(await readEdition(join(out, 'brief/a'))).toEqual(edition('one').description);
  expect(await readdir(join(out, 'brief'))).toEqual(['a']);
});

test('of many that store the same edition at once, one is there in the end, and whole', async () => {
  const out = await temporaryFolder();
  const folder = join(out, 'a');
  const texts = Array.from({ length: 12 }, (_, index) => `edition ${index}`);
  await Promise.all(texts.map((text) => store(folder, text)));
  const found = await readEdition(folder);
  expect(texts.map((text) => edition(text).description)).toContainEqual(found);
  expect(await readdir(out)).toEqual(['a']);
});

test('what was delivered is not overwritten, but by the same bytes, which mend it', async () => {
  const folder = join(await temporaryFolder(), 'a');
  await store(folder, 'one');
  await markDelivered(folder);
  expect(await codeOf(store(folder, 'two'))).toBe('edition-delivered');
  expect(await readEdition(folder)).toEqual(edition('one').description);
  await writeFile(join(folder, 'a.pdf'), 'damaged');
  expect(await readEdition(folder)).toBeUndefined();
  await store(folder, 'one');
  expect(await readEdition(folder)).toEqual(edition('one').description);
  expect(await codeOf(store(folder, 'two'))).toBe('edition-delivered');
});

test('what a killed process left behind is removed after an hour, and not before', async () => {
  const out = await temporaryFolder();
  const left = (kind: string) => join(out, `.${kind}-00000000-0000-4000-8000-000000000000`);
  for (const kind of ['new', 'old']) await mkdir(left(kind));
  const twoHoursAgo = new Date(Date.now() - 2 * 3_600_000);
  await utimes(left('new'), twoHoursAgo, twoHoursAgo);
  await store(join(out, 'a'), 'one');
  expect((await readdir(out)).toSorted()).toEqual(['.old-00000000-0000-4000-8000-000000000000', 'a']);
});
