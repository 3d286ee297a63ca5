import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { executablePath } from 'puppeteer';
import { AppError } from '../../errors.ts';
import { isPackagedPlatform, unpackChromium, type UnpackedChromium, type UnpackOptions } from './unpack.ts';

/** A browser that exists and is executable; the check decides whether it can print. */
export interface FoundBrowser {
  readonly path: string;
  readonly origin: 'environment' | 'package' | 'puppeteer-cache' | 'system';
  /** What came with the browser. Only the packaged browser includes fonts and libraries. */
  readonly bundle?: UnpackedChromium;
}

/** The usual locations of browsers that Puppeteer does not search for. */
const WELL_KNOWN_PATHS: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: [
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/usr/bin/microsoft-edge',
    '/snap/bin/chromium',
  ],
  darwin: [
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  win32: [
    'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
    'C:\\Program Files\\Microsoft\\Edge\\Application\\msedge.exe',
  ],
};

/**
 * Tries the given path, then the browser of the npm package (the same bytes everywhere), then Puppeteer's cache, then
 * an installed Chrome, Chromium or Edge. Throws `browser-missing` if there is none, or none at the given path.
 */
export async function findBrowser(
  options: UnpackOptions & { readonly browserPath?: string | undefined },
): Promise<FoundBrowser> {
  if (options.browserPath !== undefined) return findGiven(options.browserPath);
  if (!isPackagedPlatform) return findInstalled();
  const bundle = await unpackChromium(options);
  return { path: bundle.executable, origin: 'package', bundle };
}

async function findGiven(path: string): Promise<FoundBrowser> {
  if (await isRunnable(path)) return { path, origin: 'environment' };
  throw new AppError('browser-missing', {
    file: path,
    problem: 'The browser path does not lead to an executable program.',
    hint: 'Set PUPPETEER_EXECUTABLE_PATH to a Chrome or Chromium, or unset it to use the one found by default.',
  });
}

/** Finds a browser outside the package: in Puppeteer's cache, then on the system. */
async function findInstalled(): Promise<FoundBrowser> {
  // Puppeteer rejects if its browser is not installed, with an error that has no code.
  const cached = await executablePath().catch(() => '');
  if (await isRunnable(cached)) return { path: cached, origin: 'puppeteer-cache' };
  const chrome = await executablePath('chrome').catch(() => '');
  for (const path of [chrome, ...(WELL_KNOWN_PATHS[process.platform] ?? [])])
    if (await isRunnable(path)) return { path, origin: 'system' };
  throw new AppError('browser-missing', {
    problem: `No browser was found, and none is packaged for ${process.platform} ${process.arch}.`,
    hint: 'Install Chrome, Chromium or Edge, run "npx puppeteer browsers install chrome", or set PUPPETEER_EXECUTABLE_PATH to one.',
  });
}

async function isRunnable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
