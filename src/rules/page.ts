import { mayReceive } from '../dataset/fields.ts';
import type { TableRow } from '../dataset/references.ts';
import { topicTitle } from '../dataset/settings.ts';
import { longDay } from '../dataset/wording.ts';
import type { Fault } from '../errors.ts';
import { coveredDays, dayCounts, daysOf, topicsOf } from '../render/coverage.ts';
import { type Draft, inRow, onPage } from './draft.ts';
import type { Element } from './html.ts';

/** HTML that a browser would have to put in order by rule, or that means nothing. */
export const malformed = ({ tree }: Draft): Fault[] =>
  tree.errors.map(({ problem, ...place }) =>
    onPage(
      place,
      problem,
      'Close each element within the one that holds it. In place of an entity, write the character.',
    ),
  );

/** Links lead to something on the page, and no name is given twice. */
export const deadLinks = ({ tree }: Draft): Fault[] => {
  const elements = tree.elements;
  const ids = new Map<string, Element>();
  const faults: Fault[] = [];
  for (const element of elements) {
    const { id } = element.attributes;
    if (id === undefined) continue;
    if (ids.has(id))
      faults.push(onPage(element, `The id "${id}" is given twice.`, 'Give each element an id of its own.'));
    ids.set(id, element);
  }
  for (const element of elements) {
    const { href } = element.attributes;
    if (href?.startsWith('#') && !ids.has(href.slice(1)))
      faults.push(
        onPage(
          element,
          `The link ${href} leads nowhere.`,
          'Correct it, or list the endnotes: {{#> page}} does.',
        ),
      );
  }
  return faults;
};

/**
 * An edition is marked no lower than what it is made from: the dataset, and each row that it shows. What was withdrawn
 * is known no more, and its title still stands among the changes; of what is corrected, the figures of before.
 */
export const undermarked = ({ brief, dataset, used, changes, rows }: Draft): Fault[] => {
  const { marking } = brief.config;
  const whole = mayReceive(marking, dataset.marking)
    ? []
    : [
        {
          file: brief.definition.file,
          field: 'marking',
          problem: `${marking} is below ${dataset.marking}, the marking of ${dataset.folder}.`,
          mend: 'Raise the marking of the brief.',
        },
      ];
  const shown = used.flatMap((id) => rows.get(id) ?? []);
  const listed = changes.flatMap((change): TableRow[] =>
    'before' in change ? [change, change.before] : [change],
  );
  const byRow = new Map([...shown, ...listed].map((entry) => [entry.row, entry]));
  const parts = [...byRow.values()].flatMap((entry) => {
    const own = entry.row.marking ?? null;
    if (own === null || mayReceive(marking, own)) return [];
    return [
      inRow(
        { dataset },
        { ...entry, field: 'marking' },
        `is marked ${own}, and the brief that shows it ${marking}.`,
        'Raise the marking of the brief, or have its queries leave the row out.',
      ),
    ];
  });
  return [...whole, ...parts];
};

/**
 * Where a topic was not collected on each day of the period, a notice of its own says so: a paragraph that a shared
 * partial wrote into `class="coverage"`, with the topic, how many days are covered, and the day on which that ended.
 */
export const uncovered = ({ brief, dataset, known, period, units }: Draft): Fault[] => {
  if (dataset.tables.coverage.length === 0) return [];
  const shared = new Set(Object.values(brief.partials).map(({ file }) => file));
  const notices = units
    .filter(
      ({ element, texts }) =>
        element.name === 'p' &&
        (element.parent?.attributes['class'] ?? '').split(/\s+/).includes('coverage') &&
        // What a row says of collection is no notice, nor is what a brief writes of itself.
        texts.every(({ file, says, row }) => says.length === 0 && !row && shared.has(file)),
    )
    .map(({ text }) => text);
  return topicsOf(brief.config, dataset).flatMap((topic) => {
    const rows = known.coverage.filter((row) => row.topic === topic);
    const covered = coveredDays(rows, period);
    const days = daysOf(period);
    if (covered === days) return [];
    const last = rows
      .map(({ end }) => end)
      .toSorted()
      .at(-1);
    const name = topicTitle(topic, dataset.settings);
    const facts = [
      name,
      covered === 0 ? 'no' : dayCounts(covered, days).covered,
      ...(last !== undefined && last < period.asOf ? [longDay(last)] : []),
    ];
    if (notices.some((text) => facts.every((fact) => holdsWord(text, fact)))) return [];
    return [
      {
        file: brief.template.file,
        problem: `Of ${days} days, ${covered} are covered on ${name}, and the page does not say so.`,
        mend: 'Write the template as {{#> page}} … {{/page}}, whose masthead does.',
      },
    ];
  });
};
const holdsWord = (text: string, word: string): boolean =>
  new RegExp(
    `(?<![\\p{L}\\p{N}])${word.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')}(?![\\p{L}\\p{N}])`,
    'iu',
  ).test(text);

/** A corrected revision says that it is one: a layout of a team's own might leave it out. */
export const untoldRevision = ({ revision, units, brief }: Draft): Fault[] => {
  const words = `Revision ${revision} of No.`;
  const told = units.some(
    ({ text, texts }) => text.startsWith(words) && texts.every(({ says, row }) => says.length === 0 && !row),
  );
  if (revision === 1 || told) return [];
  return [
    {
      file: brief.template.file,
      problem: `The page does not say that it is revision ${revision}.`,
      mend: 'Write the template as {{#> page}} … {{/page}}; a masthead of your own needs {{> correction}}.',
    },
  ];
};

/**
 * Every character can be set in each of our faces; one that cannot would come from some other font, or as a box. What
 * stands at one line of a template is one fault: a name in another script lacks most of its letters.
 */
export const unset = ({ pieces, glyphs }: Draft): Fault[] => {
  const lacking = new Map<string, Element>();
  // A letter with a mark that no face has as one is set as a letter and a mark.
  const isSet = (character: string): boolean =>
    glyphs.has(character.codePointAt(0) ?? 0) ||
    Array.from(character.normalize('NFD')).every((part) => glyphs.has(part.codePointAt(0) ?? 0));
  for (const { text, element } of pieces)
    for (const character of text)
      if (!isSet(character) && !invisible.test(character) && !lacking.has(character))
        lacking.set(character, element);
  const places = Map.groupBy(lacking, ([, { file, line }]) => `${file}:${line}`);
  return [...places.values()].flatMap((characters) => {
    const [[, element] = []] = characters;
    if (element === undefined) return [];
    const named = characters.slice(0, MOST_NAMED).map(([character]) => {
      const code = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
      return `"${character}" (U+${code})`;
    });
    const more = characters.length - named.length;
    return [
      onPage(
        element,
        `No glyph for ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''} is in every face of ours.`,
        'Use other characters, in the row or the template that holds them: the fonts have Latin, Greek and Cyrillic.',
      ),
    ];
  });
};
const MOST_NAMED = 5;
const invisible = /[\s\u00ad\u200b\u2060]/u;
