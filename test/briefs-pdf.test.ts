import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { british } from './support/brief-of.ts';
import { chartsOn, printedBlocks, readPage } from './support/page.ts';
import { readPdfMarks } from './support/pdf-marks.ts';
import { type ReadPdf, readPdf } from './support/pdf.ts';
import { openWarmPrinter } from './support/printer.ts';
import { editionsAt, findBrief, loadProduct, type NamedEdition, type Product } from './support/product.ts';
import { isSoak, sampleOfSheets } from './support/sample.ts';
import { openChartProcess } from '../src/charts/worker.ts';
import { editionName } from '../src/ledger/edition-id.ts';
import type { Printer } from '../src/pdf/browser/print.ts';
import { isPackagedPlatform } from '../src/pdf/browser/unpack.ts';
import { resolveEdition } from '../src/production/fan-out.ts';
import { type Edition, produce } from '../src/production/produce.ts';
import type { Paper } from '../src/project/brief.ts';
import type { Parameters } from '../src/project/parameters.ts';
import { openQueries } from '../src/query/database.ts';

interface Printed {
  readonly edition: Edition;
  readonly read: ReadPdf;
}

const product: Product = await loadProduct();
const fullCoverage = '2021-08-25';
let printer: Printer;
const chartProcess = openChartProcess();
beforeAll(async () => {
  printer = await openWarmPrinter();
});
afterAll(async () => {
  await chartProcess[Symbol.asyncDispose]();
  await printer[Symbol.asyncDispose]();
});

type Asked = Pick<NamedEdition, 'brief' | 'asOf'> & { paper?: Paper; parameters?: Parameters };
const made = new Map<string, Promise<Printed>>();
/** The same edition is printed once for all tests. */
function print({ brief, asOf, paper = 'A4', parameters = {} }: Asked): Promise<Printed> {
  const key = JSON.stringify([brief, asOf, paper, parameters]);
  const found = made.get(key) ?? printAnew({ brief, asOf, paper, parameters });
  made.set(key, found);
  return found;
}

async function printAnew({ brief: id, asOf, paper = 'A4', parameters = {} }: Asked): Promise<Printed> {
  const { dataset, material } = product;
  const edition = await produce(
    resolveEdition({ brief: findBrief(product, id), dataset, asOf, paper, parameters }),
    {
      openQueries,
      drawChart: chartProcess.drawChart,
      startPrinting: () => {},
      print: (html, options) => printer.print(html, options),
      browser: () => Promise.resolve(printer.browser),
    },
    material,
  );
  return { edition, read: await readPdf(edition.pdf) };
}

/** Where a reader aloud goes back up the page, and not into a column to the right. */
const jumpsBack = ({ spoken }: ReadPdf): string[] =>
  spoken.flatMap((next, index) => {
    const last = spoken[index - 1];
    const isBack = last?.page === next.page && next.bottom > last.top && next.left < last.right;
    return isBack ? [`page ${next.page}: from "${last.text}" to "${next.text}"`] : [];
  });
const smallTexts = ({ sizesOfText }: ReadPdf): string[] =>
  sizesOfText.flatMap(({ text, sizePt }) => (sizePt < 7.99 ? [text] : []));

const atFullCoverage = await editionsAt(product, fullCoverage);
const editionOf = (name: string): NamedEdition => {
  const found = atFullCoverage.find((each) => each.name === name);
  if (found === undefined) throw new Error(`There is no edition "${name}".`);
  return found;
};
const cases: (NamedEdition & { paper: Paper })[] = [
  ...sampleOfSheets(atFullCoverage).map((edition) => ({ ...edition, paper: 'A4' as const })),
  { ...editionOf('weekly'), paper: 'Letter' },
  { ...editionOf('weekly'), asOf: '2021-09-06', paper: 'A4' },
  { ...editionOf('actor-sheet actor=A-taliban'), paper: 'Letter' },
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
/** What key judgments rest on, which is the last line of each, if it is not on page one. */
function offPageOne({ edition, read }: Printed): string[] {
  const [list = ''] = /<ol class="key-judgments">[\s\S]*?<\/ol>/.exec(edition.html) ?? [];
  const bases = [...list.matchAll(/<p class="confidence">([\s\S]*?)<\/p>/g)].map(([, html = '']) =>
    letters(html.replaceAll(/<[^>]*>/g, '')),
  );
  expect(bases).not.toEqual([]);
  return bases.filter((basis) => !letters(read.pages[0] ?? '').includes(basis));
}
const squeezed = (text: string): string => text.replaceAll(/\s+/g, ' ');
const occurrences = (text: string, part: string): number => text.split(part).length - 1;

describe.each(cases)('$name as of $asOf on $paper', ({ brief: id, asOf, paper, parameters }) => {
  const brief = findBrief(product, id);
  const { subject, marking, limits } = brief.config;
  let edition: Edition;
  let read: ReadPdf;
  beforeAll(async () => {
    ({ edition, read } = await print({ brief: id, asOf, paper, parameters }));
  });

  test('has the paper asked for, and no more pages than its limit', () => {
    expect(read.pages.length).toBe(edition.pages);
    expect(read.pages.length).toBeLessThanOrEqual(limits.pages);
    expect(read.sizesPt).toHaveLength(read.pages.length);
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
      expect(text.toLowerCase()).toContain(`cut-off ${british.longDay(asOf)}`.toLowerCase());
      expect(text).toContain(index === 0 ? 'Sitrep' : edition.title);
      // In the header and in the footer; elsewhere only the note on handling names it, once.
      const handled = text.includes(`${marking} May be shared`) ? 1 : 0;
      expect(occurrences(text, marking) - handled).toBe(2);
    }
  });

  test('has all the text of the page it was printed from', () => {
    const whole = letters(read.pages.join('\n'));
    const blocks = printedBlocks(edition.html);
    expect(blocks.length).toBeGreaterThan(60);
    // Short ones, such as a number in a cell, stand in any text.
    const lost = blocks.filter((block) => block.length > 12 && !standsIn(whole, letters(block)));
    expect(lost).toEqual([]);
  });

  test('has its headings as bookmarks, each on the page of its heading', () => {
    const { headings } = readPage(edition.html);
    expect(headings.length).toBeGreaterThan(5);
    expect(read.outline.map((entry) => entry.title)).toEqual(headings);
    // A column may go on to the next page while another ends on this one.
    const placed = (text: string, page: number | null) =>
      `${text.replaceAll(/[^\p{Ll}\p{Lu}\p{N}]+/gu, '').toLowerCase()} on ${page}`;
    const marked = read.outline.map(({ title, page }) => placed(title, page));
    expect(marked.toSorted()).toEqual(read.headings.map(({ text, page }) => placed(text, page)).toSorted());
  });

  test('embeds its fonts, and only ours', () => {
    expect(read.fonts.length).toBeGreaterThanOrEqual(3);
    const ours = /^SourceS(erif4|ans3)-/;
    expect(read.fonts.filter(({ name, embedded }) => !embedded || !ours.test(name))).toEqual([]);
  });

  test('is tagged, with one figure and its alternative text for each chart', () => {
    expect(read.tagged).toBe(true);
    const charts = chartsOn(edition.html);
    // An actor sheet draws only what is about the actor.
    if (Object.keys(parameters).length === 0) expect(charts.length).toBeGreaterThanOrEqual(1);
    const described = read.figures.filter(({ alt }) => alt !== null && alt.length > 0);
    expect(described.map(({ alt }) => alt)).toHaveLength(charts.length);
    for (const { alt } of described) expect(alt?.length).toBeGreaterThan(80);
    expect(read.figures).toHaveLength(described.length);
  });

  test('is read aloud in the order in which it is seen', () => {
    expect(read.spoken.length).toBeGreaterThan(50);
    expect(jumpsBack(read)).toEqual([]);
  });

  test('fills each page but the last two by two thirds, the last by two fifths, and gives a third at most to what stands behind the reports', () => {
    const pages = read.pages.map((_, index) => read.spoken.filter(({ page }) => page === index + 1));
    const heightOf = (texts: typeof read.spoken) =>
      texts.length === 0
        ? 0
        : Math.max(...texts.map(({ top }) => top)) - Math.min(...texts.map(({ bottom }) => bottom));
    const full = sizes[paper].height - 120;
    for (const texts of pages.slice(0, -2)) expect(heightOf(texts)).toBeGreaterThan((full * 2) / 3);
    // The sheet of an actor of whom little is reported has as many sources as another, and may have them on a page of
    // their own.
    expect(heightOf(pages.at(-1) ?? [])).toBeGreaterThan(full * (read.pages.length < 3 ? 0.15 : 0.4));
    if (read.pages.length < 3) return;
    const start = read.spoken.findIndex(({ text }) => /^method$/i.test(text));
    expect(start).toBeGreaterThan(0);
    const apparatus = new Set(read.spoken.slice(start));
    const [behind = 0, all = 0] = pages
      .map((texts) => [heightOf(texts.filter((each) => apparatus.has(each))), heightOf(texts)])
      .reduce(([a = 0, b = 0], [c = 0, d = 0]) => [a + c, b + d]);
    expect(behind / all).toBeLessThan(1 / 3);
  });

  test('has its key judgments together, on page one', () => {
    expect(offPageOne({ edition, read })).toEqual([]);
  });

  test('sets no text smaller than 8 pt, in the margins neither', () => {
    expect(smallTexts(read)).toEqual([]);
  });

  test('leads nowhere but into itself: from citations to endnotes and back', () => {
    expect(read.externalLinks).toEqual([]);
    expect(read.internalLinks.filter(({ landsOnPage }) => landsOnPage === null)).toEqual([]);
    const destinations = new Set(read.internalLinks.map(({ destination }) => destination));
    const notes = [...edition.html.matchAll(/<tr id="note-(\d+)"/g)].map(([, number]) => number);
    expect(notes.length).toBeGreaterThan(3);
    const back = [...destinations].filter((name) => name.includes('cite-'));
    expect(back.length).toBeGreaterThan(0);
    const hrefs = [...edition.html.matchAll(/href="#([^"]+)"/g)].map(([, name = '']) => name);
    const lost = hrefs.filter((href) => ![...destinations].some((name) => name.includes(href)));
    expect(lost).toEqual([]);
    // Each endnote has its way back, and lies on the last pages.
    const lastPage = read.pages.length;
    const toNotes = read.internalLinks.filter(({ destination }) => destination.includes('note-'));
    expect(toNotes).not.toEqual([]);
    for (const { landsOnPage } of toNotes) expect(landsOnPage).toBeGreaterThanOrEqual(lastPage - 1);
  });

  test('says of each table header what it heads, of each tag and link what it is, and the same as XMP', async () => {
    const marks = await readPdfMarks(edition.pdf);
    const printed = edition.html.replaceAll(/<details\b[\s\S]*?<\/details>/g, '');
    const scopes = [...printed.matchAll(/<th\b[^>]*\bscope="(col|row)"/g)].map(([, scope]) =>
      scope === 'col' ? 'Column' : 'Row',
    );
    expect(scopes.length).toBeGreaterThanOrEqual(5);
    expect(scopes).toHaveLength(occurrences(printed, '<th '));
    expect(marks.headerScopes.toSorted()).toEqual(scopes.toSorted());
    expect(marks.roles).toEqual({ Strong: 'Span', Em: 'Span' });
    expect(marks.xmp).toContain('<pdf:Keywords>');
    const title = edition.title.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
    expect(marks.xmp).toContain(`${title}, ${british.longDay(asOf)}</rdf:li>`);
    expect(marks.linkTexts).toHaveLength(read.internalLinks.length);
    for (const text of marks.linkTexts)
      expect(text).toMatch(/^(?:Endnote|First citation of endnote) \d+|new reports?, \w+ revised$/);
  });

  test('names its title, author, subject and language', () => {
    expect(edition.title.startsWith(brief.config.title)).toBe(true);
    const actors = product.dataset.tables.actors.filter(({ id: each }) =>
      Object.values(parameters).includes(each),
    );
    expect(new Set(actors.map((actor) => actor.id)).size).toBe(Object.keys(parameters).length);
    for (const actor of actors) expect(edition.title).toContain(actor.name);
    expect(read.title).toBe(`${edition.title}, ${british.longDay(asOf)}`);
    expect(read.author).toBe('Sitrep');
    expect(read.subject).toBe(subject);
    expect(read.language).toBe('en-GB');
    expect(read.keywords).toContain(marking);
    expect(read.creationDate).toContain(asOf.replaceAll('-', ''));
  });
});

test.each([
  { brief: 'al-qaeda-ties', paper: 'A4' },
  { brief: 'al-qaeda-ties', paper: 'Letter' },
  { brief: 'celebrations', paper: 'Letter' },
] as const)('$brief as of 2021-08-23 on $paper keeps its sources below their heading', async (edition) => {
  const { read } = await print({ ...edition, asOf: '2021-08-23' });
  const heading = read.outline.find(({ title }) => title === 'Sources');
  const page = squeezed(read.pages[(heading?.page ?? 0) - 1] ?? '');
  const [, below = ''] = page.split(/\bsources (?=[^←])(?!.*\bsources [^←])/i);
  expect(below).toMatch(/ [A-F]: [a-z]/);
});

const oneOfEach = product.briefs.flatMap(({ id }) => atFullCoverage.find(({ brief }) => brief === id) ?? []);
test.each(oneOfEach)('$name has the same bytes when it is generated again', async (edition) => {
  const first = await print(edition);
  const second = await printAnew(edition);
  expect(Buffer.from(first.edition.pdf).equals(second.edition.pdf)).toBe(true);
});

// Other browsers may break lines and pages elsewhere.
describe.runIf(isPackagedPlatform)('docs/samples, renewed by npm run samples', () => {
  const sampled = [
    ...atFullCoverage.filter(({ parameters }) => Object.keys(parameters).length === 0),
    editionOf('actor-sheet actor=A-isis-k'),
  ];
  test.each(sampled)('$name is what the product prints', async (edition) => {
    const { brief, asOf, parameters } = edition;
    const name = editionName({ asOf, paper: 'A4', ownPaper: 'A4', parameters });
    const sample = join(import.meta.dirname, '../docs/samples', `${brief}-${name}.pdf`);
    const kept = await readPdf(await readFile(sample));
    const { read } = await print(edition);
    expect(read.pages).toEqual(kept.pages);
  });
});

// Each was a page longer once, with almost nothing on the last one.
const both = ['A4', 'Letter'] as const;
test.each([
  ...both.map((paper) => ({ brief: 'weekly', asOf: '2021-08-27', paper, most: 4 })),
  ...both.map((paper) => ({ brief: 'weekly', asOf: '2021-08-16', paper, most: 2 })),
  ...both.map((paper) => ({ brief: 'celebrations', asOf: '2021-08-16', paper, most: 1 })),
  { brief: 'isis-quieting', asOf: fullCoverage, paper: 'Letter', most: 4 },
  ...both.flatMap((paper) => [
    { brief: 'al-qaeda-ties', asOf: fullCoverage, paper, most: 3 },
    { brief: 'celebrations', asOf: fullCoverage, paper, most: 2 },
    { brief: 'actor-sheet', asOf: fullCoverage, paper, parameters: { actor: 'A-aqap' }, most: 1 },
    { brief: 'actor-sheet', asOf: fullCoverage, paper, parameters: { actor: 'A-jnim' }, most: 2 },
  ]),
  ...both.flatMap((paper) => [
    { brief: 'al-qaeda-ties', asOf: '2021-08-27', paper, most: 3 },
    { brief: 'celebrations', asOf: '2021-08-27', paper, most: 2 },
    { brief: 'actor-sheet', asOf: '2021-08-27', paper, parameters: { actor: 'A-taliban' }, most: 3 },
  ]),
] as const)('$brief as of $asOf has at most $most page(s) on $paper', async ({ most, ...edition }) => {
  const printed = await print(edition);
  expect(printed.read.pages.length).toBeLessThanOrEqual(most);
  if (edition.brief === 'weekly' && edition.asOf !== '2021-08-16') expect(offPageOne(printed)).toEqual([]);
});

test('a header of another scope, and a link without its text, are found', async () => {
  const html =
    '<!doctype html><title>t</title><table><tr><th scope="col">a<td>b<tr><td>c<td>d</table><a href="#b">1</a><p id="b">e</p>';
  const marks = await readPdfMarks(await printer.print(html, { signal: AbortSignal.timeout(60_000) }));
  expect(marks).toEqual({ headerScopes: ['Column'], roles: {}, xmp: null, linkTexts: [null] });
  const bare = await printer.print(html.replace(' scope="col"', ''), { signal: AbortSignal.timeout(60_000) });
  // What the page does not say, the browser guesses.
  expect((await readPdfMarks(bare)).headerScopes).toEqual(['Row']);
});

test('a page that is read aloud in another order than it is seen, and text that is small, are found', async () => {
  const html =
    '<!doctype html><title>t</title><div style="display:flex;flex-direction:column-reverse">' +
    '<p>first</p><p style="font-size:7pt">second</p></div>';
  const read = await readPdf(await printer.print(html, { signal: AbortSignal.timeout(60_000) }));
  expect(jumpsBack(read)).toEqual(['page 1: from "first" to "second"']);
  expect(smallTexts(read)).toEqual(['second']);
});

// The notice on coverage takes the most room when collection ended within the period.
test.each(isSoak ? ['2021-08-26', '2021-08-29', '2021-08-31'] : ['2021-08-29'])(
  'each brief keeps to its limits as of %s, after collection ended',
  async (asOf) => {
    const briefs = ['al-qaeda-ties', 'celebrations', 'isis-quieting', 'weekly'];
    // An edition over a limit is not made: it throws.
    const pages = await Promise.all(
      briefs.map(async (brief) => (await print({ brief, asOf })).edition.pages),
    );
    expect(pages.every((count) => count >= 2 && count <= 4)).toBe(true);
  },
);
