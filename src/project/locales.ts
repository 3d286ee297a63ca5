import { readdir, readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { type Fault, meantBy, similarTo } from '../errors.ts';
import { type Locale, localeFile, localesFolder, openLocale, usualLanguage } from '../locale.ts';
import { parseYaml } from '../parse-yaml.ts';
import type { SourceFile } from './brief.ts';
import { located } from './source-files.ts';

/** Opening a locale takes far longer than reading its files, which may change while a preview runs. */
const opened = new Map<string, { readonly locale: Locale | undefined; readonly faults: readonly Fault[] }>();

/** `place` is the folder of the file. */
type LocaleSource = SourceFile & { readonly tag: string; readonly place: string };

/**
 * The locale `tag`, from the folder `own` (a project's `locales/`) or the program's; a file in `own` takes precedence. A
 * file that extends another needs only the messages that differ, and one that extends its own language extends the
 * program's file. Undefined if there is no usable locale; the reasons are added to `faults`. `named` is the file whose
 * key `language` names it.
 */
export async function loadLocale(
  tag: string,
  { own, faults, named }: { own?: string | undefined; faults: Fault[]; named?: SourceFile | undefined },
): Promise<Locale | undefined> {
  const places = own === undefined ? [localesFolder] : [own, localesFolder];
  const chain: LocaleSource[] = [];
  let [wanted, among]: [string | undefined, readonly string[]] = [tag, places];
  while (wanted !== undefined) {
    const found = await findLocale(wanted, among);
    if (found === undefined || chain.some(({ file }) => file === found.file)) {
      const from = chain.at(-1);
      const fault = {
        ...(from ? { file: from.file, field: 'extends' } : { file: named?.file, field: 'language' }),
        problem: found ? `"${wanted}" extends itself.` : `There is no locale "${wanted}".`,
        hint: found
          ? 'Remove one "extends" of the circle.'
          : `${meantBy(wanted, await languagesIn(places))} docs/locales.md says how to add a language.`,
      };
      const source = from ?? named;
      faults.push(...(source ? located([fault], source) : [fault]));
      return undefined;
    }
    chain.push(found);
    const [, extended]: (string | undefined)[] = /^extends: *['"]?([\w-]+)/m.exec(found.text) ?? [];
    among = extended === wanted ? places.slice(places.indexOf(found.place) + 1) : places;
    wanted = extended;
  }
  const key = JSON.stringify([tag, chain]);
  const known = opened.get(key) ?? (await openChain(tag, chain, own));
  opened.set(key, known);
  faults.push(...known.faults);
  return known.faults.length > 0 ? undefined : known.locale;
}

async function findLocale(tag: string, places: readonly string[]): Promise<LocaleSource | undefined> {
  for (const place of places) {
    const file = posix.join(place, `${tag}.yaml`);
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) return { tag, place, file, text };
  }
  return undefined;
}

async function languagesIn(places: readonly string[]): Promise<string[]> {
  const names = await Promise.all(places.map((place) => readdir(place).catch((): string[] => [])));
  const files = names.flat().filter((name) => name.endsWith('.yaml'));
  return [...new Set(files.map((name) => name.slice(0, -'.yaml'.length)))].toSorted();
}

/** The program's own files have no faults: the tests check them. */
async function openChain(tag: string, chain: readonly LocaleSource[], own: string | undefined) {
  const faults: Fault[] = [];
  for (const source of chain) if (source.place === own) parseYaml(source, localeFile, { faults, hint });
  const [first, ...others] = chain.map((each) => ({ tag: each.tag, yaml: each.text }));
  if (faults.length > 0 || first === undefined) return { locale: undefined, faults };
  const locale = openLocale(tag, first.yaml, others);
  const [source] = chain;
  if (source && source.place === own) {
    const model = await loadLocale(usualLanguage, { faults });
    if (model) faults.push(...located(messageFaults(source.file, locale, model), source));
  }
  return { locale, faults };
}

const hint = 'See docs/locales.md.';

/** Where the messages of a locale differ from those that the program prints, which are those of `model`. */
export function messageFaults(file: string, locale: Locale, model: Locale): Fault[] {
  const missing = model.keys.filter((key) => !locale.keys.includes(key));
  const faults: Fault[] = [];
  if (missing.length > 0)
    faults.push({
      file,
      problem: `${missing.length === 1 ? 'A message is' : `${missing.length} messages are`} missing: ${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ' …' : ''}.`,
      hint: `Add ${missing.length === 1 ? 'it' : 'them'}, or write "extends: ${usualLanguage}" to print what is missing in that language.`,
    });
  for (const field of locale.keys) {
    if (!model.keys.includes(field)) {
      const meant = similarTo(field, model.keys);
      faults.push({
        file,
        field,
        problem: `No page prints a message "${field}".`,
        hint: meant === undefined ? 'Remove it, or correct its name.' : `Did you mean "${meant}"?`,
      });
      continue;
    }
    try {
      const [given, known] = [locale.valuesOf(field), model.valuesOf(field)].map(({ names }) => names);
      const unknown = given?.filter((name) => !known?.includes(name)) ?? [];
      if (unknown.length > 0)
        faults.push({
          file,
          field,
          problem: `The message has no value ${unknown.map((name) => `{${name}}`).join(', ')}.`,
          hint: known?.length === 0 ? 'It has no values.' : `Its values are {${known?.join('}, {')}}.`,
        });
    } catch (cause) {
      const problem = `The message cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`;
      faults.push({ file, field, problem, hint: 'Correct its braces and tags: see docs/locales.md.' });
    }
  }
  return faults;
}
