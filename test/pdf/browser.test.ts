import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from 'puppeteer';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { tryLock } from '../../src/file-lock.ts';
import { lacksLibraries } from '../../src/pdf/browser/check.ts';
import { launchBrowser } from '../../src/pdf/browser/launch.ts';
import { openPages } from '../../src/pdf/browser/pages.ts';
import { openPrinter, type Printer } from '../../src/pdf/browser/print.ts';
import { sweepScratch } from '../../src/pdf/browser/scratch.ts';
import { isPackagedPlatform, unpackChromium } from '../../src/pdf/browser/unpack.ts';
import { copyFolder } from '../support/copy.ts';
import { readPdf } from '../support/pdf.ts';
import { cpuTicksOf, listProcesses } from '../support/processes.ts';
import { isSoak } from '../support/sample.ts';

// A cache folder of this file's own: its path tells this file's browser processes from all others.
let folder: string;
let cacheFolder: string;
const signal = new AbortController().signal;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sitrep-chromium-'));
  cacheFolder = join(folder, 'cache');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.runIf(isPackagedPlatform)('the packaged browser', () => {
  it('is unpacked by two at once, whole, and only once', async () => {
    const steps: string[] = [];
    const onStep = (step: string) => steps.push(step);
    const [one, two] = await Promise.all([
      unpackChromium({ cacheFolder, onStep }),
      unpackChromium({ cacheFolder, onStep }),
    ]);
    expect(one).toEqual(two);
    expect(steps).toHaveLength(2);
    const { mtimeMs, size, mode } = await stat(one.executable);
    expect(size).toBeGreaterThan(200e6);
    expect(mode & 0o111).toBe(0o111);
    expect(await readdir(join(cacheFolder, 'unpacking'))).toEqual([]);

    await unpackChromium({ cacheFolder, onStep });
    expect(steps).toHaveLength(2);
    expect((await stat(one.executable)).mtimeMs).toBe(mtimeMs);
  });

  it('is unpacked again when a file of it was lost', async () => {
    const { executable, fontsFolder } = await unpackChromium({ cacheFolder });
    await rm(fontsFolder, { recursive: true });
    expect(await unpackChromium({ cacheFolder })).toMatchObject({ executable, fontsFolder });
    expect(await readdir(join(fontsFolder, 'Open_Sans'))).toContain('OpenSans-Regular.ttf');
  });

  it('leaves nothing half unpacked when it is stopped', async () => {
    const stop = new AbortController();
    const other = join(folder, 'stopped');
    const unpacking = unpackChromium({
      cacheFolder: other,
      onStep: () => stop.abort(new Error('stop')),
      signal: stop.signal,
    });
    await expect(unpacking).rejects.toThrow('stop');
    expect(await readdir(other)).toEqual(['unpacking']);
    expect(await readdir(join(other, 'unpacking'))).toEqual([]);
  });

  it('names the cache folder that cannot be written, and the way out', async () => {
    const file = join(folder, 'a-file');
    await writeFile(file, '');
    await expect(openPrinter({ cacheFolder: join(file, 'cache') })).rejects.toMatchObject({
      code: 'browser-failed',
      message: expect.stringMatching(/a-file.*PUPPETEER_EXECUTABLE_PATH/),
    });
  });
});

describe('openPrinter', () => {
  it('checks a browser once, and removes the profiles of dead processes only', async () => {
    const steps: string[] = [];
    const onStep = (step: string) => steps.push(step);
    const profiles = join(cacheFolder, 'profiles');
    // As a process leaves it that is killed: scratch.test.ts has a real one.
    await mkdir(join(profiles, 'gone', 'user-data'), { recursive: true });
    await writeFile(join(profiles, 'gone.lock'), '');
    await mkdir(join(profiles, 'lives'));
    const lock = tryLock(join(profiles, 'lives.lock'));
    const first = await openPrinter({ cacheFolder, onStep });
    expect(await readdir(profiles)).toHaveLength(4);
    await first[Symbol.asyncDispose]();
    await (await openPrinter({ cacheFolder, onStep }))[Symbol.asyncDispose]();
    expect(steps.filter((step) => step.startsWith('checking'))).toHaveLength(1);
    expect(await readdir(profiles)).toEqual(['lives', 'lives.lock']);
    lock?.[Symbol.dispose]();
    await sweepScratch(profiles);
    expect(await readdir(profiles)).toEqual([]);
  });

  it('takes the browser at the path given', async () => {
    await using own = await openPrinter({ cacheFolder });
    // A browser of the user's finds its libraries and fonts by itself, which the packaged one does not everywhere.
    const { librariesFolder, fontsFolder } = await unpackChromium({ cacheFolder });
    const browserPath = join(cacheFolder, 'own-browser');
    await writeFile(`${browserPath}.conf`, `<fontconfig><dir>${fontsFolder}</dir></fontconfig>`);
    await writeFile(
      browserPath,
      `#!/bin/sh\nLD_LIBRARY_PATH='${librariesFolder}' FONTCONFIG_FILE='${browserPath}.conf' exec '${own.browser.path}' "$@"\n`,
      { mode: 0o755 },
    );
    await using given = await openPrinter({ cacheFolder, browserPath });
    expect(given.browser).toEqual({ ...own.browser, path: browserPath, origin: 'environment' });
    expect(own.browser.version).toMatch(/^\d+\.\d+\./);
  });

  it.each([
    ['is not there', (path: string) => path],
    ['is a folder', (path: string) => mkdir(path)],
    ['may not be run', (path: string) => writeFile(path, 'x', { mode: 0o644 })],
  ])('refuses a path that %s', async (name, make) => {
    const browserPath = join(folder, name.replaceAll(' ', '-'));
    await make(browserPath);
    await expect(openPrinter({ cacheFolder, browserPath })).rejects.toMatchObject({
      code: 'browser-missing',
      faults: [{ file: browserPath, hint: expect.stringContaining('PUPPETEER_EXECUTABLE_PATH') }],
    });
  });

  it.each([
    ['says nothing', 'exit 3', 'The browser did not start.', 'PUPPETEER_EXECUTABLE_PATH'],
    [
      'lacks a library',
      'echo "chrome: error while loading shared libraries: libnss3.so" >&2; exit 127',
      'The browser did not start: chrome: error while loading shared libraries: libnss3.so',
      'PUPPETEER_EXECUTABLE_PATH',
    ],
    [
      'may not make a sandbox',
      'echo "[9:9:1123/072411.1:FATAL:zygote_host_impl_linux.cc(128)] No usable sandbox! If you are" >&2; kill -TRAP $$',
      'The browser did not start: this system denies it the user namespaces that its sandbox needs.',
      '"The sandbox of the browser" in docs/operating.md',
    ],
  ])('refuses a program that %s instead of starting, and tells why', async (name, script, problem, way) => {
    const browserPath = join(folder, name.replaceAll(' ', '-'));
    await writeFile(browserPath, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    await expect(openPrinter({ cacheFolder, browserPath })).rejects.toMatchObject({
      code: 'browser-failed',
      faults: [{ file: browserPath, problem, hint: expect.stringContaining(way) }],
    });
  });

  it.runIf(isPackagedPlatform)(
    'refuses a browser that prints no text for want of fonts, and does not remember it as good',
    async () => {
      const other = join(folder, 'fontless');
      // To unpack it again would take ten times as long.
      const { fontsFolder } = await unpackChromium({ cacheFolder });
      copyFolder(dirname(fontsFolder), join(other, basename(dirname(fontsFolder))));
      const unpacked = await unpackChromium({ cacheFolder: other });
      for (const name of await readdir(join(unpacked.fontsFolder, 'Open_Sans'))) {
        await truncate(join(unpacked.fontsFolder, 'Open_Sans', name), 0);
      }
      await expect(openPrinter({ cacheFolder: other })).rejects.toMatchObject({
        code: 'browser-failed',
        message: expect.stringContaining('no font'),
      });
      // What was told to end may take a moment to do so.
      await vi.waitFor(() => expect(listProcesses(other)).toEqual([]));
      expect(await readdir(other)).not.toContain('checks');
    },
  );

  it.runIf(isPackagedPlatform)('leaves no process and no profile when it is disposed of', async () => {
    const printer = await openPrinter({ cacheFolder });
    await printer.print('<p>One</p>', { signal });
    // None of them may reach anything: page-safety.test.ts shows what this does.
    const [browser] = listProcesses(cacheFolder).filter(({ command }) => !command.includes('--type='));
    expect(browser?.command).toMatch(/ --host-resolver-rules=MAP \* ~NOTFOUND --/);
    await printer[Symbol.asyncDispose]();
    await expect.poll(() => listProcesses(cacheFolder)).toEqual([]);
    expect(await readdir(join(cacheFolder, 'profiles'))).toEqual([]);
    await expect(printer.print('<p>Two</p>', { signal })).rejects.toMatchObject({ code: 'print-failed' });
    await expect.poll(() => listProcesses(cacheFolder)).toEqual([]);
  });

  it('stops, leaving no process, when its signal is aborted', async () => {
    const stop = new AbortController();
    const opening = openPrinter({ cacheFolder, signal: stop.signal });
    stop.abort(new Error('stop'));
    await expect(opening).rejects.toThrow('stop');
    expect(listProcesses(cacheFolder)).toEqual([]);
  });
});

/** What two prints of one document have in common. */
const settled = (pdf: Uint8Array) =>
  Buffer.from(pdf)
    .toString('latin1')
    .replaceAll(/D:\d{14}|node\d{8}/g, '');

describe('print', () => {
  let printer: Printer;
  beforeAll(async () => {
    printer = await openPrinter({ cacheFolder });
  });
  afterAll(() => printer[Symbol.asyncDispose]());

  it('prints pages, headings, links, a figure and page numbers, tagged and outlined', async () => {
    const pdf = await printer.print(
      `<!doctype html><html lang="en-GB"><title>Two pages</title><style>
@page { size: A4; margin: 20mm; @bottom-center { content: 'Page ' counter(page) ' of ' counter(pages); } }
h2 { break-before: page; }
</style><h1>First</h1><p><a href="#end">to the end</a>, <a href="https://example.org/a">out</a></p>
<figure role="group"><svg role="img" aria-label="Five claims" width="200" height="100"><rect width="50" height="50"/></svg>
<figcaption>Claims</figcaption></figure><h2 id="end">Second</h2><p>End</p></html>`,
      { signal },
    );
    const read = await readPdf(pdf);
    expect(read.pages).toHaveLength(2);
    expect(read.pages[0]).toContain('First');
    expect(read.pages[0]).toContain('Page 1 of 2');
    expect(read.pages[1]).toContain('Page 2 of 2');
    expect(read.sizesPt.map(({ width, height }) => [Math.round(width), Math.round(height)])).toEqual([
      [595, 842],
      [595, 842],
    ]);
    expect(read).toMatchObject({
      title: 'Two pages',
      language: 'en-GB',
      tagged: true,
      outline: [
        { title: 'First', level: 1, page: 1 },
        { title: 'Second', level: 2, page: 2 },
      ],
      headings: [
        { level: 1, text: 'First', page: 1 },
        { level: 2, text: 'Second', page: 2 },
      ],
      figures: [{ alt: 'Five claims', page: 1 }],
      internalLinks: [{ page: 1, destination: 'end', landsOnPage: 2 }],
      externalLinks: ['https://example.org/a'],
    });
    expect(read.fonts.length).toBeGreaterThan(0);
    expect(read.fonts.every(({ embedded }) => embedded)).toBe(true);
  });

  it('spaces letters as the font says, not by the pixels of a screen', async () => {
    const file = fileURLToPath(import.meta.resolve('source-sans/WOFF2/TTF/SourceSans3-Regular.ttf.woff2'));
    const font = await readFile(file, 'base64');
    const pdf = await printer.print(
      `<style>@font-face { font-family: S; src: url(data:font/woff2;base64,${font}) }
p { font: 11px S; width: 300px; }</style>
<p>${'Reported claims in Nangarhar and illicit affiliates, millimetre willow. '.repeat(20)}</p>`,
      { signal },
    );
    // Widths in whole pixels push the last word to the next line.
    expect((await readPdf(pdf)).pages.join()).toContain(
      '\nNangarhar and illicit affiliates, millimetre willow. Reported claims\n',
    );
  });

  it('reports when the browser needs nothing more of this process, before the PDF is complete', async () => {
    const told: string[] = [];
    const html = `<p>${'word '.repeat(20_000)}</p>`;
    const printing = printer.print(html, { signal, onBegun: () => void told.push('begun') });
    await printing.then(() => told.push('printed'));
    expect(told).toEqual(['begun', 'printed']);
  });

  it('prints overlapping documents, each its own', async () => {
    const names = Array.from({ length: 6 }, (_, index) => `Document-${index}`);
    const pdfs = await Promise.all(names.map((name) => printer.print(`<p>${name}</p>`, { signal })));
    const texts = await Promise.all(pdfs.map(async (pdf) => (await readPdf(pdf)).pages.join().trim()));
    expect(texts).toEqual(names);
  });

  it('lets nothing out to the network', async () => {
    let connections = 0;
    const probe = createServer((socket) => {
      connections += 1;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => probe.once('listening', resolve));
    // A socket server: its port is a number.
    const { port } = probe.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    await printer
      .print(
        `<link rel="stylesheet" href="${url}/a.css"><link rel="prefetch" href="${url}/b"><link rel="preconnect" href="${url}">
<style>@font-face { font-family: f; src: url(${url}/f.woff2) } body { font-family: f; background: url(${url}/c.png) }</style>
<img src="${url}/d.png"><iframe src="${url}/e"></iframe><object data="${url}/g"></object><video src="${url}/h"></video>
<meta http-equiv="refresh" content="0;url=${url}/k"><svg><image href="${url}/i.png"/></svg><a ping="${url}/p" href="${url}">link</a>
<script>new WebSocket('ws://127.0.0.1:${port}'); fetch('${url}/j')</script><p>text</p>`,
        { signal },
      )
      .catch((error: unknown) => expect(error).toMatchObject({ code: 'print-failed' }));
    const after = await readPdf(await printer.print('<p>Still here</p>', { signal }));
    expect(after.pages.join()).toContain('Still here');
    expect(connections).toBe(0);
    await new Promise((resolve) => probe.close(resolve));
  });

  it('prints a document that would move elsewhere as it is', async () => {
    const html = '<meta http-equiv="refresh" content="0;url=http://127.0.0.1:9/"><p>itself</p>';
    // With a refresh that works this printed an error page, one time in eight.
    for (let round = 0; round < 20; round += 1) {
      const pdf = await printer.print(html, { signal });
      expect((await readPdf(pdf)).pages.join().trim()).toBe('itself');
    }
  });

  it('leaves nothing of a document behind for the next', async () => {
    const plain = '<!doctype html><html lang="en"><title>Plain</title><h1>Plain</h1><p>text</p></html>';
    const seal = async (html: string) => settled(await printer.print(html, { signal }));
    const before = await seal(plain);
    await seal(
      `<html lang="fr" class="odd" style="font-size: 40px"><title>Odd</title><base href="https://example.org/">
<meta http-equiv="Content-Security-Policy" content="style-src 'none'"><style>h1 { color: red }</style>
<body style="background: red"><h1>Odd</h1></body></html>`,
    );
    expect(await seal(plain)).toBe(before);
    const red = '<style>p { font-size: 90px }</style><p>large</p>';
    expect((await seal(red)).length).toBeGreaterThan(0);
    expect(await seal(red)).not.toBe(await seal('<p>large</p>'));
  });

  it('prints the same document whether the page already has its fonts or the document brings them', async () => {
    const file = fileURLToPath(import.meta.resolve('source-serif/WOFF2/TTF/SourceSerif4-It.ttf.woff2'));
    const source = `url(data:font/woff2;base64,${await readFile(file, 'base64')}) format('woff2')`;
    const fontFaces = `@font-face{font-family:'Kept 4';font-weight:600;font-style:italic;src:${source}}`;
    const html = `<!doctype html><html lang="en"><title>t</title><style>${fontFaces}
p { font: italic 600 12px 'Kept 4' }</style><p>Italic \u2265 5</p></html>`;
    await using keeps = await openPrinter({ cacheFolder, fontFaces });
    const kept = await keeps.print(html, { signal });
    expect((await readPdf(kept)).fonts.map(({ name }) => name)).toEqual([
      expect.stringContaining('SourceSerif4'),
    ]);
    expect(settled(kept)).toBe(settled(await printer.print(html, { signal })));
    expect(settled(await keeps.print(html, { signal }))).toBe(settled(kept));
  });

  it('rejects with the reason of the signal, before and during, and prints on', async () => {
    const aborted = AbortSignal.abort(new Error('before'));
    await expect(printer.print('<p>x</p>', { signal: aborted })).rejects.toThrow('before');
    const stop = new AbortController();
    const printing = printer.print(`<p>${'long '.repeat(500_000)}</p>`, { signal: stop.signal });
    void setImmediate().then(() => stop.abort(new Error('during')));
    await expect(printing).rejects.toThrow('during');
    const read = await readPdf(await printer.print('<p>after</p>', { signal }));
    expect(read.pages.join().trim()).toBe('after');
  });

  const kill = (
    isIt: (command: string) => boolean,
    isTurn: (pid: number) => boolean = () => true,
  ): number => {
    const found = listProcesses(cacheFolder).filter(({ pid, command }) => isIt(command) && isTurn(pid));
    for (const { pid } of found) process.kill(pid, 'SIGKILL');
    return found.length;
  };
  const isRenderer = (command: string): boolean => command.includes('--type=renderer');
  const isBrowser = (command: string): boolean => !command.includes('--type=');

  it.runIf(isPackagedPlatform)('survives the death of a page or of the browser at any moment', async () => {
    const long = `<p>alive</p>${'<p>and long</p>'.repeat(2000)}`;
    // From before the page is taken to after it is printed, which takes some hundred turns of the event loop.
    const rounds = isSoak ? 40 : 6;
    for (let round = 0; round < rounds; round += 1) {
      const printing = printer.print(long, { signal });
      for (let turn = 0; turn < 160 * (round / rounds) ** 2; turn += 1) await setImmediate();
      kill(round % 2 === 0 ? isRenderer : isBrowser);
      expect((await readPdf(await printing)).pages.join(), `round ${round}`).toMatch(/^alive/);
    }
  });

  it.runIf(isPackagedPlatform)('gives a document up that no fresh browser prints either', async () => {
    const printing = printer.print('<p>doomed</p>'.repeat(20_000), { signal });
    // A renderer that has computed that long is at the document, and has not printed it yet.
    const isBusy = (pid: number): boolean => cpuTicksOf(pid) > 25;
    const killing = setInterval(() => kill(isRenderer, isBusy), 20);
    try {
      await expect(printing).rejects.toMatchObject({ code: 'print-failed' });
    } finally {
      clearInterval(killing);
    }
    const read = await readPdf(await printer.print('<p>next</p>', { signal }));
    expect(read.pages.join().trim()).toBe('next');
  });

  it.runIf(isPackagedPlatform)('survives the death of a page and of the browser', async () => {
    const texts = async () =>
      (await readPdf(await printer.print('<p>alive</p>', { signal }))).pages.join().trim();
    expect(kill(isRenderer)).toBeGreaterThan(0);
    expect(await texts()).toBe('alive');
    expect(kill(isBrowser)).toBe(1);
    expect(await Promise.all([texts(), texts(), texts()])).toEqual(['alive', 'alive', 'alive']);
    expect(listProcesses(cacheFolder).filter(({ command }) => isBrowser(command))).toHaveLength(1);
  });
});

describe('openPages', () => {
  it('reuses a page, lends two at most, and forgets a waiter that gave up', async () => {
    const { path, origin } = await openPrinter({ cacheFolder }).then(async (printer) => {
      await printer[Symbol.asyncDispose]();
      return printer.browser;
    });
    const found = {
      path,
      origin,
      ...(isPackagedPlatform && { bundle: await unpackChromium({ cacheFolder }) }),
    };
    const bundledLibraries = await lacksLibraries(found);
    await using running = await launchBrowser(found, { cacheFolder, bundledLibraries });
    const pool = await openPages(running.browser, { fontFaces: '' });
    /** A page that is in use until it is given back, or until its work fails. */
    const take = async ({ fresh = false, signal: of = signal } = {}) => {
      const taken = Promise.withResolvers<Page>();
      const work = Promise.withResolvers<void>();
      const use = pool.use({ fresh, signal: of }, (page) => {
        taken.resolve(page);
        return work.promise;
      });
      use.catch(taken.reject);
      const fail = async () => {
        work.reject(new Error('failed'));
        await expect(use).rejects.toThrow('failed');
      };
      return { page: await taken.promise, fail, giveBack: () => (work.resolve(), use) };
    };
    const first = await take();
    await first.giveBack();
    const one = await take();
    expect(one.page).toBe(first.page);
    const two = await take();
    expect(two.page).not.toBe(one.page);

    const impatient = new AbortController();
    const givesUp = take({ signal: impatient.signal });
    const waits = take();
    impatient.abort(new Error('too long'));
    await expect(givesUp).rejects.toThrow('too long');
    expect(await running.browser.pages()).toHaveLength(2);
    await two.giveBack();
    expect((await waits).page).toBe(two.page);

    // A page that failed is not lent again, and its turn is free.
    await one.fail();
    const third = await take();
    expect(third.page).not.toBe(one.page);

    // A page that is given up while it opens does not stay open.
    await third.giveBack();
    const stop = new AbortController();
    const opening = take({ fresh: true, signal: stop.signal });
    setTimeout(() => stop.abort(new Error('given up')), 0);
    await expect(opening).rejects.toThrow('given up');
    // By the time that another is there, so was it.
    await take({ fresh: true });
    await vi.waitFor(async () => expect(await running.browser.pages()).toHaveLength(2));
  });
});
