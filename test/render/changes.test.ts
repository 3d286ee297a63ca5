import { describe, expect, test } from 'vitest';
import { changesOn, judgedOn, sectionOf } from '../support/page.ts';
import { loadProduct, type Product, renderEdition, withBrief, withCopy } from '../support/product.ts';

const product = await loadProduct();
const pageOf = async (brief: string, asOf: string, of: Product = product) =>
  (await renderEdition(of, { brief, asOf })).html;
/** The changed judgments of page one, and the reports listed near the end. */
const changesSection = (html: string, what: 'Since' | 'Reports since' = 'Since'): string => {
  const [, heading = ''] = new RegExp(`<h2 class="label">(${what} \\d[^<]*)</h2>`).exec(html) ?? [];
  return sectionOf(html, heading).replaceAll('\u00a0', ' ');
};

describe('our key judgments', () => {
  const asOf = '2021-09-03';
  const changed = (change: object) =>
    withCopy(product, 'judgments', 'K-isis-1', { known_on: asOf, ...change });

  test('are new on the day on which they become known, by their numbers on the page unless all of them are', async () => {
    const html = await pageOf('isis-quieting', '2021-08-25');
    expect(judgedOn(html)).toEqual(['new K-isis-1', 'new K-isis-2', 'new K-isis-3']);
    expect(changesSection(html)).toMatch(/^All three judgments are new\.$/m);
    const ties = await pageOf('al-qaeda-ties', '2021-08-25');
    expect(changesSection(ties)).toMatch(/^new judgments 1, 2$/m);
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
    expect(changesSection(html)).toContain(`${change} judgment 2: ${how}`);
  });

  test('are dropped when they are withdrawn', async () => {
    const html = await pageOf('isis-quieting', asOf, changed({ status: 'withdrawn' }));
    expect(judgedOn(html)).toContain('dropped K-isis-1');
  });

  test('are named by the words in which they were printed, and only where they were printed', async () => {
    const dropped =
      'dropped “Friendship, shared struggle, ideological sympathy and intermarriage will likely keep the Taliban bound to Al-Qaeda.”';
    const ties = await pageOf('al-qaeda-ties', '2021-08-25');
    expect(judgedOn(ties)).toContain('dropped K-ties-3');
    expect(changesSection(ties)).toContain(dropped);
    // The weekly never printed that judgment, but one that now is in the brief on the ties alone.
    const weekly = await pageOf('weekly', '2021-08-25');
    expect(judgedOn(weekly)).not.toContain('dropped K-ties-3');
    expect(judgedOn(weekly)).toContain('left K-ties-1');
    expect(changesSection(weekly)).toContain(
      'still our judgment, but no longer on this page: “Al-Qaeda likely remains embedded with the Taliban.”',
    );
    expect(judgedOn(await pageOf('weekly', '2021-09-03'))).toEqual([]);
  });

  test('are not reported for a change of words', async () => {
    const text = 'ISIS will likely attack in Afghanistan again.';
    expect(judgedOn(await pageOf('isis-quieting', asOf, changed({ text })))).toEqual([]);
  });
});

test('a revised row lists the day on which it first became known, and no columns', async () => {
  const listed = changesSection(await pageOf('al-qaeda-ties', '2021-08-25'), 'Reports since');
  expect(listed).toMatch(/^revised Senior meeting reported in Helmand, known 27 May 2020, revised 25 Aug\b/m);
});

test('reports are counted on page one, and listed by kind without their ids near the end', async () => {
  const html = await pageOf('weekly', '2021-08-25');
  const listed = changesOn(html);
  const count = (kind: string) => listed.filter((each) => each.startsWith(`${kind} `)).length;
  expect(count('new')).toBeGreaterThan(12);
  expect(changesSection(html)).toContain(
    `${count('new')} new reports, ${count('revised')} revised: listed near the end`,
  );
  const section = changesSection(html, 'Reports since');
  expect(section).toMatch(/^new [A-Z][^]*^revised [A-Z]/m);
  expect(section).not.toContain('which this issue does not use');
  expect(section).not.toMatch(/\b(?:F\d\d|X-[a-z]+-\d)\b/);
});

test('more than forty changes are summarised by table', async () => {
  const copies = Array.from({ length: 40 }, (_, index) => `F12-${index}`);
  const many = copies.reduce((of, id) => withCopy(of, 'events', 'F12', { id }), product);
  const html = await pageOf('celebrations', '2021-08-18', many);
  expect(changesOn(html)).toEqual([]);
  expect(changesSection(html, 'Reports since')).toBe('Events: 41 new.');
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
  // The judgment is listed too.
  expect(judgedOn(html)).toEqual(['new K-cel-1']);
  expect(changesSection(html)).toContain('3 new reports, none revised');
});
