import { createReadStream, createWriteStream } from 'node:fs';
import { access, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createBrotliDecompress } from 'node:zlib';
import { extract, type Headers } from 'tar-fs';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { openScratch } from './scratch.ts';

export interface UnpackOptions {
  /** Folder for the unpacked browser, profiles and checks; one per user, shared by processes. */
  readonly cacheFolder: string;
  readonly onStep?: ((message: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Whether the packaged browser can run here. */
export const isPackagedPlatform = process.platform === 'linux' && process.arch === 'x64';

/**
 * Unpacks the browser of the npm package into `<cacheFolder>/chromium-<version>/`, unless it is there already. The
 * package's own helper writes in place into a shared folder, so a killed process could leave half a browser, and a
 * second process could find one. Here the folder appears complete, by one rename. Throws `browser-failed` if the cache
 * folder cannot be written.
 */
export async function unpackChromium({
  cacheFolder,
  onStep,
  signal,
}: UnpackOptions): Promise<UnpackedChromium> {
  const packageFolder = fileURLToPath(new URL('../', import.meta.resolve('@sparticuz/chromium')));
  const folder = join(cacheFolder, `chromium-${await readVersion(packageFolder)}`);
  const unpacked = locate(folder);
  if (await isWhole(unpacked)) return unpacked;
  onStep?.('unpacking the browser (once)');
  try {
    await using scratch = await openScratch(join(cacheFolder, 'unpacking'));
    const fresh = join(scratch.path, 'fresh');
    await unpackInto(fresh, join(packageFolder, 'bin'), signal);
    await moveIntoPlace(fresh, folder, join(scratch.path, 'damaged'));
  } catch (cause) {
    signal?.throwIfAborted();
    throw new AppError(
      'browser-failed',
      {
        file: folder,
        problem: `The browser could not be unpacked here${cause instanceof Error ? ` (${cause.message})` : ''}.`,
        hint: 'Make the cache folder writable with 250 MB free, or set PUPPETEER_EXECUTABLE_PATH to a Chrome or Chromium.',
      },
      { cause },
    );
  }
  return unpacked;
}

/** The packaged browser, unpacked. All paths are absolute. */
export type UnpackedChromium = ReturnType<typeof locate>;

const locate = (folder: string) => ({
  executable: join(folder, 'chromium'),
  /** Open Sans, the fallback face. Without any installed font, this browser prints no text, even in embedded fonts. */
  fontsFolder: join(folder, 'fonts'),
  /** Libraries for systems that lack them. */
  librariesFolder: join(folder, 'lib'),
});

async function readVersion(packageFolder: string): Promise<string> {
  const text = await readFile(join(packageFolder, 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

async function unpackInto(folder: string, archives: string, signal: AbortSignal | undefined): Promise<void> {
  const unpackTar = (name: string): Promise<void> =>
    pipeline(
      createReadStream(join(archives, name)),
      createBrotliDecompress(),
      // The archives contain another machine's file owners, and a fonts.conf with its paths.
      extract(folder, { map: ownHeader, ignore: (path) => path.endsWith('fonts.conf') }),
      { signal },
    );
  await unpackTar('fonts.tar.br');
  await unpackTar('al2023.tar.br');
  // Large chunks: twice as fast as the defaults for 209 MB.
  await pipeline(
    createReadStream(join(archives, 'chromium.br'), { highWaterMark: 2 ** 22 }),
    createBrotliDecompress({ chunkSize: 2 ** 21 }),
    createWriteStream(locate(folder).executable, { mode: 0o755 }),
    { signal },
  );
}

const ownHeader = (header: Headers): Headers => ({
  ...header,
  uid: process.getuid?.() ?? header.uid,
  gid: process.getgid?.() ?? header.gid,
});

async function moveIntoPlace(fresh: string, folder: string, damaged: string): Promise<void> {
  try {
    await rename(fresh, folder);
  } catch (error) {
    // Another process finished first, and its copy is equally good. A copy with missing files is replaced.
    if (await isWhole(locate(folder))) return;
    await rename(folder, damaged).catch(() => {
      throw error;
    });
    await rename(fresh, folder);
  }
}

async function isWhole({ executable, fontsFolder, librariesFolder }: UnpackedChromium): Promise<boolean> {
  const needed = [
    executable,
    join(fontsFolder, 'Open_Sans', 'OpenSans-Regular.ttf'),
    join(librariesFolder, 'libnss3.so'),
  ];
  const found = await Promise.allSettled(needed.map((path) => access(path)));
  return found.every(({ status }) => status === 'fulfilled');
}
