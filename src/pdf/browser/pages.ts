import type { Browser, Page } from 'puppeteer';
import { prepareFrame } from './frame.ts';

/** Two reused pages keep two cores busy; a third gains nothing (measured). */
const MOST_PAGES = 2;
/** A page opens in a few hundredths of a second; one whose renderer dies meanwhile never does. */
const OPENING_MS = 10_000;

/** The pages of one browser, each lent to one print at a time. */
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

  /** Lends a page, a new one if `fresh`, when fewer than two are lent. */
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

  /** Takes a page back after a print that went well. */
  giveBack(page: Page): void {
    this.#idle.push(page);
    this.#passTurn();
  }

  /** Takes a page back whose state is unknown, and throws it away. */
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
      // The turn came in the same moment as the abort: hand it on.
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

/** A page without scripts and network, ready for documents. */
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

/** A page that is being opened; one that nobody waits for any more is closed as soon as it is there. */
async function orClosed(opening: Promise<Page>, signal: AbortSignal): Promise<Page> {
  try {
    return await abortable(opening, signal);
  } catch (error) {
    opening.then(closePage, () => undefined);
    throw error;
  }
}

/** No scripts, no network. Puppeteer's own calls still work: they do not count as the page's scripts. */
const prepare = (page: Page, fontFaces: string): Promise<void> =>
  whileAlive(page, AbortSignal.timeout(OPENING_MS), async () => {
    await Promise.all([page.setJavaScriptEnabled(false), page.setOfflineMode(true)]);
    await prepareFrame(page, { fontFaces });
  });

/** The result of work on a page. Throws the signal's reason when it is aborted, or why the page has died. */
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
  // Not waited for: a stuck page may never answer, and closing the browser ends it in any case.
  page.close().catch(() => undefined);
}

/** The promise, or the signal's reason as soon as it is aborted. */
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
