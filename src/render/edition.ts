import type { Day, Period } from '../calendar.ts';
import type { Correction } from '../dataset/corrections.ts';
import { type Checked, type Freshness, freshnessOf } from '../dataset/freshness.ts';
import type { Dataset } from '../dataset/schema.ts';
import type { Brief, Paper } from '../project/brief.ts';
import type { Parameters } from '../project/parameters.ts';
import { type KnownIncidents, knownIncidents } from '../query/incidents.ts';
import type { Part, Versions } from './manifest.ts';

/** An edition to make. `resolveEdition` works out everything here once; no later step derives it again. */
export interface Request {
  /** Its identity, and its path below the output folder. */
  readonly id: string;
  readonly brief: Brief;
  readonly dataset: Dataset;
  readonly asOf: Day;
  readonly period: Period;
  readonly paper: Paper;
  /** In canonical form; empty for a brief without parameters. */
  readonly parameters: Parameters;
  /** For a corrected revision; null for an edition as first issued. */
  readonly correction: Correction | null;
  /** The last import of incidents to use; absent for all imports by the cut-off. */
  readonly upToImport?: number | undefined;
  /** The checks of sources to use; absent for all that the cut-off allows. */
  readonly checked?: Checked | undefined;
}

/** The incidents that the edition sees: those of its cut-off, corrected if it is a revision. */
export const incidentsFor = ({ brief, dataset, asOf, correction, upToImport }: Request): KnownIncidents =>
  knownIncidents(dataset, {
    asOf,
    marking: brief.config.marking,
    upTo: correction?.incidents?.first ?? upToImport,
    correctedBy: correction?.incidents?.last,
  });

/** How old the data of the edition are; those of a revision are the data of its first issue. */
export const freshnessFor = ({ brief, dataset, asOf, correction, checked }: Request): Freshness | null =>
  freshnessOf(dataset, {
    asOf,
    timezone: brief.config.schedule.timezone,
    checked: correction?.incidents?.checked ?? checked,
  });

/** Fonts and software versions used for every edition. */
export interface Material {
  /** `@font-face` rules with embedded fonts. */
  readonly fontFaces: string;
  /** The code points that can be printed in every style. */
  readonly glyphs: ReadonlySet<number>;
  /** The font files, for the manifest. */
  readonly fonts: readonly Part[];
  /** The faces that only pages with Arabic letters contain. */
  readonly arabic: { readonly fontFaces: string; readonly fonts: readonly Part[] };
  readonly versions: Versions;
  /** A hash of the fonts. */
  readonly sha256: string;
}

export const steps = [
  'select',
  'analyse',
  'chart',
  'compose',
  'gate',
  'print',
  'seal',
  'inspect',
  'store',
] as const;
export type Step = (typeof steps)[number];

export type OnStep = (step: Step) => void;
