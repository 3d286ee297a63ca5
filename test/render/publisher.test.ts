import { expect, test } from 'vitest';
import { hashOf } from '../../src/hash.ts';
import type { Image } from '../../src/project/images.ts';
import { partsOf } from '../../src/provenance/inputs.ts';
import { findBrief, loadProduct, type Product, renderEdition, withBrief } from '../support/product.ts';

const product = await loadProduct();
const publishedBy = (publisher: { name: string; shortName?: string } | null): Product =>
  withBrief(product, 'weekly', (brief) => ({ ...brief, publisher }));
const pageOf = (of: Product) => renderEdition(of, { brief: 'weekly', asOf: '2021-08-25' });

test('the publisher is the author of the page, and its short name is at the head of the first page', async () => {
  const { html } = await pageOf(publishedBy({ name: 'Institute for "Roads" & Rails', shortName: 'IRR' }));
  const [head = ''] = html.split('<body');
  expect(head).toContain('<meta name="author" content="Institute for &quot;Roads&quot; &amp; Rails">');
  expect(html).toContain('<b class="publisher">IRR</b>');
  expect((await pageOf(publishedBy({ name: 'Roads' }))).html).toContain('<b class="publisher">Roads</b>');
});

test('without a publisher, the page names none, not even the program', async () => {
  const { html } = await pageOf(publishedBy(null));
  expect(html).not.toContain('name="author"');
  expect(html).not.toContain('class="publisher"');
  expect(html).not.toContain('Sitrep');
});

test('the publisher is among the settings that an edition was made from', () => {
  const partsBy = (publisher: { name: string } | null, logo: Image | null = null) => {
    const brief = findBrief(publishedBy(publisher), 'weekly');
    const identity = { ...brief.identity, logo };
    return partsOf({ ...brief, identity }, { drawn: [], fonts: [], dataset: product.dataset });
  };
  const settings = { kind: 'settings', file: 'sitrep.yaml' };
  const colours = '"colours":{"accent":"#a63d1e","ink":"#1d3557"}';
  expect(partsBy({ name: 'Roads' })).toContainEqual({
    ...settings,
    sha256: hashOf(`{${colours},"fonts":[],"logo":null,"publisher":{"name":"Roads"}}`),
  });
  expect(partsBy({ name: 'Roads' }, logo)).toContainEqual({
    ...settings,
    sha256: hashOf(`{${colours},"fonts":[],"logo":"${logo.sha256}","publisher":{"name":"Roads"}}`),
  });
  expect(partsBy(null, logo)).toContainEqual({ kind: 'image', file: logo.file, sha256: logo.sha256 });
});

const drawing = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 1" width="2" height="1"/>',
);
const logo: Image = {
  file: 'images/logo.svg',
  type: 'image/svg+xml',
  bytes: drawing,
  sha256: hashOf(drawing),
  width: 2,
  height: 1,
  src: `data:image/svg+xml;base64,${drawing.toString('base64')}`,
};
const withLogo: Product = withBrief(product, 'weekly', (brief) => ({
  ...brief,
  publisher: { name: 'Roads', corrections: 'errors@roads.example' },
  identity: { ...brief.identity, logo },
}));

test('the logo is on the page as data, with the name as its text, and the policy allows no other image', async () => {
  const { html } = await renderEdition(withLogo, { brief: 'weekly', asOf: '2021-08-25' });
  expect(html.match(/<img[^>]*>/g)).toEqual([
    `<img src="${logo.src.replaceAll('=', '&#x3D;')}" alt="Roads">`,
  ]);
  expect(html).toContain('font-src data:; img-src data:">');
  expect((await pageOf(product)).html).not.toContain('img-src');
});

test('an image that a template loads itself is refused', async () => {
  const other = logo.src.replace('PHN2', 'PHN3');
  const loading = withBrief(withLogo, 'weekly', (brief) => ({
    ...brief,
    template: {
      ...brief.template,
      text: brief.template.text.replace('{{/page}}', `<img src="${other}" alt="x">{{/page}}`),
    },
  }));
  await expect(renderEdition(loading, { brief: 'weekly', asOf: '2021-08-25' })).rejects.toThrow(
    /The page has <img>\. \(no-active-content\) Remove it/,
  );
});

test('readers learn where to report errors', async () => {
  const { html } = await renderEdition(withLogo, { brief: 'weekly', asOf: '2021-08-25' });
  expect(html).toMatch(/<p class="handling">.* Report errors to errors@roads\.example\.<\/p>/);
});
