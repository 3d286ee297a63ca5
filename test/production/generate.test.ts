import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { resolveEdition } from '../../src/production/fan-out.ts';
import { generate } from '../../src/production/generate.ts';
import type { Effects } from '../../src/production/produce.ts';
import { openHouse } from '../support/house.ts';
import { useLedgers } from '../support/ledger.ts';

const ledgers = useLedgers();

test('an error that nobody foresaw ends the other edition too, and both before it is thrown', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const { forEditions, out } = await openHouse(ledger);
  const brief = await forEditions.loadBrief('weekly');
  const dataset = await forEditions.loadDataset(brief.config.dataset);
  const printing = Promise.withResolvers<void>();
  const log: string[] = [];
  let prints = 0;
  const print: Effects['print'] = async (_, { signal, onBegun }) => {
    onBegun?.();
    prints += 1;
    if (prints === 2) {
      await printing.promise;
      throw new TypeError('a defect');
    }
    // Until it is stopped, as a browser that prints.
    const { promise, resolve } = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => resolve(), { once: true });
    printing.resolve();
    await promise;
    for (let turn = 0; turn < 20; turn += 1) await setImmediate();
    log.push('the other print has ended');
    throw signal.reason;
  };
  const days = ['2021-08-08', '2021-08-15', '2021-08-22'];
  const generating = generate(
    {
      requests: days.map((asOf) => resolveEdition({ brief, dataset, asOf })),
      out,
      formats: ['pdf'],
      force: false,
      engine: 'test',
    },
    {
      effects: { ...forEditions.effects, print },
      material: await forEditions.loadMaterial(),
      store: {
        read: () => Promise.resolve(undefined),
        write: async (folder) => void log.push(`stored ${folder}`),
      },
      reports: { onStep: () => {}, elapsedMs: () => performance.now() },
      signal: new AbortController().signal,
    },
  );
  await expect(generating.finally(() => log.push('generate has ended'))).rejects.toThrow('a defect');
  expect(log).toEqual(['the other print has ended', 'generate has ended']);
  // The third was not begun.
  expect(prints).toBe(2);
});
