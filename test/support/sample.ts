import type { NamedEdition } from './product.ts';

/** Whether tests take everything that they otherwise take a sample of; `npm run soak` says so. */
export const isSoak = process.env['SOAK_ALL'] === 'true';

/** How often a property is checked with generated input. */
export const runs = (few: number): number => (isSoak ? few * 20 : few);

/** The sheet with the most pages, one with a chart of bars, and one of an actor of whom little is reported. */
const sheets = ['A-taliban', 'A-isis', 'A-jnim'];

/** All editions but some of the actor sheets, which are made from one template. */
export const sampleOfSheets = (editions: readonly NamedEdition[]): readonly NamedEdition[] =>
  editions.filter(
    ({ brief, parameters }) =>
      isSoak || brief !== 'actor-sheet' || sheets.includes(String(parameters['actor'])),
  );
