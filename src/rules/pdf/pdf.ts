import type { Fault } from '../../errors.ts';
import { isRightToLeft, type Locale } from '../../locale.ts';
import { fontFamilies, postScriptFamilies } from '../../charts/fonts.ts';
import type { Brief } from '../../project/brief.ts';
import type { Attachment } from '../../pdf/attachments.ts';
import { lettersOf } from '../../pdf/contents.ts';
import { excerpt, type Print } from '../draft.ts';
import { headingsOf } from '../units.ts';

export const tooMuch = ({ brief, pdf, contents }: Print): Fault[] => {
  const { limits } = brief.config;
  const { file } = brief.definition;
  const megabytes = pdf.byteLength / 1e6;
  return [
    ...(contents.pages.length > limits.pages
      ? [
          {
            file,
            field: 'limits.pages',
            problem: `The PDF has ${contents.pages.length} pages, more than ${limits.pages}.`,
            hint: 'Shorten the brief, or raise the limit.',
          },
        ]
      : []),
    ...(megabytes > limits.megabytes
      ? [
          {
            file,
            field: 'limits.megabytes',
            problem: `The PDF is ${megabytes.toFixed(1)} MB, more than ${limits.megabytes}.`,
            hint: 'Use fewer or smaller charts, or raise the limit.',
          },
        ]
      : []),
  ];
};

/** In points, as in ISO 216 and ANSI. */
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
        hint: 'Set the page size only in _shared/partials/head.hbs.',
      },
    ];
  });

/** A page with less than about a line of its own text looks blank to a reader. */
const fewestLetters = 40;

export const blank = ({ brief, letters }: Print): Fault[] =>
  letters.flatMap((text, index) =>
    text.length >= fewestLetters
      ? []
      : [
          {
            file: brief.template.file,
            problem: `Page ${index + 1} is blank, or nearly so.`,
            hint: 'Shorten the text before it, or remove a page break.',
          },
        ],
  );

/** PostScript names have no spaces: `SourceSerif4-Regular`. */
const isOurs = (font: string, { identity }: Brief): boolean =>
  postScriptFamilies.some((family) => font.startsWith(`${family}-`)) ||
  identity.fonts.some(({ postScriptName }) => font === postScriptName);

export const otherFonts = ({ brief, contents }: Print): Fault[] => {
  const { file } = brief.template;
  return [
    ...contents.fonts
      .filter(({ name, embedded }) => !embedded || !isOurs(name, brief))
      .map(({ name, embedded }) => ({
        file,
        problem: embedded ? `The PDF also uses the font "${name}".` : `The font "${name}" is not embedded.`,
        hint: `Use only ${fontFamilies.join(' and ')}, and characters that they contain.`,
      })),
    ...contents.pages.flatMap(({ boxes }, index) =>
      boxes === 0
        ? []
        : [
            {
              file,
              problem: `Page ${index + 1} shows an empty box for a character.`,
              hint: 'Use characters that the built-in fonts contain.',
            },
          ],
    ),
  ];
};

export const undescribed = ({ brief, contents, tree }: Print): Fault[] => {
  const { file } = brief.template;
  const drawn = tree.elements.filter(({ name }) => name === 'svg' || name === 'img');
  const plain = (text: string) => text.replaceAll(/\s+/g, ' ').trim();
  const described = contents.figures.map((alt) => plain(alt ?? ''));
  return [
    ...drawn.flatMap(({ attributes }) => {
      const alt = plain(attributes['aria-label'] ?? attributes['alt'] ?? '');
      return alt !== '' && described.includes(alt)
        ? []
        : [
            {
              file,
              problem: `A chart or image has no text alternative in the PDF: "${excerpt(alt)}".`,
              hint: 'Fill in "alt" for the chart in brief.yaml, or for the image in the template.',
            },
          ];
    }),
    ...(described.length > drawn.length
      ? [
          {
            file,
            problem: `The PDF has ${described.length} figures for ${drawn.length} charts and images.`,
            hint: 'Use <figure role="group"> around a chart.',
          },
        ]
      : []),
  ];
};

export const otherBookmarks = ({ brief, contents, letters, tree }: Print): Fault[] => {
  const { file } = brief.template;
  const headings = headingsOf(tree);
  const titles = contents.bookmarks.map(({ title }) => title);
  const hint = 'Use h1 to h4 for headings, with only text inside them.';
  if (titles.join('\n') !== headings.join('\n')) {
    const at = headings.findIndex((heading, index) => titles[index] !== heading);
    const [title = '', heading = ''] = [titles[at === -1 ? headings.length : at], headings[at]];
    return [
      {
        file,
        problem: `The bookmark "${excerpt(title)}" differs from the heading "${excerpt(heading)}".`,
        hint,
      },
    ];
  }
  // Not in the order of pages: a column may go on to the next page while another ends on this one.
  return contents.bookmarks.flatMap(({ title, page }) =>
    page !== null && holds(letters[page - 1] ?? '', title, brief.locale.direction)
      ? []
      : [{ file, problem: `The bookmark "${excerpt(title)}" does not lead to its heading.`, hint }],
  );
};

/**
 * A page break may split a heading that wraps, so its start is enough. Of a line that is written from right to left, the
 * page has the words in the order in which they are painted.
 */
const holds = (text: string, title: string, direction: Locale['direction']): boolean =>
  direction === 'rtl' || isRightToLeft(title)
    ? title.split(/\s+/).every((word) => text.includes(lettersOf(word)))
    : text.includes(lettersOf(title).slice(0, 20));

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
        hint: 'Link to an id on the page.',
      })),
    ...[...wanted]
      .filter((name) => !made.has(name))
      .map((name) => ({
        file,
        problem: `The link to "${name}" is not in the PDF.`,
        hint: 'Give the link some text that is printed.',
      })),
  ];
};

/** Searches the written bytes, which contain each file as it was packed. */
export const otherAttachments = ({ brief, pdf, attachments, attached }: Print): Fault[] => {
  const { file } = brief.template;
  const written = Buffer.from(pdf.buffer, pdf.byteOffset, pdf.byteLength);
  const isWhole = ({ entry, packed }: Attachment): boolean =>
    written.indexOf(packed) !== -1 &&
    attached.some(
      (found) =>
        found.name === entry.name &&
        found.associated &&
        found.relationship === entry.relationship &&
        Buffer.compare(found.packed, packed) === 0,
    );
  const wanted = new Set(attachments.map(({ entry }) => entry.name));
  const hint = 'Print again. If it fails again, report a bug: no template can cause this.';
  return [
    ...attachments
      .filter((each) => !isWhole(each))
      .map(({ entry }) => ({
        file,
        problem: `The attachment "${entry.name}" is missing or incomplete.`,
        hint,
      })),
    ...attached
      .filter(({ name }) => !wanted.has(name))
      .map(({ name }) => ({
        file,
        problem: `The PDF has an attachment "${name}" that Sitrep did not add.`,
        hint,
      })),
  ];
};
