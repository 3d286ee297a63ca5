import type { Fault } from '../../../model/fault.ts';
import { longDay } from '../../../model/wording.ts';
import { excerpt } from '../draft.ts';
import { textOf, type Element } from '../html-tree.ts';
import { headingsOf, type Piece } from '../page-units.ts';
import { lettersOf, type Print } from '../print.ts';

/**
 * The PDF says what the page says, and nothing else: each piece of text stands in it in one run, or in two where a page
 * ends within it, and what is then left over are figures of lists alone.
 */
export function otherWords(print: Print): Fault[] {
  const { letters, pieces } = print;
  const { file } = print.brief.template;
  /** What no piece of the page has told yet; what one has is blanked out. */
  let rest = letters.join('');
  const locate = (part: string): number => rest.indexOf(part);
  const take = (part: string, at: number): boolean => {
    if (at !== -1) rest = rest.slice(0, at) + ' '.repeat(part.length) + rest.slice(at + part.length);
    return at !== -1;
  };
  const find = (text: string, whole: string): boolean => {
    if (take(whole, locate(whole))) return true;
    // A page ends between two words.
    for (const end of [...text.matchAll(/[^\p{L}\p{N}]+/gu)].map(({ index }) => index).toReversed()) {
      const [head, tail] = [lettersOf(text.slice(0, end)), lettersOf(text.slice(end))];
      if (head === '' || tail === '') continue;
      const [first, second] = [locate(head), locate(tail)];
      if (first !== -1 && second !== -1) return take(head, first) && take(tail, second);
    }
    return false;
  };
  // The head of a table stands again on each page that the table goes on to.
  const headOf = ({ element }: Piece): Element | undefined =>
    element.parent?.parent?.name === 'thead' ? element.parent.parent : undefined;
  const heads = new Set(pieces.flatMap((piece) => headOf(piece) ?? []));
  const unheaded: Piece[] = [];
  for (const [head, alike] of Map.groupBy(heads, (element) => lettersOf(textOf(element)))) {
    if (head === '') continue;
    let found = 0;
    for (let at = locate(head); take(head, at); at = locate(head)) found += 1;
    // Tables with the same head: each has it once at least.
    for (const element of alike.slice(found)) unheaded.push({ text: textOf(element), element });
  }
  const lost = pieces
    .filter((piece) => headOf(piece) === undefined)
    .map(({ text, element }) => ({ text, element, whole: lettersOf(text) }))
    .filter(({ whole }) => whole !== '')
    // The longest first: a short one stands within others too.
    .toSorted((a, b) => b.whole.length - a.whole.length)
    .filter(({ text, whole }) => !find(text, whole));
  return [
    ...[...lost, ...unheaded].map(({ text, element }) => ({
      file: element.file || file,
      ...(element.line > 0 ? { line: element.line } : {}),
      problem: `The PDF lacks "${excerpt(text)}".`,
      mend: 'Look for a style that hides it, or for a box that it does not fit.',
    })),
    ...[...leftOver(rest), ...inMargins(print)].map((text) => ({
      file,
      problem: `The PDF says "${excerpt(text)}", which the page does not.`,
      mend: 'Write text into the page, and not into a style sheet.',
    })),
  ];
}

/** Numbers of lists and of pages may be left over; words may not. */
const leftOver = (rest: string): string[] => rest.split(/ +/).filter((part) => /\p{L}/u.test(part));

/** The margins hold title, marking, page and cut-off; what a style adds to the text is not tagged, and counts as theirs. */
function inMargins({ brief, title, asOf, contents }: Print): string[] {
  const { marking } = brief.config;
  const known = ['Sitrep', title, marking, `of cut-off ${longDay(asOf)} end of day`].map((text) =>
    wordsOf(text),
  );
  return contents.pages.flatMap(({ margins }) => {
    const more = known.reduce((rest, text) => rest.replaceAll(text, ' '), wordsOf(margins)).trim();
    return more === '' ? [] : [more];
  });
}
const wordsOf = (text: string): string => lettersOf(text).replaceAll(/\P{L}+/gu, '');

export const tooMuch = ({ brief, bytes, contents }: Print): Fault[] => {
  const { limits } = brief.config;
  const { file } = brief.definition;
  const megabytes = bytes / 1e6;
  return [
    ...(contents.pages.length > limits.pages
      ? [
          {
            file,
            field: 'limits.pages',
            problem: `The PDF has ${contents.pages.length} pages, more than ${limits.pages}.`,
            mend: 'Shorten the brief, or raise the limit.',
          },
        ]
      : []),
    ...(megabytes > limits.megabytes
      ? [
          {
            file,
            field: 'limits.megabytes',
            problem: `The PDF has ${megabytes.toFixed(1)} MB, more than ${limits.megabytes}.`,
            mend: 'Use fewer or smaller charts, or raise the limit.',
          },
        ]
      : []),
  ];
};

/** In points, as ISO 216 and ANSI give them. */
const sizes = { A4: { width: 595.28, height: 841.89 }, Letter: { width: 612, height: 792 } } as const;

export const otherPaper = ({ brief, paper, contents }: Print): Fault[] =>
  contents.pages.flatMap(({ widthPt, heightPt }, index) => {
    const { width, height } = sizes[paper];
    if (Math.abs(widthPt - width) <= 1 && Math.abs(heightPt - height) <= 1) return [];
    const problem = `Page ${index + 1} is ${widthPt.toFixed(0)} by ${heightPt.toFixed(0)} points, which is not ${paper}.`;
    return [
      {
        file: brief.template.file,
        problem,
        mend: 'Leave the size of the page to _shared/partials/head.hbs.',
      },
    ];
  });

/** A page with less than a line of its own is blank to a reader. */
const fewestLetters = 40;

export const blank = ({ brief, letters }: Print): Fault[] =>
  letters.flatMap((text, index) =>
    text.length >= fewestLetters
      ? []
      : [
          {
            file: brief.template.file,
            problem: `Page ${index + 1} is blank, or nearly so.`,
            mend: 'Shorten what stands before it, or remove a page break.',
          },
        ],
  );

const ours = /^SourceS(?:erif4|ans3)-/;

export const otherFonts = ({ brief, contents }: Print): Fault[] => {
  const { file } = brief.template;
  return [
    ...contents.fonts
      .filter(({ name, embedded }) => !embedded || !ours.test(name))
      .map(({ name, embedded }) => ({
        file,
        problem: embedded ? `The PDF is set in "${name}" too.` : `The font "${name}" is not embedded.`,
        mend: 'Use Source Serif 4 and Source Sans 3, and characters that they have.',
      })),
    ...contents.pages.flatMap(({ boxes }, index) =>
      boxes === 0
        ? []
        : [
            {
              file,
              problem: `Page ${index + 1} shows an empty box for a character.`,
              mend: 'Use characters that our fonts have.',
            },
          ],
    ),
  ];
};

export const undescribed = ({ brief, contents, tree }: Print): Fault[] => {
  const { file } = brief.template;
  const drawn = tree.elements.filter(({ name }) => name === 'svg');
  const plain = (text: string) => text.replaceAll(/\s+/g, ' ').trim();
  const told = contents.figures.map((alt) => plain(alt ?? ''));
  return [
    ...drawn.flatMap(({ attributes }) => {
      const alt = plain(attributes['aria-label'] ?? '');
      return alt !== '' && told.includes(alt)
        ? []
        : [
            {
              file,
              problem: `A chart has no text alternative in the PDF: "${excerpt(alt)}".`,
              mend: 'Fill in alt of the chart in brief.yaml.',
            },
          ];
    }),
    ...(told.length > drawn.length
      ? [
          {
            file,
            problem: `The PDF has ${told.length} figures for ${drawn.length} charts.`,
            mend: 'Use <figure role="group"> around a chart.',
          },
        ]
      : []),
  ];
};

export const otherBookmarks = ({ brief, contents, letters, tree }: Print): Fault[] => {
  const { file } = brief.template;
  const headings = headingsOf(tree);
  const titles = contents.bookmarks.map(({ title }) => title);
  const mend = 'Use h1 to h4 for headings, and nothing within them but text.';
  if (titles.join('\n') !== headings.join('\n')) {
    const at = headings.findIndex((heading, index) => titles[index] !== heading);
    const [title = '', heading = ''] = [titles[at === -1 ? headings.length : at], headings[at]];
    return [
      {
        file,
        problem: `The bookmark "${excerpt(title)}" stands for the heading "${excerpt(heading)}".`,
        mend,
      },
    ];
  }
  let last = 1;
  return contents.bookmarks.flatMap(({ title, page }) => {
    const lands = page !== null && page >= last && holds(letters[page - 1] ?? '', title);
    last = page ?? last;
    return lands
      ? []
      : [{ file, problem: `The bookmark "${excerpt(title)}" does not lead to its heading.`, mend }];
  });
};

/** A heading that wraps may be cut by a page: its start is enough. */
const holds = (text: string, title: string): boolean => text.includes(lettersOf(title).slice(0, 20));

export const lostLinks = ({ brief, contents, tree }: Print): Fault[] => {
  const { file } = brief.template;
  const wanted = new Set(
    tree.elements.flatMap(({ name, attributes: { href } }) =>
      name === 'a' && href?.startsWith('#') ? [href.slice(1)] : [],
    ),
  );
  const made = new Set(contents.links.map(({ to }) => to));
  return [
    ...contents.links
      .filter(({ landsOn }) => landsOn === null)
      .map(({ page, to }) => ({
        file,
        problem: `A link on page ${page} leads to "${excerpt(to)}", which is not in the PDF.`,
        mend: 'Link to an id on the page.',
      })),
    ...[...wanted]
      .filter((name) => !made.has(name))
      .map((name) => ({
        file,
        problem: `The link to "${name}" is not in the PDF.`,
        mend: 'Let the link hold text that is printed.',
      })),
  ];
};
