/// <reference lib="dom" />
import type { Page } from 'puppeteer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningBrowser } from '../src/pdf/browser/launch.ts';
import { testCacheFolder } from './support/cache.ts';
import { openBrowser } from './support/preview.ts';
import { editionsAt, loadProduct, renderEdition } from './support/product.ts';
import { sampleOfSheets } from './support/sample.ts';
import { contrast, readTexts, type SeenText } from './support/seen-texts.ts';
import { axeFinds } from './support/site.ts';

const product = await loadProduct();
const editions = sampleOfSheets(await editionsAt(product, '2021-08-25'));

let running: RunningBrowser;
beforeAll(async () => {
  running = await openBrowser(testCacheFolder);
});
afterAll(() => running[Symbol.asyncDispose]());

/** The page of an edition as it is printed, on a screen so tall that all of it can be looked at. */
async function openPage(html: string): Promise<Page> {
  const page = await running.browser.newPage();
  await page.setViewport({ width: 680, height: 9000 });
  await page.emulateMediaType('print');
  await page.setContent(html);
  return page;
}

/** Text that is too pale on what lies behind it: WCAG 2.2, 1.4.3 asks for 4.5. */
const pale = (texts: readonly SeenText[]): string[] =>
  texts.flatMap(({ text, colour, behind }) => {
    const ratios = behind.flatMap((each) => Object.values(contrast(colour, each)));
    const worst = Math.min(...ratios);
    return worst >= 4.5 ? [] : [`${text}: ${colour} on ${behind.join(', ')} has ${worst.toFixed(2)}`];
  });
const small = (texts: readonly SeenText[], limitPt: number): string[] =>
  texts.flatMap(({ text, sizePt }) => (sizePt < limitPt - 0.01 ? [`${text}: ${sizePt.toFixed(2)} pt`] : []));

describe.each(editions)('$name', (edition) => {
  let page: Page;
  let texts: readonly SeenText[];
  let hasCharts: boolean;
  beforeAll(async () => {
    const { html, charts } = await renderEdition(product, edition);
    hasCharts = Object.keys(charts).length > 0;
    page = await openPage(html);
    texts = await readTexts(page);
  });
  afterAll(() => page.close());

  test('axe-core finds nothing', async () => {
    expect(await axeFinds(page)).toEqual([]);
  });

  test('no text is pale, in colour and in grey, that of charts included', () => {
    expect(texts.some(({ isDrawn }) => isDrawn)).toBe(hasCharts);
    expect(pale(texts)).toEqual([]);
  });

  test('no text is small, and running text is larger', () => {
    expect(small(texts, 8)).toEqual([]);
    expect(
      small(
        texts.filter(({ isRunning }) => isRunning),
        9.5,
      ),
    ).toEqual([]);
  });
});

test('pale text, small text and an unnamed table are found', async () => {
  const page =
    await openPage(`<!doctype html><html lang="en"><title>t</title><style>p { font: 12pt serif }</style><main><h1>h</h1>
    <p style="color:#999">pale</p><p style="background:#1d3557">dark</p><p style="background:rgba(0,0,0,.9)">veiled</p><p style="font-size:7pt">tiny</p>
    <svg role="img" aria-label="a" width="100" height="50" viewBox="0 0 200 100"><rect width="200" height="100" fill="#345"/>
    <text x="10" y="50" font-size="20" fill="#456">drawn</text></svg>
    <img src="data:,"></main></html>`);
  const texts = await readTexts(page);
  expect(pale(texts).map((each) => each.split(':')[0])).toEqual(['pale', 'dark', 'veiled', 'drawn']);
  expect(small(texts, 8)).toEqual(['tiny: 7.00 pt', 'drawn: 7.50 pt']);
  expect(await axeFinds(page)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^color-contrast: /),
      expect.stringMatching(/^image-alt: /),
    ]),
  );
});
