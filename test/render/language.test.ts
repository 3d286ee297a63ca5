import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { noTables } from '../../src/dataset/schema.ts';
import { type Locale, localesFolder, openLocale } from '../../src/locale.ts';
import { illustrate } from '../../src/render/illustrate.ts';
import type { Rendering } from '../../src/rules/gate.ts';
import { briefOf, british } from '../support/brief-of.ts';
import { rendering } from '../support/effects.ts';
import { localeOf } from '../support/locale.ts';
import { loadProduct, renderEdition, withBrief } from '../support/product.ts';

const french = await localeOf('fr');

describe('a French brief on a dataset in English', () => {
  let page: Rendering;
  let before: Rendering;
  beforeAll(async () => {
    const product = await loadProduct();
    const dataset = { ...product.dataset, locale: british };
    const inFrench = withBrief({ ...product, dataset }, 'weekly', (brief) => ({ ...brief, locale: french }));
    before = await renderEdition(product, { brief: 'weekly', asOf: '2021-08-25' });
    page = await renderEdition(inFrench, { brief: 'weekly', asOf: '2021-08-25' });
  });

  test('says in which language the page is, and in which the texts of its rows are', () => {
    expect(page.html).toContain('<html lang="fr" dir="ltr">');
    expect(page.html.match(/<span lang="en-GB" dir="ltr">/g)?.length).toBeGreaterThan(20);
    expect(before.html).not.toContain('<span lang=');
    expect(page.html).toContain('<th scope="col">ligne</th>');
    expect(before.html).toContain('<th scope="col">row</th>');
  });

  test('writes figures within texts in the language of the texts', () => {
    const text = page.html.replaceAll(/<[^>]*>/g, '');
    expect(text).toMatch(/\bOn 18 August 2021 AQAP/);
    expect(text).toMatch(/at least 0\.99 claims a day/);
    expect(text).not.toMatch(/\bOn 18 août/);
    expect(text).toContain('25 août 2021');
  });

  test('separates the entries of a line in the language of the page', () => {
    const entries = (html: string) =>
      html.match(/<p class="keys">[\s\S]*?<\/p>/)?.[0].replaceAll(/<[^>]*>/g, '') ?? '';
    expect(entries(page.html).match(/\S\u202f; \S/g)?.length).toBeGreaterThan(4);
    expect(entries(before.html)).not.toContain('\u202f;');
    expect(entries(before.html).match(/\w; \S/g)?.length).toBeGreaterThan(4);
  });

  test('says which rules did not run', () => {
    const notRun = page.rules.warnings.filter(({ problem }) =>
      /the brief is in fr, and the texts/.test(problem),
    );
    expect(notRun.map(({ rule }) => rule)).toEqual(['typed-figures', 'icd-203', 'lower-bounds']);
    expect(before.rules.warnings).toEqual([]);
  });
});

/** The texts that a chart draws of its axes. */
async function axisIn(locale: Locale, format = '%B'): Promise<string[]> {
  const spec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: 600,
    data: { name: 'days' },
    mark: 'point',
    encoding: {
      x: {
        field: 'day',
        type: 'temporal',
        scale: { type: 'utc' },
        axis: { format, tickCount: 'month' },
      },
      y: { field: 'count', type: 'quantitative', axis: { format: ',d', values: [12_000] } },
    },
  };
  const brief = briefOf({
    charts: { days: { spec: 'days.vl.json', data: { days: 'days' }, rows: 'days', title: 'A', alt: 'B' } },
  });
  const chart = brief.config.charts['days'];
  if (chart === undefined) throw new Error('The brief has no chart.');
  const source = { file: 'days.vl.json', text: JSON.stringify(spec) };
  const { days } = await illustrate({
    brief: { ...brief, locale, charts: { days: { ...chart, source, parsed: spec } } },
    known: noTables,
    sets: { days: ['2021-01-10', '2021-08-20'].map((day, count) => ({ day, count: count * 15_000 })) },
    columns: {},
    findings: {},
    maps: {},
    outlinesWithin: () => Promise.resolve([]),
    drawChart: rendering.drawChart,
  });
  const texts = days?.scene.texts ?? [];
  return texts.map(({ text }) => text.replaceAll(/\s/g, ' '));
}

test('charts have the months and the numbers of the language', async () => {
  expect(await axisIn(british)).toEqual(expect.arrayContaining(['February', 'August', '12,000']));
  expect(await axisIn(french)).toEqual(expect.arrayContaining(['février', 'août', '12 000']));
  expect(await axisIn(await localeOf('en-US'), '%x')).toEqual(expect.arrayContaining(['June 1, 2021']));
});

test('days and numbers of a chart have the digits of the locale', async () => {
  const arabic = openLocale('ar-LB', 'extends: ar\nnumerals: arab', [
    { tag: 'ar', yaml: await readFile(join(localesFolder, 'ar.yaml'), 'utf8') },
  ]);
  const texts = await axisIn(arabic, '%-d %Y');
  expect(texts).toEqual(expect.arrayContaining(['١ ٢٠٢١', '١٢٬٠٠٠']));
  expect(texts.filter((text) => /[0-9]/.test(text))).toEqual([]);
});
