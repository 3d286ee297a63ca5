import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CDPSession, Page } from 'puppeteer';
import { AppError } from '../../errors.ts';
import { checkPrinting, lacksLibraries, readCheck, writeCheck } from './check.ts';
import { type BrowserOrigin, findBrowser, type FoundBrowser } from './find.ts';
import { showDocument } from './frame.ts';
import { browserFailed, PROTOCOL_TIMEOUT_MS } from './launch.ts';
import { abortable, type PagePool, whileAlive } from './pages.ts';
import { drawFirstPage } from './picture.ts';
import { type Session, SessionKeeper, type SessionOptions } from './session.ts';

export interface PrinterOptions {
  /** Folder for the unpacked browser, profiles and checks; one per user, shared by processes. */
  readonly cacheFolder: string;
  /** A browser that the user chose; it takes precedence over all others. */
  readonly browserPath?: string | undefined;
  /**
   * `@font-face` rules that most documents contain verbatim. They are read once per page instead of once per document.
   */
  readonly fontFaces?: string | undefined;
  readonly onStep?: ((message: string) => void) | undefined;
  /** Cancels the opening; later, ends the browser when aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** A running browser that prints. Disposing ends the browser. */
export interface Printer extends AsyncDisposable {
  readonly browser: {
    readonly name: string;
    readonly version: string;
    readonly path: string;
    readonly origin: BrowserOrigin;
  };
  /**
   * Prints one self-contained document; calls may overlap. The document's `@page` sets paper and margins. Throws
   * `print-failed`, `browser-failed`, or the signal's reason.
   */
  print(html: string, options: PrintOptions): Promise<Uint8Array>;
  /** Draws the first page of such a document as a PNG. Throws the same errors as `print`. */
  picture(html: string, options: { readonly signal: AbortSignal }): Promise<Uint8Array>;
}

/**
 * Finds a browser, unpacks and checks it on first use, and starts it. Throws `browser-missing`, `browser-failed`, or
 * the signal's reason.
 */
export async function openPrinter(options: PrinterOptions): Promise<Printer> {
  const { cacheFolder, fontFaces = '', onStep, signal } = options;
  const found = await findBrowser(options);
  const check = await readCheck(cacheFolder, found);
  if (check !== undefined) {
    try {
      const { bundledLibraries } = check;
      return await startPrinter(found, { cacheFolder, fontFaces, signal, bundledLibraries });
    } catch {
      // The stored check may be out of date (a library was removed, say), so start again with a new check.
      signal?.throwIfAborted();
    }
  }
  onStep?.('checking the browser (once)');
  const bundledLibraries = await lacksLibraries(found);
  const printer = await startPrinter(found, { cacheFolder, fontFaces, signal, bundledLibraries });
  try {
    await checkPrinting(found, (html) =>
      printer.print(html, { signal: signal ?? new AbortController().signal }),
    );
    await writeCheck(cacheFolder, found, { path: found.path, bundledLibraries });
    return printer;
  } catch (cause) {
    await printer[Symbol.asyncDispose]();
    signal?.throwIfAborted();
    if (cause instanceof AppError && cause.code === 'browser-failed') throw cause;
    throw browserFailed(found, { problem: 'The browser starts, but cannot print.', cause });
  }
}

async function startPrinter(found: FoundBrowser, options: SessionOptions): Promise<Printer> {
  const sessions = new SessionKeeper(found, options);
  const { fontFaces } = options;
  const { running } = await sessions.current();
  const [name = '', version = ''] = (await running.browser.version()).split('/');

  const attempt = async (
    html: string,
    { pages, fresh, signal, onBegun }: PrintOptions & { pages: PagePool; fresh: boolean },
  ) => {
    const page = await pages.take({ fresh, signal });
    try {
      const pdf = await printOnPage(page, { html, fontFaces, signal, onBegun });
      pages.giveBack(page);
      return pdf;
    } catch (error) {
      pages.discard(page);
      throw error;
    }
  };

  return {
    browser: { name, version, path: found.path, origin: found.origin },
    async print(html, { signal, onBegun }) {
      // A renderer or the whole browser may crash, or reach a state in which nothing prints. The first two failures
      // count as accidents; if a fresh browser also fails, the document is at fault.
      let last: Session | undefined;
      for (const attempts of ['on a page', 'on a fresh page', 'in a fresh browser'] as const) {
        try {
          const renewed = attempts === 'in a fresh browser' ? sessions.renew(last) : sessions.current();
          last = await abortable(renewed, signal);
          const fresh = attempts !== 'on a page';
          return await attempt(html, { pages: last.pages, fresh, signal, onBegun });
        } catch (cause) {
          signal.throwIfAborted();
          if (sessions.closed || attempts === 'in a fresh browser')
            throw cause instanceof AppError ? cause : printFailed(cause);
        }
      }
      throw new Error('Every attempt ends in a document or an error.');
    },
    async picture(html, { signal }) {
      try {
        const { running: current } = await abortable(sessions.current(), signal);
        return await drawFirstPage(current.browser, { html, fontFaces, signal });
      } catch (cause) {
        signal.throwIfAborted();
        throw cause instanceof AppError ? cause : printFailed(cause);
      }
    },
    [Symbol.asyncDispose]: () => sessions[Symbol.asyncDispose](),
  };
}

const printFailed = (cause: unknown): AppError =>
  new AppError(
    'print-failed',
    [
      {
        problem: 'The browser could not print the document.',
        hint: 'Remove anything that may stop it, such as a meta refresh, a huge picture or a huge table, or free some memory.',
      },
    ],
    { cause },
  );

const protocols = new WeakMap<Page, Promise<CDPSession>>();

/**
 * Prints the page's current document. The whole PDF comes in one answer; Puppeteer's own `pdf`, whose default values
 * these are, fetches it in pieces, which takes a sixth longer.
 */
async function printShown(page: Page, onBegun: () => void): Promise<Uint8Array> {
  const begun = protocols.get(page) ?? page.createCDPSession();
  protocols.set(page, begun);
  const protocol = await begun;
  const options = {
    transferMode: 'ReturnAsBase64',
    preferCSSPageSize: true,
    printBackground: true,
    generateTaggedPDF: true,
    generateDocumentOutline: true,
    paperWidth: 8.5,
    paperHeight: 11,
    marginTop: 0,
    marginBottom: 0,
    marginLeft: 0,
    marginRight: 0,
  } as const;
  const printing = protocol.send('Page.printToPDF', options, { timeout: PROTOCOL_TIMEOUT_MS });
  onBegun();
  const { data } = await printing;
  return Buffer.from(data, 'base64');
}

async function printOnPage(
  page: Page,
  document: PrintOptions & { readonly html: string; readonly fontFaces: string },
): Promise<Uint8Array> {
  const { onBegun = () => {} } = document;
  const pdf = await whileAlive(page, document.signal, async () => {
    await showDocument(page, document);
    return printShown(page, onBegun);
  });
  // A meta refresh cannot reach the network, but would replace the document with an error page.
  if (page.url() !== 'about:blank') throw new Error(`The document navigated to ${page.url()}.`);
  return pdf;
}

export interface PrintOptions {
  readonly signal: AbortSignal;
  /** Called once the browser has everything it needs to print, so that this thread can do other work. */
  readonly onBegun?: (() => void) | undefined;
}

/** The desktop programs that open a file in the browser. */
const openers: { readonly [platform: string]: readonly [command: string, ...args: string[]] } = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', '""'],
};
/** Most openers exit at once. One that is the browser itself keeps running, which counts as success. */
const OPENER_MS = 5_000;

/**
 * Opens a secret link in the user's browser; returns whether that worked. Other users can see a process's arguments but
 * not the files of this folder, so the browser opens a page there that redirects to the link.
 */
export async function openInBrowser(link: string, folder: string): Promise<boolean> {
  const page = resolve(join(folder, 'open.html'));
  // An old page may have other permissions.
  await rm(page, { force: true });
  await writeFile(
    page,
    `<!doctype html><meta charset="utf-8"><title>Sitrep</title><meta http-equiv="refresh" content="0; url=${link}">\n`,
    { mode: 0o600, flag: 'wx' },
  );
  const [command, ...args] = openers[process.platform] ?? ['xdg-open'];
  const opener = spawn(command, [...args, page], { stdio: 'ignore', detached: true });
  opener.unref();
  const timer = new AbortController();
  const status = await Promise.race([
    once(opener, 'exit').then(
      ([code]) => code === 0,
      () => false,
    ),
    delay(OPENER_MS, true, { signal: timer.signal }),
  ]);
  timer.abort();
  return status;
}
