import { testCacheFolder } from './cache.ts';
import { openPrinter, type Printer } from '../../src/pdf/browser/print.ts';
import { loadMaterial } from '../../src/production/material.ts';

/** The browser, as the program opens it: with the fonts of every page, which each page would bring and read otherwise. */
export async function openWarmPrinter(): Promise<Printer> {
  const { fontFaces } = await loadMaterial();
  return openPrinter({ cacheFolder: testCacheFolder, fontFaces });
}

/** Prints each page once. That it has the same bytes when it is printed again is shown by test/same-bytes.test.ts. */
export function rememberedPrinting(print: Printer['print']): Printer['print'] {
  const printed = new Map<string, Uint8Array>();
  return async (html, options) => {
    const found = printed.get(html);
    if (found !== undefined) {
      options.onBegun?.();
      return found;
    }
    const pdf = await print(html, options);
    printed.set(html, pdf);
    return pdf;
  };
}
