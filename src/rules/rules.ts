import type { Fault } from '../errors.ts';
import type { Brief } from '../project/brief.ts';
import * as charts from './charts.ts';
import * as citations from './citations.ts';
import type { Draft, Print } from './draft.ts';
import * as figures from './figures.ts';
import type { Rule } from './gate.ts';
import * as page from './page.ts';
import * as pdf from './pdf/pdf.ts';
import { otherWords } from './pdf/text.ts';
import * as wording from './wording.ts';

type OfBrief = Rule<Pick<Draft, 'brief' | 'language'>>;
const waivers: OfBrief = {
  id: 'waivers',
  description: 'Waivers name rules that can be waived.',
  check: ({ brief }) => faultyWaivers(brief),
  cannotBeWaived: true,
};
const typedFigures: OfBrief = {
  id: 'typed-figures',
  description: 'No figure is typed into a template or into one of our own statements.',
  check: figures.typedInTemplates,
  strictOnly: true,
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
  { ...typedFigures, check: (draft) => [...figures.typedInTemplates(draft), ...figures.typedInRows(draft)] },
  {
    id: 'well-formed',
    description: 'Elements are closed inside their parent elements, and entities exist.',
    check: page.malformed,
    cannotBeWaived: true,
  },
  {
    id: 'no-active-content',
    description: 'Nothing runs, loads, sends or redirects.',
    check: page.activeContent,
    cannotBeWaived: true,
  },
  {
    id: 'cites-a-row',
    description: 'Each paragraph, table and figure cites a row.',
    check: citations.uncited,
    inLoops: true,
    strictOnly: true,
  },
  {
    id: 'charts-cite',
    description: 'Each drawing is in a figure that cites a row.',
    check: citations.uncitedDrawings,
    strictOnly: true,
  },
  {
    id: 'rests-on',
    description: 'The text of a row is cited together with its evidence.',
    check: citations.unfounded,
    follows: 'cites-a-row',
    inLoops: true,
    strictOnly: true,
  },
  {
    id: 'row-texts',
    description: 'Text printed as the text of a row matches that row.',
    check: citations.madeUp,
    inLoops: true,
  },
  {
    id: 'query-rows',
    description: 'Each row that a query returns to the page has the id of a row of the dataset.',
    check: citations.untraceable,
    strictOnly: true,
  },
  {
    id: 'known-by-cut-off',
    description: 'Nothing on the page became known after the cut-off.',
    check: citations.unknownRows,
  },
  { id: 'fresh-data', description: 'The data are not older than the dataset allows.', check: page.stale },
  {
    id: 'judgments-hold',
    description: 'The data do not contradict any printed judgment, according to its own test.',
    check: page.contradicted,
  },
  {
    id: 'method-in-one-place',
    description: 'Only the shared partial explains the method.',
    check: wording.strayMethod,
    strictOnly: true,
  },
  {
    id: 'icd-203',
    description: 'Likelihood and confidence use the words of ICD 203, in separate sentences.',
    check: wording.offScale,
    needsWords: 'of estimates',
    strictOnly: true,
  },
  {
    id: 'house-names',
    description: 'Actors have the names that the dataset gives them.',
    check: wording.aliases,
    strictOnly: true,
  },
  {
    id: 'lower-bounds',
    description: 'No lower bound is printed as an exact figure.',
    check: figures.bareBounds,
    needsWords: 'for all of it',
  },
  { id: 'coverage-gaps', description: 'The page says which days are not covered.', check: page.uncovered },
  {
    id: 'revision-notice',
    description: 'A corrected revision says that it is one.',
    check: page.unnamedRevision,
    cannotBeWaived: true,
  },
  {
    id: 'marking',
    description: 'The marking of the edition is not lower than that of its rows.',
    check: page.undermarked,
  },
  { id: 'glyphs', description: 'Every character is in the built-in fonts.', check: page.unset },
  { id: 'links-on-page', description: 'Links lead to something on the page.', check: page.deadLinks },
  { id: 'chart-warnings', description: 'Vega gives no warning.', check: charts.warned },
  { id: 'chart-empty', description: 'No chart is empty.', check: charts.empty },
  { id: 'chart-labels', description: 'No label shows a missing value.', check: charts.valuelessLabels },
  { id: 'chart-clipped', description: 'No part of a chart is cut off.', check: charts.clipped },
  { id: 'chart-overlap', description: 'No label covers another.', check: charts.overlapping },
  { id: 'chart-rows', description: 'Every row of a chart is drawn.', check: charts.undrawn },
];

/** Rules about the sealed PDF. */
export const pdfRules: readonly Rule<Print>[] = [
  { id: 'pdf-text', description: 'The text of the PDF is the text of the page.', check: otherWords },
  { id: 'pdf-limits', description: 'Pages and size are within the limits of the brief.', check: pdf.tooMuch },
  { id: 'pdf-paper', description: 'Each page has the size of its paper.', check: pdf.otherPaper },
  { id: 'pdf-blank-page', description: 'No page is blank.', check: pdf.blank },
  {
    id: 'pdf-fonts',
    description: 'Only the built-in fonts are used, and they are embedded.',
    check: pdf.otherFonts,
  },
  { id: 'pdf-alt-text', description: 'Each chart has a text alternative.', check: pdf.undescribed },
  {
    id: 'pdf-bookmarks',
    description: 'Bookmarks match the headings and lead to them.',
    check: pdf.otherBookmarks,
  },
  { id: 'pdf-links', description: 'Every link is in the PDF and leads to its target.', check: pdf.lostLinks },
  {
    id: 'pdf-attachments',
    description: 'The manifest, rows and specs are attached in full, and nothing else is attached.',
    check: pdf.otherAttachments,
  },
];

export const allRules: readonly Omit<Rule<never>, 'check'>[] = [...pageRules, ...pdfRules];

/** Waivers name rules that can be waived, each once. */
function* faultyWaivers({ config, definition }: Brief): Generator<Fault> {
  const ids = allRules.filter(({ cannotBeWaived }) => !cannotBeWaived).map((each) => each.id);
  for (const [index, { rule: id }] of config.waive.entries()) {
    const place = { file: definition.file, field: `waive.${index}.rule` };
    const rule = allRules.find((each) => each.id === id);
    if (rule === undefined)
      yield { ...place, problem: `There is no rule "${id}".`, hint: `The rules are ${ids.join(', ')}.` };
    else if (rule.cannotBeWaived)
      yield { ...place, problem: `"${id}" cannot be waived.`, hint: 'Fix the fault that the rule reports.' };
    else if (config.waive.findIndex((other) => other.rule === id) !== index)
      yield { ...place, problem: `"${id}" is waived twice.`, hint: 'Keep one of the two.' };
  }
}

/** Waivers that none of a brief's editions needed. */
export function* idleWaivers(
  { config, definition }: Brief,
  verdicts: readonly { readonly waived: readonly { readonly rule: string }[] }[],
): Generator<Fault> {
  const needed = new Set(verdicts.flatMap(({ waived }) => waived.map(({ rule }) => rule)));
  for (const [index, { rule }] of config.waive.entries())
    if (!needed.has(rule))
      yield {
        file: definition.file,
        field: `waive.${index}.rule`,
        rule: 'waivers',
        problem: `The waiver of "${rule}" is not needed on any golden day.`,
        hint: 'Remove it, or add the day that needs it to golden.',
      };
}
