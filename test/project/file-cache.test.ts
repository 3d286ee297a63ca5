import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadDataset } from '../../src/dataset/reading/read.ts';
import { AppError } from '../../src/errors.ts';
import { remember } from '../../src/project/file-cache.ts';
import { apply, copyOf, set, swap } from '../support/dataset.ts';

test('a dataset is loaded again when a file of it was changed, and only then', async () => {
  const folder = await copyOf('base');
  const load = remember(
    () => loadDataset(folder, 'data/test'),
    () => [folder],
  );
  const first = await load('base');
  expect(await load('base')).toBe(first);
  const { title } = first;
  // As long as it was, so that its size tells nothing.
  await apply(folder, [swap('datapackage.json', title, title.toUpperCase())]);
  const second = await load('base');
  expect(second.title).toBe(title.toUpperCase());
  expect(second.tables).toEqual(first.tables);
  expect(await load('base')).toBe(second);
});

test('a fault is not remembered, nor what stood there before', async () => {
  const folder = await copyOf('base');
  const load = remember(
    () => loadDataset(folder, 'data/test'),
    () => [folder],
  );
  const first = await load('base');
  const { known_on: day } = first.tables.sources[0]!;
  await apply(folder, [set('sources', 2, 'known_on', 'never')]);
  await expect(load('base')).rejects.toMatchObject({ code: 'dataset-invalid' });
  await expect(load('base')).rejects.toMatchObject({ code: 'dataset-invalid' });
  await apply(folder, [set('sources', 2, 'known_on', day)]);
  expect((await load('base')).tables).toEqual(first.tables);
  await rm(join(folder, 'datapackage.json'));
  await expect(load('base')).rejects.toThrow(AppError);
  await rm(folder, { recursive: true });
  await expect(load('base')).rejects.toThrow(AppError);
});
