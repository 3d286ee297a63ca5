import type { Day } from '../calendar.ts';
import type { Correction } from '../dataset/corrections.ts';
import type { Dataset } from '../dataset/schema.ts';
import type { Brief, Paper } from '../project/brief.ts';
import type { Parameters } from '../project/parameters.ts';
import type { Part, Versions } from './manifest.ts';

/** What is asked for: a brief, a day, a paper, values for its parameters, and its revision: an edition's identity. */
export interface Request {
  readonly brief: Brief;
  readonly dataset: Dataset;
  readonly asOf: Day;
  readonly paper: Paper;
  /** In their canonical form; empty for a brief that has none. */
  readonly parameters: Parameters;
  /** Of a corrected revision; absent or null for an edition as it is first issued. */
  readonly correction?: Correction | null;
}

/** Material that every edition is made with. */
export interface Material {
  /** `@font-face` rules with the fonts in them. */
  readonly fontFaces: string;
  /** The code points for which every face has a glyph. */
  readonly glyphs: ReadonlySet<number>;
  /** The files of fonts, for the manifest. */
  readonly fonts: readonly Part[];
  readonly versions: Versions;
  /** A hash over the fonts. */
  readonly sha256: string;
}

export type Step =
  'select' | 'analyse' | 'chart' | 'compose' | 'gate' | 'print' | 'seal' | 'inspect' | 'store';

export type OnStep = (step: Step) => void;
