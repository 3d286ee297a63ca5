import type { Fault } from '../errors.ts';
import { lettersOf } from '../pdf/contents.ts';
import { excerpt } from './draft.ts';
import { type Element, isText } from './html.ts';
import type { Print } from './print.ts';
import { marginTexts } from './style.ts';

/** A piece of text of the page, as the PDF must hold it. */
interface Wanted {
  readonly text: string;
  readonly element: Element;
  readonly letters: string;
  /** The head or foot of a table stands again on each page that the table goes on to. */
  readonly repeats: boolean;
}

/**
 * The PDF says what the page says, and nothing else. Both are read in the order of the page: a PDF is tagged in it,
 * wherever a text is painted and however a line, a column or a page breaks it.
 */
export function otherWords(print: Print): Fault[] {
  const { file } = print.brief.template;
  const { lost, rest } = compare(wantedOf(print), print.contents.runs.map(lettersOf));
  return [
    ...lost.map(({ text, element }) => ({
      file: element.file || file,
      ...(element.line > 0 ? { line: element.line } : {}),
      problem: `The PDF lacks "${excerpt(text)}".`,
      mend: 'Look for a style that hides it, or for a box that it does not fit.',
    })),
    ...[...rest, ...inMargins(print)].map((text) => ({
      file,
      problem: `The PDF says "${excerpt(text)}", which the page does not.`,
      mend: 'Write text into the page, and not into a style sheet.',
    })),
  ];
}

/** What stands again does so text by text, and not cell by cell. */
const wantedOf = ({ pieces }: Print): Wanted[] =>
  pieces
    .flatMap(({ text, element, texts }) => {
      const repeats = standsAgain(element);
      const parts = repeats ? texts.map((part) => part[0].text) : [text];
      return parts.map((part) => ({ text: part, element, letters: lettersOf(part), repeats }));
    })
    .filter(({ letters }) => letters !== '');

function standsAgain(element: Element): boolean {
  for (let up: Element | null = element; up !== null; up = up.parent)
    if (up.name === 'thead' || up.name === 'tfoot') return true;
  return false;
}

/** What of `wanted` is not in the runs, and what words of the runs are of nothing that is wanted. */
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
  /** Where a text begins from `at` on, if nothing but numbers of lists stands before it. */
  const beginning = (at: number, text: Wanted): number => {
    for (let start = at; start < rest.length; start += 1) {
      if (isAt(start, text)) return start;
      if (!/\p{N}/u.test(rest.charAt(start))) return -1;
    }
    return -1;
  };
  /** Further on, where the next text follows too: what stands between them is looked at below. */
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

  // What the PDF has in another order: the longest first, since a short text stands within others too.
  const take = (part: string, at: number): boolean => {
    if (at !== -1) rest = rest.slice(0, at) + ' '.repeat(part.length) + rest.slice(at + part.length);
    return at !== -1;
  };
  const lost = deferred
    .toSorted((a, b) => b.letters.length - a.letters.length)
    .filter(({ letters }) => !take(letters, rest.indexOf(letters)));
  // Numbers of lists may be left over; words may not.
  return { lost, rest: rest.split(/ +/).filter((part) => /\p{L}/u.test(part)) };
}

/**
 * The margins hold what the page's own styles put there; what a style adds to the text is not tagged, and counts as
 * theirs.
 */
function inMargins({ contents, tree }: Print): string[] {
  const styles = tree.elements.filter(({ name }) => name === 'style');
  const css = styles.flatMap(({ children }) => children.filter(isText)).map(({ text }) => text);
  const known = [...new Set(css.flatMap(marginTexts).map(wordsOf))]
    .filter((words) => words !== '')
    .toSorted((a, b) => b.length - a.length);
  return contents.pages.flatMap(({ margins }) => {
    const more = known.reduce((rest, text) => rest.replaceAll(text, ' '), wordsOf(margins)).trim();
    return more === '' ? [] : [more];
  });
}
const wordsOf = (text: string): string => lettersOf(text).replaceAll(/\P{L}+/gu, '');
