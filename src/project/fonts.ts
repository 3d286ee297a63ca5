import { createRequire } from 'node:module';
import { readFile, realpath, stat } from 'node:fs/promises';
import { join, posix, resolve, sep } from 'node:path';
import { inflateSync } from 'node:zlib';
import { z } from 'zod';
import type { Fault } from '../errors.ts';
import { hashOf } from '../hash.ts';

const file = z.string().trim().min(1);
/** A file in `fonts/`, or in an npm package of the project, such as `@fontsource/x/files/x-latin-400-normal.woff`. */
export const fontSettings = z.strictObject({
  serif: z.strictObject({ regular: file, italic: file, semibold: file }).optional(),
  sans: z.strictObject({ regular: file, semibold: file }).optional(),
});
type FontSettings = z.output<typeof fontSettings>;

/** One of the publisher's faces. */
export interface OwnFont {
  readonly family: 'Own Serif' | 'Own Sans';
  readonly weight: 400 | 600;
  readonly style: 'normal' | 'italic';
  /** As `sitrep.yaml` names it. */
  readonly file: string;
  /** The whole path, for the process that measures charts. */
  readonly path: string;
  readonly sha256: string;
  /** The name that PDFs use. */
  readonly postScriptName: string;
  readonly bytes: Uint8Array;
}

const MOST_BYTES = 2_000_000;
const styles = {
  regular: { weight: 400, style: 'normal' },
  italic: { weight: 400, style: 'italic' },
  semibold: { weight: 600, style: 'normal' },
} as const;

/** Reads the publisher's fonts. A file that is missing or no font is a fault, whose field is its key. */
export async function readFonts(
  root: string,
  { serif, sans }: FontSettings,
): Promise<{ fonts: OwnFont[]; faults: Fault[] }> {
  const faults: Fault[] = [];
  const wanted = [
    ...Object.entries(serif ?? {}).map(([key, name]) => ['serif', key, name] as const),
    ...Object.entries(sans ?? {}).map(([key, name]) => ['sans', key, name] as const),
  ];
  const fonts: OwnFont[] = [];
  for (const [role, key, name] of wanted) {
    const refuse = (problem: string, hint: string) =>
      void faults.push({ field: `fonts.${role}.${key}`, problem, hint });
    const path = await placeOf(root, name);
    const size = path === undefined ? undefined : await stat(path).catch(() => undefined);
    if (path === undefined || !size?.isFile()) {
      refuse(`There is no font "${name}".`, 'Put the file into fonts/, or install the package that has it.');
      continue;
    }
    if (size.size > MOST_BYTES) {
      refuse(
        `"${name}" is larger than ${MOST_BYTES / 1e6} MB.`,
        'Use a subset: every page contains the whole font.',
      );
      continue;
    }
    const bytes = await readFile(path);
    const postScriptName = postScriptNameOf(bytes);
    if (postScriptName === undefined) {
      refuse(
        `"${name}" is not TrueType, OpenType or WOFF.`,
        'Use a .ttf, .otf or .woff file of the same font.',
      );
      continue;
    }
    const family = role === 'serif' ? 'Own Serif' : 'Own Sans';
    const face = styles[key === 'italic' || key === 'semibold' ? key : 'regular'];
    fonts.push({ family, ...face, file: name, path, sha256: hashOf(bytes), postScriptName, bytes });
  }
  return { fonts, faults };
}

async function placeOf(root: string, name: string): Promise<string | undefined> {
  if (!name.startsWith('fonts/')) {
    try {
      return createRequire(join(resolve(root), 'package.json')).resolve(name);
    } catch {
      return undefined;
    }
  }
  const [folder, place] = await Promise.all(
    ['fonts', posix.normalize(name)].map((each) => realpath(join(root, each)).catch(() => undefined)),
  );
  return folder !== undefined && place?.startsWith(folder + sep) ? place : undefined;
}

/** Name 6 of the table `name` (ISO 14496-22, 5.2.5); undefined if the file is no font, or WOFF 2.0. */
function postScriptNameOf(font: Buffer): string | undefined {
  try {
    const isWoff = font.toString('latin1', 0, 4) === 'wOFF';
    const [count, start, step] = isWoff ? [font.readUInt16BE(12), 44, 20] : [font.readUInt16BE(4), 12, 16];
    for (let at = start; at < start + count * step; at += step) {
      if (font.toString('latin1', at, at + 4) !== 'name') continue;
      const offset = font.readUInt32BE(at + (isWoff ? 4 : 8));
      const length = font.readUInt32BE(at + (isWoff ? 8 : 12));
      const packed = font.subarray(offset, offset + length);
      return nameIn(isWoff && length !== font.readUInt32BE(at + 12) ? inflateSync(packed) : packed);
    }
  } catch {
    // It ends too early, or cannot be unpacked.
  }
  return undefined;
}

function nameIn(table: Buffer): string | undefined {
  const strings = table.readUInt16BE(4);
  for (let at = 6; at < 6 + 12 * table.readUInt16BE(2); at += 12) {
    if (table.readUInt16BE(at + 6) !== 6) continue;
    const offset = strings + table.readUInt16BE(at + 10);
    const text = table.subarray(offset, offset + table.readUInt16BE(at + 8));
    // PostScript names are ASCII, on Windows in UTF-16.
    return text.toString('latin1').replaceAll('\0', '');
  }
  return undefined;
}

/** `@font-face` rules of the publisher's fonts. */
export const ownFontFaces = (fonts: readonly OwnFont[]): string =>
  fonts
    .map(
      ({ family, weight, style, bytes }) =>
        `@font-face{font-family:'${family}';font-weight:${weight};font-style:${style};` +
        `src:url(data:font/sfnt;base64,${Buffer.from(bytes).toString('base64')})}`,
    )
    .join('\n');

/**
 * The publisher's family and, for letters that it lacks, the program's, as in CSS. So no page has fewer letters with
 * fonts of its own.
 */
export const familiesOf = (fonts: readonly OwnFont[]): { serif: string; sans: string } => {
  const before = (family: OwnFont['family']) =>
    fonts.some((font) => font.family === family) ? `'${family}', ` : '';
  return { serif: `${before('Own Serif')}'Source Serif 4'`, sans: `${before('Own Sans')}'Source Sans 3'` };
};
