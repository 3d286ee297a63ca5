import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openQueries } from '../src/adapters/duckdb.ts';
import { openPrinter, type Printer } from '../src/adapters/chromium/printer.ts';
import { isPackagedPlatform } from '../src/adapters/chromium/unpack.ts';
import type { Paper } from '../src/model/brief.ts';
import { longDay } from '../src/model/wording.ts';
import { produce, type Edition } from '../src/pipeline/produce.ts';
import { testCacheFolder } from './support/cache.ts';
import { chartsOn, printedBlocks, readPage } from './support/page.ts';
import { readPdf, type ReadPdf } from './support/pdf.ts';
import { findBrief, loadProduct, type Product } from './support/product.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

interface Printed {
  readonly edition: Edition;
  readonly read: ReadPdf;
}

const product: Product = await loadProduct();
const fullCoverage = '2021-08-25';
let printer: Printer;
beforeAll(async () => {
  printer = await openPrinter({ cacheFolder: testCacheFolder });
});
afterAll(() => printer[Symbol.asyncDispose]());

async function print(id: string, asOf: string, paper: Paper = 'A4'): Promise<Printed> {
  const { dataset, material } = product;
  const edition = await produce(
    { brief: findBrief(product, id), dataset, asOf, paper },
    { openQueries, startPrinting: () => {}, print: (html, options) => printer.print(html, options) },
    material,
  );
  return { edition, read: await readPdf(edition.pdf) };
}

const cases: { id: string; asOf: string; paper: Paper }[] = [
  ...product.briefs.map(({ id }) => ({ id, asOf: fullCoverage, paper: 'A4' as const })),
  { id: 'weekly', asOf: fullCoverage, paper: 'Letter' },
  { id: 'weekly', asOf: '2021-09-06', paper: 'A4' },
];
/** In points, as ISO 216 and ANSI give them, to the nearest that a browser prints. */
const sizes = { A4: { width: 595, height: 842 }, Letter: { width: 612, height: 792 } };

/** A text without blanks, case and the choice of apostrophe, which line breaks, style sheet and font may change. */
const letters = (text: string): string => text.replaceAll(/[\s\u00ad'’ʼ‘ʻ]/g, '').toLowerCase();
/** Whether a text holds a block, which a new page may cut in two. */
function standsIn(whole: string, block: string): boolean {
  let length = block.length;
  while (!whole.includes(block.slice(0, length))) length -= 1;
  return whole.includes(block.slice(length));
}
const squeezed = (text: string): string => text.replaceAll(/\s+/g, ' ');
const occurrences = (text: string, part: string): number => text.split(part).length - 1;

describe.each(cases)('$id as of $asOf on $paper', ({ id, asOf, paper }) => {
  const brief = findBrief(product, id);
  const { title, subject, marking } = brief.config;
  let edition: Edition;
  let read: ReadPdf;
  beforeAll(async () => {
    ({ edition, read } = await print(id, asOf, paper));
  });

  test('has two to four pages of the paper asked for', () => {
    expect(read.pages.length).toBe(edition.pages);
    expect(read.pages.length).toBeGreaterThanOrEqual(2);
    expect(read.pages.length).toBeLessThanOrEqual(4);
    for (const { width, height } of read.sizesPt) {
      expect(Math.abs(width - sizes[paper].width)).toBeLessThanOrEqual(1);
      expect(Math.abs(height - sizes[paper].height)).toBeLessThanOrEqual(1);
    }
  });

  test('says on each page what it is, and more', () => {
    for (const [index, page] of read.pages.entries()) {
      const text = squeezed(page);
      expect(text.length).toBeGreaterThan(600);
      expect(text).toContain(`${index + 1} of ${read.pages.length}`);
      expect(text.toLowerCase()).toContain(`cut-off ${longDay(asOf)}`.toLowerCase());
      expect(text).toContain(index === 0 ? 'Sitrep' : title);
      // In the header and in the footer; elsewhere only the note on handling names it, once.
      const handled = text.includes(`${marking} May be shared`) ? 1 : 0;
      expect(occurrences(text, marking) - handled).toBe(2);
    }
  });

  test('has all the text of the page it was printed from', () => {
    const whole = letters(read.pages.join('\n'));
    const blocks = printedBlocks(edition.html);
    expect(blocks.length).toBeGreaterThan(100);
    // Short ones, such as a number in a cell, stand in any text.
    const lost = blocks.filter((block) => block.length > 12 && !standsIn(whole, letters(block)));
    expect(lost).toEqual([]);
  });

  test('has its headings as bookmarks, each on the page of its heading', () => {
    const { headings } = readPage(edition.html);
    expect(headings.length).toBeGreaterThan(5);
    expect(read.outline.map((entry) => entry.title)).toEqual(headings);
    expect(read.outline.map(({ page }) => page)).toEqual(read.headings.map(({ page }) => page));
  });

  test('embeds its fonts, and only ours', () => {
    expect(read.fonts.length).toBeGreaterThanOrEqual(3);
    const ours = /^SourceS(erif4|ans3)-/;
    expect(read.fonts.filter(({ name, embedded }) => !embedded || !ours.test(name))).toEqual([]);
  });

  test('is tagged, with one figure and its alternative text for each chart', () => {
    expect(read.tagged).toBe(true);
    const charts = chartsOn(edition.html);
    expect(charts.length).toBeGreaterThanOrEqual(1);
    const described = read.figures.filter(({ alt }) => alt !== null && alt.length > 0);
    expect(described.map(({ alt }) => alt)).toHaveLength(charts.length);
    for (const { alt } of described) expect(alt?.length).toBeGreaterThan(80);
    expect(read.figures).toHaveLength(described.length);
  });

  test('leads nowhere but into itself: from citations to endnotes and back', () => {
    expect(read.externalLinks).toEqual([]);
    expect(read.internalLinks.filter(({ landsOnPage }) => landsOnPage === null)).toEqual([]);
    const destinations = new Set(read.internalLinks.map(({ destination }) => destination));
    const notes = [...edition.html.matchAll(/<tr id="note-(\d+)">/g)].map(([, number]) => number);
    expect(notes.length).toBeGreaterThan(5);
    const back = [...destinations].filter((name) => name.includes('cite-'));
    expect(back.length).toBeGreaterThan(0);
    const hrefs = [...edition.html.matchAll(/href="#([^"]+)"/g)].map(([, name = '']) => name);
    const lost = hrefs.filter((href) => ![...destinations].some((name) => name.includes(href)));
    expect(lost).toEqual([]);
    // Each endnote has its way back, and lies on the last pages.
    const lastPage = read.pages.length;
    for (const { destination, landsOnPage } of read.internalLinks)
      if (destination.includes('note-')) expect(landsOnPage).toBeGreaterThanOrEqual(lastPage - 1);
  });

  test('names its title, author, subject and language', () => {
    expect(read.title).toBe(`${title}, ${longDay(asOf)}`);
    expect(read.author).toBe('Sitrep');
    expect(read.subject).toBe(subject);
    expect(read.language).toBe('en-GB');
    expect(read.keywords).toContain(marking);
    expect(read.creationDate).toContain(asOf.replaceAll('-', ''));
  });
});

test.each(product.briefs.map(({ id }) => ({ id })))(
  '$id has the same bytes when it is made again',
  async ({ id }) => {
    const first = await print(id, fullCoverage);
    const second = await print(id, fullCoverage);
    expect(Buffer.from(first.edition.pdf).equals(second.edition.pdf)).toBe(true);
  },
);

// Other browsers may break lines and pages elsewhere.
describe.runIf(isPackagedPlatform)('docs/samples, renewed by npm run samples', () => {
  test.each(product.briefs.map(({ id }) => ({ id })))('$id is what the product prints', async ({ id }) => {
    const sample = join(import.meta.dirname, '../docs/samples', `${id}-${fullCoverage}.pdf`);
    const kept = await readPdf(await readFile(sample));
    const { read } = await print(id, fullCoverage);
    expect(read.pages).toEqual(kept.pages);
  });
});
