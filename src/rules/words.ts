/**
 * The words that rules look for, by language. For a language without a word list, a rule that needs one does not run,
 * and the verdict says so.
 */
export interface Words {
  /** Zero to twenty, as spelt in running text. */
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
  /** Terms of likelihood on our scale. */
  readonly likelihood: RegExp;
  /** Terms of likelihood that are not on our scale. */
  readonly otherLikelihood: RegExp;
  /** Any mention of confidence. */
  readonly confidence: RegExp;
  /** Degrees of confidence that are not on our scale. */
  readonly otherConfidence: RegExp;
}

const otherDegree =
  '(?:medium|strong|weak|great(?:er)?|full|total|limited|fair|good|reasonable|considerable|complete|absolute|(?:very|quite|fairly|extremely) (?:high|low))';

const english: Words = {
  numbers:
    `no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty`.split(/\s+/),
  // "One" is mostly a pronoun; "third" and "quarters" alone are mostly not figures.
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
  // Intelligence Community Directive 203 (2015), D.6.e(2)(a) has two rows of terms; this is the row that we use.
  likelihood:
    /\b(?:almost no chance|very unlikely|unlikely|roughly even chance|very likely|likely|almost certain(?:ly)?)\b/gi,
  // Terms of the other row, and other expressions of likelihood.
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

/** The word list for a BCP 47 tag, chosen by language: `en-GB` and `en-US` share one. */
export const wordsOf = (tag: string): Words | undefined => {
  const [language = ''] = tag.toLowerCase().split('-');
  return Object.hasOwn(lists, language) ? lists[language] : undefined;
};

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
