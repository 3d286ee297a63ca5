import { expect, test } from 'vitest';
import { AppError } from '../../src/model/fault.ts';
import { produce, type Effects } from '../../src/pipeline/produce.ts';
import { rendering } from '../support/effects.ts';
import {
  findBrief,
  loadProduct,
  renderEdition,
  swapText,
  withBrief,
  type Product,
} from '../support/product.ts';

const right = await loadProduct();
const wrong = withBrief(right, 'weekly', (brief) => ({
  ...brief,
  template: {
    ...brief.template,
    text: swapText(brief.template.text, '{{/page}}', '<p>Nothing says so.</p>\n{{/page}}'),
  },
}));

const produceWith = (product: Product, print: Effects['print']) =>
  produce(
    {
      brief: findBrief(product, 'weekly'),
      dataset: product.dataset,
      asOf: '2021-08-25',
      paper: 'A4',
      parameters: {},
    },
    {
      ...rendering,
      startPrinting: () => {},
      print,
      browser: () => Promise.resolve({ name: 'Test', version: '1' }),
    },
    product.material,
  );

test('charts are drawn while queries that they do not need are under way', async () => {
  const drawn = Promise.withResolvers<void>();
  const effects: typeof rendering = {
    openQueries: async (...known) => {
      const queries = await rendering.openQueries(...known);
      return {
        query: async (query) => {
          if (query.file.endsWith('/gaps.sql')) await drawn.promise;
          return queries.query(query);
        },
        columns: (query) => queries.columns(query),
        [Symbol.asyncDispose]: () => queries[Symbol.asyncDispose](),
      };
    },
    drawChart: (request) => {
      drawn.resolve();
      return rendering.drawChart(request);
    },
  };
  const { html, charts } = await renderEdition(
    right,
    { brief: 'weekly', asOf: '2021-08-25' },
    effects.openQueries,
    effects.drawChart,
  );
  expect(Object.keys(charts)).toHaveLength(3);
  expect(html).toContain(right.dataset.tables.gaps[0]?.text);
});

const heldOrFailed = async (work: Promise<unknown>): Promise<string> => {
  const error: unknown = await work.catch((reason: unknown) => reason);
  return error instanceof AppError ? error.code : String(error);
};

test('a page that the gate holds is not waited for: its print is stopped', async () => {
  let stopped = false;
  const endless: Effects['print'] = (_html, { signal, onBegun }) => {
    onBegun?.();
    const { promise, reject } = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => {
      stopped = true;
      reject(signal.reason);
    });
    return promise;
  };
  expect(await heldOrFailed(produceWith(wrong, endless))).toBe('edition-held');
  expect(stopped).toBe(true);
});

test('what the gate says of a page comes before a print that fails at once', async () => {
  const failing = () => Promise.reject(new AppError('print-failed', [{ problem: 'No.', mend: 'None.' }]));
  expect(await heldOrFailed(produceWith(wrong, failing))).toBe('edition-held');
  expect(await heldOrFailed(produceWith(right, failing))).toBe('print-failed');
});
