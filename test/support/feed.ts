import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RefreshContext, refreshDataset } from '../../src/refresh/refresh.ts';
import { newDesk } from './incidents.ts';

/** A project of one test with a dataset that has sources, and the folder `incoming` for its files. */
export async function newFeed(sitrep: object) {
  const desk = await newDesk();
  const { folder, into } = desk;
  await mkdir(into, { recursive: true });
  await mkdir(join(folder, 'incoming'));
  const declare = (settings: object): Promise<void> =>
    writeFile(
      join(into, 'datapackage.json'),
      JSON.stringify({ name: 'desk', sitrep: settings, resources: [] }),
    );
  await declare(sitrep);
  return {
    ...desk,
    /** Writes other settings. */
    declare,
    /** Writes a file into `incoming`. */
    put: (name: string, content: string | Uint8Array) => writeFile(join(folder, 'incoming', name), content),
    refresh: (knownOn = '2024-04-01', context: Partial<RefreshContext> = {}) =>
      refreshDataset(into, {
        knownOn,
        version: '0',
        cacheFolder: join(folder, 'cache'),
        variables: {},
        ...context,
      }),
  };
}
