import { expect, test } from 'vitest';
import { readPage } from '../support/page.ts';
import { findBrief, loadProduct, renderEdition, swapText, withBrief } from '../support/product.ts';

/** What mail and lists say of an edition. */
const product = await loadProduct();

/** The paragraphs of the first page's bottom line, without citations. */
function onThePage(html: string): string {
  const [, content = ''] = /<div class="bottom-line">([\s\S]*?)<\/div>/.exec(html) ?? [];
  return readPage(content.replaceAll(/<sup class="cite">[\s\S]*?<\/sup>/g, '')).text.replaceAll(/\s+/g, ' ');
}

test.each([
  ['weekly', '2021-08-25', /./],
  ['isis-quieting', '2021-09-06', /^Our main source/],
  ['isis-quieting', '2022-01-01', /^On 25 August 2021 we wrote: .* The forecast ran to 31 December 2021; /],
  ['al-qaeda-ties', '2021-08-24', / \(on reports to 29 October 2020\)$/],
  ['celebrations', '2019-06-30', /^We have no reporting on this topic\.$/],
])('the summary of %s as of %s is the bottom line of its page', async (brief, asOf, expected) => {
  const { summary, html } = await renderEdition(product, { brief, asOf });
  expect(summary.join(' ')).toMatch(expected);
  expect(summary.join(' ')).toBe(onThePage(html));
});

test('the summary does not depend on the markup of the masthead', async () => {
  const edition = { brief: 'weekly', asOf: '2021-08-25' };
  const { summary } = await renderEdition(product, edition);
  const { masthead } = findBrief(product, 'weekly').partials;
  if (masthead === undefined) throw new Error('There is no masthead.');
  const text = swapText(masthead.text, '<div class="bottom-line">', '<div class="lead"><div></div>');
  const other = withBrief(product, 'weekly', (brief) => ({
    ...brief,
    partials: { ...brief.partials, masthead: { ...masthead, text } },
  }));
  const changed = await renderEdition(other, edition);
  expect(changed.html).not.toContain('<div class="bottom-line">');
  expect(changed.summary).toEqual(summary);
  expect(summary).not.toEqual([]);
});
