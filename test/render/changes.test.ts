import { describe, expect, test } from 'vitest';
import { changesOn, judgedOn, sectionOf } from '../support/page.ts';
import { loadProduct, type Product, renderEdition, withBrief, withCopy } from '../support/product.ts';

const product = await loadProduct();
const pageOf = async (brief: string, asOf: string, of: Product = product) =>
  (await renderEdition(of, { brief, asOf })).html;
const changesSection = (html: string): string => {
  const [, heading = ''] = /<h2 class="label">(What changed[^<]*)<\/h2>/.exec(html) ?? [];
  return sectionOf(html, heading).replaceAll('\u00a0', ' ');
};

describe('our key judgments', () => {
  const asOf = '2021-09-03';
  const changed = (change: object) =>
    withCopy(product, 'judgments', 'K-isis-1', { known_on: asOf, ...change });

  test('are new on the day on which they become known, each by its number on the page', async () => {
    const html = await pageOf('isis-quieting', '2021-08-25');
    expect(judgedOn(html)).toEqual(['new K-isis-1', 'new K-isis-2', 'new K-isis-3']);
    expect(changesSection(html)).toMatch(/^new Key judgment 1 K-isis-1, 25 Aug$/m);
  });

  test.each([
    ['raised', { confidence: 'moderate' }, 'confidence from low to moderate'],
    [
      'raised',
      { likelihood: 'very likely', text: 'ISIS will very likely attack there again.' },
      'likelihood from likely to very likely',
    ],
    [
      'lowered',
      { likelihood: 'unlikely', text: 'ISIS is unlikely to attack there again.' },
      'likelihood from likely to unlikely',
    ],
  ])('are %s when their level moves (%o)', async (change, revision, how) => {
    const html = await pageOf('isis-quieting', asOf, changed(revision));
    expect(judgedOn(html)).toContain(`${change} K-isis-1`);
    expect(changesSection(html)).toContain(`Key judgment 1: ${how} K-isis-1, 3 Sep`);
  });

  test('are dropped when they are withdrawn', async () => {
    const html = await pageOf('isis-quieting', asOf, changed({ status: 'withdrawn' }));
    expect(judgedOn(html)).toContain('dropped K-isis-1');
  });

  test('are not reported for a change of words', async () => {
    const text = 'ISIS will likely attack in Afghanistan again.';
    expect(judgedOn(await pageOf('isis-quieting', asOf, changed({ text })))).toEqual([]);
  });
});

test('a revised row lists its revised columns and the day on which it first became known', async () => {
  expect(changesSection(await pageOf('al-qaeda-ties', '2021-08-25'))).toContain(
    'revised Senior meeting reported in Helmand (summary) F08, Unnamed origin, known 27 May 2020, revised 25 Aug',
  );
});

test('more than twelve changes are summarised by table, and the rest is counted', async () => {
  const html = await pageOf('weekly', '2021-08-25');
  expect(changesOn(html)).toEqual([]);
  const section = changesSection(html);
  expect(section).toMatch(
    /^Events: \d+ new, 2 revised\. Measures: \d+ new\. Judgments of others: \d new\.$/m,
  );
  expect(section).toMatch(/^\d other rows, which this issue does not print, also changed\.$/m);
});

test('the heading counts what is listed: rows that are printed, and judgments', async () => {
  const html = await pageOf('isis-quieting', '2021-08-25');
  const judged = judgedOn(html);
  const listed = changesOn(html);
  expect(judged.length).toBeGreaterThan(0);
  expect(listed.length).toBeGreaterThan(0);
  const numbers = /: (\d+) new, (\d+) revised, (\d+) withdrawn/.exec(html) ?? [];
  const items = changesSection(html).match(/^(?:new|revised|withdrawn|raised|lowered|dropped) /gm) ?? [];
  expect(items.length).toBeGreaterThanOrEqual(listed.length + 1);
  expect(numbers.slice(1).reduce((sum, number) => sum + Number(number), 0)).toBe(items.length);
});

test('a brief names the changes that it reports by a query', async () => {
  const text = "SELECT id FROM events WHERE title LIKE '%statement%' AND $as_of IS NOT NULL ORDER BY id";
  const narrow = withBrief(product, 'celebrations', (brief) => ({
    ...brief,
    config: { ...brief.config, changes: 'own_changes' },
    queries: { ...brief.queries, own_changes: { file: 'own_changes.sql', text } },
  }));
  const html = await pageOf('celebrations', '2021-08-25', narrow);
  expect(changesOn(html)).toEqual(['new F13', 'new F14', 'new F15']);
  // The two judgments are listed too.
  expect(judgedOn(html)).toHaveLength(2);
  expect(html).toContain(': 5 new, 0 revised, 0 withdrawn');
});
