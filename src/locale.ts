import { join } from 'node:path';
import Handlebars from 'handlebars';
import { IntlMessageFormat } from 'intl-messageformat';
import { parse } from 'yaml';
import { z } from 'zod';
import { datesOf } from './locale-dates.ts';

type Value = string | number;
type Values = Readonly<Record<string, Value>>;
/** Values that are HTML already, such as the results of template helpers, are not escaped. */
type HtmlValues = Readonly<Record<string, Value | { toHTML(): string }>>;

/** The words of one language, by key, such as `page.endnotes.number`. */
export type Locale = ReturnType<typeof openLocale>;

/** A message cannot be printed. */
export class MessageError extends Error {
  override readonly name = 'MessageError';
  readonly hint: string;

  constructor(problem: string, { hint, cause }: { hint: string; cause?: unknown }) {
    super(problem, { cause });
    this.hint = hint;
  }
}

const words = z.array(z.string().min(1)).min(1);
const wordLists = z.strictObject({
  /** Where a number word depends on what it counts, there is no list, and numbers are printed in digits. */
  numbers: words.optional(),
  figures: words,
  bounds: words,
  percent: words,
  time: words,
  method: words,
  also_named: words,
  /** The terms of ICD 203, in a language in which they are standard. */
  estimates: z
    .strictObject({ likelihood: words, other_likelihood: words, confidence: words, other_confidence: words })
    .optional(),
});

type Messages = { readonly [key: string]: string | Messages };
const messagesByKey: z.ZodType<Messages> = z.lazy(() =>
  z.record(z.string(), z.union([z.string(), messagesByKey]), 'is not a group of messages'),
);
/** The language of briefs, datasets and web pages that name none. Its file has every message of the program. */
export const usualLanguage = 'en-GB';

/** A BCP 47 tag such as `en-GB`. */
export const languageTag = z.string().refine((tag) => {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}, 'is not a language tag such as en-GB');

/** The contents of a locale's file. */
export const localeFile = z
  .object({
    /** The locale that has the messages that this one lacks. */
    extends: languageTag.optional(),
    /** The digits, if not those that `Intl` gives the language: Latin, Arabic-Indic, or Persian and Urdu. */
    numerals: z.enum(['latn', 'arab', 'arabext']).optional(),
    lists: wordLists.optional(),
  })
  .catchall(messagesByKey);

/** The folder with the locales of the program. */
export const localesFolder = join(import.meta.dirname, '../locales');

/** The direction in which a language is written. */
export const directionOf = (tag: string): 'ltr' | 'rtl' =>
  new Intl.Locale(tag).getTextInfo().direction ?? 'ltr';

/** Whether a text has letters that are written from right to left: Hebrew, Arabic and their neighbours. */
export const isRightToLeft = (text: string): boolean => rightToLeft.test(text);
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/** Whether two tags name one language, such as `en-GB` and `en-US`. */
export const isSameLanguage = (one: string, other: string): boolean =>
  one === other || new Intl.Locale(one).language === new Intl.Locale(other).language;

/**
 * Opens a locale from the text of its file, and of the files that it extends, nearest first. Messages are in ICU
 * MessageFormat. Lists of words come from the nearest file in the same language. Throws the errors of `yaml` and zod.
 */
export function openLocale(
  tag: string,
  yaml: string,
  extended: readonly { readonly tag: string; readonly yaml: string }[] = [],
) {
  const file = `locales/${tag}.yaml`;
  const chain = [{ tag, yaml }, ...extended].map((each) => {
    const { extends: _, lists, numerals, ...groups } = localeFile.parse(parse(each.yaml));
    const messages = flatten(groups, '');
    return { ...(isSameLanguage(each.tag, tag) && { lists, numerals }), messages };
  });
  const numerals = chain.find((each) => each.numerals !== undefined)?.numerals;
  const intlTag = numerals === undefined ? tag : `${tag}-u-nu-${numerals}`;
  const lists = chain.find((each) => each.lists !== undefined)?.lists;
  const messages = new Map(chain.toReversed().flatMap((each) => each.messages));
  // Parsed when first needed: a command line call needs few of them.
  const parsed = new Map<string, Parsed>();
  const find = (key: string): Parsed => {
    const known = parsed.get(key);
    if (known !== undefined) return known;
    const source = messages.get(key);
    if (source === undefined)
      throw new MessageError(`${file} has no message "${key}".`, {
        hint: 'Correct the key, or add the message to the locale.',
      });
    const message = new IntlMessageFormat(source, intlTag);
    const values = [...valuesIn(message.getAst())];
    const namesOf = (among: typeof values) => [...new Set(among.map(({ name }) => name))];
    const found = {
      message,
      names: namesOf(values),
      choosing: namesOf(values.filter((each) => each.chooses)),
    };
    parsed.set(key, found);
    return found;
  };
  /** Throws `MessageError` if there is no such key, or if a value that it needs is not among those given. */
  const require = (key: string, given: readonly string[]): void => {
    const { names } = find(key);
    const missing = names.filter((name) => !given.includes(name));
    if (missing.length > 0)
      throw new MessageError(`The message "${key}" gets no value for ${missing.join(', ')}.`, {
        hint: `It needs ${names.join(', ')}: see ${file}.`,
      });
  };
  // Making a formatter takes twenty times as long as using it.
  const formatters = new Map<string, Intl.NumberFormat>();
  const number = (value: number, options: Intl.NumberFormatOptions = {}): string => {
    const key = JSON.stringify(options);
    const formatter = formatters.get(key) ?? new Intl.NumberFormat(intlTag, options);
    formatters.set(key, formatter);
    return formatter.format(value);
  };
  /** Numbers that are printed as they are get the digits of the locale; `print` prints other values. */
  const format = (
    key: string,
    values: HtmlValues,
    { tags, print }: { tags: typeof htmlTags; print: (value: HtmlValues[string]) => unknown },
  ): string => {
    const { message, choosing } = find(key);
    const given = Object.entries(values).flatMap(([name, value]): [string, unknown][] => {
      if (value === undefined || value === null) return [];
      const chooses = choosing.includes(name);
      if (typeof value === 'number') return [[name, chooses ? value : number(value)]];
      // A keyword of ICU has no spaces.
      return [[name, print(chooses ? String(value).replaceAll(' ', '_') : value)]];
    });
    require(key, given.map(([name]) => name));
    return [message.format({ ...Object.fromEntries(given), ...tags })].flat().join('');
  };
  /** The message as plain text, without its tags. Throws `MessageError` for an unknown key or a missing value. */
  const text = (key: string, values: Values = {}): string =>
    format(key, values, { tags: plainTags, print: (value) => value });
  const list = new Intl.ListFormat(tag, { type: 'unit' });
  // A word on a web page or in a mail changes no edition.
  const shaping = [...messages].filter(([key]) => !/^(?:web|mail)\./.test(key));
  return Object.assign(datesOf(intlTag, text), {
    /** BCP 47 tag, such as `en-GB`. */
    tag,
    /** The tag with the digits of the locale, for `Intl`. */
    intlTag,
    /** The direction of its script. */
    direction: directionOf(tag),
    /** The file, named as in manifests, and as text what of it shapes an edition: all but the words of web and mail. */
    source: { file, text: JSON.stringify([shaping, lists, ...(numerals === undefined ? [] : [numerals])]) },
    keys: [...messages.keys()],
    /** The words that rules look for; undefined if the file has none. */
    lists,
    /**
     * The names of the values that a message needs, and of those that choose between words. Throws `MessageError` if
     * there is no such key.
     */
    valuesOf: (key: string) => {
      const { names, choosing } = find(key);
      return { names, choosing };
    },
    require,
    text,
    /** The message as HTML: values are escaped, and the tags `<b>` and `<i>` are kept. */
    html: (key: string, values: HtmlValues = {}): string =>
      format(key, values, {
        tags: htmlTags,
        print: (value) =>
          typeof value === 'object' ? value.toHTML() : Handlebars.escapeExpression(String(value)),
      }),
    number,
    /** `a, b, c` */
    list: (items: readonly string[]): string => list.format(items),
  });
}

const tagged = (open: string, close: string) => (parts: readonly string[]) => open + parts.join('') + close;
const htmlTags = { b: tagged('<b>', '</b>'), i: tagged('<i>', '</i>') };
const plainTags = { b: tagged('', ''), i: tagged('', '') };

function flatten(given: Messages, prefix: string): [string, string][] {
  return Object.entries(given).flatMap(([key, value]) =>
    typeof value === 'string' ? [[prefix + key, value]] : flatten(value, `${prefix}${key}.`),
  );
}

interface Parsed {
  readonly message: IntlMessageFormat;
  readonly names: readonly string[];
  /** The names of values that choose between words, or that Intl formats. */
  readonly choosing: readonly string[];
}

type Elements = ReturnType<IntlMessageFormat['getAst']>;

/** The values in a parsed message, and whether each chooses between words, or Intl formats it, as `{count, number}`. */
function* valuesIn(elements: Elements): Generator<{ readonly name: string; readonly chooses: boolean }> {
  for (const part of elements) {
    if ('children' in part) yield* valuesIn(part.children);
    else if ('value' in part && !isLiteral(part))
      yield { name: part.value, chooses: 'options' in part || 'style' in part };
    if ('options' in part) for (const { value } of Object.values(part.options)) yield* valuesIn(value);
  }
}
/** A text in a parsed message: `TYPE.literal` of @formatjs/icu-messageformat-parser. */
const isLiteral = ({ type }: { readonly type: number }): boolean => type === 0;
