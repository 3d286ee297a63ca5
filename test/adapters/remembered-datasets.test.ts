import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadDataset } from '../../src/adapters/dataset.ts';
import { rememberDatasets } from '../../src/adapters/remembered-datasets.ts';
import { apply, copyOf, set, swap } from '../support/dataset.ts';

test('a dataset is loaded again when a file of it was changed, and only then', async () => {
  const folder = await copyOf('base');
  const load = rememberDatasets(loadDataset);
  const first = await load(folder, 'data/test');
  expect(await load(folder, 'data/test')).toBe(first);
  const [{ id = '' } = {}] = first.tables.sources;
  const { title } = first;
  // As long as it was, so that its size tells nothing.
  await apply(folder, [swap('datapackage.json', title, title.toUpperCase())]);
  const second = await load(folder, 'data/test');
  expect(second.title).toBe(title.toUpperCase());
  expect(second.tables.sources[0]?.id).toBe(id);
  expect(await load(folder, 'data/test')).toBe(second);
});

test('a fault is not remembered, nor what stood there before', async () => {
  const folder = await copyOf('base');
  const load = rememberDatasets(loadDataset);
  const first = await load(folder, 'data/test');
  const { known_on: day } = first.tables.sources[0]!;
  await apply(folder, [set('sources', 2, 'known_on', 'never')]);
  await expect(load(folder, 'data/test')).rejects.toMatchObject({ code: 'dataset-invalid' });
  await expect(load(folder, 'data/test')).rejects.toMatchObject({ code: 'dataset-invalid' });
  await apply(folder, [set('sources', 2, 'known_on', day)]);
  expect((await load(folder, 'data/test')).tables).toEqual(first.tables);
  await rm(join(folder, 'datapackage.json'));
  await expect(load(folder, 'data/test')).rejects.toThrow();
  await rm(folder, { recursive: true });
  await expect(load(folder, 'data/test')).rejects.toThrow();
});
