import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { FoundBrowser } from './find.ts';
import { browserFailed } from './launch.ts';
import { openScratch } from './scratch.ts';

const LIBRARY_PROBE_TIMEOUT_MS = 10_000;

const checkSchema = z.object({ path: z.string(), bundledLibraries: z.boolean() });

/** The results of a browser's first-use check. */
export type BrowserCheck = z.infer<typeof checkSchema>;

/** The stored check of this exact file (path, size and modification time), or undefined. */
export async function readCheck(cacheFolder: string, found: FoundBrowser): Promise<BrowserCheck | undefined> {
  try {
    return checkSchema.parse(JSON.parse(await readFile(await checkFile(cacheFolder, found), 'utf8')));
  } catch {
    // If the check is missing or unreadable, the browser is checked again, which takes a second.
    return undefined;
  }
}

/** Stores the check atomically. */
export async function writeCheck(
  cacheFolder: string,
  found: FoundBrowser,
  check: BrowserCheck,
): Promise<void> {
  await using scratch = await openScratch(join(cacheFolder, 'unpacking'));
  const draft = join(scratch.path, 'check.json');
  const file = await checkFile(cacheFolder, found);
  await writeFile(draft, JSON.stringify(check));
  await mkdir(join(cacheFolder, 'checks'), { recursive: true });
  await rename(draft, file);
}

async function checkFile(cacheFolder: string, { path }: FoundBrowser): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  const key = createHash('sha256')
    .update(JSON.stringify([path, size, mtimeMs]))
    .digest('hex')
    .slice(0, 16);
  return join(cacheFolder, 'checks', `${key}.json`);
}

/** Runs the packaged browser with `--version`, which fails if a library is missing. */
export async function lacksLibraries({ path, bundle }: FoundBrowser): Promise<boolean> {
  if (bundle === undefined) return false;
  try {
    await promisify(execFile)(path, ['--version'], { env: {}, timeout: LIBRARY_PROBE_TIMEOUT_MS });
    return false;
  } catch {
    return true;
  }
}

/**
 * Prints one word in an embedded font and one in the browser's own font. A browser without fonts of its own leaves text
 * out and reports success, so the check looks for the fonts in the PDF. Throws `browser-failed`.
 */
export async function checkPrinting(
  found: FoundBrowser,
  print: (html: string) => Promise<Uint8Array>,
): Promise<void> {
  const font = fileURLToPath(import.meta.resolve('source-sans/WOFF2/TTF/SourceSans3-Regular.ttf.woff2'));
  const data = await readFile(font, 'base64');
  const pdf = await print(`<!doctype html><html lang="en"><title>Check</title><style>
@font-face { font-family: 'Source Sans 3'; src: url(data:font/woff2;base64,${data}); }
p { font-family: 'Source Sans 3'; }
</style><p>Sitrep</p><div>Sitrep</div></html>`);
  const fonts = await listFonts(pdf);
  const isOurs = (name: string): boolean => name.includes('SourceSans3');
  // First, because a browser without a font of its own does not embed the page's font reliably.
  if (fonts.every(isOurs)) {
    throw browserFailed(found, {
      problem:
        'The browser finds no font on this system, so text would be missing. Install one, such as DejaVu.',
    });
  }
  if (!fonts.some(isOurs)) {
    throw browserFailed(found, { problem: 'The browser prints, but does not embed the fonts of the page.' });
  }
}

/** The fonts in a PDF: embedded files and drawings (Type 3), which variable fonts become. */
async function listFonts(pdf: Uint8Array): Promise<string[]> {
  // Loaded here because it takes longer than the browser and is needed only once.
  const { PDFDict, PDFDocument, PDFName } = await import('@cantoo/pdf-lib');
  const document = await PDFDocument.load(pdf);
  return document.context.enumerateIndirectObjects().flatMap(([, object]) => {
    if (!(object instanceof PDFDict)) return [];
    if (object.get(PDFName.of('Subtype')) === PDFName.of('Type3')) return ['Type 3'];
    const embedded = ['FontFile', 'FontFile2', 'FontFile3'].some((key) => object.has(PDFName.of(key)));
    return embedded ? [String(object.get(PDFName.of('FontName')))] : [];
  });
}
