import { describe, expect, test } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { resolveEdition } from '../../src/production/fan-out.ts';
import { type Effects, produce } from '../../src/production/produce.ts';
import type { Brief } from '../../src/project/brief.ts';
import { rendering } from '../support/effects.ts';
import {
  findBrief,
  loadProduct,
  type Product,
  renderEdition,
  swapText,
  withBrief,
} from '../support/product.ts';

const right = await loadProduct();
const wrong = withBrief(right, 'weekly', (brief) => ({
  ...brief,
  template: {
    ...brief.template,
    text: swapText(brief.template.text, '{{/page}}', '<p>Nothing says so.</p>\n{{/page}}'),
  },
}));

const produceWith = (
  product: Product,
  print: Effects['print'],
  { elapsedMs, ...effects }: { elapsedMs?: () => number } & Partial<typeof rendering> = {},
) =>
  produce(
    resolveEdition({
      brief: findBrief(product, 'weekly'),
      dataset: product.dataset,
      asOf: '2021-08-25',
    }),
    {
      ...rendering,
      ...effects,
      startPrinting: () => {},
      print,
      browser: () => Promise.resolve({ name: 'Test', version: '1' }),
    },
    product.material,
    { elapsedMs },
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
  const { html, charts } = await renderEdition(right, { brief: 'weekly', asOf: '2021-08-25' }, effects);
  expect(Object.keys(charts)).toHaveLength(2);
  expect(html).toContain(right.dataset.tables.gaps.find(({ id }) => id === 'G-isis-1')?.text);
});

const heldOrFailed = async (work: Promise<unknown>): Promise<string> => {
  const error: unknown = await work.catch((reason: unknown) => reason);
  return error instanceof AppError ? error.code : String(error);
};

test('a page that the gate blocks is not printed to the end: its print is stopped', async () => {
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
  const failing = () => Promise.reject(new AppError('print-failed', [{ problem: 'No.', hint: 'None.' }]));
  expect(await heldOrFailed(produceWith(wrong, failing))).toBe('edition-held');
  expect(await heldOrFailed(produceWith(right, failing))).toBe('print-failed');
});

describe('limits.seconds', () => {
  const limited = (change: (brief: Brief) => Brief, seconds = 1) =>
    withBrief(right, 'weekly', (brief) => {
      const limits = { ...brief.config.limits, seconds };
      return change({ ...brief, config: { ...brief.config, limits } });
    });
  const neverPrinted: Effects['print'] = () => Promise.reject(new Error('It was printed.'));
  const faultsOf = async (
    product: Product,
    elapsedMs: () => number,
    effects: Partial<typeof rendering> = {},
  ) => {
    const error: unknown = await produceWith(product, neverPrinted, { elapsedMs, ...effects }).catch(
      (reason: unknown) => reason,
    );
    if (!(error instanceof AppError)) throw error;
    expect(error.code).toBe('print-failed');
    expect(error.faults).toHaveLength(1);
    return error.faults[0];
  };

  test.each(['gaps', 'timeline'])('stops a slow query, %s, and names the step', async (name) => {
    const product = limited((brief) => {
      const query = brief.queries[name];
      if (query === undefined) throw new Error(`There is no query "${name}".`);
      const text = 'SELECT max(a.range * b.range % 7)::VARCHAR AS id FROM range(2000000) a, range(2000000) b';
      return { ...brief, queries: { ...brief.queries, [name]: { ...query, text } } };
    });
    const fault = await faultsOf(product, () => performance.now());
    expect(fault?.field).toBe('limits.seconds');
    expect(fault?.problem).toMatch(/^The edition took longer than 1 s: .*\bselect \d+\.\d s/);
  });

  test('stops a chart that is never drawn, and names the step', async () => {
    const drawChart = () => Promise.withResolvers<never>().promise;
    // On a busy machine the queries before it take seconds.
    const product = limited((brief) => brief, 10);
    const fault = await faultsOf(product, () => performance.now(), { drawChart });
    expect(fault?.problem).toMatch(/^The edition took longer than 10 s: .*\bchart \d+\.\d s/);
  });

  test('stops a page that loops on while it is composed, and names the step', async () => {
    let calls = 0;
    const product = limited(
      (brief) => ({
        ...brief,
        queries: { ...brief.queries, many: { file: 'many.sql', text: 'SELECT range FROM range(400)' } },
        template: {
          ...brief.template,
          text: '{{#each rows.many}}{{#each @root.rows.many}}<p>{{range}}</p>{{/each}}{{/each}}',
        },
      }),
      // The real clock must not come first on a busy machine.
      60,
    );
    // Time passes from one look at the clock to the next.
    const fault = await faultsOf(product, () => (calls += 1) * 1200);
    expect(fault?.problem).toMatch(/: compose \d+\.\d s/);
    expect(calls).toBeLessThan(100);
  });
});
