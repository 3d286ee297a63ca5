import { expect, test } from 'vitest';
import { hashOf } from '../../src/hash.ts';
import { partsOf } from '../../src/provenance/parts.ts';
import { findBrief, loadProduct, type Product, renderEdition, withBrief } from '../support/product.ts';

const product = await loadProduct();
const publishedBy = (publisher: { name: string; shortName?: string } | null): Product =>
  withBrief(product, 'weekly', (brief) => ({ ...brief, publisher }));
const headOf = async (of: Product) =>
  (await renderEdition(of, { brief: 'weekly', asOf: '2021-08-25' })).html.split('<body')[0] ?? '';

test('the publisher is the author of the page, and its short name is at the head of the first page', async () => {
  const head = await headOf(publishedBy({ name: 'Institute for "Roads" & Rails', shortName: 'IRR' }));
  expect(head).toContain('<meta name="author" content="Institute for &quot;Roads&quot; &amp; Rails">');
  expect(head).toMatch(/@page :first \{ @top-left \{ content: "IRR";/);
  const unshortened = await headOf(publishedBy({ name: 'Roads' }));
  expect(unshortened).toMatch(/@page :first \{ @top-left \{ content: "Roads";/);
});

test('without a publisher, the page names none, not even the program', async () => {
  const head = await headOf(publishedBy(null));
  expect(head).not.toContain('name="author"');
  expect(head).toMatch(/@page :first \{ @top-left \{ content: none;/);
  expect(head).not.toContain('Sitrep');
});

test('the publisher is among the settings that an edition was made from', () => {
  const partsBy = (publisher: { name: string } | null) =>
    partsOf(findBrief(publishedBy(publisher), 'weekly'), { drawn: [], fonts: [], dataset: product.dataset });
  const settings = { kind: 'settings', file: 'sitrep.yaml' };
  expect(partsBy({ name: 'Roads' })).toContainEqual({ ...settings, sha256: hashOf('{"name":"Roads"}') });
  expect(partsBy(null)).not.toContainEqual(expect.objectContaining(settings));
});
