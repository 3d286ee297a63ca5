import type { Period } from '../calendar.ts';
import type { Corrected } from '../dataset/corrections.ts';
import type { RowSets } from '../dataset/parse-rows.ts';
import type { Change } from '../dataset/point-in-time.ts';
import type { Tables } from '../dataset/schema.ts';
import type { Fault } from '../errors.ts';
import type { Brief } from '../project/brief.ts';
import type { Illustration } from '../render/illustrate.ts';
import type { Put } from '../render/trace.ts';
import type { Draft } from './draft.ts';
import type { Print } from './print.ts';
import { judge, type Verdict } from './rule.ts';
import { afterSealing, beforePrinting } from './rules.ts';

/** Holds a page that is not to be printed. Throws `edition-held` with every reason. */
export const holdDraft = (draft: Draft, check?: () => void): Verdict => judge(beforePrinting, draft, check);

/** Holds a PDF that is not to leave the house. Throws `edition-held` with every reason. */
export const holdPrint = (print: Print, check?: () => void): Verdict => judge(afterSealing, print, check);

/** Waivers that none of a brief's editions needed. */
export function idleWaivers({ config, definition }: Brief, verdicts: readonly Verdict[]): Fault[] {
  const needed = new Set(verdicts.flatMap(({ waived }) => waived.map(({ rule }) => rule)));
  return config.waive.flatMap(({ rule }, index) =>
    needed.has(rule)
      ? []
      : [
          {
            file: definition.file,
            field: `waive.${index}.rule`,
            problem: `The waiver of "${rule}" waives nothing at any golden day.`,
            mend: 'Remove it, or add the day on which it is needed to golden.',
          },
        ],
  );
}

/** An edition before it is printed. */
export interface Rendering {
  /** Of the brief, with what the edition is about. */
  readonly title: string;
  readonly period: Period;
  readonly known: Tables;
  /** What a revision corrects. */
  readonly corrected: readonly Corrected[];
  readonly html: string;
  /** Each chart's drawing and compiled spec. */
  readonly charts: { readonly [name: string]: Illustration };
  /** The ids of the rows that the page shows. */
  readonly used: readonly string[];
  /** What became known since the issue before, as the page lists it. */
  readonly changes: readonly Change[];
  /** The results of its queries. */
  readonly sets: RowSets;
  /** Each expression that printed something, where it is to be explained. */
  readonly puts: readonly Put[];
  /** The page as the gate read it. */
  readonly draft: Draft;
  /** The rules that it holds to, and those that its brief waives. */
  readonly rules: Verdict;
}
