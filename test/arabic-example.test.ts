import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashOf } from '../src/hash.ts';
import { openLocale } from '../src/locale.ts';
import { openPrinter, type Printer } from '../src/pdf/browser/print.ts';
import { openProject } from '../src/wiring/project.ts';
import { testCacheFolder } from './support/cache.ts';
import { print } from './support/gate.ts';
import { readPdf } from './support/pdf.ts';

const root = join(import.meta.dirname, '..');

const project = openProject(join(root, 'examples/arabic'), { sitrep: root });
const [briefs, dataset, material] = await Promise.all([
  project.briefIds().then((ids) => Promise.all(ids.map(project.loadBrief))),
  project.loadDataset('water'),
  project.loadMaterial(),
]);
let printer: Printer;
beforeAll(async () => {
  printer = await openPrinter({ cacheFolder: testCacheFolder, fontFaces: material.fontFaces });
});
afterAll(() => printer[Symbol.asyncDispose]());

test('the brief in Arabic passes every rule, with names in three scripts', async () => {
  const again = () =>
    print({ briefs, dataset, material }, { brief: 'water', asOf: '2025-03-09' }, { printer });
  const { pdf, html, rules, manifest } = await again();
  expect(hashOf((await again()).pdf)).toBe(hashOf(pdf));
  // The other warnings would be about the page; these say that there are no lists of Arabic words.
  expect(rules.warnings.map(({ rule }) => rule).toSorted()).toEqual([
    'icd-203',
    'lower-bounds',
    'typed-figures',
  ]);
  expect(html).toContain('<html lang="ar" dir="rtl">');
  expect(html).toContain('9 مارس 2025');
  for (const name of ['المكلا', 'کوټه', 'د اوبو شبکه', 'Tadjoura', 'Agence de l’Eau'])
    expect(html).toContain(name);
  expect(manifest.marking).toBe('TLP:CLEAR');
  const { language, outline, fonts, figures, sizesOfText } = await readPdf(pdf);
  expect(Math.min(...sizesOfText.map(({ sizePt }) => sizePt))).toBeGreaterThan(7.99);
  expect(language).toBe('ar');
  expect(outline[0]?.title).toBe('الضخ يعود إلى المكلا، والعكارة في کوټه بلا تفسير بعد');
  expect(fonts.map(({ name }) => name).filter((name) => !/^(?:Noto|Source)/.test(name))).toEqual([]);
  expect(figures[0]?.alt).toContain('شريط لكل مدينة');
});

test('digits, separators and note numbers are those of the locale', async () => {
  const asked = { brief: 'water', asOf: '2025-03-09' };
  const levantine = openLocale('ar-LB', 'numerals: arab', [
    { tag: 'ar', yaml: await readFile(join(root, 'locales/ar.yaml'), 'utf8') },
    { tag: 'en-GB', yaml: await readFile(join(root, 'locales/en-GB.yaml'), 'utf8') },
  ]);
  const product = { briefs: briefs.map((brief) => ({ ...brief, locale: levantine })), dataset, material };
  const { html, pdf } = await print(product, asked, { printer });
  expect(html).toContain('<a href="#cite-1">١</a>');
  expect(html).toContain(':root { --digits: arabic-indic; }');
  expect(html).toContain('<a href="#note-2">٢</a>،<a href="#note-3">٣</a>');
  expect(html).toMatch(/، <b data-change="new"/);
  // The numbers of judgments are larger than all other single digits.
  const counters = (await readPdf(pdf)).sizesOfText.filter(
    ({ text, sizePt }) => sizePt > 11.9 && /^[1-9١-٩]$/.test(text),
  );
  expect(counters.map(({ text }) => text)).toEqual(['١', '٢']);
  const { html: latin } = await print({ briefs, dataset, material }, asked, { printer });
  expect(latin).not.toContain('--digits:');
  expect(latin).toContain('<a href="#cite-1">1</a>');
});

// The last of them repeats a headline of an earlier day, with that day in brackets: a line begins with the word that
// follows it.
test.each([
  '2025-02-23',
  '2025-02-24',
  '2025-03-02',
  '2025-03-05',
  '2025-03-08',
  '2025-03-10',
  '2025-03-12',
  '2025-03-17',
  '2026-11-30',
])('the edition as of %s passes every rule on both papers', async (asOf) => {
  for (const paper of ['A4', 'Letter'] as const) {
    const { pdf, manifest } = await print(
      { briefs, dataset, material },
      { brief: 'water', asOf, paper },
      { printer },
    );
    expect(manifest.paper).toBe(paper);
    expect((await readPdf(pdf)).pages).toHaveLength(1);
  }
});
