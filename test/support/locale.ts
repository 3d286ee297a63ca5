import { join } from 'node:path';
import { loadLocale } from '../../src/locale.ts';

/** The words that the program prints in British English. */
export const locale = await loadLocale(join(import.meta.dirname, '../../locales'), 'en-GB');
