import { PDFDict, PDFDocument, PDFName } from '@cantoo/pdf-lib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Printer } from '../../src/pdf/browser/print.ts';
import { heldAfter, print } from '../support/gate.ts';
import { readPdf } from '../support/pdf.ts';
import { openWarmPrinter } from '../support/printer.ts';
import { loadProduct, type Product, swapText, withBrief } from '../support/product.ts';

const right = await loadProduct();
const asked = { brief: 'celebrations', asOf: '2021-08-25' };
let printer: Printer;
beforeAll(async () => {
  printer = await openWarmPrinter();
});
afterAll(() => printer[Symbol.asyncDispose]());

/** Lam-alef, both kinds of digits, a range, a date, brackets, Latin inside, letters of Persian and Pashto, and two lines. */
const text =
  'أعلن المسؤول إغلاق ٣ طرق و12 جسرًا (Route 7 North) بين ١٩–٢٥ آذار ٢٠٢١، ولا بلاغ عن «السلاسل» ولا عن الآلات؛ ښار، گچ، می\u200cخواهم، وبلغت النسبة 45٪ أو ٤٥٫٥٪.';
const heading = 'لا بلاغات جديدة عن الطرق الساحلية';

/** The brief with a heading and a paragraph in Arabic, on a page from right to left or from left to right. */
const withArabic = (direction: 'ltr' | 'rtl'): Product =>
  withBrief(right, asked.brief, (brief) => ({
    ...brief,
    locale: { ...brief.locale, direction },
    config: { ...brief.config, profile: 'standard' },
    template: {
      ...brief.template,
      text: swapText(
        brief.template.text,
        '{{> changes}}',
        `<h2>${heading}</h2>\n<p>${text}{{cite "F18" "F19" "F20"}}</p>\n{{> changes}}`,
      ),
    },
  }));

describe.each(['ltr', 'rtl'] as const)('Arabic on a page %s', (direction) => {
  const product = withArabic(direction);

  test('passes every rule, and its bookmark reads as its heading', async () => {
    const { pdf, html } = await print(product, asked, { printer });
    expect(html).toContain(`dir="${direction}"`);
    const { fonts, outline } = await readPdf(pdf);
    expect(fonts.map(({ name }) => name)).toContain('NotoNaskhArabic-SemiBold');
    expect(outline.map(({ title }) => title)).toContain(heading);
  });

  test.each([
    { what: 'a word less', from: ' ولا بلاغ', to: ' ولا', says: /does not contain "أعلن/ },
    { what: 'lam-alef less', from: 'الآلات', to: 'الآت', says: /does not contain "أعلن/ },
    { what: 'another digit', from: '٢٠٢١', to: '٢٠٢٠', says: /does not contain "أعلن/ },
    { what: 'digits in another order', from: 'و12', to: 'و21', says: /does not contain "أعلن/ },
    { what: 'a word more', from: ' آذار', to: ' شهر آذار', says: /contains "/ },
    {
      what: 'a word that is hidden',
      from: 'المسؤول',
      to: '<i style="display:none">المسؤول</i>',
      says: /not contain/,
    },
  ])('pdf-text blocks $what', async ({ from, to, says }) => {
    const held = await heldAfter(product, asked, { printer, alter: (html) => swapText(html, from, to) });
    expect(held['pdf-text']?.map(({ problem }) => problem).join('\n')).toMatch(says);
  });
});

test.each([
  { direction: 'rtl', binding: 'R2L' },
  { direction: 'ltr', binding: undefined },
] as const)(
  'on a page $direction, the first column and the binding are on that side',
  async ({ direction, binding }) => {
    const { pdf } = await print(withArabic(direction), asked, { printer });
    const { spoken } = await readPdf(pdf);
    const leftOf = (word: string): number => {
      const found = spoken.find((each) => each.text.toLowerCase() === word);
      if (found === undefined) throw new Error(`The PDF does not say "${word}".`);
      return found.left;
    };
    const columns = ['claim', 'status', 'grade'].map(leftOf);
    expect(columns).toEqual(columns.toSorted((a, b) => (direction === 'ltr' ? a - b : b - a)));
    const { catalog } = await PDFDocument.load(pdf, { updateMetadata: false });
    const preferences = catalog.lookup(PDFName.of('ViewerPreferences'), PDFDict);
    expect(preferences.lookupMaybe(PDFName.of('Direction'), PDFName)?.decodeText()).toBe(binding);
  },
);

test('a page without Arabic has no Arabic font', async () => {
  const { html, manifest } = await print(right, asked, { printer });
  const arabic = await print(withArabic('ltr'), asked, { printer });
  const fontsOf = ({ parts }: typeof manifest) => parts.filter(({ kind }) => kind === 'font').length;
  expect(html).not.toContain('unicode-range');
  expect(arabic.html).toContain('unicode-range:U+0600-06FF');
  expect(fontsOf(arabic.manifest) - fontsOf(manifest)).toBe(4);
});
