import type { Fault } from '../errors.ts';
import type { Brief } from '../project/brief.ts';
import { clipped, empty, overlapping, undrawn, valuelessLabels, warned } from './charts.ts';
import { madeUp, uncited, uncitedDrawings, unfounded, unknownRows, untraceable } from './citations.ts';
import type { Draft, Print } from './draft.ts';
import { bareBounds, typedInRows, typedInTemplates } from './figures.ts';
import {
  activeContent,
  contradicted,
  deadLinks,
  malformed,
  uncovered,
  stale,
  undermarked,
  unnamedRevision,
  unset,
} from './page.ts';
import {
  blank,
  lostLinks,
  otherAttachments,
  otherBookmarks,
  otherFonts,
  otherPaper,
  tooMuch,
  undescribed,
} from './pdf/pdf.ts';
import { otherWords } from './pdf/text.ts';
import type { Rule } from './rule.ts';
import { aliases, offScale, strayMethod } from './wording.ts';

/** An error in both profiles. */
const always = { strict: 'error', standard: 'error' } as const;
/** An error only in strict briefs, which promise that each statement is cited and worded as the rules require. */
const strictOnly = { strict: 'error', standard: 'warning' } as const;

type OfBrief = Rule<Pick<Draft, 'brief' | 'language'>>;
const waivers: OfBrief = {
  id: 'waivers',
  levels: always,
  description: 'Waivers name rules that can be waived.',
  check: ({ brief }) => faultyWaivers(brief),
  cannotBeWaived: true,
};
const typedFigures: OfBrief = {
  id: 'typed-figures',
  levels: strictOnly,
  description: 'No figure is typed into a template or into one of our own statements.',
  check: typedInTemplates,
  needsWords: 'for a part',
};

/** Rules that need a brief but no data. */
export const briefRules: readonly OfBrief[] = [waivers, typedFigures];

/**
 * Rules about a page before it is printed. Each rule needs an entry here, a check, a test and a section in
 * docs/rules.md.
 */
export const pageRules: readonly Rule<Draft>[] = [
  waivers,
  { ...typedFigures, check: (draft) => [...typedInTemplates(draft), ...typedInRows(draft)] },
  {
    id: 'well-formed',
    levels: always,
    description: 'Elements are closed inside their parent elements, and entities exist.',
    check: malformed,
    cannotBeWaived: true,
  },
  {
    id: 'no-active-content',
    levels: always,
    description: 'Nothing runs, loads, sends or redirects.',
    check: activeContent,
    cannotBeWaived: true,
  },
  {
    id: 'cites-a-row',
    levels: strictOnly,
    description: 'Each paragraph, table and figure cites a row.',
    check: uncited,
    inLoops: true,
  },
  {
    id: 'charts-cite',
    levels: strictOnly,
    description: 'Each drawing is in a figure that cites a row.',
    check: uncitedDrawings,
  },
  {
    id: 'rests-on',
    levels: strictOnly,
    description: 'The text of a row is cited together with its evidence.',
    check: unfounded,
    follows: 'cites-a-row',
    inLoops: true,
  },
  {
    id: 'row-texts',
    levels: always,
    description: 'Text printed as the text of a row matches that row.',
    check: madeUp,
    inLoops: true,
  },
  {
    id: 'query-rows',
    levels: strictOnly,
    description: 'Each row that a query returns to the page has the id of a row of the dataset.',
    check: untraceable,
  },
  {
    id: 'known-by-cut-off',
    levels: always,
    description: 'Nothing on the page became known after the cut-off.',
    check: unknownRows,
  },
  {
    id: 'fresh-data',
    levels: always,
    description: 'The data are not older than the dataset allows.',
    check: stale,
  },
  {
    id: 'judgments-hold',
    levels: always,
    description: 'The data do not contradict any printed judgment, according to its own test.',
    check: contradicted,
  },
  {
    id: 'method-in-one-place',
    levels: strictOnly,
    description: 'Only the shared partial explains the method.',
    check: strayMethod,
  },
  {
    id: 'icd-203',
    levels: strictOnly,
    description: 'Likelihood and confidence use the words of ICD 203, in separate sentences.',
    check: offScale,
    needsWords: 'of estimates',
  },
  {
    id: 'house-names',
    levels: strictOnly,
    description: 'Actors have the names that the dataset gives them.',
    check: aliases,
  },
  {
    id: 'lower-bounds',
    levels: always,
    description: 'No lower bound is printed as an exact figure.',
    check: bareBounds,
    needsWords: 'for all of it',
  },
  {
    id: 'coverage-gaps',
    levels: always,
    description: 'The page says which days are not covered.',
    check: uncovered,
  },
  {
    id: 'revision-notice',
    levels: always,
    description: 'A corrected revision says that it is one.',
    check: unnamedRevision,
    cannotBeWaived: true,
  },
  {
    id: 'marking',
    levels: always,
    description: 'The marking of the edition is not lower than that of its rows.',
    check: undermarked,
  },
  { id: 'glyphs', levels: always, description: 'Every character is in the built-in fonts.', check: unset },
  {
    id: 'links-on-page',
    levels: always,
    description: 'Links lead to something on the page.',
    check: deadLinks,
  },
  { id: 'chart-warnings', levels: always, description: 'Vega gives no warning.', check: warned },
  { id: 'chart-empty', levels: always, description: 'No chart is empty.', check: empty },
  {
    id: 'chart-labels',
    levels: always,
    description: 'No label shows a missing value.',
    check: valuelessLabels,
  },
  { id: 'chart-clipped', levels: always, description: 'No part of a chart is cut off.', check: clipped },
  { id: 'chart-overlap', levels: always, description: 'No label covers another.', check: overlapping },
  { id: 'chart-rows', levels: always, description: 'Every row of a chart is drawn.', check: undrawn },
];

/** Rules about the sealed PDF. */
export const pdfRules: readonly Rule<Print>[] = [
  {
    id: 'pdf-text',
    levels: always,
    description: 'The text of the PDF is the text of the page.',
    check: otherWords,
  },
  {
    id: 'pdf-limits',
    levels: always,
    description: 'Pages and size are within the limits of the brief.',
    check: tooMuch,
  },
  { id: 'pdf-paper', levels: always, description: 'Each page has the size of its paper.', check: otherPaper },
  { id: 'pdf-blank-page', levels: always, description: 'No page is blank.', check: blank },
  {
    id: 'pdf-fonts',
    levels: always,
    description: 'Only the built-in fonts are used, and they are embedded.',
    check: otherFonts,
  },
  {
    id: 'pdf-alt-text',
    levels: always,
    description: 'Each chart has a text alternative.',
    check: undescribed,
  },
  {
    id: 'pdf-bookmarks',
    levels: always,
    description: 'Bookmarks match the headings and lead to them.',
    check: otherBookmarks,
  },
  {
    id: 'pdf-links',
    levels: always,
    description: 'Every link is in the PDF and leads to its target.',
    check: lostLinks,
  },
  {
    id: 'pdf-attachments',
    levels: always,
    description: 'The manifest, rows and specs are attached in full, and nothing else is attached.',
    check: otherAttachments,
  },
];

export const allRules: readonly Omit<Rule<never>, 'check'>[] = [...pageRules, ...pdfRules];

/** Waivers name rules that can be waived, each once. */
function faultyWaivers({ config, definition }: Pick<Brief, 'config' | 'definition'>): Fault[] {
  return config.waive.flatMap(({ rule: id }, index) => {
    const place = { file: definition.file, field: `waive.${index}.rule` };
    const rule = allRules.find((each) => each.id === id);
    const ids = allRules.filter(({ cannotBeWaived }) => !cannotBeWaived).map((each) => each.id);
    if (rule === undefined)
      return [{ ...place, problem: `There is no rule "${id}".`, hint: `The rules are ${ids.join(', ')}.` }];
    if (rule.cannotBeWaived)
      return [
        { ...place, problem: `"${id}" cannot be waived.`, hint: 'Fix the fault that the rule reports.' },
      ];
    const twice = config.waive.findIndex((other) => other.rule === id) !== index;
    return twice ? [{ ...place, problem: `"${id}" is waived twice.`, hint: 'Keep one of the two.' }] : [];
  });
}

/** Waivers that none of a brief's editions needed. */
export function idleWaivers(
  { config, definition }: Brief,
  verdicts: readonly { readonly waived: readonly { readonly rule: string }[] }[],
): Fault[] {
  const needed = new Set(verdicts.flatMap(({ waived }) => waived.map(({ rule }) => rule)));
  return config.waive.flatMap(({ rule }, index) =>
    needed.has(rule)
      ? []
      : [
          {
            file: definition.file,
            field: `waive.${index}.rule`,
            rule: 'waivers',
            problem: `The waiver of "${rule}" is not needed on any golden day.`,
            hint: 'Remove it, or add the day that needs it to golden.',
          },
        ],
  );
}
