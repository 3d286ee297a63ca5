import { expect, test } from 'vitest';
import { resolveEdition } from '../../src/production/fan-out.ts';
import { render } from '../../src/production/produce.ts';
import { explainPage } from '../../src/provenance/explain-page.ts';
import { rendering } from '../support/effects.ts';
import { findBrief, loadProduct, withBrief } from '../support/product.ts';

const right = await loadProduct();

/** The rows that each cell of a table is said to cite, where each row cites itself in `cell`. */
async function citedBy(row: string): Promise<{ [phrase: string]: string[] }> {
  const product = withBrief(right, 'celebrations', (brief) => ({
    ...brief,
    config: { ...brief.config, charts: {} },
    charts: {},
    queries: {
      ...brief.queries,
      own: {
        file: 'own.sql',
        text: `SELECT id, 'first ' || lower(id) AS first, 'middle ' || lower(id) AS middle, 'last ' || lower(id) AS last
          FROM events WHERE id IN ('F11', 'F12', 'F13') ORDER BY id`,
      },
    },
    template: {
      ...brief.template,
      text: `{{#> page}}<table><tbody>{{#each rows.own}}<tr>${row}</tr>{{/each}}</tbody></table>{{/page}}`,
    },
  }));
  const brief = findBrief(product, 'celebrations');
  const { dataset, material } = product;
  const request = resolveEdition({ brief, dataset, asOf: '2021-08-25' });
  const explained = await render(request, rendering, material, { explained: true });
  const phrases = ['first', 'middle', 'last'].flatMap((cell) =>
    ['f11', 'f12', 'f13'].map((id) => `${cell} ${id}`),
  );
  return Object.fromEntries(
    phrases.map((phrase) => {
      const { places } = explainPage(phrase, { brief, rendering: explained, contents: undefined });
      return [phrase, places.flatMap(({ rows }) => rows.map(({ id }) => id))];
    }),
  );
}

const own = Object.fromEntries(
  ['first', 'middle', 'last'].flatMap((cell) =>
    ['F11', 'F12', 'F13'].map((id) => [`${cell} ${id.toLowerCase()}`, [id]]),
  ),
);

test.each([
  ['the first', '<td>{{first}}{{cite id}}</td><td>{{middle}}</td><td>{{last}}</td>'],
  ['the middle', '<td>{{first}}</td><td>{{middle}}{{cite id}}</td><td>{{last}}</td>'],
  ['the last', '<td>{{first}}</td><td>{{middle}}</td><td>{{last}}{{cite id}}</td>'],
])('gives a cell the citation of its own row, which stands in %s', async (_, row) => {
  expect(await citedBy(row)).toEqual(own);
});
