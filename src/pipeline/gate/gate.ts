import type { Fault } from '../../model/fault.ts';
import type { Brief } from '../../model/brief.ts';
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
