import { join } from 'node:path';
import { explain } from '../../src/production/explain.ts';
import { readEditionFile } from '../../src/production/store.ts';
import type { PageDependencies } from '../../src/server/pages/queries.ts';
import { usualColours } from '../../src/project/colours.ts';
import { assetsOf } from '../../src/wiring/project.ts';
import type { House } from './house.ts';

/** What the pages work with, by the wall clock and the catalogue of a house. */
export function worldOf({ context, forEditions }: House): PageDependencies {
  const repository = {
    ...context,
    ...forEditions,
    datasetNames: () => Promise.resolve(['afghanistan-2021']),
  };
  return {
    ...repository,
    publisher: null,
    identity: { logo: null, colours: usualColours, fonts: [] },
    readAsset: assetsOf({ sitrep: join(import.meta.dirname, '../..') }),
    readFile: readEditionFile,
    picture: () => Promise.resolve(undefined),
    explain: (pdf, phrase) => explain(pdf, { phrase, repository }),
  };
}
