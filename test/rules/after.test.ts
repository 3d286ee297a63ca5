import { PDFDocument } from '@cantoo/pdf-lib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Printer } from '../../src/pdf/browser/print.ts';
import type { Brief } from '../../src/project/brief.ts';
import { allRules, pdfRules } from '../../src/rules/rules.ts';
import { heldAfter, print } from '../support/gate.ts';
import { openWarmPrinter } from '../support/printer.ts';
import { goldenEditions, loadProduct, type Product, swapText, withBrief } from '../support/product.ts';

const right = await loadProduct();
const asked = { brief: 'celebrations', asOf: '2021-08-25' };
let printer: Printer;
beforeAll(async () => {
  printer = await openWarmPrinter();
});
afterAll(() => printer[Symbol.asyncDispose]());

const withStyle = (css: string) => withBefore(`<style>${css}</style>`);
const withBefore = (html: string, what = '{{> changes}}') =>
  withBrief(right, asked.brief, (brief) => ({
    ...brief,
    template: { ...brief.template, text: swapText(brief.template.text, what, `${html}\n${what}`) },
  }));
const withLimits = (limits: Partial<Brief['config']['limits']>) =>
  withBrief(right, asked.brief, (brief) => ({
    ...brief,
    config: { ...brief.config, limits: { ...brief.config.limits, ...limits } },
  }));

/** A product that prints what it must not, or a page that is spoilt on its way to the browser. */
interface Wrong {
  readonly what: string;
  readonly product?: Product;
  readonly alter?: (html: string) => string;
  readonly spoil?: (pdf: Uint8Array) => Promise<Uint8Array>;
  readonly says: RegExp;
}

const wrong: { readonly [rule: string]: readonly Wrong[] } = {
  'pdf-text': [
    {
      what: 'text that a style hides',
      product: withStyle('.confidence{display:none}'),
      says: /does not contain ".*confidence/,
    },
    {
      what: 'text of no height',
      product: withStyle('.dateline{height:0;overflow:hidden}'),
      says: /does not contain "19–25/,
    },
    {
      what: 'text that a style adds',
      product: withStyle('h2::after{content:" and more"}'),
      says: /contains "andmore/,
    },
    {
      what: 'a word more',
      alter: (html) => swapText(html, '<h2>Undated</h2>', '<h2>Undated, or late</h2>'),
      says: /contains "or/,
    },
  ],
  'pdf-limits': [
    { what: 'pages', product: withLimits({ pages: 1 }), says: /has 2 pages, more than 1/ },
    { what: 'size', product: withLimits({ megabytes: 0.01 }), says: /MB, more than 0\.01/ },
  ],
  'pdf-paper': [
    {
      what: 'another paper',
      alter: (html) => swapText(html, 'size: A4', 'size: A5'),
      says: /Page 1 is .* not A4/,
    },
  ],
  'pdf-blank-page': [
    {
      what: 'an empty page',
      product: withBefore(
        '<div style="break-before:page;height:10mm"></div><div style="break-after:page"></div>',
        // In the columns above it no page can begin.
        '{{#with charts.matrix}}',
      ),
      says: /Page \d is blank/,
    },
  ],
  'pdf-fonts': [
    {
      what: 'a font of the browser',
      product: withStyle('.confidence{font-family:sans-serif}'),
      says: /also uses the font "/,
    },
    {
      what: 'a character of no font',
      alter: (html) => swapText(html, '<h2>Undated</h2>', '<h2>\u{13080}</h2>'),
      says: /empty box|also uses the font "/,
    },
  ],
  'pdf-alt-text': [
    {
      what: 'none',
      alter: (html) => html.replaceAll(/ aria-label="[^"]*"(?= )/g, ''),
      says: /no text alternative/,
    },
    {
      what: 'a second figure',
      alter: (html) =>
        swapText(html, '<figure class="chart matrix" role="group"', '<figure class="chart matrix"'),
      says: /2 figures for 1 charts/,
    },
  ],
  'pdf-bookmarks': [
    {
      what: 'a heading that is none',
      alter: (html) => swapText(html, '<h2>Undated</h2>', '<p>Undated</p>'),
      says: /bookmark/,
    },
    {
      what: 'another heading',
      alter: (html) => swapText(html, '<h2>Undated</h2>', '<h2>Late</h2>'),
      // Chromium repeats the words of a heading that moved to the next page.
      says: /"(?:Late){1,2}".*"Undated"/,
    },
  ],
  'pdf-links': [
    {
      what: 'to nothing',
      alter: (html) => html.replaceAll('id="note-2"', 'id="gone"'),
      says: /link to "note-2" is not in/,
    },
    {
      what: 'that is gone',
      alter: (html) => html.replaceAll('href="#note-2"', ''),
      says: /link to "note-2" is not in/,
    },
    {
      what: 'out',
      alter: (html) =>
        swapText(html, '<h2>Undated</h2>', '<h2><a href="https://x.invalid/">Undated</a></h2>'),
      says: /x\.invalid/,
    },
  ],
  'pdf-attachments': [
    {
      what: 'a file that came with the page',
      spoil: withLateAttachment,
      says: /an attachment "late\.txt"/,
    },
  ],
};

/** What pdf-lib is told to attach, it adds while it writes. */
async function withLateAttachment(pdf: Uint8Array): Promise<Uint8Array> {
  const document = await PDFDocument.load(pdf, { updateMetadata: false });
  await document.attach(Buffer.from('x'), 'late.txt');
  return document.save({ useObjectStreams: false });
}

test('every rule has a wrong PDF that it must hold', () => {
  expect(Object.keys(wrong).toSorted()).toEqual(pdfRules.map(({ id }) => id).toSorted());
});

describe.each(Object.entries(wrong).map(([rule, prints]) => ({ rule, prints })))(
  '$rule',
  ({ rule, prints }) => {
    test.each(prints)('blocks $what', async ({ product = right, alter, spoil, says }) => {
      const spoiling = { printer, ...(alter && { alter }), ...(spoil && { spoil }) };
      const held = await heldAfter(product, asked, spoiling);
      expect((held[rule] ?? []).map(({ problem }) => problem).join('\n')).toMatch(says);
      for (const { file, hint } of held[rule] ?? []) {
        expect(file).toContain('templates/');
        expect(hint).toMatch(/[.}]$/);
      }
    });
  },
);

const names = allRules.map(({ id }) => id);
describe('no rule blocks the briefs as they are', () => {
  test.each(right.briefs.map(({ id }) => id))('%s', async (id) => {
    const editions = await goldenEditions(right, id);
    expect(editions).not.toEqual([]);
    for (const edition of editions) {
      const { rules } = await print(right, edition, { printer });
      expect(rules, edition.name).toEqual({ passed: names, waived: [], warnings: [] });
    }
  });
});
