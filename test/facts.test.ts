import { describe, expect, test, vi } from 'vitest';
import { knownBy } from '../src/model/known.ts';
import { eachRow } from '../src/model/references.ts';
import { readPage, sectionOf } from './support/page.ts';
import { editionsAt, loadProduct, renderEdition } from './support/product.ts';

vi.setConfig({ testTimeout: 120_000 });

const product = await loadProduct();
const { tables } = product.dataset;
const render = async (brief: string, asOf = '2021-08-25', parameters = {}) => {
  const { html } = await renderEdition(product, { brief, asOf, parameters });
  return { ...readPage(html), html };
};
/** The longest part of a text that holds no figure, by which a page can be searched for it. */
const longestPart = (text: string): string =>
  text.split(/\{[^}]*\}/).toSorted((one, other) => other.length - one.length)[0] ?? '';

test('no text leans on a neighbour that another page may lack', async () => {
  for (const asOf of ['2020-11-01', '2021-08-25'])
    for (const { brief, parameters } of await editionsAt(product, asOf)) {
      const { text } = await render(brief, asOf, parameters);
      expect(text).not.toMatch(/most notable of these|cited in the report|after the deal[,.:]/);
    }
});

test('an actor sheet has every alternative and caveat of the judgments that it prints', async () => {
  const editions = [
    ...(await editionsAt(product, '2021-08-25')),
    ...(await editionsAt(product, '2021-08-23')),
  ];
  const sheets = editions.filter(({ brief }) => brief === 'actor-sheet');
  expect(sheets.length).toBeGreaterThan(6);
  for (const { brief, asOf, parameters } of sheets) {
    const { text } = await render(brief, asOf, parameters);
    const { judgments } = knownBy(tables, asOf);
    const printed = judgments.filter((each) => each.role === 'key' && text.includes(longestPart(each.text)));
    expect(printed.length).toBeGreaterThan(0);
    const topics = new Set(printed.map(({ topic }) => topic));
    const needed = judgments.filter(
      ({ role, topic }) => (role === 'alternative' || role === 'caveat') && topics.has(topic),
    );
    expect(needed.length).toBeGreaterThan(0);
    expect(needed.filter((each) => !text.includes(longestPart(each.text)))).toEqual([]);
  }
});

test('the method lets a lower bound leave an upper bound, as the judgment on the rest does', async () => {
  const { html } = await render('isis-quieting');
  expect(sectionOf(html, 'Key judgments')).toMatch(/at most 55 per cent/);
  expect(sectionOf(html, 'Method')).toMatch(/two of them are neither added nor subtracted/);
  expect(sectionOf(html, 'Method')).toMatch(/The whole less a lower bound is an upper bound/);
});

test('the fall of Jalalabad is known through the analysis that states it', async () => {
  const { html } = await render('isis-quieting');
  const row = html.match(/<tr id="note-\d+">[\s\S]*?<\/tr>/g)?.find((each) => each.includes('>F23<'));
  expect(row).toMatch(/← Flashpoint/);
});

test('no end is made up for a count that has none, and the source’s words keep their strength', async () => {
  const { text, html } = await render('isis-quieting');
  expect(text).toMatch(/Operations claimed by ISIS-K inside Afghanistan, since 1 May 2021/);
  expect(text).not.toMatch(/to 25 August 2021|coincides/);
  expect(text).toMatch(/went “totally quiet” the moment the Taliban took Nangarhar/);
  expect(sectionOf(html, 'Assessed')).toMatch(/“quite obviously” had a significant effect/);
});

test('grades are said to be those of the originals, and names of general knowledge are marked', async () => {
  const { html } = await render('weekly');
  expect(html).toContain('<th scope="col">Grade of original</th>');
  expect(sectionOf(html, 'Method')).toMatch(/A grade is that of the original/);
  for (const name of ['TTP', 'ISIS', 'ISIS-K'])
    expect(sectionOf(html, 'Names')).toMatch(new RegExp(`\\b${name}, [^;]*?[^.]*?.*general knowledge`));
});

test('the weekly tells what its gaps and judgments speak of', async () => {
  const { html } = await render('weekly');
  const isis = sectionOf(html, 'ISIS');
  expect(isis).toMatch(/On 20 August 2021 people accused of spying .* in Orakzai, Pakistan/);
  expect(isis).toMatch(/at least 45 per cent .*at least 25 per cent/);
  expect(isis).toMatch(/six assassinations and raids on the Taliban/);
  const ties = sectionOf(html, 'Ties with the Taliban');
  expect(ties).toMatch(/Edmund Fitton-Brown.*“has not changed”/);
  expect(ties).toMatch(/reportedly met Hamza bin Laden/);
  expect(ties).toMatch(/Member State .*“mere fiction”/);
  expect(ties.indexOf('mentions six meetings')).toBeLessThan(ties.indexOf('most notable of the six'));
  expect(sectionOf((await render('weekly', '2021-08-24')).html, 'Celebrations')).toMatch(
    /On 10 August 2021 JNIM/,
  );
});

/** Words that only a reader of the analysis of 25 August could write. */
const later = /\banalys[ie]s\b|\bthe authors\b|authors’|\bvendor|\bexcerpts?\b|Flashpoint/i;

describe('before the analysis', () => {
  const days = [...new Set(eachRow(tables).map(({ row }) => row.known_on))].filter(
    (day) => day < '2021-08-25',
  );

  test.each([...days, '2021-08-19', '2021-08-24'].toSorted())('no row as of %s speaks of it', (asOf) => {
    const told = eachRow(knownBy(tables, asOf)).filter(
      // The chain of sources names it on purpose, and coverage says whose it is.
      ({ table, row }) => table !== 'coverage' && row.id !== 'S-article',
    );
    expect(told.length).toBeGreaterThan(0);
    const speaking = told.filter(({ row }) =>
      Object.values(row).some((value) => typeof value === 'string' && later.test(value)),
    );
    expect(speaking.map(({ row }) => row.id)).toEqual([]);
  });

  test.each(['2020-11-01', '2021-08-19', '2021-08-24'])('no page as of %s speaks of it', async (asOf) => {
    const editions = await editionsAt(product, asOf);
    expect(editions.length).toBeGreaterThan(4);
    for (const { brief, parameters } of editions) {
      const { html } = await render(brief, asOf, parameters);
      // Through whom a source reached us stays told: in the endnotes, in what changed, in the chart of the chain, and in
      // the line that says what a reconstruction is.
      const body = html
        .slice(html.indexOf('<body'))
        .replaceAll(/<section class="notes">[\s\S]*?<\/section>/g, '')
        .replaceAll(/<section class="changes">[\s\S]*?<\/section>/g, '')
        .replaceAll(/<figure class="chart chain"[\s\S]*?<\/figure>/g, '');
      const { sentences } = readPage(body);
      expect(
        sentences.filter((each) => later.test(each) && !/reconstruct/i.test(each)),
        `${brief} ${JSON.stringify(parameters)}`,
      ).toEqual([]);
    }
  });
});
