import { fontFamilies, postScriptFamilies } from '../../charts/fonts.ts';
import type { Fault } from '../../errors.ts';
import { isRightToLeft, type Locale } from '../../locale.ts';
import type { Attachment } from '../../pdf/attachments.ts';
import { lettersOf } from '../../pdf/contents.ts';
import type { Brief } from '../../project/brief.ts';
import { excerpt, inTemplate, type Print } from '../draft.ts';
import { tidy } from '../html.ts';
import { headingsOf } from '../units.ts';

export function* tooMuch({ brief, pdf, contents: { pages } }: Print): Generator<Fault> {
  const { limits } = brief.config;
  const { file } = brief.definition;
  const megabytes = pdf.byteLength / 1e6;
  if (pages.length > limits.pages)
    yield {
      file,
      field: 'limits.pages',
      problem: `The PDF has ${pages.length} pages, more than ${limits.pages}.`,
      hint: 'Shorten the brief, or raise the limit.',
    };
  if (megabytes > limits.megabytes)
    yield {
      file,
      field: 'limits.megabytes',
      problem: `The PDF is ${megabytes.toFixed(1)} MB, more than ${limits.megabytes}.`,
      hint: 'Use fewer or smaller charts, or raise the limit.',
    };
}

/** In points, as in ISO 216 and ANSI. */
const sizes = { A4: { width: 595.28, height: 841.89 }, Letter: { width: 612, height: 792 } } as const;

export function* otherPaper({ brief, paper, contents }: Print): Generator<Fault> {
  const { width, height } = sizes[paper];
  for (const [index, { widthPt, heightPt }] of contents.pages.entries())
    if (Math.abs(widthPt - width) > 1 || Math.abs(heightPt - height) > 1)
      yield inTemplate(
        brief,
        `Page ${index + 1} is ${widthPt.toFixed(0)} by ${heightPt.toFixed(0)} points, which is not ${paper}.`,
        'Set the page size only in _shared/partials/head.hbs.',
      );
}

/** A page with less than about a line of its own text looks blank to a reader. */
const fewestLetters = 40;

export function* blank({ brief, letters }: Print): Generator<Fault> {
  for (const [index, text] of letters.entries())
    if (text.length < fewestLetters)
      yield inTemplate(
        brief,
        `Page ${index + 1} is blank, or nearly so.`,
        'Shorten the text before it, or remove a page break.',
      );
}

/** PostScript names have no spaces: `SourceSerif4-Regular`. */
const isOurs = (font: string, { identity }: Brief): boolean =>
  postScriptFamilies.some((family) => font.startsWith(`${family}-`)) ||
  identity.fonts.some(({ postScriptName }) => font === postScriptName);

export function* otherFonts({ brief, contents: { fonts, pages } }: Print): Generator<Fault> {
  for (const { name, embedded } of fonts)
    if (!embedded || !isOurs(name, brief))
      yield inTemplate(
        brief,
        embedded ? `The PDF also uses the font "${name}".` : `The font "${name}" is not embedded.`,
        `Use only ${fontFamilies.join(' and ')}, and characters that they contain.`,
      );
  for (const [index, { boxes }] of pages.entries())
    if (boxes > 0)
      yield inTemplate(
        brief,
        `Page ${index + 1} shows an empty box for a character.`,
        'Use characters that the built-in fonts contain.',
      );
}

export function* undescribed({ brief, contents, tree }: Print): Generator<Fault> {
  const drawn = tree.elements.filter(({ name }) => name === 'svg' || name === 'img');
  const described = contents.figures.map((alt) => tidy(alt ?? ''));
  for (const { attributes } of drawn) {
    const alt = tidy(attributes['aria-label'] ?? attributes['alt'] ?? '');
    if (alt === '' || !described.includes(alt))
      yield inTemplate(
        brief,
        `A chart or image has no text alternative in the PDF: "${excerpt(alt)}".`,
        'Fill in "alt" for the chart in brief.yaml, or for the image in the template.',
      );
  }
  if (described.length > drawn.length)
    yield inTemplate(
      brief,
      `The PDF has ${described.length} figures for ${drawn.length} charts and images.`,
      'Use <figure role="group"> around a chart.',
    );
}

export function* otherBookmarks({ brief, contents, letters, tree }: Print): Generator<Fault> {
  const headings = headingsOf(tree);
  const titles = contents.bookmarks.map(({ title }) => title);
  const hint = 'Use h1 to h4 for headings, with only text inside them.';
  if (titles.join('\n') !== headings.join('\n')) {
    const at = headings.findIndex((heading, index) => titles[index] !== heading);
    const [title = '', heading = ''] = [titles[at === -1 ? headings.length : at], headings[at]];
    const problem = `The bookmark "${excerpt(title)}" differs from the heading "${excerpt(heading)}".`;
    yield inTemplate(brief, problem, hint);
    return;
  }
  // Not in the order of pages: a column may go on to the next page while another ends on this one.
  for (const { title, page } of contents.bookmarks)
    if (page === null || !holds(letters[page - 1] ?? '', title, brief.locale.direction))
      yield inTemplate(brief, `The bookmark "${excerpt(title)}" does not lead to its heading.`, hint);
}

/**
 * A page break may split a heading that wraps, so its start is enough. Of a line that is written from right to left, the
 * page has the words in the order in which they are painted.
 */
const holds = (text: string, title: string, direction: Locale['direction']): boolean =>
  direction === 'rtl' || isRightToLeft(title)
    ? title.split(/\s+/).every((word) => text.includes(lettersOf(word)))
    : text.includes(lettersOf(title).slice(0, 20));

export function* lostLinks({ brief, contents: { links }, tree }: Print): Generator<Fault> {
  for (const { page, to, landsOn } of links)
    if (landsOn === null)
      yield inTemplate(
        brief,
        `A link on page ${page} leads to "${excerpt(to)}", which is not in the PDF.`,
        'Link to an id on the page.',
      );
  const wanted = tree.elements.flatMap(({ name, attributes: { href } }) =>
    name === 'a' && href?.startsWith('#') ? [href.slice(1)] : [],
  );
  const printed = new Set(links.map(({ to }) => to));
  for (const name of new Set(wanted))
    if (!printed.has(name))
      yield inTemplate(
        brief,
        `The link to "${name}" is not in the PDF.`,
        'Give the link some text that is printed.',
      );
}

/** Searches the written bytes, which contain each file as it was packed. */
export function* otherAttachments({ brief, pdf, attachments, attached }: Print): Generator<Fault> {
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
  for (const each of attachments)
    if (!isWhole(each))
      yield inTemplate(brief, `The attachment "${each.entry.name}" is missing or incomplete.`, hint);
  for (const { name } of attached)
    if (!wanted.has(name))
      yield inTemplate(brief, `The PDF has an attachment "${name}" that Sitrep did not add.`, hint);
}
