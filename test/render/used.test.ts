import { describe, expect, test } from 'vitest';
import { resolveEdition } from '../../src/production/fan-out.ts';
import { describeRendering } from '../../src/provenance/make-manifest.ts';
import { heldBefore } from '../support/gate.ts';
import {
  findBrief,
  loadProduct,
  type Product,
  renderEdition,
  swapText,
  withBrief,
  withRow,
} from '../support/product.ts';

/** What a page is said to be made from: all that it printed, drew or asked for, by whatever way. */
const right = await loadProduct();
const asOf = '2021-08-25';

async function manifestRows(product: Product, brief: string): Promise<string[]> {
  const rendering = await renderEdition(product, { brief, asOf });
  const { fonts, versions } = product.material;
  const request = resolveEdition({ brief: findBrief(product, brief), dataset: product.dataset, asOf });
  const made = { material: { fonts, versions }, browser: null, attachments: [] };
  return describeRendering(request, rendering, made).rows.map(({ id }) => id);
}

/** The brief on celebrations, which tells nothing of F02, with a query of its own, and what its template makes of it. */
const withLeak = (sql: string, html: string, product = right): Product =>
  withBrief(product, 'celebrations', (brief) => ({
    ...brief,
    queries: { ...brief.queries, leak: { file: 'templates/celebrations/leak.sql', text: sql } },
    template: { ...brief.template, text: swapText(brief.template.text, '{{/page}}', `${html}\n{{/page}}`) },
  }));
const oneEvent = "SELECT id, title FROM events WHERE id = 'F02'";
const red = withRow(right, 'events', 'F02', { marking: 'TLP:RED' });
const holdsRed = { marking: [{ problem: expect.stringContaining('"F02" is marked TLP:RED') }] };

describe('the manifest names', () => {
  test('readings that only a chart uses', async () => {
    expect(await manifestRows(right, 'weekly')).toEqual(
      expect.arrayContaining(['R1', 'R2', 'R3', 'R4', 'R5']),
    );
    expect(await manifestRows(right, 'al-qaeda-ties')).toContain('F27');
  });

  test('rows that the template asks for, and none that nothing asks for', async () => {
    const asking = '{{#if rows.leak}}<p>So it is.{{cite "F12"}}</p>{{/if}}';
    const before = await manifestRows(right, 'celebrations');
    expect(before).not.toContain('F02');
    expect(await manifestRows(withLeak(oneEvent, asking), 'celebrations')).toContain('F02');
    const unasked = '{{#if correction}}<p>{{#each rows.leak}}{{title}}{{/each}}{{cite "F12"}}</p>{{/if}}';
    expect(await manifestRows(withLeak(oneEvent, unasked), 'celebrations')).toEqual(before);
  });
});

describe('an edition is marked no lower than', () => {
  test.each([
    ['a row printed by a plain name', '<p>{{#each rows.leak}}{{title}}{{/each}}{{cite "F12"}}</p>'],
    [
      'a row in another block',
      '<p>{{#with rows}}{{#each @root.rows.leak}}{{title}}{{/each}}{{/with}}{{cite "F12"}}</p>',
    ],
    ['a row that decides what is printed', '{{#if rows.leak}}<p>So it is.{{cite "F12"}}</p>{{/if}}'],
  ])('%s', async (_, html) => {
    expect(await heldBefore(withLeak(oneEvent, html, red), { brief: 'celebrations', asOf })).toMatchObject(
      holdsRed,
    );
    expect(await heldBefore(withLeak(oneEvent, html), { brief: 'celebrations', asOf })).not.toHaveProperty(
      'marking',
    );
  });

  test('a reading behind a chart', async () => {
    const product = withRow(right, 'readings', 'R3', { marking: 'TLP:RED' });
    expect(await heldBefore(product, { brief: 'weekly', asOf })).toMatchObject({
      marking: [{ problem: expect.stringContaining('"R3" is marked TLP:RED') }],
    });
    expect(await heldBefore(product, { brief: 'celebrations', asOf })).toEqual({});
  });

  test('a row that is named in a list', async () => {
    const listed = "SELECT title AS words, list(id) AS sources FROM events WHERE id = 'F02' GROUP BY title";
    const html = '<p>{{#each rows.leak}}{{words}}{{/each}}{{cite "F12"}}</p>';
    expect(await heldBefore(withLeak(listed, html, red), { brief: 'celebrations', asOf })).toMatchObject(
      holdsRed,
    );
  });
});
