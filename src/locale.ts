import { join } from 'node:path';
import Handlebars from 'handlebars';
import { IntlMessageFormat } from 'intl-messageformat';
import { parse } from 'yaml';
import { z } from 'zod';
import { type Dates, datesOf } from './locale-dates.ts';

type Value = string | number;
type Values = Readonly<Record<string, Value>>;
/** Values that are HTML already, such as the results of template helpers, are not escaped. */
type HtmlValues = Readonly<Record<string, Value | { toHTML(): string }>>;

/** The words of one language, by key, such as `page.endnotes.number`. */
export interface Locale extends Dates {
  /** BCP 47 tag, such as `en-GB`. */
  readonly tag: string;
  /** The tag with the digits of the locale, for `Intl`. */
  readonly intlTag: string;
  /** The direction of its script. */
  readonly direction: 'ltr' | 'rtl';
  /** The file, named as in manifests, and as text what of it shapes an edition: all but the words of web and mail. */
  readonly source: { readonly file: string; readonly text: string };
  readonly keys: readonly string[];
  /**
   * The names of the values that a message needs, and of those that choose between words. Throws `MessageError` if there
   * is no such key.
   */
  readonly valuesOf: (key: string) => {
    readonly names: readonly string[];
    readonly choosing: readonly string[];
  };
  /** Throws `MessageError` if there is no such key, or if a value that it needs is not among those given. */
  readonly require: (key: string, given: readonly string[]) => void;
  /** The message as plain text, without its tags. Throws `MessageError` for an unknown key or a missing value. */
  readonly text: (key: string, values?: Values) => string;
  /** The message as HTML: values are escaped, and the tags `<b>` and `<i>` are kept. */
  readonly html: (key: string, values?: HtmlValues) => string;
  readonly number: (value: number, options?: Intl.NumberFormatOptions) => string;
  /** `a, b, c` */
  readonly list: (items: readonly string[]) => string;
  /** The words that rules look for; undefined if the file has none. */
  readonly lists: WordLists | undefined;
}

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
type WordLists = z.output<typeof wordLists>;

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

/** TypeScript does not know this method yet; all supported versions of Node have it. */
declare global {
  namespace Intl {
    interface Locale {
      getTextInfo(): { readonly direction: 'ltr' | 'rtl' };
    }
  }
}

/** The direction in which a language is written. */
export const directionOf = (tag: string): Locale['direction'] => new Intl.Locale(tag).getTextInfo().direction;

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
): Locale {
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
    const found = { message, ...namesIn(message.getAst()) };
    parsed.set(key, found);
    return found;
  };
  const require = (key: string, given: readonly string[]): void => {
    const { names } = find(key);
    const missing = names.filter((name) => !given.includes(name));
    if (missing.length > 0)
      throw new MessageError(`The message "${key}" gets no value for ${missing.join(', ')}.`, {
        hint: `It needs ${names.join(', ')}: see ${file}.`,
      });
  };
  const format = (key: string, { message }: Parsed, values: Record<string, unknown>): string => {
    const given = Object.keys(values).filter((name) => values[name] !== undefined && values[name] !== null);
    require(key, given);
    return [message.format(values)].flat().join('');
  };
  const number = new Intl.NumberFormat(intlTag);
  // Making a formatter takes twenty times as long as using it.
  const formatters = new Map<string, Intl.NumberFormat>();
  const numberWith = (options: Intl.NumberFormatOptions): Intl.NumberFormat => {
    const key = JSON.stringify(options);
    const formatter = formatters.get(key) ?? new Intl.NumberFormat(intlTag, options);
    formatters.set(key, formatter);
    return formatter;
  };
  /** Numbers that are printed as they are get the digits of the locale. */
  const printed = (
    values: HtmlValues,
    { choosing }: Parsed,
    print: (value: Values[string] | { toHTML(): string }) => unknown,
  ) =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]): [string, unknown] => {
        // A keyword of ICU has no spaces.
        if (choosing.includes(name))
          return [name, typeof value === 'number' ? value : print(String(value).replaceAll(' ', '_'))];
        return [name, typeof value === 'number' ? number.format(value) : print(value)];
      }),
    );
  const text: Locale['text'] = (key, values = {}) => {
    const found = find(key);
    return format(key, found, { ...printed(values, found, (value) => value), ...plainTags });
  };
  const list = new Intl.ListFormat(tag, { type: 'unit' });
  return Object.assign(datesOf(intlTag, text), {
    tag,
    intlTag,
    direction: directionOf(tag),
    // A word on a web page or in a mail changes no edition.
    source: { file, text: shapingText(messages, lists, numerals) },
    keys: [...messages.keys()],
    lists,
    valuesOf: find,
    require,
    text,
    html: (key: string, values: HtmlValues = {}) => {
      const found = find(key);
      const escaped = printed(values, found, (value) =>
        typeof value === 'object' ? value.toHTML() : Handlebars.escapeExpression(String(value)),
      );
      return format(key, found, { ...escaped, ...htmlTags });
    },
    number: (value: number, options?: Intl.NumberFormatOptions) =>
      (options === undefined ? number : numberWith(options)).format(value),
    list: (items: readonly string[]) => list.format(items),
  });
}

const shapingText = (
  messages: ReadonlyMap<string, string>,
  lists: WordLists | undefined,
  numerals: string | undefined,
): string =>
  JSON.stringify(
    [[...messages].filter(([key]) => !/^(?:web|mail)\./.test(key)), lists, numerals].slice(
      0,
      numerals === undefined ? 2 : 3,
    ),
  );

const tagged = (open: string, close: string) => (parts: readonly string[]) => open + parts.join('') + close;
const htmlTags = { b: tagged('<b>', '</b>'), i: tagged('<i>', '</i>') };
const plainTags = { b: tagged('', ''), i: tagged('', '') };

function flatten(given: Messages, prefix: string): [string, string][] {
  return Object.entries(given).flatMap(([key, value]) =>
    typeof value === 'string'
      ? [[prefix + key, value] satisfies [string, string]]
      : flatten(value, `${prefix}${key}.`),
  );
}

interface Parsed {
  readonly message: IntlMessageFormat;
  readonly names: readonly string[];
  /** The names of values that choose between words, or that Intl formats. */
  readonly choosing: readonly string[];
}

type Elements = ReturnType<IntlMessageFormat['getAst']>;

/** The names of the values in a parsed message. */
function namesIn(elements: Elements): Pick<Parsed, 'names' | 'choosing'> {
  const names = new Set<string>();
  const choosing = new Set<string>();
  const read = (parts: Elements): void => {
    for (const part of parts) {
      if ('children' in part) read(part.children);
      else if ('options' in part) {
        names.add(part.value);
        choosing.add(part.value);
        for (const option of Object.values(part.options)) read(option.value);
      } else if ('value' in part && !isLiteral(part)) {
        names.add(part.value);
        // `{count, number}`
        if ('style' in part) choosing.add(part.value);
      }
    }
  };
  read(elements);
  return { names: [...names], choosing: [...choosing] };
}
/** A text in a parsed message: `TYPE.literal` of @formatjs/icu-messageformat-parser. */
const isLiteral = ({ type }: { readonly type: number }): boolean => type === 0;
