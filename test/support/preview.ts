import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Browser, Page } from 'puppeteer';
import { lacksLibraries } from '../../src/pdf/browser/check.ts';
import { findBrowser } from '../../src/pdf/browser/find.ts';
import { launchBrowser, type RunningBrowser } from '../../src/pdf/browser/launch.ts';
import { cookieFrom, setCookie } from './login.ts';

// What runs in the browser is checked with its types; src/ is compiled without them (tsconfig.build.json).
/// <reference lib="dom" />

const root = join(import.meta.dirname, '../..');

/** The real program, serving the preview of a folder until it is disposed of. */
export interface Previewing extends AsyncDisposable {
  /** Such as `http://127.0.0.1:40123`. */
  readonly origin: string;
  /** For a request of the user who started it. */
  readonly headers: { readonly cookie: string };
  logIn(browser: Browser): Promise<void>;
  /** Tells it to stop and gives its exit status. */
  stop(): Promise<number | null>;
}

export async function startPreview(
  folder: string,
  { args = [], cache }: { args?: readonly string[]; cache?: string } = {},
): Promise<Previewing> {
  const child = spawn(process.execPath, [join(root, 'src/main.ts'), 'preview', '--port', '0', ...args], {
    cwd: folder,
    env: { ...process.env, ...(cache === undefined ? {} : { XDG_CACHE_HOME: cache }) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    const [status] = await exit;
    return typeof status === 'number' ? status : null;
  };
  for await (const line of createInterface({ input: child.stdout })) {
    const [, address, origin = ''] = /^Preview: ((http:\/\/[^/]*)\S*)$/.exec(line) ?? [];
    if (address === undefined) continue;
    const cookie = cookieFrom(await fetch(address, { redirect: 'manual' }));
    return {
      origin,
      headers: { cookie },
      logIn: (browser) => setCookie(browser, cookie),
      stop,
      [Symbol.asyncDispose]: async () => void (await stop()),
    };
  }
  throw new Error('The preview ended before it said where it is.');
}

/** A browser to look with; scripts are on, unlike in that which prints. */
export async function openBrowser(cacheFolder: string): Promise<RunningBrowser> {
  const found = await findBrowser({
    cacheFolder,
    browserPath: process.env['PUPPETEER_EXECUTABLE_PATH'] || undefined,
  });
  const bundledLibraries = await lacksLibraries(found);
  return launchBrowser(found, { cacheFolder, bundledLibraries, reachable: '127.0.0.1' });
}

/** Waits in the page until the brief that it frames holds a text, and nothing newer is coming. */
export const untilShown = async (page: Page, text: string): Promise<void> => {
  await page.waitForFunction(
    (wanted) => {
      const frames = [...document.querySelectorAll('iframe')];
      return (
        frames.length === 1 &&
        (frames[0]?.contentDocument?.querySelector('body')?.textContent ?? '').includes(wanted)
      );
    },
    { polling: 'raf' },
    text,
  );
};
