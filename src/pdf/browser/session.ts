import type { FoundBrowser } from './find.ts';
import { browserFailed, launchBrowser, type LaunchOptions, type RunningBrowser } from './launch.ts';
import { PagePool } from './pages.ts';

/** A running browser and its pages. */
export interface Session extends AsyncDisposable {
  readonly running: RunningBrowser;
  readonly pages: PagePool;
}

export interface SessionOptions extends LaunchOptions {
  /** `@font-face` rules that documents may contain verbatim; they are read once, not for every document. */
  readonly fontFaces: string;
}

/** Starts the browser and opens its first page. Throws `browser-failed`, or the signal's reason. */
async function startSession(found: FoundBrowser, options: SessionOptions): Promise<Session> {
  const running = await launchBrowser(found, options);
  try {
    const pages = await PagePool.open(running.browser, options);
    return { running, pages, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() };
  } catch (cause) {
    await running[Symbol.asyncDispose]();
    options.signal?.throwIfAborted();
    throw browserFailed(found, { problem: 'The browser starts, but cannot open a page.', cause });
  }
}

/** Keeps one session, and starts another if its browser has ended. */
export class SessionKeeper implements AsyncDisposable {
  readonly #found: FoundBrowser;
  readonly #options: SessionOptions;
  #session: Promise<Session> | undefined;
  #closed = false;

  constructor(found: FoundBrowser, options: SessionOptions) {
    this.#found = found;
    this.#options = options;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Returns the one session for all callers, including those that call while it starts. */
  async current(): Promise<Session> {
    if (this.#closed) throw new Error('The printer was used after it was closed.');
    const asked = (this.#session ??= startSession(this.#found, this.#options));
    try {
      const session = await asked;
      if (session.running.browser.connected) return session;
    } catch (error) {
      // The next call tries again.
      if (this.#session === asked) this.#session = undefined;
      throw error;
    }
    if (this.#session === asked) this.#session = this.#replace(asked);
    return this.current();
  }

  /** Returns a session other than `failed`, and ends `failed`; prints still running in it fail and are retried. */
  async renew(failed: Session | undefined): Promise<Session> {
    const asked = this.#session;
    if (!this.#closed && asked !== undefined && failed !== undefined) {
      const current = await asked.catch(() => undefined);
      if (current === failed && this.#session === asked) this.#session = this.#replace(asked);
    }
    return this.current();
  }

  async #replace(gone: Promise<Session>): Promise<Session> {
    await (await gone)[Symbol.asyncDispose]();
    return startSession(this.#found, this.#options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // A session that failed to start has already cleaned up.
    const session = await this.#session?.catch(() => undefined);
    await session?.[Symbol.asyncDispose]();
  }
}
