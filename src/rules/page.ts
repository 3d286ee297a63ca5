import { dayAfter } from '../calendar.ts';
import { mayReceive } from '../dataset/fields.ts';
import type { TableRow } from '../dataset/references.ts';
import { plainCell } from '../render/template/plain-rows.ts';
import type { Fault } from '../errors.ts';
import { imagesOf } from '../project/brief.ts';
import { nameless } from './citations.ts';
import { loadsIn } from './css.ts';
import { type Draft, excerpt, inRow, inTemplate, onPage } from './draft.ts';
import { type Element, isText } from './html.ts';
import { escaped } from './texts.ts';
import type { Unit } from './units.ts';

/** HTML that a browser would have to repair, or that has no meaning. */
export const malformed = ({ tree }: Draft): Fault[] =>
  tree.errors.map(({ problem, ...place }) =>
    onPage(
      place,
      problem,
      'Close each element inside its parent element. Write characters instead of entities.',
    ),
  );

/** Links lead to something on the page, and no id is used twice. */
export function* deadLinks({ tree: { elements } }: Draft): Generator<Fault> {
  const ids = new Set<string>();
  for (const element of elements) {
    const { id } = element.attributes;
    if (id === undefined) continue;
    if (ids.has(id)) yield onPage(element, `The id "${id}" is used twice.`, 'Give each element its own id.');
    ids.add(id);
  }
  for (const element of elements) {
    const { href } = element.attributes;
    if (href?.startsWith('#') && !ids.has(href.slice(1)))
      yield onPage(
        element,
        `The link ${href} leads nowhere.`,
        'Correct it, or print the list of endnotes, as {{#> page}} does.',
      );
  }
}

/**
 * An edition's marking is at least as high as those of its dataset and of each row that it shows. A withdrawn row is no
 * longer known, but its title is still listed among the changes; so are the earlier figures of a corrected row.
 */
export function* undermarked(draft: Draft): Generator<Fault> {
  const { brief, dataset, used, changes, rows } = draft;
  const { marking } = brief.config;
  if (!mayReceive(marking, dataset.marking))
    yield {
      file: brief.definition.file,
      field: 'marking',
      problem: `${marking} is below ${dataset.marking}, the marking of ${dataset.folder}.`,
      hint: 'Raise the marking of the brief.',
    };
  const isAbove = ({ row }: TableRow) => row.marking != null && !mayReceive(marking, row.marking);
  const shown = used.flatMap((id) => rows.get(id) ?? []);
  const listed = changes.flatMap((change): TableRow[] =>
    'before' in change ? [change, change.before] : [change],
  );
  const byRow = new Map([...shown, ...listed].map((entry) => [entry.row, entry]));
  for (const entry of [...byRow.values()].filter(isAbove))
    yield inRow(
      draft,
      { ...entry, field: 'marking' },
      `is marked ${entry.row.marking}, but the brief is marked ${marking}.`,
      'Raise the marking of the brief, or exclude the row in its queries.',
    );
  // A query's row that names no row of the dataset has no marking: it may be one that the brief cannot show.
  const above = [...rows.values()].find(isAbove);
  for (const { file, query } of above ? nameless(draft) : [])
    yield {
      file,
      problem: `The query "${query}" returns a row without an id, and ${dataset.folder} has rows with a higher marking than the brief, such as "${above?.row.id}".`,
      hint: 'Make the query return id, or a list of the ids behind each row: list(id) AS cites.',
    };
}

/**
 * Paragraphs that a shared partial typed into an element with the class. Text from rows or from a brief's own files
 * does not count.
 */
function noticesOf({ brief, units }: Draft, className: string): Unit[] {
  const shared = new Set(Object.values(brief.partials).map(({ file }) => file));
  return units.filter(
    ({ element, texts }) =>
      element.name === 'p' &&
      (element.parent?.attributes['class'] ?? '').split(/\s+/).includes(className) &&
      texts.every(({ file, says, row }) => says.length === 0 && !row && shared.has(file)),
  );
}

/**
 * If a topic was not collected on every day of the period, a notice in `class="coverage"` says so in the words passed
 * to the template: the topic, the number of days covered, and the day on which coverage ended.
 */
export function* uncovered(draft: Draft): Generator<Fault> {
  const texts = noticesOf(draft, 'coverage').map(({ text }) => text);
  for (const { names, covered, days, ended } of draft.coverage.notices) {
    const facts = [names, covered, covered && days, ended].filter((fact) => fact !== null);
    if (!texts.some((text) => facts.every((fact) => holdsWord(text, fact))))
      yield inTemplate(
        draft.brief,
        `The page does not say which days are covered (${facts.join('; ')}).`,
        'Wrap the template in {{#> page}} … {{/page}}, or print coverage.notices in your own masthead, in an element with class="coverage".',
      );
  }
}

const holdsWord = (text: string, word: string): boolean =>
  new RegExp(`(?<![\\p{L}\\p{N}])${escaped(word)}(?![\\p{L}\\p{N}])`, 'iu').test(text);

/** The dataset's policy may put an edition on hold rather than issue it on old data. */
export function* stale({ brief, dataset, period: { asOf }, freshness }: Draft): Generator<Fault> {
  const { refresh } = dataset.settings;
  if (refresh?.whenStale !== 'hold' || !freshness?.isStale) return;
  const { on, ageDays } = freshness;
  const days = `${ageDays} ${ageDays === 1 ? 'day' : 'days'}`;
  yield {
    file: `${dataset.folder}/datapackage.json`,
    field: 'sitrep.refresh',
    problem: `The data were last checked on ${on}, ${days} before this issue, and "maxAgeDays" is ${refresh.maxAgeDays}.`,
    hint:
      `Run "sitrep refresh ${brief.config.dataset}" before the end of ${dayAfter(asOf)} (UTC): the edition is then generated by itself. ` +
      'Data that are fetched later are not part of this issue. To issue it with the age of its data, set "whenStale" to "issue" or waive the rule in brief.yaml, and retry the edition. Otherwise cancel it.',
  };
}

/** A corrected revision states its number in `class="correction"`, because a team's own layout might leave it out. */
export function* unnamedRevision(draft: Draft): Generator<Fault> {
  const { revision, brief } = draft;
  const isNamed = noticesOf(draft, 'correction').some(({ text }) => holdsWord(text, String(revision)));
  if (revision > 1 && !isNamed)
    yield inTemplate(
      brief,
      `The page does not say that it is revision ${revision}.`,
      'Wrap the template in {{#> page}} … {{/page}}, or add {{> correction}} to your own masthead.',
    );
}

/**
 * The built-in faces must have a glyph for every character; a missing glyph would come from another font, or print as a
 * box. Missing characters from one line of a template are one fault, since a name in another script lacks most of its
 * letters.
 */
export function* unset({ pieces, glyphs }: Draft): Generator<Fault> {
  const lacking = new Map<string, Element>();
  // A letter with a diacritic that no face has as one glyph is set as a letter and a combining mark.
  const isSet = (character: string): boolean =>
    glyphs.has(character.codePointAt(0) ?? 0) ||
    Array.from(character.normalize('NFD')).every((part) => glyphs.has(part.codePointAt(0) ?? 0));
  for (const { text, element } of pieces)
    for (const character of text)
      if (!isSet(character) && !invisible.test(character) && !lacking.has(character))
        lacking.set(character, element);
  for (const group of Map.groupBy(lacking, ([, { file, line }]) => `${file}:${line}`).values()) {
    const [[, element] = []] = group;
    if (element === undefined) continue;
    const characters = group.map(([character]) => character);
    const named = characters.slice(0, MOST_NAMED).map((character) => {
      const code = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
      return `"${character}" (U+${code})`;
    });
    const more = characters.length > MOST_NAMED ? ` and ${characters.length - MOST_NAMED} more` : '';
    const script = scriptOf(characters);
    yield onPage(
      element,
      `${script ? `No font for the script ${script.name} is built in, so there is no` : 'Not every built-in font has a'} glyph for ${named.join(', ')}${more}.`,
      `${script ? `The npm package ${script.package} has one: see "Scripts" in docs/locales.md. Or use` : 'Use'} other characters in the row or the template: the fonts cover Latin, Greek, Cyrillic and Arabic. If the text is an incident’s, leave its column out of the table: copy the query to the folder of the brief, and select NULL for the column.`,
    );
  }
}
const MOST_NAMED = 5;
/** White space, places to break or to join, and marks and isolates of direction. Overrides of direction may deceive. */
const invisible = /[\s\u00ad\u061c\u200b-\u200f\u2060\u2066-\u2069]/u;

/**
 * Scripts without a built-in face, as Unicode names them, and the npm package that has one. Japanese before Chinese: its
 * texts contain characters of both, and kana name it.
 */
const scripts = [
  ...['Hiragana jp', 'Katakana jp', 'Hangul kr', 'Han sc'].map((each) => each.split(' ')),
  ...'Armenian Bengali Devanagari Ethiopic Georgian Gujarati Gurmukhi Hebrew Kannada Khmer Lao Malayalam Myanmar Sinhala Tamil Telugu Thaana Thai'
    .split(' ')
    .map((name) => [name, name.toLowerCase()]),
].map(([name, font]) => ({
  name,
  package: `@fontsource/noto-sans-${font}`,
  pattern: new RegExp(`\\p{Script=${name}}`, 'u'),
}));

/** The script of the characters, if it is one that a package adds. */
const scriptOf = (characters: readonly string[]) =>
  scripts.find(({ pattern }) => characters.some((character) => pattern.test(character)));

const active = new Set(
  'script iframe frame object embed applet base link form input button audio video img picture source portal foreignobject image use animate set'.split(
    ' ',
  ),
);
const headFile = /(?:^|\/)_shared\/partials\/head\.hbs$/;

/**
 * The page contains nothing that runs, loads, sends or redirects. Printing has scripts and network off anyway; this
 * rule protects readers.
 */
export function* activeContent({ tree, brief }: Draft): Generator<Fault> {
  const own = new Set(imagesOf(brief).map(({ src }) => src));
  for (const element of tree.elements)
    for (const what of forbiddenIn(element, own))
      yield onPage(
        element,
        `The page has ${what}.`,
        'Remove it: a brief may contain only text, tables, charts, and images of the project by {{image "…"}}.',
      );
}

function* forbiddenIn(
  { name, attributes, children, file }: Element,
  ownImages: ReadonlySet<string>,
): Generator<string> {
  const { src = '' } = attributes;
  const isOwn = name === 'img' && ownImages.has(src);
  if (active.has(name) && !isOwn) {
    // The element itself is the fault, whatever its attributes load.
    yield `<${name}>`;
    return;
  }
  if (name === 'meta' && 'http-equiv' in attributes && !headFile.test(file))
    yield `<meta http-equiv="${attributes['http-equiv']}">`;
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on') || sending.has(key)) yield `the attribute ${key}`;
    if (leading.has(key) && !value.startsWith('#') && !(isOwn && key === 'src'))
      yield `${key}="${excerpt(value)}"`;
    // A drawing's attributes are styles too: fill="url(…)".
    const style = key === 'style' ? value : `${key}:${value}`;
    if (!readOut.test(key) && value.includes('(') && loadsIn(style, 'declarationList').length > 0)
      yield `${key}="${excerpt(value)}"`;
  }
  const css = name === 'style' ? children.filter(isText).map(({ text }) => text) : [];
  for (const found of loadsIn(css.join(''), 'stylesheet')) yield `a style with ${excerpt(found)}`;
}
/** Attributes with text for readers, which are never parsed as styles. */
const readOut = /^(?:alt|title|content|aria-[a-z]+)$/;
const sending = new Set(['srcdoc', 'srcset', 'formaction']);
const leading = new Set(['href', 'src', 'xlink:href', 'action', 'poster', 'background', 'ping']);

/**
 * A judgment that states its own test is printed only while the test holds: its query gives rows, and `holds` is true in
 * each. Without a row the judgment cannot be tested, which its author must know too.
 */
export function* contradicted({ brief, used, sets, rows }: Draft): Generator<Fault> {
  for (const [id, query] of Object.entries(brief.config.holdsWhile)) {
    const tests = sets[query] ?? [];
    const failed = tests.filter(({ holds }) => holds !== true);
    const isPrinted = used.includes(id) && rows.get(id)?.table === 'judgments';
    if (!isPrinted || (tests.length > 0 && failed.length === 0)) continue;
    const found = failed.map((row) =>
      Object.entries(row)
        .filter(([column]) => column !== 'holds')
        .map(([column, value]) => `${column} ${plainCell(value)}`)
        .join(', '),
    );
    yield {
      file: (brief.queries[query] ?? brief.definition).file,
      problem:
        tests.length === 0
          ? `The judgment ${id} cannot be tested: its query "${query}" returns no row.`
          : `The data contradict the judgment ${id}, according to its own test "${query}"${found.join('') === '' ? '' : `: ${found.join('; ')}`}.`,
      hint: 'Revise or withdraw the judgment, or correct its test.',
    };
  }
}
