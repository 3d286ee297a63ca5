import { describe, expect, test } from 'vitest';
import { changesOn, judgedOn, sectionOf } from '../support/page.ts';
import { loadProduct, type Product, renderEdition, withBrief, withCopy } from '../support/product.ts';

const product = await loadProduct();
const pageOf = async (brief: string, asOf: string, of: Product = product) =>
  (await renderEdition(of, { brief, asOf })).html;
/** The changed judgments of page one, and the number of reports. */
const changesSection = (html: string): string => {
  const [, heading = ''] = /<h2 class="label">(Since \d[^<]*)<\/h2>/.exec(html) ?? [];
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
      'still valid, not repeated here: “Al-Qaeda likely remains embedded with the Taliban.”',
    );
    expect(judgedOn(await pageOf('weekly', '2021-09-03'))).toEqual([]);
  });

  test('are not reported for a change of words', async () => {
    const text = 'ISIS will likely attack in Afghanistan again.';
    expect(judgedOn(await pageOf('isis-quieting', asOf, changed({ text })))).toEqual([]);
  });
});

test('reports are counted on page one, and each is marked in its endnote, a revised one with the day', async () => {
  const html = await pageOf('weekly', '2021-08-25');
  const marked = changesOn(html);
  const count = (kind: string) => marked.filter((each) => each.startsWith(`${kind} `)).length;
  expect(count('new')).toBeGreaterThan(12);
  expect(changesSection(html)).toContain(`${count('new')} new reports, ${count('revised')} revised`);
  const notes = sectionOf(html, 'Endnotes');
  expect(notes).toMatch(/^[A-Z].*, new$/m);
  expect(notes).toMatch(/^Senior meeting reported in Helmand, revised 25 Aug 2021$/m);
  expect(notes).not.toContain('Reports since');
});

test('what was withdrawn has no endnote and is listed; more than forty such rows are summarised by table', async () => {
  const withdrawn = { known_on: '2021-08-25', status: 'withdrawn' } as const;
  const html = await pageOf('celebrations', '2021-08-25', withCopy(product, 'events', 'F12', withdrawn));
  expect(changesOn(html)).toContain('withdrawn F12');
  expect(sectionOf(html, 'Endnotes')).toMatch(/^Reports since 18 August 2021, withdrawn: \S/m);
  const copies = Array.from({ length: 41 }, (_, index) => `F12-${index}`);
  const known = copies.reduce((of, id) => withCopy(of, 'events', 'F12', { id }), product);
  const gone = copies.reduce((of, id) => withCopy(of, 'events', id, withdrawn), known);
  const long = await pageOf('celebrations', '2021-08-25', gone);
  expect(changesOn(long).filter((each) => each.startsWith('withdrawn'))).toEqual([]);
  expect(sectionOf(long, 'Endnotes')).toContain('Reports since 18 August 2021: Events: 41 withdrawn.');
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
