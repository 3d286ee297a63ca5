import type { Fault } from '../../errors.ts';
import { isRightToLeft } from '../../locale.ts';
import { lettersOf, type PdfContents } from '../../pdf/contents.ts';
import { marginTexts } from '../css.ts';
import { excerpt, inTemplate, type Print } from '../draft.ts';
import { ancestorsOf, isText } from '../html.ts';

/** A text of the page that the PDF must contain. */
type Wanted = ReturnType<typeof wantedOf>[number];

/**
 * The PDF contains the text of the page and no other. Both are compared in page order: the tags of a PDF follow that
 * order, wherever a text is painted and however a line, column or page breaks it.
 */
export function* otherWords(print: Print): Generator<Fault> {
  const { brief, contents } = print;
  const wanted = wantedOf(print);
  const { lost, rest } = compare(wanted, inReadingOrder(contents.runs, wanted));
  for (const { text, element } of lost)
    yield {
      file: element.file || brief.template.file,
      ...(element.line > 0 && { line: element.line }),
      problem: `The PDF does not contain "${excerpt(text)}", which is on the page.`,
      hint: 'Look for a style that hides it, or a box that is too small for it.',
    };
  for (const text of [...rest, ...inMargins(print)])
    yield inTemplate(
      brief,
      `The PDF contains "${excerpt(text)}", which is not on the page.`,
      'Put text in the page, not in a style sheet.',
    );
}

const wantedOf = ({ pieces }: Print) =>
  pieces
    .flatMap(({ text, element, texts }) => {
      // The head or foot of a table is repeated on each page of the table, text by text, not cell by cell.
      const around = [element, ...ancestorsOf(element)];
      const repeats = around.some(({ name }) => name === 'thead' || name === 'tfoot');
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

/** Returns the texts of `wanted` that the runs lack, and the words in the runs that belong to no wanted text. */
function compare(wanted: readonly Wanted[], runs: readonly string[]) {
  const all = runs.join('');
  const ends = new Set<number>();
  let length = 0;
  for (const run of runs) ends.add((length += run.length));

  const isAt = (at: number, { letters }: Wanted): boolean => all.startsWith(letters, at);
  /** Where the text begins at or after `at`, if only list numbers precede it. */
  const beginning = (at: number, text: Wanted): number => {
    for (let start = at; start < all.length; start += 1) {
      if (isAt(start, text)) return start;
      if (!/\p{N}/u.test(all.charAt(start))) return -1;
    }
    return -1;
  };
  /** A later position of the text that the next text follows; the texts skipped are compared below. */
  const furtherOn = (at: number, index: number): number => {
    const [text, next] = [wanted[index], wanted[index + 1]];
    if (text === undefined || text.letters.length < 4) return -1;
    const { letters } = text;
    for (let start = all.indexOf(letters, at); start !== -1; start = all.indexOf(letters, start + 1))
      if (next === undefined || beginning(start + letters.length, next) !== -1) return start;
    return -1;
  };
  let position = 0;
  /** The runs up to the position, with blanks for the texts found there. */
  let rest = '';
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
    const { length: size } = text.letters;
    let end = start + size;
    again = { letters: text.letters, times: 0 };
    while (text.repeats && isAt(end, text) && ends.has(end + size)) {
      end += size;
      again.times += 1;
    }
    rest += all.slice(position, start) + ' '.repeat(end - start);
    position = end;
  }
  rest += all.slice(position);

  // Texts that the PDF has in another order: longest first, since a short text may also be part of others.
  const lost = deferred
    .toSorted((a, b) => b.letters.length - a.letters.length)
    .filter(({ letters }) => {
      const at = rest.indexOf(letters);
      if (at !== -1) rest = rest.slice(0, at) + ' '.repeat(letters.length) + rest.slice(at + letters.length);
      return at === -1;
    });
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
