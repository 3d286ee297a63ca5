import type { Period } from '../calendar.ts';
import type { Corrected } from '../dataset/corrections.ts';
import type { Freshness } from '../dataset/freshness.ts';
import type { ImportRecord } from '../dataset/incidents.ts';
import type { RowSets } from '../dataset/parse-rows.ts';
import type { Change } from '../dataset/point-in-time.ts';
import type { Tables } from '../dataset/schema.ts';
import type { EvidenceSet } from '../query/evidence-set.ts';
import type { Illustration } from '../render/illustrate.ts';
import type { Part } from '../render/manifest.ts';
import type { HighlightTexts } from '../render/summary.ts';
import type { Put } from '../render/template/trace.ts';
import type { Draft, Print } from './draft.ts';
import { judge, type Verdict } from './rule.ts';
import { pageRules, pdfRules } from './rules.ts';

/** Checks a page before it is printed. Throws `edition-held` with every error. */
export const holdDraft = (draft: Draft, check?: () => void): Verdict => judge(pageRules, draft, check);

/** Checks a sealed PDF. Throws `edition-held` with every error. */
export const holdPrint = (print: Print, check?: () => void): Verdict => judge(pdfRules, print, check);

/** An edition before it is printed. */
export interface Rendering {
  /** The title of the brief, including the edition's subject. */
  readonly title: string;
  readonly period: Period;
  readonly known: Tables;
  /** The changes that a revision makes. */
  readonly corrected: readonly Corrected[];
  readonly html: string;
  /** The fonts of the page that not every page contains. */
  readonly extraFonts: readonly Part[];
  /** The bottom line as plain text, one item per paragraph. */
  readonly summary: readonly string[];
  /** The headline, the key judgments and the caption of the hero as plain text. */
  readonly highlights: HighlightTexts;
  /** Each chart's drawing and compiled spec. */
  readonly charts: { readonly [name: string]: Illustration };
  /** The ids of the rows that the page shows. */
  readonly used: readonly string[];
  /** The evidence sets that the page shows. */
  readonly evidenceSets: readonly EvidenceSet[];
  /** The last import of incidents that the queries saw. */
  readonly lastImport: ImportRecord | null;
  /** How old the data are; null if the dataset is not refreshed before slots. */
  readonly freshness: Freshness | null;
  /** What became known since the previous issue, as the page lists it. */
  readonly changes: readonly Change[];
  /** The results of the queries. */
  readonly sets: RowSets;
  /** Each expression that printed something, if the edition is rendered for an explanation. */
  readonly puts: readonly Put[];
  /** The page as the gate reads it. */
  readonly draft: Draft;
  /** The results of the rules. */
  readonly rules: Verdict;
}
