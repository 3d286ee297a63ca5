import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inflateSync } from 'node:zlib';
import { hashOf } from '../hash.ts';

/** A font face used on pages. */
export interface Font {
  /** The name that style sheets use. A face of another script extends a family under the family's own name. */
  readonly family: 'Source Serif 4' | 'Source Sans 3';
  readonly weight: 400 | 600;
  readonly style: 'normal' | 'italic';
  readonly file: string;
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

type Face = readonly [Font['family'], Font['weight'], Font['style'], path: string];

const faces: readonly Face[] = [
  ['Source Serif 4', 400, 'normal', 'source-serif/WOFF2/TTF/SourceSerif4-Regular.ttf.woff2'],
  ['Source Serif 4', 400, 'italic', 'source-serif/WOFF2/TTF/SourceSerif4-It.ttf.woff2'],
  ['Source Serif 4', 600, 'normal', 'source-serif/WOFF2/TTF/SourceSerif4-Semibold.ttf.woff2'],
  ['Source Sans 3', 400, 'normal', 'source-sans/WOFF2/TTF/SourceSans3-Regular.ttf.woff2'],
  ['Source Sans 3', 600, 'normal', 'source-sans/WOFF2/TTF/SourceSans3-Semibold.ttf.woff2'],
];

/** Only pages with such letters embed these faces. Naskh has no italic, so its italic is upright. */
const arabicFaces = faces.map(([family, weight, style]): Face => {
  const name = family === 'Source Serif 4' ? 'noto-naskh-arabic' : 'noto-sans-arabic';
  return [family, weight, style, `@fontsource/${name}/files/${name}-arabic-${weight}-normal.woff2`];
});

/** The blocks of Arabic letters, digits and presentation forms: pairs of the first and last code point. */
const arabicBlocks = [
  [0x0600, 0x06ff],
  [0x0750, 0x077f],
  [0x0870, 0x08ff],
  [0xfb50, 0xfdff],
  [0xfe70, 0xfefc],
] as const;

/** Whether a text needs the Arabic faces. */
export const isArabic = (text: string): boolean => arabicLetters.test(text);
const arabicLetters = new RegExp(
  `[${arabicBlocks.map((block) => block.map((point) => String.fromCodePoint(point)).join('-')).join('')}]`,
);

/** The families that pages and charts are set in. */
export const fontFamilies: readonly string[] = [...new Set(faces.map(([family]) => family))];

/** The beginnings of the PostScript names of all faces, which PDFs use. */
export const postScriptFamilies: readonly string[] = [
  ...fontFamilies.map((family) => family.replaceAll(' ', '')),
  'NotoNaskhArabic',
  'NotoSansArabic',
];

/** The family of the canvas that measures Arabic in charts; in the page, the sans contains it. */
export const arabicChartFamily = 'Noto Sans Arabic';

export const loadFonts = (): Promise<Font[]> => Promise.all(faces.map(loadFace));
export const loadArabicFonts = (): Promise<Font[]> => Promise.all(arabicFaces.map(loadFace));

async function loadFace([family, weight, style, path]: Face): Promise<Font> {
  const file = fileOf(path);
  const bytes = await readFile(file);
  return { family, weight, style, file: basename(file), sha256: hashOf(bytes), bytes };
}
const fileOf = (path: string): string => fileURLToPath(import.meta.resolve(path));

/** `@font-face` rules with embedded fonts, so that a page loads nothing external. */
export const fontFaces = (fonts: readonly Font[], rangeOf: (font: Font) => string = () => ''): string =>
  fonts
    .map((font) => {
      const { family, weight, style, bytes } = font;
      const url = `data:font/woff2;base64,${Buffer.from(bytes).toString('base64')}`;
      return `@font-face{font-family:'${family}';font-weight:${weight};font-style:${style};${rangeOf(font)}src:url(${url}) format('woff2')}`;
    })
    .join('\n');

/**
 * As `fontFaces`, for Arabic letters alone: spaces and Latin letters stay in the family's own faces. Naskh is drawn small
 * and gets the size of the serif; the sans keeps its own, because the canvas that measures charts cannot adjust it.
 */
export const arabicFontFaces = (fonts: readonly Font[]): string =>
  fontFaces(fonts, ({ family }) => {
    const size = family === 'Source Serif 4' ? 'size-adjust:112%;' : '';
    return `unicode-range:${arabicRange};${size}`;
  });
const arabicRange = arabicBlocks
  .map((block) => `U+${block.map((point) => point.toString(16).toUpperCase().padStart(4, '0')).join('-')}`)
  .join(',');

/**
 * The code points that can be printed in every style: those of every face of a family, and the Arabic ones of every
 * Arabic face. They come from the files from which the packages' WOFF2 files were built, or that were built like them,
 * because HarfBuzz does not read WOFF2.
 */
export async function printableCodePoints(): Promise<ReadonlySet<number>> {
  const [latin, arabic] = await Promise.all([
    pointsOfEvery(faces.map(([, , , path]) => readFile(fileOf(trueTypeOf(path))))),
    pointsOfEvery(
      arabicFaces.map(async ([, , , path]) => trueTypeIn(await readFile(fileOf(path.replace(/2$/, ''))))),
    ),
  ]);
  return new Set([...latin, ...arabic.filter((point) => isArabic(String.fromCodePoint(point)))]);
}

const trueTypeOf = (path: string): string => path.replace('/WOFF2/', '/').replace(/\.woff2$/, '');

async function pointsOfEvery(fonts: readonly Promise<Uint8Array>[]): Promise<number[]> {
  // Imported lazily: only pages need it, and not the process that draws charts.
  const { Blob, Face } = await import('harfbuzzjs');
  const [first = new Set<number>(), ...others] = (await Promise.all(fonts)).map(
    (bytes) => new Set(new Face(new Blob(bytes)).collectUnicodes()),
  );
  return [...first].filter((point) => others.every((other) => other.has(point)));
}

/** Unpacks WOFF 1.0 (W3C, 2012), which is a TrueType file with each table compressed. */
function trueTypeIn(woff: Buffer): Uint8Array {
  const count = woff.readUInt16BE(12);
  const header = Buffer.alloc(12 + 16 * count);
  woff.copy(header, 0, 4, 8);
  header.writeUInt16BE(count, 4);
  const tables: Buffer[] = [];
  let length = header.length;
  for (let index = 0; index < count; index += 1) {
    const at = 44 + 20 * index;
    const [offset, packed, whole] = [4, 8, 12].map((field) => woff.readUInt32BE(at + field));
    const table = woff.subarray(offset ?? 0, (offset ?? 0) + (packed ?? 0));
    const plain = packed === whole ? table : inflateSync(table);
    woff.copy(header, 12 + 16 * index, at, at + 4);
    for (const [field, value] of [woff.readUInt32BE(at + 16), length, plain.length].entries())
      header.writeUInt32BE(value, 16 + 16 * index + 4 * field);
    const padded = Buffer.concat([plain], Math.ceil(plain.length / 4) * 4);
    tables.push(padded);
    length += padded.length;
  }
  return Buffer.concat([header, ...tables]);
}
