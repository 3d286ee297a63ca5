import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchFolders } from '../../src/preview/watch.ts';

let folder: string;
let watching: Disposable;
let told: Set<string>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sitrep-watch-'));
  await mkdir(join(folder, 'old'));
  await writeFile(join(folder, 'old/a.txt'), 'a');
  told = new Set();
  watching = await watchFolders([folder, join(folder, 'absent')], (paths) => {
    for (const path of paths) told.add(path.slice(folder.length + 1));
  });
});
afterEach(async () => {
  watching[Symbol.dispose]();
  await rm(folder, { recursive: true });
});
const isTold = async (path: string): Promise<boolean> =>
  vi.waitUntil(() => told.has(path), { timeout: 300_000, interval: 20 });
/** Writes until it is told: when a folder begins to be watched cannot be seen from outside. */
const isWatched = async (path: string): Promise<boolean> =>
  vi.waitUntil(
    async () => {
      await writeFile(join(folder, path), String(told.size));
      return told.has(path);
    },
    { timeout: 300_000, interval: 100 },
  );

test('a file that is written, and one that another takes the place of, each time', async () => {
  await writeFile(join(folder, 'old/a.txt'), 'b');
  expect(await isTold('old/a.txt')).toBe(true);
  for (const text of ['c', 'd']) {
    told.clear();
    await writeFile(join(folder, 'old/.a.swp'), text);
    await rename(join(folder, 'old/.a.swp'), join(folder, 'old/a.txt'));
    expect(await isTold('old/a.txt')).toBe(true);
    expect([...told]).toEqual(['old/a.txt']);
  }
});

test('a folder that is new, and what is written in it later', async () => {
  await mkdir(join(folder, 'new/deep'), { recursive: true });
  expect(await isWatched('new/deep/b.txt')).toBe(true);
});

test('a folder that is removed and made again', async () => {
  await rm(join(folder, 'old'), { recursive: true });
  expect(await isTold('old')).toBe(true);
  await mkdir(join(folder, 'old'));
  expect(await isWatched('old/a.txt')).toBe(true);
});
