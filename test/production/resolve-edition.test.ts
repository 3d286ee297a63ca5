import { expect, test } from 'vitest';
import { resolveEdition } from '../../src/production/fan-out.ts';
import { findBrief, loadProduct } from '../support/product.ts';

const product = await loadProduct();
const { dataset } = product;
const asOf = '2021-08-25';

test('an edition gets its period, paper and identity from its brief', () => {
  const brief = findBrief(product, 'weekly');
  expect(resolveEdition({ brief, dataset, asOf })).toMatchObject({
    id: 'weekly/2021-08-25',
    period: { start: '2021-08-19', asOf, previousAsOf: '2021-08-18' },
    paper: 'A4',
    parameters: {},
    correction: null,
  });
  expect(resolveEdition({ brief, dataset, asOf, paper: 'Letter' }).id).toBe('weekly/2021-08-25-Letter');
});

test('an edition in the ledger keeps its id, although its brief is on other paper now', () => {
  const brief = findBrief(product, 'weekly');
  const changed = { ...brief, config: { ...brief.config, paper: 'Letter' as const } };
  const inLedger = { id: 'weekly/2021-08-25', asOf, paper: 'A4' as const, parameters: {} };
  expect(resolveEdition({ ...inLedger, brief: changed, dataset }).id).toBe('weekly/2021-08-25');
});

test('parameters that the brief does not have are refused', () => {
  const brief = findBrief(product, 'weekly');
  expect(() => resolveEdition({ brief, dataset, asOf, parameters: { region: 'north' } })).toThrow(
    expect.objectContaining({ code: 'parameter-invalid' }),
  );
});
