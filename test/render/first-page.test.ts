import { expect, test } from 'vitest';
import { chartsOn, judgedOn, labelsOf, readPage, rowsBehind } from '../support/page.ts';
import { loadProduct, renderEdition, withBrief, withRow } from '../support/product.ts';

const product = await loadProduct();
const edition = (brief: string, asOf: string, of = product) => renderEdition(of, { brief, asOf });

test('the hero picture stands above the key judgments, and only where a brief names one', async () => {
  const { html } = await edition('weekly', '2021-08-25');
  const [first] = chartsOn(html);
  expect(first).toBe('story');
  expect(html.indexOf('class="chart story hero"')).toBeLessThan(html.indexOf('class="key-judgments"'));
  const without = withBrief(product, 'weekly', (brief) => ({
    ...brief,
    config: { ...brief.config, hero: undefined },
  }));
  expect(chartsOn((await edition('weekly', '2021-08-25', without)).html)).not.toContain('story');
});

test('before anything of it is known there is no hero picture', async () => {
  for (const brief of ['weekly', 'isis-quieting'])
    for (const asOf of ['2020-11-01', '2021-08-12'])
      expect(chartsOn((await edition(brief, asOf)).html), `${brief} ${asOf}`).not.toContain('story');
});

test('the hero picture draws what is known by the cut-off: first the arrival, later the count and the silence', async () => {
  // A single message beside the arrival is no picture.
  expect(chartsOn((await edition('weekly', '2021-08-16')).html)).not.toContain('story');
  const early = await edition('weekly', '2021-08-18');
  expect(rowsBehind(early.html, 'story').map((row) => row['part'])).toEqual([
    'arrival',
    'arrival',
    'welcome',
    'welcome',
  ]);
  const early105 = labelsOf(early.charts['story']?.svg ?? '').join('\n');
  expect(early105).not.toMatch(/105|no attack reported|expected|Mamuzai|no date given/);
  const full = await edition('weekly', '2021-08-25');
  const labels = labelsOf(full.charts['story']?.svg ?? '');
  for (const label of [
    'at least 105 claimed operations: a total, with no figures by day',
    'no attack reported (assumed to 23 Aug)',
    'at least 8.9 claims expected in 9 days',
    'at least 10.0 claims expected in 10 days',
    'no date given',
  ])
    expect(labels).toContain(label);
});

test('the picture of the mail is drawn for the width of a telephone, from the same rows', async () => {
  const story = (await edition('weekly', '2021-08-25')).charts['story'];
  const picture = Buffer.from((await story?.drawPicture()) ?? []);
  // Two pixels for each of the drawing's; a label may reach a little over the edge.
  expect(picture.readUInt32BE(16)).toBeGreaterThan(700);
  expect(picture.readUInt32BE(16)).toBeLessThanOrEqual(740);
  expect(picture.readUInt32BE(20)).toBeGreaterThan(500);
  expect(Number(/ width="(\d+)/.exec(story?.svg ?? '')?.[1])).toBeGreaterThan(640);
});

test('after the end of collection the hero picture stays as it was known', async () => {
  const known = (await edition('weekly', '2021-08-25')).charts['story']?.svg;
  for (const asOf of ['2021-08-27', '2026-11-30'])
    expect((await edition('weekly', asOf)).charts['story']?.svg).toBe(known);
});

test.each([
  ['weekly', 'story'],
  ['celebrations', 'matrix'],
])('the days of %s, %s, are to scale', async (brief, chart) => {
  const { charts } = await edition(brief, '2021-08-25');
  const at = (day: string) => {
    const found = charts[chart]?.scene.texts.find(({ text }) => text === day);
    if (found === undefined) throw new Error(`There is no label "${day}".`);
    return (found.left + found.right) / 2;
  };
  const aDay = (at('23') - at('10')) / 13;
  expect((at('18') - at('10')) / 8).toBeCloseTo(aDay, 1);
  const marks = charts[chart]?.scene.marks.filter(({ type }) => type === 'symbol') ?? [];
  const centres = marks.map(({ left, right }) => (left + right) / 2);
  // Marks stand on their days: JNIM on the 10th, AQAP on the 18th.
  for (const day of ['10', '18'])
    expect(
      centres.some((centre) => Math.abs(centre - at(day)) < 2),
      day,
    ).toBe(true);
});

test('a key judgment with a likelihood has its word and range, and one without has neither', async () => {
  const scales = (html: string) =>
    [...html.matchAll(/<span class="scale" data-likelihood="([^"]+)"/g)].map(([, word]) => word);
  const given = await edition('isis-quieting', '2021-08-25');
  expect(scales(given.html)).toEqual(['likely', 'likely', 'likely']);
  expect(readPage(given.html).blocks).toContain('likely 55–80 %');
  const text = 'ISIS has gone quiet in Afghanistan.';
  const without = withRow(product, 'judgments', 'K-isis-1', { likelihood: null, text });
  expect(scales((await edition('isis-quieting', '2021-08-25', without)).html)).toEqual(['likely', 'likely']);
});

test('page one lists changed judgments by their numbers, and nothing on it is an internal id', async () => {
  const { html } = await edition('weekly', '2021-08-25');
  expect(judgedOn(html).length).toBeGreaterThan(1);
  const first = readPage(html.slice(0, html.indexOf('<h2>ISIS'))).text;
  expect(first).toMatch(/^All four judgments are new\.$/m);
  expect(first).not.toMatch(/\b(?:F\d\d|[A-Z]-[a-z]+-\d)\b/);
});
