import type { Browser, Page } from 'puppeteer';
import { prepareFrame } from './frame.ts';

/** Two reused pages keep two cores busy; a third brings no gain (measured). */
const MOST_PAGES = 2;
/** A page opens within a few hundredths of a second, but never opens if its renderer dies meanwhile. */
const OPENING_MS = 10_000;

/**
 * The pages of one browser; each serves one print at a time. Starts with the blank page that the browser opens anyway.
 * `fontFaces` are `@font-face` rules for all pages.
 */
export async function openPages(browser: Browser, { fontFaces }: { readonly fontFaces: string }) {
  const signal = AbortSignal.timeout(OPENING_MS);
  const idle = await abortable(browser.pages(), signal);
  await Promise.all(idle.map((page) => prepare(page, { fontFaces, signal })));
  const waiting: (() => void)[] = [];
  let free = MOST_PAGES;

  const passTurn = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  const takeTurn = async (ends: AbortSignal): Promise<void> => {
    ends.throwIfAborted();
    if (free > 0) {
      free -= 1;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push(resolve);
    try {
      await abortable(promise, ends);
    } catch (error) {
      const place = waiting.indexOf(resolve);
      if (place >= 0) waiting.splice(place, 1);
      // The turn arrived at the moment of the abort, so it passes to the next.
      else passTurn();
      throw error;
    }
  };

  /**
   * Works on an idle or new page (always a new one with `fresh`); waits while two pages are in use. If the work fails,
   * the state of the page is unknown, and it is closed.
   */
  async function use<T>(
    { fresh, signal: ends }: { readonly fresh: boolean; readonly signal: AbortSignal },
    work: (page: Page) => Promise<T>,
  ): Promise<T> {
    await takeTurn(ends);
    let page = idle.pop();
    try {
      if (page && fresh) {
        closePage(page);
        page = undefined;
      }
      page ??= await openPage(browser, { fontFaces, signal: ends });
      const result = await work(page);
      idle.push(page);
      return result;
    } catch (error) {
      if (page) closePage(page);
      throw error;
    } finally {
      passTurn();
    }
  }
  return { use };
}

/** Opens a page without scripts or network, ready for documents. If that ends early, the page is closed once it opens. */
export async function openPage(
  browser: Browser,
  { fontFaces, signal }: { readonly fontFaces: string; readonly signal: AbortSignal },
): Promise<Page> {
  const ends = AbortSignal.any([signal, AbortSignal.timeout(OPENING_MS)]);
  const opening = browser.newPage();
  try {
    const page = await abortable(opening, ends);
    await prepare(page, { fontFaces, signal: ends });
    return page;
  } catch (error) {
    opening.then(closePage, () => undefined);
    throw error;
  }
}

/** Turns scripts and network off. Puppeteer's own calls still work, because they do not count as page scripts. */
const prepare = (
  page: Page,
  { fontFaces, signal }: { readonly fontFaces: string; readonly signal: AbortSignal },
): Promise<void> =>
  whileAlive(page, signal, async () => {
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
