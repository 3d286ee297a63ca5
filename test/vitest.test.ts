import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { type BriefChoice, toMatchBrief } from '../src/vitest.ts';
import { swapText } from './support/product.ts';

expect.extend({ toMatchBrief });

const folder = await mkdtemp(join(tmpdir(), 'sitrep-matcher-'));
const example = join(import.meta.dirname, '../examples/own-briefs');
const template = join(folder, 'templates/ties/brief.hbs');
const golden = (day: string) => join(folder, `test/golden/ties/${day}/brief.html`);
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  await rm(folder, { recursive: true });
  for (const part of ['data', 'templates', 'test/golden'])
    await cp(join(example, part), join(folder, part), { recursive: true });
});
const edit = async (file: string, from: string, to: string) =>
  writeFile(file, swapText(await readFile(file, 'utf8'), from, to));

/** The matcher as vitest calls it when it was started with `--update`, without, or under CI. */
const match = (choice: Omit<BriefChoice, 'folder'>, snapshotUpdateState: 'all' | 'new' | 'none') =>
  Reflect.apply(toMatchBrief, { snapshotState: { snapshotUpdateState }, isNot: false }, [
    { ...choice, folder },
  ]) as ReturnType<typeof toMatchBrief>;

test('a brief that renders to what was accepted', async () => {
  await expect({ brief: 'ties', folder }).toMatchBrief();
});

test('a difference fails with the lines that differ, and what to do', async () => {
  await edit(template, 'What is reported', 'What was seen');
  await expect(expect({ brief: 'ties', folder }).toMatchBrief()).rejects.toThrow(
    /--update[^]*@@ .*test\/golden\/ties\/2019-06-30\/brief\.html:\d+ @@[^]*\n- .*What is reported[^]*\n\+ .*What was seen/,
  );
});

test('one day is compared alone', async () => {
  await edit(golden('2020-10-31'), 'What is reported', 'What was seen');
  await expect({ brief: 'ties', asOf: '2019-06-30', folder }).toMatchBrief();
  await expect(expect({ brief: 'ties', asOf: '2020-10-31', folder }).toMatchBrief()).rejects.toThrow(
    /2020-10-31\/brief\.html/,
  );
});

test('a drawing that is that of the day before is not missing', async () => {
  const definition = join(folder, 'templates/ties/brief.yaml');
  await edit(definition, '  - { asOf: 2020-10-31 }', '  - { asOf: 2020-10-31 }\n  - { asOf: 2020-11-01 }');
  vi.stubEnv('CI', '');
  expect(await match({ brief: 'ties' }, 'all')).toMatchObject({ pass: true });
  vi.unstubAllEnvs();
  expect(await readFile(golden('2020-11-01'), 'utf8')).toContain('<img src="../2020-10-31/status.svg" />');
  await expect({ brief: 'ties', asOf: '2020-11-01', folder }).toMatchBrief();
});

test('what was never accepted is written, but not under CI', async () => {
  const accepted = await readFile(golden('2019-06-30'), 'utf8');
  await rm(golden('2019-06-30'));
  const day = { brief: 'ties', asOf: '2019-06-30' };
  expect(await match(day, 'none')).toMatchObject({ pass: false });
  await expect(readFile(golden('2019-06-30'))).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await match(day, 'new')).toMatchObject({ pass: true });
  expect(await readFile(golden('2019-06-30'), 'utf8')).toBe(accepted);
});

test('what differs is written with --update alone, and never under CI', async () => {
  await edit(template, 'What is reported', 'What was seen');
  const day = { brief: 'ties', asOf: '2019-06-30' };
  const written = async () =>
    (await readFile(golden('2019-06-30'), 'utf8')).includes('What was seen') ? 'written' : 'as it was';
  expect([await match(day, 'new'), await written()]).toMatchObject([{ pass: false }, 'as it was']);
  vi.stubEnv('CI', 'true');
  const refused = await match(day, 'all');
  expect([refused.pass, await written()]).toEqual([false, 'as it was']);
  expect(refused.message()).toContain('in CI');
  vi.stubEnv('CI', '');
  expect([await match(day, 'all'), await written()]).toMatchObject([{ pass: true }, 'written']);
  vi.unstubAllEnvs();
});

test('faults of the brief, and what is no golden day, fail with what to do', async () => {
  const other = await match({ brief: 'ties', asOf: '2020-01-01' }, 'none');
  expect(other.pass).toBe(false);
  expect(other.message()).toMatch(/no golden edition as of 2020-01-01.*2019-06-30, 2020-10-31/);
  await writeFile(join(folder, 'templates/ties/reports.sql'), 'SELECT nope FROM events');
  const broken = await match({ brief: 'ties' }, 'none');
  expect(broken.message()).toMatch(/reports\.sql, line 1: .*nope/);
});
