import { join } from 'node:path';
import { assetsOf } from '../../src/adapters/assets.ts';
import { readEditionFile } from '../../src/adapters/editions.ts';
import { explain } from '../../src/runtime/explain.ts';
import type { PagesWorld } from '../../src/shells/pages/world.ts';
import type { House } from './house.ts';

/** What the pages work with, by the wall clock and the catalogue of a house. */
export function worldOf({ office, workshop }: House): PagesWorld {
  const repository = {
    ...office,
    ...workshop,
    datasetNames: () => Promise.resolve(['afghanistan-2021']),
    loadBriefs: (ids: readonly string[]) => Promise.all(ids.map((each) => office.loadBrief(each))),
  };
  return {
    ...repository,
    readAsset: assetsOf({ sitrep: join(import.meta.dirname, '../..') }),
    readFile: readEditionFile,
    picture: () => Promise.resolve(undefined),
    explain: (pdf, phrase) => explain(pdf, { phrase, repository }),
  };
}
