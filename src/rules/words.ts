import { isSameLanguage, type Locale } from '../locale.ts';

/** The words that rules look for, from the lists of the locale. */
export type Words = ReturnType<typeof compile>;
/** The terms of likelihood and confidence. */
export type Estimates = NonNullable<Words['estimates']>;

const compiled = new WeakMap<Locale, Words>();

/**
 * The words for texts in `language`, a BCP 47 tag: `en-GB` and `en-US` share them. Undefined if the locale has none: a
 * rule that needs them does not run, and the verdict says so.
 */
export function wordsFor({
  language,
  brief: { locale },
}: {
  readonly language: string;
  readonly brief: { readonly locale: Locale };
}): Words | undefined {
  const { lists } = locale;
  if (lists === undefined || !isSameLanguage(language, locale.tag)) return undefined;
  const words = compiled.get(locale) ?? compile(lists, locale.names);
  compiled.set(locale, words);
  return words;
}

const compile = (lists: NonNullable<Locale['lists']>, { months, shortMonths }: Locale['names']) => ({
  /** Zero to twenty, as spelt in running text; empty if the locale prints digits. */
  numbers: lists.numbers ?? [],
  /** Words that state a figure. */
  figures: wholeWords(lists.figures, 'giu'),
  /** Words that make a figure a lower bound. */
  bounds: lists.bounds,
  /** The percent sign and its words. */
  percent: oneOf(lists.percent),
  /** Words that may follow the day of a month: "5 May" is not a figure. */
  months: [...new Set([...months, ...shortMonths])],
  /** Headings of columns of days and similar. */
  time: wholeWords(lists.time, 'iu'),
  /** Headings that announce an explanation of the method. */
  method: new RegExp(`${start}${oneOf(lists.method)}`, 'iu'),
  /** The words before the other names of an actor: "also named A, B". */
  alsoNamed: `${start}${oneOf(lists.also_named)}`,
  /** Undefined for a language without standard terms. */
  estimates: lists.estimates && {
    /** Terms of likelihood on our scale. */
    likelihood: wholeWords(lists.estimates.likelihood, 'giu'),
    /** Terms of likelihood that are not on our scale. */
    otherLikelihood: wholeWords(lists.estimates.other_likelihood, 'giu'),
    /** Any mention of confidence. */
    confidence: wholeWords(lists.estimates.confidence, 'iu'),
    /** Degrees of confidence that are not on our scale. */
    otherConfidence: wholeWords(lists.estimates.other_confidence, 'iu'),
  },
});

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
