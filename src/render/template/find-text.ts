/** A match in a text that is assembled from parts. */
export interface Match {
  /** The matched text in each part, by the part's index. */
  readonly parts: ReadonlyMap<number, string>;
}

interface Letter {
  readonly letter: string;
  readonly part: number;
}

/** Normalises differences of style for comparison: width, case, and kinds of space, quote and dash. */
const plain = (text: string): string =>
  text
    .normalize('NFKC')
    .replaceAll(/[\u2018\u2019\u201b]/g, "'")
    .replaceAll(/[\u201c\u201d\u201f]/g, '"')
    .replaceAll(/[\u2010-\u2015\u2212]/g, '-')
    .replaceAll(/\s+/g, ' ')
    .toLowerCase();

function lettersOf(parts: readonly string[]): Letter[] {
  const letters: Letter[] = [];
  for (const [part, text] of parts.entries())
    for (const letter of plain(text))
      if (letter !== ' ' || letters.at(-1)?.letter !== ' ') letters.push({ letter, part });
  return letters;
}

/**
 * Finds a number or phrase in a text as a whole: `105` is neither in `1,105` nor in `105.5`, and a word is not part of
 * another.
 */
export function findText(parts: readonly string[], phrase: string): Match[] {
  const letters = lettersOf(parts);
  const text = letters.map(({ letter }) => letter).join('');
  const wanted = plain(phrase).trim();
  const matches: Match[] = [];
  if (wanted === '') return matches;
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + 1)) {
    const end = at + wanted.length;
    if (goesOn(text.slice(0, at), wanted, 'before') || goesOn(text.slice(end), wanted, 'after')) continue;
    const touched = new Map<number, string>();
    for (const { letter, part } of letters.slice(at, end))
      touched.set(part, (touched.get(part) ?? '') + letter);
    matches.push({ parts: new Map([...touched].filter(([, matched]) => matched.trim() !== '')) });
  }
  return matches;
}

/** Whether the text around a match belongs to the same word or number. */
function goesOn(rest: string, wanted: string, side: 'before' | 'after'): boolean {
  if (side === 'before')
    return (
      (/^[\p{L}\p{N}]/u.test(wanted) && /[\p{L}\p{N}]$/u.test(rest)) ||
      (/^\p{N}/u.test(wanted) && /\p{N}[.,]$/u.test(rest))
    );
  return (
    (/[\p{L}\p{N}]$/u.test(wanted) && /^[\p{L}\p{N}]/u.test(rest)) ||
    (/\p{N}$/u.test(wanted) && /^[.,]\p{N}/u.test(rest))
  );
}

/** Suggestions for a phrase that is not in the texts: the most similar passages, best first. */
export function nearTo(phrase: string, texts: readonly string[]): string[] {
  const wanted = plain(phrase).trim();
  const candidates = /\s/.test(wanted)
    ? texts
    : texts.flatMap((text) => text.match(/[\p{L}\p{N}]+(?:[.,’'-][\p{L}\p{N}]+)*/gu) ?? []);
  return mostAlike(wanted, candidates, 5);
}

/** The minimum share of common letter pairs. */
const LEAST_ALIKE = 0.3;

/** The texts most similar to a text, best first. */
export const mostAlike = (wanted: string, candidates: readonly string[], most: number): string[] =>
  [...new Set(candidates)]
    .map((text) => ({ text, score: likeness(wanted, plain(text)) }))
    .filter(({ score }) => score > LEAST_ALIKE)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, most)
    .map(({ text }) => text);

/** The share of letter pairs that two texts have in common (Dice, 1945): 0 to 1. */
function likeness(one: string, other: string): number {
  const [pairs, others] = [pairsOf(one), pairsOf(other)];
  const rest = [...others];
  let common = 0;
  for (const pair of pairs) {
    const at = rest.indexOf(pair);
    if (at === -1) continue;
    rest.splice(at, 1);
    common += 1;
  }
  return (2 * common) / Math.max(pairs.length + others.length, 1);
}

/** Includes the edges, so that short words and numbers have pairs too. */
const pairsOf = (text: string): string[] => {
  const edged = ` ${text} `;
  return Array.from({ length: edged.length - 1 }, (_, index) => edged.slice(index, index + 2));
};
