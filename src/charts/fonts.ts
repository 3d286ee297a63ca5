import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashOf } from '../hash.ts';

/** One of the five font faces used on pages. */
export interface Font {
  readonly family: 'Source Serif 4' | 'Source Sans 3';
  readonly weight: 400 | 600;
  readonly style: 'normal' | 'italic';
  readonly file: string;
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

const faces = [
  ['Source Serif 4', 400, 'normal', 'source-serif/WOFF2/TTF/SourceSerif4-Regular.ttf.woff2'],
  ['Source Serif 4', 400, 'italic', 'source-serif/WOFF2/TTF/SourceSerif4-It.ttf.woff2'],
  ['Source Serif 4', 600, 'normal', 'source-serif/WOFF2/TTF/SourceSerif4-Semibold.ttf.woff2'],
  ['Source Sans 3', 400, 'normal', 'source-sans/WOFF2/TTF/SourceSans3-Regular.ttf.woff2'],
  ['Source Sans 3', 600, 'normal', 'source-sans/WOFF2/TTF/SourceSans3-Semibold.ttf.woff2'],
] as const;

/** The families that pages and charts are set in. */
export const fontFamilies: readonly string[] = [...new Set(faces.map(([family]) => family))];

export function loadFonts(): Promise<Font[]> {
  return Promise.all(
    faces.map(async ([family, weight, style, path]): Promise<Font> => {
      const file = fileURLToPath(import.meta.resolve(path));
      const bytes = await readFile(file);
      return { family, weight, style, file: basename(file), sha256: hashOf(bytes), bytes };
    }),
  );
}

/** `@font-face` rules with embedded fonts, so that a page loads nothing external. */
export function fontFaces(fonts: readonly Font[]): string {
  return fonts
    .map(
      ({ family, weight, style, bytes }) =>
        `@font-face{font-family:'${family}';font-weight:${weight};font-style:${style};` +
        `src:url(data:font/woff2;base64,${Buffer.from(bytes).toString('base64')}) format('woff2')}`,
    )
    .join('\n');
}

/**
 * The code points for which every face has a glyph. They come from the TrueType files from which the packages' WOFF2
 * files were built, because HarfBuzz does not read WOFF2.
 */
export async function commonCodePoints(): Promise<ReadonlySet<number>> {
  // Imported lazily: only pages need it, and not the process that draws charts.
  const { Blob, Face } = await import('harfbuzzjs');
  const [first = new Set<number>(), ...others] = await Promise.all(
    faces.map(async ([, , , path]) => {
      const bytes = await readFile(fileURLToPath(import.meta.resolve(trueTypeOf(path))));
      return new Set(new Face(new Blob(bytes)).collectUnicodes());
    }),
  );
  return new Set([...first].filter((point) => others.every((other) => other.has(point))));
}

const trueTypeOf = (path: string): string => path.replace('/WOFF2/', '/').replace(/\.woff2$/, '');
