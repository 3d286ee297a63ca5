import { expect, test } from 'vitest';
import { noSettings } from '../../src/dataset/settings.ts';
import { checkBrief } from '../../src/production/check-brief.ts';
import { load } from '../../src/project/load.ts';
import { openQueries } from '../../src/query/database.ts';
import { findBrief, loadProduct } from '../support/product.ts';

const product = await loadProduct();
const brief = findBrief(product, 'celebrations');
const misspelt = { ...brief, config: { ...brief.config, topic: 'celebration' } };
const fault = {
  field: 'topic',
  line: 4,
  problem: 'The dataset has no topic "celebration".',
  hint: 'Did you mean "celebrations"?',
};

test('a topic that the dataset does not have is a fault of the brief', async () => {
  await expect(checkBrief(misspelt, openQueries, product.dataset)).rejects.toMatchObject({ faults: [fault] });
  const catalogue = {
    briefIds: () => Promise.resolve(['celebrations']),
    datasetNames: () => Promise.resolve([product.dataset.name]),
    loadBrief: () => Promise.resolve(misspelt),
    loadDataset: () => Promise.resolve(product.dataset),
  };
  expect(await load(catalogue, ['celebrations'])).toMatchObject({
    loaded: [],
    errors: [{ code: 'brief-invalid', faults: [fault] }],
  });
});

test('queries are checked with the columns that the dataset adds', async () => {
  const own = {
    ...brief,
    config: { ...brief.config, topic: 'all', forEach: null },
    queries: {
      ...brief.queries,
      by_actor: { file: 'own.sql', text: 'SELECT id, fatalities + 1 AS dead FROM events' },
    },
    template: { ...brief.template, text: `${brief.template.text}{{#each rows.by_actor}}{{dead}}{{/each}}` },
  };
  const settings = { ...noSettings, columns: { events: [{ name: 'fatalities', type: 'BIGINT' as const }] } };
  await expect(checkBrief(own, openQueries, { settings })).resolves.toEqual({ warnings: [] });
  await expect(checkBrief(own, openQueries)).rejects.toMatchObject({
    faults: [{ file: 'own.sql', problem: expect.stringContaining('fatalities') }],
  });
});

test('names that no edition has are faults, also in a block that a page without rows does not render', async () => {
  const text = [
    '{{#if rows.shares}}{{#if findings.paus}}a{{/if}}{{/if}}',
    '{{#each rows.shares}}{{#unless @root.charts.stry}}{{id}}{{/unless}}{{/each}}',
    '{{#if rows.shares}}{{#each rows.sharess}}{{id}}{{/each}}{{/if}}',
    '{{#if rows.shares}}{{#with charts.story}}{{column rows "id"}}{{/with}}{{/if}}',
    '{{#if findings.pause}}{{figure "pause" "chance"}}{{/if}}',
  ].join('\n');
  const isis = findBrief(product, 'isis-quieting');
  const wrong = { ...isis, template: { ...isis.template, text } };
  const { file } = isis.template;
  const hint = (name: string) => `Did you mean "${name}"?`;
  await expect(checkBrief(wrong, openQueries, product.dataset)).rejects.toMatchObject({
    faults: [
      { file, line: 1, problem: 'Nothing is named "findings.paus".', hint: hint('pause') },
      { file, line: 2, problem: 'Nothing is named "charts.stry".', hint: hint('story') },
      { file, line: 3, problem: 'Nothing is named "rows.sharess".', hint: hint('shares') },
    ],
  });
});
