import type { Browser, Page } from 'puppeteer';
import { showDocument } from './frame.ts';
import { PROTOCOL_TIMEOUT_MS } from './launch.ts';
import { abortable, openPage } from './pages.ts';

/** Relative to the page's size: sharp at a card's width on a high-density screen, and below 150 kB. */
const SCALE = 0.75;
const PX_PER_MM = 96 / 25.4;
const sizesMm = { a4: { width: 210, height: 297 }, letter: { width: 215.9, height: 279.4 } };

/**
 * Lays the document out on screen like its first printed page: one column with the size that `@page` leaves, so that it
 * breaks where the print does, and the marking at the foot too, where the print's margin has it. Returns the paper.
 */
const asFirstPage = `((sizes) => {
  const rules = [...document.styleSheets].flatMap(({ cssRules }) => [...cssRules]);
  const page = rules.findLast((rule) => rule instanceof CSSPageRule && rule.style.getPropertyValue('size') !== '');
  const name = page?.style.getPropertyValue('size').toLowerCase() === 'letter' ? 'letter' : 'a4';
  const { width, height } = sizes[name];
  const sheet = document.createElement('style');
  sheet.textContent =
    'html { background: #fff; overflow: hidden; width: ' + width + 'mm; height: ' + height + 'mm; }' +
    'body { box-sizing: border-box; width: ' + width + 'mm; height: ' + height + 'mm; padding: ' + (page?.style.margin || '20mm') + '; column-width: ' + width + 'mm; column-fill: auto; column-gap: 40mm; }' +
    'p.screen-marking { display: block; position: absolute; bottom: 7.5mm; right: 18mm; margin: 0; padding: 0 5mm; background: #000; font: 600 12pt/6.6mm "Source Sans 3"; }';
  document.head.append(sheet);
  return name;
})`;

/**
 * Draws the first page of a self-contained document as a PNG. Uses a page of its own, so that no print waits for it or
 * is affected by it. Throws the browser's error, or the signal's reason.
 */
export async function drawFirstPage(
  browser: Browser,
  document: { readonly html: string; readonly fontFaces: string; readonly signal: AbortSignal },
): Promise<Uint8Array> {
  const page = await openPage(browser, document);
  try {
    return await abortable(draw(page, document), document.signal);
  } finally {
    page.close().catch(() => undefined);
  }
}

async function draw(page: Page, document: { html: string; fontFaces: string }): Promise<Uint8Array> {
  await page.emulateMediaType('print');
  await page.setViewport({ ...pixels(sizesMm.a4), deviceScaleFactor: SCALE });
  await showDocument(page, document);
  const name = await page.evaluate(`${asFirstPage}(${JSON.stringify(sizesMm)})`);
  const size = pixels(name === 'letter' ? sizesMm.letter : sizesMm.a4);
  await page.setViewport({ ...size, deviceScaleFactor: SCALE });
  await page.evaluate('document.fonts.ready.then(() => undefined)');
  page.setDefaultTimeout(PROTOCOL_TIMEOUT_MS);
  return page.screenshot({ type: 'png', clip: { x: 0, y: 0, ...size } });
}

const pixels = ({ width, height }: { width: number; height: number }) => ({
  width: Math.round(width * PX_PER_MM),
  height: Math.round(height * PX_PER_MM),
});
