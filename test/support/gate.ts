import { remembered, rendering } from './effects.ts';
import { findBrief, type Product, renderEdition } from './product.ts';
import type { Correction } from '../../src/dataset/corrections.ts';
import { AppError, type Fault } from '../../src/errors.ts';
import type { Printer } from '../../src/pdf/browser/print.ts';
import { resolveEdition } from '../../src/production/fan-out.ts';
import { type Edition, produce } from '../../src/production/produce.ts';
import type { Paper } from '../../src/project/brief.ts';
import type { Parameters } from '../../src/project/parameters.ts';

export interface Asked {
  readonly brief: string;
  readonly asOf: string;
  readonly paper?: Paper;
  readonly parameters?: Parameters;
  readonly correction?: Correction;
}

/** Why an edition is held, by rule; empty where it is not. Faults of another kind are thrown on. */
export type Held = { readonly [rule: string]: readonly Fault[] };

/** What holds an edition before it is printed. */
export const heldBefore = (product: Product, asked: Asked): Promise<Held> =>
  heldBy(renderEdition(product, asked));

/** What holds an edition in all; `alter` spoils the page between composing and printing. */
export const heldAfter = (product: Product, asked: Asked, spoiling: Spoiling): Promise<Held> =>
  heldBy(print(product, asked, { effects: remembered, ...spoiling }));

interface Spoiling {
  readonly printer: Printer;
  readonly effects?: typeof rendering;
  readonly alter?: (html: string) => string;
  /** Spoils what was printed, before it is sealed. */
  readonly spoil?: (pdf: Uint8Array) => Promise<Uint8Array>;
}

export function print(
  product: Product,
  { brief: id, asOf, paper, parameters = {} }: Asked,
  { printer, effects = rendering, alter = (html) => html, spoil = (pdf) => Promise.resolve(pdf) }: Spoiling,
): Promise<Edition> {
  const { dataset, material } = product;
  const brief = findBrief(product, id);
  return produce(
    resolveEdition({ brief, dataset, asOf, paper, parameters }),
    {
      ...effects,
      startPrinting: () => {},
      print: async (html, options) => spoil(await printer.print(alter(html), options)),
      browser: () => Promise.resolve(printer.browser),
    },
    material,
  );
}

export async function heldBy(work: Promise<unknown>): Promise<Held> {
  try {
    await work;
    return {};
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'edition-held') throw error;
    return Object.fromEntries(Map.groupBy(error.faults, ({ rule }) => rule ?? ''));
  }
}
