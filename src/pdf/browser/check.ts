import { execFile } from 'node:child_process';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { hashOf } from '../../hash.ts';
import type { FoundBrowser } from './find.ts';
import { browserFailed } from './launch.ts';
import { openScratch } from './scratch.ts';

const LIBRARY_PROBE_TIMEOUT_MS = 10_000;

const check = z.object({ bundledLibraries: z.boolean() });
type Check = z.infer<typeof check>;

/** The stored results of the first-use check of this exact file (path, size and modification time), or undefined. */
export async function readCheck(cacheFolder: string, found: FoundBrowser): Promise<Check | undefined> {
  try {
    return check.parse(JSON.parse(await readFile(await checkFile(cacheFolder, found), 'utf8')));
  } catch {
    // If the check is missing or unreadable, the browser is checked again, which takes a second.
    return undefined;
  }
}

/** Stores the check atomically. */
export async function writeCheck(cacheFolder: string, found: FoundBrowser, results: Check): Promise<void> {
  await using scratch = await openScratch(join(cacheFolder, 'unpacking'));
  const draft = join(scratch.path, 'check.json');
  const file = await checkFile(cacheFolder, found);
  await writeFile(draft, JSON.stringify(results));
  await mkdir(join(cacheFolder, 'checks'), { recursive: true });
  await rename(draft, file);
}

async function checkFile(cacheFolder: string, { path }: FoundBrowser): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  const key = hashOf(JSON.stringify([path, size, mtimeMs])).slice(0, 16);
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
  // Loaded here because it takes longer than the browser and is needed only once.
  const { PDFDocument } = await import('@cantoo/pdf-lib');
  const { readContents } = await import('../contents.ts');
  // Variable fonts become drawings (Type 3).
  const { fonts } = readContents(await PDFDocument.load(pdf));
  const printed = fonts.filter(({ name, embedded }) => embedded || name === 'Type 3');
  const isOurs = ({ name }: { readonly name: string }): boolean => name.includes('SourceSans3');
  // First, because a browser without a font of its own does not embed the page's font reliably.
  if (printed.every(isOurs))
    throw browserFailed(found, {
      problem:
        'The browser finds no font on this system, so text would be missing. Install one, such as DejaVu.',
    });
  if (!printed.some(isOurs))
    throw browserFailed(found, { problem: 'The browser prints, but does not embed the fonts of the page.' });
}
