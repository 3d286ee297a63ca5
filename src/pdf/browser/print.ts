import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { CDPSession, Page } from 'puppeteer';
import { AppError } from '../../errors.ts';
import { checkPrinting, lacksLibraries, readCheck, writeCheck } from './check.ts';
import { findBrowser, type FoundBrowser } from './find.ts';
import { showDocument } from './frame.ts';
import {
  browserFailed,
  keepSession,
  PROTOCOL_TIMEOUT_MS,
  type Session,
  type SessionOptions,
} from './launch.ts';
import { abortable, whileAlive } from './pages.ts';
import { drawFirstPage } from './picture.ts';
import type { UnpackOptions } from './unpack.ts';

/** The signal cancels the opening; later, it ends the browser. */
export interface PrinterOptions extends UnpackOptions {
  /** A browser that the user chose; it takes precedence over all others. */
  readonly browserPath?: string | undefined;
  /**
   * `@font-face` rules that most documents contain verbatim. They are read once per page instead of once per document.
   */
  readonly fontFaces?: string | undefined;
}

/** A running browser that prints. Disposing ends the browser. */
export interface Printer extends AsyncDisposable {
  readonly browser: Pick<FoundBrowser, 'path' | 'origin'> & {
    readonly name: string;
    readonly version: string;
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
  const start = (results: { readonly bundledLibraries: boolean }) =>
    startPrinter(found, { cacheFolder, fontFaces, signal, ...results });
  const known = await readCheck(cacheFolder, found);
  if (known !== undefined) {
    try {
      return await start(known);
    } catch {
      // The stored check may be out of date (a library was removed, say), so start again with a new check.
      signal?.throwIfAborted();
    }
  }
  onStep?.('checking the browser (once)');
  const results = { bundledLibraries: await lacksLibraries(found) };
  const printer = await start(results);
  try {
    await checkPrinting(found, (html) =>
      printer.print(html, { signal: signal ?? new AbortController().signal }),
    );
    await writeCheck(cacheFolder, found, results);
    return printer;
  } catch (cause) {
    await printer[Symbol.asyncDispose]();
    signal?.throwIfAborted();
    if (cause instanceof AppError && cause.code === 'browser-failed') throw cause;
    throw browserFailed(found, { problem: 'The browser starts, but cannot print.', cause });
  }
}

async function startPrinter(found: FoundBrowser, options: SessionOptions): Promise<Printer> {
  const sessions = keepSession(found, options);
  const { fontFaces } = options;
  const { browser } = await sessions.current();
  const [name = '', version = ''] = (await browser.version()).split('/');

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
          return await last.pages.use({ fresh: attempts !== 'on a page', signal }, (page) =>
            printOnPage(page, { html, fontFaces, signal, onBegun }),
          );
        } catch (cause) {
          signal.throwIfAborted();
          if (attempts === 'in a fresh browser') throw printFailed(cause);
        }
      }
      throw new Error('Every attempt ends in a document or an error.');
    },
    async picture(html, { signal }) {
      try {
        const current = await abortable(sessions.current(), signal);
        return await drawFirstPage(current.browser, { html, fontFaces, signal });
      } catch (cause) {
        signal.throwIfAborted();
        throw printFailed(cause);
      }
    },
    [Symbol.asyncDispose]: sessions[Symbol.asyncDispose],
  };
}

const printFailed = (cause: unknown): AppError =>
  cause instanceof AppError
    ? cause
    : new AppError(
        'print-failed',
        {
          problem: 'The browser could not print the document.',
          hint: 'Remove anything that may stop it, such as a meta refresh, a huge picture or a huge table, or free some memory.',
        },
        { cause },
      );

const protocols = new WeakMap<Page, Promise<CDPSession>>();

/** The default values of Puppeteer's own `pdf`, which fetches the PDF in pieces. One answer is a sixth faster. */
const printing = {
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

async function printOnPage(
  page: Page,
  document: PrintOptions & { readonly html: string; readonly fontFaces: string },
): Promise<Uint8Array> {
  const pdf = await whileAlive(page, document.signal, async () => {
    await showDocument(page, document);
    const begun = protocols.get(page) ?? page.createCDPSession();
    protocols.set(page, begun);
    const protocol = await begun;
    const answer = protocol.send('Page.printToPDF', printing, { timeout: PROTOCOL_TIMEOUT_MS });
    document.onBegun?.();
    return Buffer.from((await answer).data, 'base64');
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
  const stillRuns = AbortSignal.timeout(OPENER_MS);
  const isOpened = await once(opener, 'exit', { signal: stillRuns }).then(
    ([code]) => code === 0,
    () => stillRuns.aborted,
  );
  opener.unref();
  return isOpened;
}
