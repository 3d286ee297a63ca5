import { expect, test } from 'vitest';
import { figureOf } from '../../src/dataset/figures.ts';
import { eachRow } from '../../src/dataset/references.ts';
import { british } from '../support/brief-of.ts';
import { loadTestDataset } from '../support/dataset.ts';

test('a row has the figures that it should have, and none of what every object has', async () => {
  const { tables } = await loadTestDataset('base');
  const rows = eachRow(tables);
  expect(rows.length).toBeGreaterThan(10);
  for (const row of rows) {
    for (const field of ['constructor', 'toString', '__proto__'])
      expect(figureOf(row, field, british)).toBeUndefined();
  }
  const measure = eachRow(tables).find(({ table }) => table === 'measures');
  expect(measure && figureOf(measure, 'value', british)).toMatch(/\d|[a-z]/);
});
