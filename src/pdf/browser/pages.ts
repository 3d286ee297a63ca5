import type { Browser, Page } from 'puppeteer';
import { prepareFrame } from './frame.ts';

/** Two reused pages keep two cores busy; a third brings no gain (measured). */
const MOST_PAGES = 2;
/** A page opens within a few hundredths of a second, but never opens if its renderer dies meanwhile. */
const OPENING_MS = 10_000;

/** The pages of one browser; each serves one print at a time. */
export class PagePool {
  readonly #browser: Browser;
  readonly #fontFaces: string;
  readonly #idle: Page[];
  readonly #waiting: (() => void)[] = [];
  #free = MOST_PAGES;

  private constructor(browser: Browser, { fontFaces, idle }: { fontFaces: string; idle: Page[] }) {
    this.#browser = browser;
    this.#fontFaces = fontFaces;
    this.#idle = idle;
  }

  /** Starts with the blank page that the browser opens anyway. `fontFaces` are `@font-face` rules for all pages. */
  static async open(browser: Browser, { fontFaces }: { fontFaces: string }): Promise<PagePool> {
    const idle = await abortable(browser.pages(), AbortSignal.timeout(OPENING_MS));
    await Promise.all(idle.map((page) => prepare(page, fontFaces)));
    return new PagePool(browser, { fontFaces, idle });
  }

  /** Returns an idle or new page (always a new one with `fresh`); waits while two pages are in use. */
  async take({ fresh, signal }: { readonly fresh: boolean; readonly signal: AbortSignal }): Promise<Page> {
    await this.#takeTurn(signal);
    try {
      const idle = this.#idle.pop();
      if (idle !== undefined && !fresh) return idle;
      if (idle !== undefined) closePage(idle);
      return await openPage(this.#browser, { fontFaces: this.#fontFaces, signal });
    } catch (error) {
      this.#passTurn();
      throw error;
    }
  }

  /** Returns a page after a successful print. */
  giveBack(page: Page): void {
    this.#idle.push(page);
    this.#passTurn();
  }

  /** Closes a page whose state is unknown. */
  discard(page: Page): void {
    closePage(page);
    this.#passTurn();
  }

  async #takeTurn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    try {
      await abortable(promise, signal);
    } catch (error) {
      const place = this.#waiting.indexOf(resolve);
      if (place >= 0) this.#waiting.splice(place, 1);
      // The turn arrived at the moment of the abort, so it passes to the next.
      else this.#passTurn();
      throw error;
    }
  }

  #passTurn(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

/** Opens a page without scripts or network, ready for documents. */
export const openPage = (
  browser: Browser,
  { fontFaces, signal }: { fontFaces: string; signal: AbortSignal },
): Promise<Page> => orClosed(openPrepared(browser, fontFaces), signal);

async function openPrepared(browser: Browser, fontFaces: string): Promise<Page> {
  const page = await orClosed(browser.newPage(), AbortSignal.timeout(OPENING_MS));
  try {
    await prepare(page, fontFaces);
    return page;
  } catch (error) {
    closePage(page);
    throw error;
  }
}

/** Waits for a page to open; if the wait ends early, the page is closed once it opens. */
async function orClosed(opening: Promise<Page>, signal: AbortSignal): Promise<Page> {
  try {
    return await abortable(opening, signal);
  } catch (error) {
    opening.then(closePage, () => undefined);
    throw error;
  }
}

/** Turns scripts and network off. Puppeteer's own calls still work, because they do not count as page scripts. */
const prepare = (page: Page, fontFaces: string): Promise<void> =>
  whileAlive(page, AbortSignal.timeout(OPENING_MS), async () => {
    await Promise.all([page.setJavaScriptEnabled(false), page.setOfflineMode(true)]);
    await prepareFrame(page, { fontFaces });
  });

/** Returns the result of work on a page. Throws the signal's reason on abort, or the error if the page crashes. */
export async function whileAlive<T>(page: Page, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const crash = new AbortController();
  const onCrash = (error: Error): void => crash.abort(error);
  page.once('error', onCrash);
  try {
    return await abortable(work(), AbortSignal.any([signal, crash.signal]));
  } finally {
    page.off('error', onCrash);
  }
}

function closePage(page: Page): void {
  // Not awaited: a stuck page may never answer, and closing the browser ends it anyway.
  page.close().catch(() => undefined);
}

/** Resolves like the promise, or rejects with the signal's reason on abort. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
