import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Handlebars from 'handlebars';
import { IntlMessageFormat } from 'intl-messageformat';
import { parse } from 'yaml';
import { z } from 'zod';

type Value = string | number;
export type Values = Readonly<Record<string, Value>>;

/** The words of one language, by key, such as `page.endnotes.nothing`. */
export interface Locale {
  /** BCP 47 tag, such as `en-GB`. */
  readonly tag: string;
  readonly keys: readonly string[];
  /** The message as plain text, without its tags. Throws if there is no such key, or if a value is missing. */
  text(key: string, values?: Values): string;
  /** The message as HTML: values are escaped, and the tags `<b>` and `<i>` are kept. */
  html(key: string, values?: Values): string;
}

type Words = { readonly [key: string]: string | Words };
const words: z.ZodType<Words> = z.lazy(() => z.record(z.string(), z.union([z.string(), words])));

/** Reads `<folder>/<tag>.yaml`. Messages are in ICU MessageFormat. */
export async function loadLocale(folder: string, tag: string): Promise<Locale> {
  return openLocale(tag, await readFile(join(folder, `${tag}.yaml`), 'utf8'));
}

/** As `loadLocale`, from the file's text. */
export function openLocale(tag: string, yaml: string): Locale {
  const messages = new Map(flatten(words.parse(parse(yaml)), ''));
  // Parsed when first needed: a command line call needs few of them.
  const parsed = new Map<string, IntlMessageFormat>();
  const format = (key: string, values: Record<string, unknown>): string => {
    let message = parsed.get(key);
    if (message === undefined) {
      const source = messages.get(key);
      if (source === undefined) throw new Error(`locales/${tag}.yaml has no message "${key}".`);
      message = new IntlMessageFormat(source, tag);
      parsed.set(key, message);
    }
    return [message.format(values)].flat().join('');
  };
  return {
    tag,
    keys: [...messages.keys()],
    text: (key, values = {}) => format(key, { ...values, ...plainTags }),
    html: (key, values = {}) =>
      format(key, {
        ...Object.fromEntries(
          Object.entries(values).map(([name, value]) => [
            name,
            typeof value === 'number' ? value : Handlebars.escapeExpression(value),
          ]),
        ),
        ...htmlTags,
      }),
  };
}

const tagged = (open: string, close: string) => (parts: readonly string[]) => open + parts.join('') + close;
const htmlTags = { b: tagged('<b>', '</b>'), i: tagged('<i>', '</i>') };
const plainTags = { b: tagged('', ''), i: tagged('', '') };

function flatten(given: Words, prefix: string): [string, string][] {
  return Object.entries(given).flatMap(([key, value]) =>
    typeof value === 'string'
      ? [[prefix + key, value] satisfies [string, string]]
      : flatten(value, `${prefix}${key}.`),
  );
}
