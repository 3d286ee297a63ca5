import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, launch } from 'puppeteer';
import { AppError } from '../../errors.ts';
import { escapeMarkup } from '../../escape.ts';
import type { FoundBrowser } from './find.ts';
import { abortable, openPages } from './pages.ts';
import { openScratch } from './scratch.ts';
import type { UnpackedChromium } from './unpack.ts';

/** If the browser starts after all, it is ended after this time. */
const TIMEOUT_MS = 10_000;
const MOST_CHARACTERS = 300;

/**
 * Starts a browser that failed to start once more, to read its standard error: Puppeteer talks to it over pipes and
 * does not read that. Returns the line with the reason, or an empty string.
 */
async function complaintOf(
  path: string,
  { args, env }: { args: readonly string[]; env?: Record<string, string> | undefined },
): Promise<string> {
  const said = await new Promise<string>((resolve) => {
    const options = { timeout: TIMEOUT_MS, killSignal: 'SIGKILL', ...(env && { env }) } as const;
    execFile(path, ['--headless', ...args, '--dump-dom', 'about:blank'], options, (_error, _stdout, stderr) =>
      resolve(stderr),
    );
  });
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  const line = lines.find((each) => /fatal|error/i.test(each)) ?? lines[0] ?? '';
  // Without the process id and the source location.
  return line
    .replace(/^\[[^\]]*\]\s*/, '')
    .trim()
    .slice(0, MOST_CHARACTERS);
}

/** Longest wait for one answer from the browser; a page that takes longer is stuck. */
export const PROTOCOL_TIMEOUT_MS = 30_000;
const CLOSE_TIMEOUT_MS = 5_000;

/** A browser process with its profile. Disposing ends the process and removes the profile. */
export interface RunningBrowser extends AsyncDisposable {
  readonly browser: Browser;
}

export interface LaunchOptions {
  readonly cacheFolder: string;
  /** Use the packaged libraries, because the system lacks them. */
  readonly bundledLibraries: boolean;
  /** The only host that pages may reach, for viewing a server's pages; printing needs no host. */
  readonly reachable?: string | undefined;
  /** Ends the browser when aborted, at any time. */
  readonly signal?: AbortSignal | undefined;
}

/** Starts the browser with its own profile. Throws `browser-failed`, or the signal's reason. */
export async function launchBrowser(found: FoundBrowser, options: LaunchOptions): Promise<RunningBrowser> {
  const { cacheFolder, reachable, signal } = options;
  signal?.throwIfAborted();
  const profile = await openScratch(join(cacheFolder, 'profiles'));
  const userDataDir = join(profile.path, 'user-data');
  const args = [
    // No host name resolves, so nothing on a page can reach the network, including by meta refresh.
    `--host-resolver-rules=MAP * ~NOTFOUND${reachable === undefined ? '' : `, EXCLUDE ${reachable}`}`,
    // Otherwise glyph widths are rounded to whole screen pixels, and printed words fall apart ("Rep orted").
    '--font-render-hinting=none',
    // Root cannot enter the sandbox's user namespace, so Chromium refuses to start as root with the sandbox.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ];
  let env: Record<string, string> | undefined;
  try {
    env = found.bundle && (await packagedEnvironment(found.bundle, { ...options, home: profile.path }));
    const browser = await launch({
      executablePath: found.path,
      headless: found.bundle === undefined ? true : 'shell',
      pipe: true,
      // The program decides what a signal means: a running edition may finish first.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      userDataDir,
      protocolTimeout: PROTOCOL_TIMEOUT_MS,
      timeout: PROTOCOL_TIMEOUT_MS,
      ...(env && { env }),
      args,
      ...(signal && { signal }),
    });
    return { browser, [Symbol.asyncDispose]: () => close(browser, profile) };
  } catch (cause) {
    await using _ = profile;
    signal?.throwIfAborted();
    const complaint = await complaintOf(found.path, {
      env,
      args: [...args, `--user-data-dir=${userDataDir}`],
    });
    if (complaint.startsWith('No usable sandbox')) throw withoutSandbox(found, cause);
    const problem =
      complaint === '' ? 'The browser did not start.' : `The browser did not start: ${complaint}`;
    throw browserFailed(found, { problem, cause });
  }
}

/**
 * A fixed environment: the caller's variables neither change the output nor reach the browser, and the user's home need
 * not be writable.
 */
async function packagedEnvironment(
  { fontsFolder, librariesFolder }: UnpackedChromium,
  { bundledLibraries, cacheFolder, home }: LaunchOptions & { readonly home: string },
): Promise<Record<string, string>> {
  const fontConfig = join(home, 'fonts.conf');
  await writeFile(
    fontConfig,
    `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${escapeMarkup(fontsFolder)}</dir>
  <cachedir>${escapeMarkup(join(cacheFolder, 'fontconfig'))}</cachedir>
</fontconfig>
`,
  );
  return {
    HOME: home,
    TMPDIR: home,
    TZ: 'UTC',
    LANG: 'C.UTF-8',
    FONTCONFIG_FILE: fontConfig,
    ...(bundledLibraries && { LD_LIBRARY_PATH: librariesFolder }),
  };
}

async function close(browser: Browser, profile: AsyncDisposable): Promise<void> {
  await using _ = profile;
  const child = browser.process();
  await abortable(browser.close(), AbortSignal.timeout(CLOSE_TIMEOUT_MS)).catch(() => undefined);
  // Puppeteer makes the browser the leader of a process group; this ends the remaining processes, including renderers.
  if (child?.pid === undefined || process.platform === 'win32') return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Usually no process is left.
  }
}

/** A running browser and its pages. */
export type Session = Awaited<ReturnType<typeof startSession>>;

export interface SessionOptions extends LaunchOptions {
  /** `@font-face` rules that documents may contain verbatim; they are read once, not for every document. */
  readonly fontFaces: string;
}

/** Starts the browser and opens its first page. Throws `browser-failed`, or the signal's reason. */
async function startSession(found: FoundBrowser, options: SessionOptions) {
  const running = await launchBrowser(found, options);
  try {
    return { ...running, pages: await openPages(running.browser, options) };
  } catch (cause) {
    await running[Symbol.asyncDispose]();
    options.signal?.throwIfAborted();
    throw browserFailed(found, { problem: 'The browser starts, but cannot open a page.', cause });
  }
}

/** Keeps one session, and starts another if its browser has ended. */
export function keepSession(found: FoundBrowser, options: SessionOptions) {
  let kept: Promise<Session> | undefined;
  let isClosed = false;

  const replace = async (gone: Promise<Session>): Promise<Session> => {
    await (await gone)[Symbol.asyncDispose]();
    return startSession(found, options);
  };
  /** Returns the one session for all callers, including those that call while it starts. */
  const current = async (): Promise<Session> => {
    if (isClosed) throw new Error('The printer was used after it was closed.');
    const asked = (kept ??= startSession(found, options));
    try {
      const session = await asked;
      if (session.browser.connected) return session;
    } catch (error) {
      // The next call tries again.
      if (kept === asked) kept = undefined;
      throw error;
    }
    if (kept === asked) kept = replace(asked);
    return current();
  };
  return {
    current,
    /** Returns a session other than `failed`, and ends `failed`; prints still running in it fail and are retried. */
    async renew(failed: Session | undefined): Promise<Session> {
      const asked = kept;
      if (!isClosed && asked !== undefined && failed !== undefined) {
        const session = await asked.catch(() => undefined);
        if (session === failed && kept === asked) kept = replace(asked);
      }
      return current();
    },
    async [Symbol.asyncDispose](): Promise<void> {
      if (isClosed) return;
      isClosed = true;
      // A session that failed to start has already cleaned up.
      const session = await kept?.catch(() => undefined);
      await session?.[Symbol.asyncDispose]();
    },
  };
}

/** Common on Ubuntu 23.10 and later, and in containers, for users other than root. */
const withoutSandbox = ({ path: file }: FoundBrowser, cause: unknown): AppError => {
  const problem =
    'The browser did not start: this system denies it the user namespaces that its sandbox needs.';
  const hint =
    'Allow them for this browser: "The sandbox of the browser" in docs/operating.md explains how on Ubuntu and in a container. Or set PUPPETEER_EXECUTABLE_PATH to a Chrome that the system installed.';
  return new AppError('browser-failed', { file, problem, hint }, { cause });
};

/** The error for a browser that exists but does not work, with a fix that depends on the browser's origin. */
export function browserFailed(
  found: FoundBrowser,
  { problem, cause }: { readonly problem: string; readonly cause?: unknown },
): AppError {
  const hint =
    found.origin === 'environment'
      ? 'Set PUPPETEER_EXECUTABLE_PATH to a working Chrome or Chromium, or unset it.'
      : found.origin === 'package'
        ? 'Delete the folder of this file so that it is unpacked again, or set PUPPETEER_EXECUTABLE_PATH to another Chrome or Chromium.'
        : 'Reinstall or update it, or set PUPPETEER_EXECUTABLE_PATH to another Chrome or Chromium.';
  return new AppError('browser-failed', { file: found.path, problem, hint }, { cause });
}
