import type { Fault } from '../../../model/fault.ts';
import { longDay } from '../../../model/wording.ts';
import { excerpt } from '../draft.ts';
import { textOf, type Element } from '../html-tree.ts';
import type { Piece } from '../page-units.ts';
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
  const headOf = ({ element }: Pick<Piece, 'element'>): Element | undefined =>
    element.parent?.parent?.name === 'thead' ? element.parent.parent : undefined;
  const heads = new Set(pieces.flatMap((piece) => headOf(piece) ?? []));
  const unheaded: Pick<Piece, 'text' | 'element'>[] = [];
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
