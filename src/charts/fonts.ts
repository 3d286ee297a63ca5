import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import { hashOf } from '../hash.ts';

/** One of the five faces that pages are set in. */
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

/** Loads the faces. */
export function loadFonts(): Promise<Font[]> {
  return Promise.all(
    faces.map(async ([family, weight, style, path]): Promise<Font> => {
      const file = fileURLToPath(import.meta.resolve(path));
      const bytes = await readFile(file);
      return { family, weight, style, file: basename(file), sha256: hashOf(bytes), bytes };
    }),
  );
}

/** `@font-face` rules with the fonts in them, so that a page needs nothing from outside. */
export function fontFaces(fonts: readonly Font[]): string {
  return fonts
    .map(
      ({ family, weight, style, bytes }) =>
        `@font-face{font-family:'${family}';font-weight:${weight};font-style:${style};` +
        `src:url(data:font/woff2;base64,${Buffer.from(bytes).toString('base64')}) format('woff2')}`,
    )
    .join('\n');
}

/** The code points for which each of the fonts (WOFF2) has a glyph. */
export function commonCodePoints(fonts: readonly Uint8Array[]): ReadonlySet<number> {
  const [first = new Set<number>(), ...others] = fonts.map(codePointsOf);
  return new Set([...first].filter((point) => others.every((other) => other.has(point))));
}

/** The code points that a font's `cmap` leads to a glyph. Throws where the file is no WOFF2 with a Unicode `cmap`. */
export function codePointsOf(woff2: Uint8Array): Set<number> {
  const cmap = readTable(woff2, 'cmap');
  if (cmap === undefined) throw new Error('The font has no cmap.');
  const points = new Set<number>();
  for (let record = 0; record < cmap.getUint16(2); record += 1) {
    const at = cmap.getUint32(4 + record * 8 + 4);
    const format = cmap.getUint16(at);
    if (format === 4) addSegments(cmap, at, points);
    else if (format === 12) addGroups(cmap, at, points);
  }
  return points;
}

/** Tags by their number in the directory of a WOFF2 file (W3C WOFF 2.0, 4.1, table "Known table tags"). */
const knownTags =
  `cmap head hhea hmtx maxp name OS/2 post cvt_ fpgm glyf loca prep CFF_ VORG EBDT EBLC gasp hdmx kern LTSH PCLT VDMX
  vhea vmtx BASE GDEF GPOS GSUB EBSC JSTF MATH CBDT CBLC COLR CPAL SVG_ sbix acnt avar bdat bloc bsln cvar fdsc feat
  fmtx fvar gvar hsty just lcar mort morx opbd prop trak Zapf Silf Glat Gloc Feat Sill`.split(/\s+/);

/**
 * One table of a WOFF2 file. Only `glyf`, `loca` and `hmtx` are ever stored in a form of their own; all tables lie one
 * behind the other in a single Brotli stream.
 */
function readTable(woff2: Uint8Array, wanted: string): DataView | undefined {
  const file = viewOf(woff2);
  if (file.getUint32(0) !== 0x774f4632) throw new Error('The font is not WOFF2.');
  const tables = file.getUint16(12);
  let position = 48;
  let offset = 0;
  let found: { offset: number; length: number } | undefined;
  /** UIntBase128: seven bits a byte, the highest bit says that another follows. */
  const readLength = (): number => {
    for (let value = 0; ;) {
      const byte = file.getUint8(position++);
      value = value * 128 + (byte & 0x7f);
      if (byte < 0x80) return value;
    }
  };
  for (let table = 0; table < tables; table += 1) {
    const flags = file.getUint8(position++);
    const known = flags & 0x3f;
    let tag = knownTags[known];
    if (known === 0x3f) {
      tag = Buffer.from(woff2.subarray(position, position + 4)).toString('latin1');
      position += 4;
    }
    const transform = flags >> 6;
    const original = readLength();
    const transformed = tag === 'glyf' || tag === 'loca' ? transform !== 3 : transform !== 0;
    const length = transformed ? readLength() : original;
    if (tag === wanted) found = { offset, length };
    offset += length;
  }
  if (found === undefined) return undefined;
  const stream = woff2.subarray(position, position + file.getUint32(20));
  const all = brotliDecompressSync(stream);
  return viewOf(all.subarray(found.offset, found.offset + found.length));
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** OpenType 1.9, cmap, format 4: segments with a delta, or with an offset into a list of glyphs. */
function addSegments(cmap: DataView, at: number, points: Set<number>): void {
  const doubled = cmap.getUint16(at + 6);
  const [ends, starts, deltas, ranges] = [
    at + 14,
    at + 16 + doubled,
    at + 16 + 2 * doubled,
    at + 16 + 3 * doubled,
  ];
  for (let segment = 0; segment < doubled; segment += 2) {
    const start = cmap.getUint16(starts + segment);
    const end = cmap.getUint16(ends + segment);
    const range = cmap.getUint16(ranges + segment);
    for (let point = start; point <= end && point < 0xffff; point += 1) {
      const listed = range === 0 ? point : cmap.getUint16(ranges + segment + range + (point - start) * 2);
      const glyph = listed === 0 ? 0 : (listed + cmap.getUint16(deltas + segment)) & 0xffff;
      if (glyph !== 0) points.add(point);
    }
  }
}

/** Format 12: groups of consecutive code points. */
function addGroups(cmap: DataView, at: number, points: Set<number>): void {
  const groups = cmap.getUint32(at + 12);
  for (let group = 0; group < groups; group += 1) {
    const base = at + 16 + group * 12;
    const [start, end, glyph] = [cmap.getUint32(base), cmap.getUint32(base + 4), cmap.getUint32(base + 8)];
    for (let point = start; point <= end; point += 1) if (glyph + point - start !== 0) points.add(point);
  }
}
