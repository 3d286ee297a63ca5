import { PDFName, PDFRawStream, type PDFDict } from '@cantoo/pdf-lib';
import type { StreamReader } from './pdf-streams.ts';

/** Of the two bytes in which Chromium writes a glyph: a range that somebody wrote may end anywhere. */
const LAST_CODE = 0xffff;

/** The text of each glyph, from the font's CMap (ISO 32000-2, 9.10.3). */
export function readToUnicode(font: PDFDict, decode: StreamReader): Map<number, string> {
  const stream = font.lookup(PDFName.of('ToUnicode'));
  const glyphs = new Map<number, string>();
  if (!(stream instanceof PDFRawStream)) return glyphs;
  const map = decode(stream);
  const utf16 = (hex: string): string =>
    String.fromCharCode(...(hex.match(/.{4}/g) ?? []).map((unit) => Number.parseInt(unit, 16)));
  for (const body of blocksOf(map, 'bfchar'))
    for (const [, code = '', text = ''] of body.matchAll(/<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>/g))
      glyphs.set(Number.parseInt(code, 16), utf16(text));
  for (const body of blocksOf(map, 'bfrange'))
    for (const [, first = '', last = '', text = ''] of body.matchAll(
      /<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>/g,
    )) {
      const [from, to, start] = [first, last, text].map((hex) => Number.parseInt(hex, 16));
      for (let code = from ?? 0; code <= Math.min(to ?? -1, LAST_CODE); code += 1)
        glyphs.set(code, String.fromCodePoint((start ?? 0) + code - (from ?? 0)));
    }
  return glyphs;
}

/** What stands between the words that begin and end a kind of block; no pattern, which would search what never ends. */
function blocksOf(map: string, kind: 'bfchar' | 'bfrange'): string[] {
  return map
    .split(`end${kind}`)
    .slice(0, -1)
    .map((text) => text.slice(text.lastIndexOf(`begin${kind}`)));
}
