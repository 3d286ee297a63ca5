import type { Fault } from '../errors.ts';
import type { Brief } from '../project/brief.ts';
import { activeContent } from './active-content.ts';
import { clipped, empty, overlapping, uncitedDrawings, undrawn, valuelessLabels, warned } from './charts.ts';
import { madeUp, uncited, unfounded, unknownRows } from './citations.ts';
import type { Draft } from './draft.ts';
import { bareBounds } from './figures.ts';
import { offScale } from './likelihood.ts';
import { deadLinks, malformed, uncovered, undermarked, unset, untoldRevision } from './page.ts';
import { otherWords } from './pdf-text.ts';
import type { Print } from './print.ts';
import { untraceable } from './query-rows.ts';
import type { Rule } from './rule.ts';
import {
  blank,
  lostLinks,
  otherAttachments,
  otherBookmarks,
  otherFonts,
  otherPaper,
  tooMuch,
  undescribed,
} from './sealed.ts';
import { typedIn } from './typed-figures.ts';
import { aliases, strayMethod } from './wording.ts';

/** What a brief is held to whatever its data are. */
export const ofBrief: readonly Rule<Pick<Draft, 'brief'>>[] = [
  {
    name: 'waivers',
    sense: 'Waivers name rules that can be waived.',
    check: ({ brief }) => faultyWaivers(brief),
    binding: true,
  },
  { name: 'typed-figures', sense: 'No figure is typed into a template.', check: typedIn },
];

/** What a page is held to before it is printed. A rule is a line here, a check, a test, and a line in the docs. */
export const beforePrinting: readonly Rule<Draft>[] = [
  ...ofBrief,
  {
    name: 'well-formed',
    sense: 'The page is right HTML: elements closed where they were opened, entities that exist.',
    check: malformed,
    binding: true,
  },
  {
    name: 'no-active-content',
    sense: 'Nothing runs, loads, sends or moves on.',
    check: activeContent,
    binding: true,
  },
  {
    name: 'cites-a-row',
    sense: 'Each paragraph, table and figure cites a row.',
    check: uncited,
    inLoops: true,
  },
  { name: 'charts-cite', sense: 'Each drawing stands in a figure that cites.', check: uncitedDrawings },
  {
    name: 'rests-on',
    sense: 'Each text of a row stands with the rows that it rests on.',
    check: unfounded,
    follows: 'cites-a-row',
    inLoops: true,
  },
  {
    name: 'row-texts',
    sense: 'A text that is printed as a row’s is its own.',
    check: madeUp,
    inLoops: true,
  },
  {
    name: 'query-rows',
    sense: 'Each row that a query gives to the page names a row of the dataset.',
    check: untraceable,
  },
  { name: 'known-by-cut-off', sense: 'Nothing became known after the cut-off.', check: unknownRows },
  { name: 'method-in-one-place', sense: 'Method is told in the shared partial alone.', check: strayMethod },
  {
    name: 'icd-203',
    sense: 'Likelihood and confidence have their own words and sentences.',
    check: offScale,
  },
  { name: 'house-names', sense: 'Actors have their house names.', check: aliases },
  { name: 'lower-bounds', sense: 'No lower bound is printed as an exact figure.', check: bareBounds },
  { name: 'coverage-told', sense: 'Days that were not covered are told.', check: uncovered },
  {
    name: 'revision-told',
    sense: 'A corrected revision says that it is one.',
    check: untoldRevision,
    binding: true,
  },
  { name: 'marking', sense: 'The edition is marked no lower than its rows.', check: undermarked },
  { name: 'glyphs', sense: 'Every character is in our fonts.', check: unset },
  { name: 'links-on-page', sense: 'Links lead to something on the page.', check: deadLinks },
  { name: 'chart-warnings', sense: 'Vega warns of nothing.', check: warned },
  { name: 'chart-empty', sense: 'No chart is empty.', check: empty },
  { name: 'chart-labels', sense: 'No label stands for a missing value.', check: valuelessLabels },
  { name: 'chart-clipped', sense: 'Nothing of a chart is cut.', check: clipped },
  { name: 'chart-overlap', sense: 'No label stands over another.', check: overlapping },
  { name: 'chart-rows', sense: 'Every row of a chart is drawn.', check: undrawn },
];

/** What the PDF is held to. */
export const afterSealing: readonly Rule<Print>[] = [
  { name: 'pdf-text', sense: 'The PDF says what the page says, and no more.', check: otherWords },
  { name: 'pdf-limits', sense: 'Pages and size are within the limits of the brief.', check: tooMuch },
  { name: 'pdf-paper', sense: 'Each page has the size of its paper.', check: otherPaper },
  { name: 'pdf-blank-page', sense: 'No page is blank.', check: blank },
  { name: 'pdf-fonts', sense: 'Fonts are embedded, and only ours.', check: otherFonts },
  { name: 'pdf-alt-text', sense: 'Each chart has its text alternative.', check: undescribed },
  { name: 'pdf-bookmarks', sense: 'Bookmarks are the headings, and lead to them.', check: otherBookmarks },
  { name: 'pdf-links', sense: 'Links are there, and land.', check: lostLinks },
  {
    name: 'pdf-attachments',
    sense: 'What proves it is attached whole, and nothing else.',
    check: otherAttachments,
  },
];

/** Waivers name rules that can be waived, each once. Those that nothing needed are found over all golden days. */
function faultyWaivers({ config, definition }: Pick<Brief, 'config' | 'definition'>): Fault[] {
  const all = [...beforePrinting, ...afterSealing];
  return config.waive.flatMap(({ rule: name }, index) => {
    const place = { file: definition.file, field: `waive.${index}.rule` };
    const rule = all.find((each) => each.name === name);
    const names = all.filter(({ binding }) => !binding).map((each) => each.name);
    if (rule === undefined)
      return [
        { ...place, problem: `There is no rule "${name}".`, mend: `The rules are ${names.join(', ')}.` },
      ];
    if (rule.binding)
      return [{ ...place, problem: `"${name}" cannot be waived.`, mend: 'Mend what it refuses.' }];
    const twice = config.waive.findIndex((other) => other.rule === name) !== index;
    return twice ? [{ ...place, problem: `"${name}" is waived twice.`, mend: 'Give one reason.' }] : [];
  });
}
