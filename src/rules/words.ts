import { isSameLanguage, type Locale } from '../locale.ts';

/**
 * The words that rules look for, from the lists of the locale. Without lists for the language of the texts, a rule that
 * needs one does not run, and the verdict says so.
 */
export interface Words {
  /** Zero to twenty, as spelt in running text; empty if the locale prints digits. */
  readonly numbers: readonly string[];
  /** Words that state a figure. */
  readonly figures: RegExp;
  /** Words that make a figure a lower bound. */
  readonly bounds: readonly string[];
  /** The percent sign and its words. */
  readonly percent: string;
  /** Words that may follow the day of a month: "5 May" is not a figure. */
  readonly months: readonly string[];
  /** Headings of columns of days and similar. */
  readonly time: RegExp;
  /** Headings that announce an explanation of the method. */
  readonly method: RegExp;
  /** The words before the other names of an actor: "also named A, B". */
  readonly alsoNamed: string;
  /** The terms of likelihood and confidence; undefined for a language without standard ones. */
  readonly estimates: Estimates | undefined;
}

export interface Estimates {
  /** Terms of likelihood on our scale. */
  readonly likelihood: RegExp;
  /** Terms of likelihood that are not on our scale. */
  readonly otherLikelihood: RegExp;
  /** Any mention of confidence. */
  readonly confidence: RegExp;
  /** Degrees of confidence that are not on our scale. */
  readonly otherConfidence: RegExp;
}

const compiled = new WeakMap<Locale, Words>();

/** The lists for texts in `language`, a BCP 47 tag: `en-GB` and `en-US` share one. Undefined if the locale has none. */
export function wordsFor({
  language,
  brief: { locale },
}: {
  readonly language: string;
  readonly brief: { readonly locale: Locale };
}): Words | undefined {
  const { lists } = locale;
  if (lists === undefined || !isSameLanguage(language, locale.tag)) return undefined;
  const known = compiled.get(locale);
  if (known !== undefined) return known;
  const { months, shortMonths } = locale.names;
  const words: Words = {
    numbers: lists.numbers ?? [],
    figures: wholeWords(lists.figures, 'giu'),
    bounds: lists.bounds,
    percent: oneOf(lists.percent),
    months: [...new Set([...months, ...shortMonths])],
    time: wholeWords(lists.time, 'iu'),
    method: new RegExp(`${start}${oneOf(lists.method)}`, 'iu'),
    alsoNamed: `${start}${oneOf(lists.also_named)}`,
    estimates: lists.estimates && {
      likelihood: wholeWords(lists.estimates.likelihood, 'giu'),
      otherLikelihood: wholeWords(lists.estimates.other_likelihood, 'giu'),
      confidence: wholeWords(lists.estimates.confidence, 'iu'),
      otherConfidence: wholeWords(lists.estimates.other_confidence, 'iu'),
    },
  };
  compiled.set(locale, words);
  return words;
}

// \b knows the letters of English only.
const start = String.raw`(?<![\p{L}\p{N}_])`;
const end = String.raw`(?![\p{L}\p{N}_])`;
const oneOf = (patterns: readonly string[]): string => `(?:${patterns.join('|')})`;
const wholeWords = (patterns: readonly string[], flags: string): RegExp =>
  new RegExp(start + oneOf(patterns) + end, flags);

const digits = /\p{N}+(?:[.,:]\p{N}+)*/gu;

/**
 * The figures typed in a text, in order: digits (also ½ and similar) and number words, but not placeholders such as
 * `{F07.value}`. A typed figure would not change when its row is revised.
 */
export function typedFigures(text: string, words: Words | undefined): string[] {
  const rest = text.replaceAll(/\{[A-Za-z][A-Za-z0-9-]*\.[a-z_]+\}/g, ' ');
  const found = [digits, ...(words ? [words.figures] : [])].flatMap((pattern) => [...rest.matchAll(pattern)]);
  return found.toSorted((a, b) => a.index - b.index).map(([figure]) => figure);
}
