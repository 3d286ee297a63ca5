import type { Fault } from '../../errors.ts';
import { isRightToLeft } from '../../locale.ts';
import { lettersOf, type PdfContents } from '../../pdf/contents.ts';
import { marginTexts } from '../css.ts';
import { excerpt, type Print } from '../draft.ts';
import { type Element, isText } from '../html.ts';

/** A text of the page that the PDF must contain. */
interface Wanted {
  readonly text: string;
  readonly element: Element;
  readonly letters: string;
  /** The head or foot of a table is repeated on each page of the table. */
  readonly repeats: boolean;
}

/**
 * The PDF contains the text of the page and no other. Both are compared in page order: the tags of a PDF follow that
 * order, wherever a text is painted and however a line, column or page breaks it.
 */
export function otherWords(print: Print): Fault[] {
  const { file } = print.brief.template;
  const wanted = wantedOf(print);
  const { lost, rest } = compare(wanted, inReadingOrder(print.contents.runs, wanted));
  return [
    ...lost.map(({ text, element }) => ({
      file: element.file || file,
      ...(element.line > 0 ? { line: element.line } : {}),
      problem: `The PDF does not contain "${excerpt(text)}", which is on the page.`,
      hint: 'Look for a style that hides it, or a box that is too small for it.',
    })),
    ...[...rest, ...inMargins(print)].map((text) => ({
      file,
      problem: `The PDF contains "${excerpt(text)}", which is not on the page.`,
      hint: 'Put text in the page, not in a style sheet.',
    })),
  ];
}

/** Repeated heads occur in the PDF text by text, not cell by cell. */
const wantedOf = ({ pieces }: Print): Wanted[] =>
  pieces
    .flatMap(({ text, element, texts }) => {
      const repeats = standsAgain(element);
      const parts = repeats ? texts.map((part) => part[0].text) : [text];
      return parts.map((part) => ({ text: part, element, letters: lettersOf(part), repeats }));
    })
    .filter(({ letters }) => letters !== '');

/**
 * The letters of each run. A line of right-to-left text has its parts as they are painted from left to right: they get
 * the order in which the page contains exactly these parts, one after the other. If it does not, they stay as painted,
 * and do not match.
 */
function inReadingOrder(runs: PdfContents['runs'], wanted: readonly Wanted[]): string[] {
  const page = wanted.map(({ letters }) => letters).join('');
  /** Where the page goes on after the runs so far. */
  let from = 0;
  return runs.map((run) => {
    const parts = run.map(lettersOf).filter((letters) => letters !== '');
    const letters = parts.join('');
    if (parts.length > 1) {
      const start = findParts(parts, { text: page, from }) ?? findParts(parts, { text: page, from: 0 });
      if (start === undefined) return letters;
      from = start + letters.length;
      return page.slice(start, from);
    }
    // Numbers of lists are not on the page.
    if (/\p{L}/u.test(letters) && page.startsWith(letters, from)) from += letters.length;
    return letters;
  });
}

/** More than any line of text needs; only a text made for it needs more. */
const MOST_STEPS = 10_000;

/**
 * The first place at or after `from` where `text` consists of these parts in some order, each once. The first, because
 * a line may begin with the word that follows it: both "a b" and "b a" are in "a b a". Undefined if there is none.
 */
function findParts(
  parts: readonly string[],
  { text, from }: { text: string; from: number },
): number | undefined {
  const longest = parts.reduce((most, part) => (part.length > most.length ? part : most), '');
  const others = parts.join('').length - longest.length;
  let steps = 0;
  const consistsOf = (left: readonly string[], at: number): boolean => {
    steps += 1;
    if (left.length === 0) return true;
    if (steps > MOST_STEPS) return false;
    return [...new Set(left)].some(
      (part) =>
        text.startsWith(part, at) && consistsOf(left.toSpliced(left.indexOf(part), 1), at + part.length),
    );
  };
  let start = from;
  for (let at = text.indexOf(longest, from); at !== -1; at = text.indexOf(longest, at + 1))
    for (start = Math.max(start, at - others); start <= at; start += 1)
      if (consistsOf(parts, start)) return start;
  return undefined;
}

function standsAgain(element: Element): boolean {
  for (let up: Element | null = element; up !== null; up = up.parent)
    if (up.name === 'thead' || up.name === 'tfoot') return true;
  return false;
}

/** Returns the texts of `wanted` that the runs lack, and the words in the runs that belong to no wanted text. */
function compare(
  wanted: readonly Wanted[],
  runs: readonly string[],
): { readonly lost: Wanted[]; readonly rest: string[] } {
  let rest = runs.join('');
  const ends = new Set<number>();
  let length = 0;
  for (const run of runs) ends.add((length += run.length));

  const taken: [start: number, end: number][] = [];
  const isAt = (at: number, { letters }: Wanted): boolean => rest.startsWith(letters, at);
  /** Where the text begins at or after `at`, if only list numbers precede it. */
  const beginning = (at: number, text: Wanted): number => {
    for (let start = at; start < rest.length; start += 1) {
      if (isAt(start, text)) return start;
      if (!/\p{N}/u.test(rest.charAt(start))) return -1;
    }
    return -1;
  };
  /** A later position of the text that the next text follows; the texts skipped are compared below. */
  const furtherOn = (at: number, index: number): number => {
    const [text, next] = [wanted[index], wanted[index + 1]];
    if (text === undefined || text.letters.length < 4) return -1;
    for (
      let start = rest.indexOf(text.letters, at);
      start !== -1;
      start = rest.indexOf(text.letters, start + 1)
    )
      if (next === undefined || beginning(start + text.letters.length, next) !== -1) return start;
    return -1;
  };
  let position = 0;
  let again: { letters: string; times: number } = { letters: '', times: 0 };
  const deferred: Wanted[] = [];
  for (const [index, text] of wanted.entries()) {
    if (again.letters === text.letters && again.times > 0 && text.repeats) {
      again.times -= 1;
      continue;
    }
    let start = beginning(position, text);
    if (start === -1 && deferred.at(-1) === wanted[index - 1]) start = furtherOn(position, index);
    if (start === -1) {
      deferred.push(text);
      continue;
    }
    position = start + text.letters.length;
    again = { letters: text.letters, times: 0 };
    while (text.repeats && isAt(position, text) && ends.has(position + text.letters.length)) {
      position += text.letters.length;
      again.times += 1;
    }
    taken.push([start, position]);
  }
  let left = '';
  let last = 0;
  for (const [start, end] of taken) {
    left += rest.slice(last, start) + ' '.repeat(end - start);
    last = end;
  }
  rest = left + rest.slice(last);

  // Texts that the PDF has in another order: longest first, since a short text may also be part of others.
  const take = (part: string, at: number): boolean => {
    if (at !== -1) rest = rest.slice(0, at) + ' '.repeat(part.length) + rest.slice(at + part.length);
    return at !== -1;
  };
  const lost = deferred
    .toSorted((a, b) => b.letters.length - a.letters.length)
    .filter(({ letters }) => !take(letters, rest.indexOf(letters)));
  // List numbers may be left over; words may not.
  return { lost, rest: rest.split(/ +/).filter((part) => /\p{L}/u.test(part)) };
}

/**
 * Margins may contain only what the page's own styles print there. Text that a style adds to the page is untagged, so
 * it counts as margin text.
 */
function inMargins({ contents, tree }: Print): string[] {
  const styles = tree.elements.filter(({ name }) => name === 'style');
  const css = styles.flatMap(({ children }) => children.filter(isText)).map(({ text }) => text);
  const known = [...new Set(css.flatMap(marginTexts).map(wordsOf))]
    .filter((words) => words !== '')
    .toSorted((a, b) => b.length - a.length);
  return contents.pages.flatMap(({ margins }) => {
    const words = margins.map(wordsOf).filter((part) => part !== '');
    const rest = known.filter(isRightToLeft).reduce(withoutParts, words).join('');
    const more = known.reduce((left, text) => left.replaceAll(text, ' '), rest).trim();
    return more === '' ? [] : [more];
  });
}
const wordsOf = (text: string): string => lettersOf(text).replaceAll(/\P{L}+/gu, '');

/** Removes the parts of which a right-to-left text consists, as often as they are there. */
function withoutParts(parts: readonly string[], text: string): readonly string[] {
  const own = (rest: string): readonly string[] | undefined => {
    if (rest === '') return [];
    for (const part of new Set(parts.filter((each) => rest.startsWith(each)))) {
      const others = own(rest.slice(part.length));
      if (others !== undefined) return [part, ...others];
    }
    return undefined;
  };
  const found = own(text);
  if (found === undefined) return parts;
  const left = found.reduce(
    (rest, part) => (rest.includes(part) ? rest.toSpliced(rest.indexOf(part), 1) : rest),
    parts,
  );
  return withoutParts(left, text);
}
