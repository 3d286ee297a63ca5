import type { Locale } from '../../src/locale.ts';
import { loadLocale } from '../../src/project/locales.ts';

/** A locale of the program. */
export async function localeOf(tag: string): Promise<Locale> {
  const faults: { problem: string; hint: string }[] = [];
  const found = await loadLocale(tag, { faults });
  if (found === undefined) throw new Error(JSON.stringify(faults));
  return found;
}

/** The words that the program prints in British English. */
export const locale = await localeOf('en-GB');
