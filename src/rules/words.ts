/**
 * The words that rules look for, by language. A rule that needs a list does not run for a language without one, and
 * says so.
 */
export interface Words {
  /** From zero to twenty, as running text spells them. */
  readonly numbers: readonly string[];
  /** Words that state a figure. */
  readonly figures: RegExp;
  /** Words that make a figure a lower bound. */
  readonly bounds: readonly string[];
  /** The sign of a share, and its words. */
  readonly percent: string;
  /** Words that may follow the day of a month: "5 May" is no figure. */
  readonly months: readonly string[];
  /** Heads of columns with days and the like. */
  readonly time: RegExp;
  /** Headings that announce how a page was made. */
  readonly method: RegExp;
  /** What comes before the other names of an actor: "also named A, B". */
  readonly alsoNamed: string;
  /** Terms of likelihood that we use. */
  readonly likelihood: RegExp;
  /** Terms of likelihood that we do not use. */
  readonly otherLikelihood: RegExp;
  /** Confidence, however it is said. */
  readonly confidence: RegExp;
  /** Degrees of confidence that we do not use. */
  readonly otherConfidence: RegExp;
}

const otherDegree =
  '(?:medium|strong|weak|great(?:er)?|full|total|limited|fair|good|reasonable|considerable|complete|absolute|(?:very|quite|fairly|extremely) (?:high|low))';

const english: Words = {
  numbers:
    `no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty`.split(/\s+/),
  // "One" is mostly a pronoun, and "third" or "quarters" by themselves are mostly no figures.
  figures:
    /\b(?:zero|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|twice|(?:dozen|hundred|thousand|million|billion)s?|half|halves|quarter|(?:one|a)[-\s]third\sof|thirds)\b/giu,
  bounds: ['at least', 'no fewer than', 'more than'],
  percent: '(?:%|per cent)',
  months:
    'January February March April May June July August September October November December Jan Feb Mar Apr Jun Jul Aug Sep Oct Nov Dec'.split(
      ' ',
    ),
  time: /\b(?:days?|weeks?|months?|years?|dates?)\b/i,
  method: /\bmethod/i,
  alsoNamed: '\\balso (?:named )?',
  // Intelligence Community Directive 203 (2015), D.6.e(2)(a): of its two rows of terms, the one that we use.
  likelihood:
    /\b(?:almost no chance|very unlikely|unlikely|roughly even chance|very likely|likely|almost certain(?:ly)?)\b/gi,
  // Terms of its other row, and others that say how likely something is.
  otherLikelihood:
    /\b(?:remote(?:ly possible| (?:chance|possibility|likelihood))|improbabl[ey]|highly (?:un)?likely|extremely (?:un)?likely|quite (?:un)?likely|most likely|more likely than not|probabl[ey]|highly probable|nearly certain(?:ly)?|roughly even odds|chances are|in all (?:likelihood|probability)|(?:un)?doubtedly|no doubt|virtually certain)\b/gi,
  // The confidence of an interval is a figure.
  confidence:
    /\b(?<!(?:no|consumer|public|investor|business|vote of) )confiden(?:t(?:ly)?|ce(?! (?:in|votes?|intervals?|limits?|levels? of)\b))\b/i,
  otherConfidence: new RegExp(
    `\\b(?:${otherDegree} confidence(?! in\\b)|confidence (?:(?:is|was|remains|stays) )?${otherDegree})\\b`,
    'i',
  ),
};

const lists: { readonly [language: string]: Words } = { en: english };

/** The list for a BCP 47 tag, by its language: `en-GB` and `en-US` share one. */
export const wordsOf = (tag: string): Words | undefined => {
  const [language = ''] = tag.toLowerCase().split('-');
  return Object.hasOwn(lists, language) ? lists[language] : undefined;
};

const digits = /\p{N}+(?:[.,:]\p{N}+)*/gu;

/**
 * The figures typed into a text, in order: digits (also ½ and the like) and number words, but not placeholders such as
 * `{F07.value}`. A typed figure stays when its row is revised.
 */
export function typedFigures(text: string, words: Words | undefined): string[] {
  const rest = text.replaceAll(/\{[A-Za-z][A-Za-z0-9-]*\.[a-z_]+\}/g, ' ');
  const found = [digits, ...(words ? [words.figures] : [])].flatMap((pattern) => [...rest.matchAll(pattern)]);
  return found.toSorted((a, b) => a.index - b.index).map(([figure]) => figure);
}
