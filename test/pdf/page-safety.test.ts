import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'puppeteer';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { lacksLibraries } from '../../src/pdf/browser/check.ts';
import { findBrowser } from '../../src/pdf/browser/find.ts';
import { showDocument } from '../../src/pdf/browser/frame.ts';
import { launchBrowser, type RunningBrowser } from '../../src/pdf/browser/launch.ts';
import { openPages } from '../../src/pdf/browser/pages.ts';
import { openPrinter } from '../../src/pdf/browser/print.ts';
import { testCacheFolder as cacheFolder } from '../support/cache.ts';
import { readPdf } from '../support/pdf.ts';

/**
 * Four layers keep a document from running and from fetching. Any one of them hides that another is gone: so each is
 * looked at with the others off, beside a page on which it is off too, which must run or fetch.
 */
const signal = new AbortController().signal;
const browserPath = process.env['PUPPETEER_EXECUTABLE_PATH'] || undefined;

async function launch(reachable?: string): Promise<RunningBrowser> {
  const found = await findBrowser({ cacheFolder, browserPath });
  return launchBrowser(found, { cacheFolder, bundledLibraries: await lacksLibraries(found), reachable });
}

/** A page as it is lent to a print. */
async function lent({ browser }: RunningBrowser): Promise<Page> {
  const pool = await openPages(browser, { fontFaces: '' });
  return pool.use({ fresh: true, signal }, (page) => Promise.resolve(page));
}

/** A server that counts who comes. */
async function probe(): Promise<{ url: string; port: number; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.setHeader('Access-Control-Allow-Origin', '*').end('reached');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  // A server on a socket: its port is a number.
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, asked };
}

/** Where a page ends that is sent to an address: what it shows there, or the reason of the browser. */
const sent = (page: Page, url: string): Promise<string> =>
  page.goto(url).then(
    () => page.evaluate('document.body.textContent').then(String),
    (error: unknown) => String(error),
  );

describe('each layer by itself', () => {
  let closed: RunningBrowser;
  let open: RunningBrowser;
  beforeAll(async () => {
    [closed, open] = await Promise.all([launch(), launch('127.0.0.1')]);
  });
  afterAll(async () => {
    await Promise.all([closed, open].map((each) => each[Symbol.asyncDispose]()));
  });

  test('JavaScript is off on the page, whatever document is on it', async () => {
    // A document of its own, which is not under the policy.
    const script = 'data:text/html,<body>still<script>document.body.textContent = "RAN"</script>';
    expect(await sent(await open.browser.newPage(), script)).toBe('RAN');
    expect(await sent(await lent(open), script)).toMatch(/^still/);
  });

  test('the page is offline, though the host could be reached', async () => {
    const { url, asked } = await probe();
    expect(await sent(await lent(open), `${url}/lent`)).toMatch(/ERR_INTERNET_DISCONNECTED/);
    expect(await sent(await open.browser.newPage(), `${url}/plain`)).toBe('reached');
    expect(asked).toContain('/plain');
    expect(asked).not.toContain('/lent');
  });

  test.each(['127.0.0.1', 'localhost', '[::1]'])('no host resolves in the browser: %s', async (host) => {
    const { port, url, asked } = await probe();
    const page = await closed.browser.newPage();
    expect(await sent(page, `http://${host}:${port}/`)).toMatch(/ERR_NAME_NOT_RESOLVED/);
    expect(asked).toEqual([]);
    expect(await sent(await open.browser.newPage(), url)).toBe('reached');
  });

  const fetching = (url: string) => `<link rel="stylesheet" href="${url}/a.css">
<style>@import url(${url}/b.css); @font-face { font-family: f; src: url(${url}/c.woff2) }
body { font-family: f; background: url(${url}/d.png) }</style>
<img src="${url}/e.png" onerror="document.title = 'RAN'" onload="document.title = 'RAN'"><iframe src="${url}/f"></iframe>
<object data="${url}/g"></object><svg><image href="${url}/h.svg"/></svg><video src="${url}/i"></video>
<p>text</p><img src="data:image/gif;base64,R0" onerror="document.title = 'RAN'">`;
  const parts = ['a.css', 'b.css', 'c.woff2', 'd.png', 'e.png', 'f', 'g', 'h.svg', 'i'];

  test('the policy of the document lets nothing be fetched or run, on a page that is online and has scripts', async () => {
    const { url, asked } = await probe();
    const page = await lent(open);
    await Promise.all([page.setOfflineMode(false), page.setJavaScriptEnabled(true)]);
    const violations: unknown = await page.evaluate(
      `window.broken = []; document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => broken.push(effectiveDirective)); broken.length`,
    );
    expect(violations).toBe(0);
    await showDocument(page, { html: fetching(url), fontFaces: '' });
    await page.pdf();
    expect(await page.evaluate('[...new Set(broken)].sort()')).toEqual([
      'font-src',
      'frame-src',
      'img-src',
      'media-src',
      'object-src',
      'script-src-attr',
      'style-src-elem',
    ]);
    expect(asked).toEqual([]);
    expect(await page.evaluate('document.title')).toBe('');
  });

  test('and without it all of that is fetched and run', async () => {
    const { url, asked } = await probe();
    const page = await open.browser.newPage();
    await showDocument(page, { html: fetching(url), fontFaces: '' });
    await vi.waitFor(() => expect([...new Set(asked)].sort()).toEqual(parts.map((part) => `/${part}`)));
    await page.waitForFunction(`document.title === 'RAN'`);
  });
});

describe('files of the machine', () => {
  const words = ['FRAMED', 'OBJECT', 'EMBEDDED', 'STYLED', 'IMPORTED', 'PICTURED'];
  let folder: string;
  let html: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sitrep-files-'));
    const files = {
      'a.html': '<p>FRAMED</p>',
      'b.html': '<p>OBJECT</p>',
      'c.html': '<p>EMBEDDED</p>',
      'd.css': '#d::after { content: "STYLED" }',
      'e.css': '#e::after { content: "IMPORTED" }',
      'f.svg':
        '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="20"><text y="15">PICTURED</text></svg>',
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const { href } = pathToFileURL(`${folder}/`);
    html = `<!doctype html><html lang="en"><title>t</title><link rel="stylesheet" href="${href}d.css">
<style>@import url("${href}e.css");</style><p>before</p><p id="d"></p><p id="e"></p><iframe src="${href}a.html"></iframe>
<object data="${href}b.html"></object><embed src="${href}c.html"><img src="${href}f.svg" alt=""></html>`;
    await writeFile(join(folder, 'index.html'), html);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('none is read by a document that is printed', async () => {
    await using printer = await openPrinter({ cacheFolder, browserPath });
    const text = (await readPdf(await printer.print(html, { signal }))).pages.join();
    expect(text).toContain('before');
    expect(words.filter((word) => text.includes(word))).toEqual([]);
  });

  test('all of them are, by the same document as a file of its own in a browser without the layers', async () => {
    await using plain = await launch();
    const page = await plain.browser.newPage();
    await page.goto(pathToFileURL(join(folder, 'index.html')).href, { waitUntil: 'load' });
    const text = (await readPdf(await page.pdf())).pages.join();
    expect(words.filter((word) => text.includes(word))).toEqual(words);
  });
});
