import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { goldenFiles, readGolden, updatesGolden, writeGolden, type GoldenFiles } from './support/golden.ts';
import { digestsOf, goldenEditions, loadProduct, renderEdition, type Product } from './support/product.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

// Found by walking templates/: a brief in a new folder is compared with no new line here.
const product: Product = await loadProduct();
const accepted = await readGolden();
const update = updatesGolden(process.env);
const remedy = 'if that is right, run npm run test:update';

describe('every brief at its golden dates', () => {
  const rendered = new Map<string, GoldenFiles>();

  test.each(product.briefs.map((brief) => ({ id: brief.id, brief })))('$id', async ({ id, brief }) => {
    const editions = [];
    for (const edition of await goldenEditions(product, id))
      editions.push({ ...edition, rendering: await renderEdition(product, edition) });
    const files = await goldenFiles(brief, editions);
    rendered.set(id, files);
    if (update) return;
    const missing = [...files.keys()].filter((path) => !accepted.has(path));
    expect.soft(missing, `missing in test/golden: ${remedy}`).toEqual([]);
    for (const [path, text] of files) {
      if (accepted.has(path))
        expect.soft(text, `test/golden/${path} differs: ${remedy}`).toBe(accepted.get(path));
    }
  });

  test('and nothing else lies in test/golden', async () => {
    const files = new Map([...rendered.values()].flatMap((each) => [...each]));
    // Otherwise the files of a brief that failed to render would be removed, or called strays.
    expect([...rendered.keys()]).toEqual(product.briefs.map(({ id }) => id));
    if (update) await writeGolden(files);
    expect([...(await readGolden()).keys()].toSorted()).toEqual([...files.keys()].toSorted());
  });
});

test('goldens are not accepted under CI', () => {
  expect(updatesGolden({})).toBe(false);
  expect(updatesGolden({ CI: 'true' })).toBe(false);
  expect(updatesGolden({ UPDATE_GOLDEN: '1' })).toBe(true);
  expect(() => updatesGolden({ UPDATE_GOLDEN: '1', CI: 'true' })).toThrow(/under CI/);
});

describe('the same page', () => {
  const asOf = '2021-08-25';
  let digests: { [brief: string]: string };
  beforeAll(async () => {
    digests = {};
    for (const brief of product.briefs)
      Object.assign(digests, await digestsOf({ ...product, briefs: [brief] }, asOf));
  });

  test.each([
    { TZ: 'Asia/Kabul', LC_ALL: 'fa_AF.UTF-8' },
    { TZ: 'Pacific/Kiritimati', LC_ALL: 'en_US.UTF-8' },
    { TZ: 'America/Los_Angeles', LC_ALL: 'de_DE.UTF-8' },
  ])('under TZ=$TZ and LC_ALL=$LC_ALL', async ({ TZ, LC_ALL }) => {
    const support = JSON.stringify(join(import.meta.dirname, 'support/product.ts'));
    const program = `
      import { digestsOf, loadProduct } from ${support};
      const shown = new Date(0).toLocaleString();
      console.log(JSON.stringify({ shown, digests: await digestsOf(await loadProduct(), '${asOf}') }));`;
    const env = { ...process.env, TZ, LC_ALL, LANG: LC_ALL };
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', program],
      { env },
    );
    const other: unknown = JSON.parse(stdout);
    expect(other).toMatchObject({ digests });
    // The settings did reach the program: it writes times otherwise than this one does.
    expect(other).not.toMatchObject({ shown: new Date(0).toLocaleString() });
  });

  test('whether briefs are rendered one by one or together', async () => {
    for (let round = 0; round < 3; round += 1) expect(await digestsOf(product, asOf)).toEqual(digests);
  });
});
