import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { structuredPatch } from 'diff';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { loadTestDataset } from './support/dataset.ts';
import { rendering } from './support/effects.ts';
import { digestsOf, findBrief, loadProduct, type Product, renderEdition } from './support/product.ts';
import type { Correction } from '../src/dataset/corrections.ts';
import {
  compareGoldens,
  type Difference,
  goldenFiles,
  goldenStore,
  mayAccept,
  strayGoldens,
  unifiedDiff,
} from '../src/production/golden.ts';

// Found by walking templates/: a brief in a new folder is compared with no new line here.
const product: Product = await loadProduct();
const store = goldenStore(join(import.meta.dirname, 'golden'));
const accepted = await store.read();
const update = Boolean(process.env['UPDATE_GOLDEN']);
if (update) mayAccept({ ci: process.env['CI'] });
const world = { ...rendering, material: product.material };

/** What a reviewer reads; empty where nothing differs. */
const shown = (differences: readonly Difference[]): string =>
  differences
    .flatMap((each) => unifiedDiff({ ...each, file: `test/golden/${each.path}` }))
    .map(({ text }) => text)
    .join('\n');

describe('every brief at its golden dates', () => {
  test.each(product.briefs.map((brief) => ({ id: brief.id, brief })))('$id', async ({ brief }) => {
    const { dataset } = product;
    const differences = await compareGoldens({ brief, dataset, accepted }, world);
    if (update) await store.accept(differences);
    else expect(shown(differences), 'if that is right, run npm run test:update').toBe('');
  });

  test('and nothing else lies in test/golden', async () => {
    const strays = strayGoldens(
      accepted,
      product.briefs.map(({ id }) => id),
    );
    if (update) await store.accept(strays);
    else expect(strays.map(({ path }) => path)).toEqual([]);
  });
});

test('a corrected edition says what it is and what changed', async () => {
  const dataset = await loadTestDataset('revised');
  const asOf = '2021-03-14';
  const replaces = { edition: `celebrations/${asOf}`, revision: 1, asOf: null };
  const correction = { revision: 2, asOf: '2021-03-21', replaces, rows: ['E-letter', 'J-letter'] };
  const brief = findBrief(product, 'celebrations');
  const pageOf = async (edition: { correction?: Correction }): Promise<string> => {
    const page = await renderEdition({ ...product, dataset }, { brief: brief.id, asOf, ...edition });
    const files = await goldenFiles(brief, [{ id: `${brief.id}/${asOf}`, rendering: page }]);
    return files.get(`${brief.id}/${asOf}/brief.html`) ?? '';
  };
  const [first, corrected] = [await pageOf({}), await pageOf({ correction })];
  expect(first).toContain('</html>');
  // Only what differs from the first issue, so that a word on every page does not change this file too.
  const { hunks } = structuredPatch('first', 'corrected', first, corrected, '', '', { context: 1 });
  const lines = hunks.flatMap((hunk) => ['@@', ...hunk.lines]);
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('golden-corrected.diff');
});

test('goldens are not accepted under CI', () => {
  expect(() => mayAccept({ ci: 'true' })).toThrow(/in CI/);
  expect(() => mayAccept({ ci: undefined })).not.toThrow();
});

describe('the same page', () => {
  const asOf = '2021-08-25';
  const others = z.array(
    z.object({ TZ: z.string(), shown: z.string(), digests: z.record(z.string(), z.string()) }),
  );
  let digests: { [brief: string]: string };
  beforeAll(async () => {
    digests = {};
    for (const brief of product.briefs)
      Object.assign(digests, await digestsOf({ ...product, briefs: [brief] }, asOf));
  });

  test('in another process, all at once, in the last and the first time zone, and with the digits of another locale', async () => {
    const zones = ['Pacific/Kiritimati', 'Pacific/Pago_Pago'];
    const support = JSON.stringify(join(import.meta.dirname, 'support/product.ts'));
    const program = `
      import { digestsOf, loadProduct } from ${support};
      const product = await loadProduct();
      const found = [];
      for (const TZ of ${JSON.stringify(zones)}) {
        process.env.TZ = TZ;
        const digests = await digestsOf(product, '${asOf}', { onePerBrief: TZ === '${zones[1]}' });
        found.push({ TZ, shown: new Date(0).toLocaleString(), digests });
      }
      console.log(JSON.stringify(found));`;
    const env = { ...process.env, TZ: zones[0], LC_ALL: 'fa_AF.UTF-8', LANG: 'fa_AF.UTF-8' };
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', program],
      { env },
    );
    const found = others.parse(JSON.parse(stdout));
    const [last, first] = found;
    expect(last).toMatchObject({ TZ: zones[0] });
    expect(last?.digests).toEqual(digests);
    // One edition of each brief is enough for the second zone.
    expect(Object.keys(first?.digests ?? {})).toHaveLength(product.briefs.length);
    expect(first?.TZ).toBe(zones[1]);
    expect(digests).toMatchObject(first?.digests ?? {});
    // The settings did reach the program: it writes times otherwise than this one does, and each zone has its own.
    expect(new Set([new Date(0).toLocaleString(), ...found.map((each) => each.shown)]).size).toBe(3);
  });
});
