import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import {
  arabicFontFaces,
  type Font,
  fontFaces,
  loadArabicFonts,
  loadFonts,
  printableCodePoints,
} from '../charts/fonts.ts';
import { hashOf } from '../hash.ts';
import { filesBelow } from '../project/source-files.ts';
import type { Material } from '../render/edition.ts';
import type { Part, Versions } from '../render/manifest.ts';

/**
 * A name for the program that changes with it: a hash over its own files (sources in a checkout, compiled files
 * otherwise), the lock file (which pins every library and the packaged browser), and the path of a browser that the
 * user chose. An edition from another engine is rendered again.
 */
export async function nameEngine(
  folder: string,
  { browserPath = '' }: { browserPath?: string | undefined },
): Promise<string> {
  const within = async (name: string) =>
    (await filesBelow(join(folder, name))).map((file) => join(name, file));
  const names = await within('src').catch(() => within('dist'));
  // Our own lock file in a checkout; in an installation, npm's record of the packages installed beside the program.
  const locks = ['package-lock.json', '../.package-lock.json'];
  const lock = locks.find((name) => existsSync(join(folder, name))) ?? [];
  const files = ['package.json', lock, names].flat().map((name) => join(folder, name));
  const hashes = await Promise.all(files.map(async (file) => hashOf(await readFile(file))));
  return hashOf([...hashes, browserPath].join('\n'));
}

/** The fonts and library versions that every edition uses. */
export async function loadMaterial(): Promise<Material> {
  const [fonts, arabicFonts, glyphs, versions] = await Promise.all([
    loadFonts(),
    loadArabicFonts(),
    printableCodePoints(),
    readVersions(),
  ]);
  const [faces, arabicFaces] = [fontFaces(fonts), arabicFontFaces(arabicFonts)];
  return {
    fontFaces: faces,
    glyphs,
    fonts: partsOf(fonts),
    arabic: { fontFaces: arabicFaces, fonts: partsOf(arabicFonts) },
    versions,
    sha256: hashOf(faces + arabicFaces),
  };
}

/** One part for each file; a file can be the face of two styles. */
const partsOf = (fonts: readonly Font[]): Part[] =>
  [...new Map(fonts.map(({ file, sha256 }) => [file, sha256]))].map(([file, sha256]) => ({
    kind: 'font',
    file,
    sha256,
  }));

const packageFile = z.object({ name: z.string(), version: z.string() });

/** The versions of the program and of the libraries that affect the bytes of an edition. */
async function readVersions(): Promise<Versions> {
  const of = (name: string) => versionAbove(fileURLToPath(import.meta.resolve(name)), name);
  const [sitrep, duckdb, handlebars, vega, vegaLite, pdfLib] = await Promise.all([
    versionAbove(import.meta.filename, 'sitrep'),
    of('@duckdb/node-api'),
    of('handlebars'),
    of('vega'),
    of('vega-lite'),
    of('@cantoo/pdf-lib'),
  ]);
  return { sitrep, duckdb, handlebars, vega, 'vega-lite': vegaLite, 'pdf-lib': pdfLib };
}

/** Packages do not export their package.json, so this searches the folders above one of their files. */
async function versionAbove(file: string, name: string): Promise<string> {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => '{}');
    const found = packageFile.safeParse(JSON.parse(text));
    if (found.data?.name === name) return found.data.version;
  }
  throw new Error(`The package ${name} has no package.json.`);
}
