import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createCanvas, loadImage } from 'canvas';
import { expect, test } from 'vitest';
import { registerChartFonts } from '../../src/charts/worker.ts';
import { hashOf } from '../../src/hash.ts';
import { resolveEdition } from '../../src/production/fan-out.ts';
import { generate } from '../../src/production/generate.ts';
import { highlightsFor } from '../../src/production/highlights.ts';
import { readEdition, storeEdition } from '../../src/production/store.ts';
import type { Brief } from '../../src/project/brief.ts';
import { readImage } from '../../src/project/images.ts';
import { temporaryFolder } from '../support/dataset.ts';
import { openHouse } from '../support/house.ts';
import { useLedgers } from '../support/ledger.ts';
import { findBrief, loadProduct, renderEdition, withBrief } from '../support/product.ts';

await registerChartFonts();
const ledgers = useLedgers();
const product = await loadProduct();
const asOf = '2021-08-25';

/** A logo of which only the left half is drawn. */
async function logoOf() {
  const root = await temporaryFolder();
  await mkdir(join(root, 'images'));
  await writeFile(
    join(root, 'images/l.svg'),
    '<svg viewBox="0 0 30 10"><rect width="15" height="10" fill="#ff0000"/></svg>',
  );
  const logo = await readImage(root, 'images/l.svg', 1000);
  if (!('src' in logo)) throw new Error(JSON.stringify(logo));
  return logo;
}

const published = async (): Promise<(brief: Brief) => Brief> => {
  const logo = await logoOf();
  return (brief) => ({
    ...brief,
    publisher: { name: 'Roads', corrections: 'errors@roads.example' },
    identity: { ...brief.identity, logo },
  });
};

test('mail says what the page says: headline, judgments with their scale, and the caption of the hero', async () => {
  const of = withBrief(product, 'weekly', await published());
  const rendering = await renderEdition(of, { brief: 'weekly', asOf });
  const { highlights } = await highlightsFor(findBrief(of, 'weekly'), rendering);
  const [, heading = ''] = /<h1>(.*?)<\/h1>/.exec(rendering.html) ?? [];
  expect(highlights.headline).toBe(heading.replaceAll(/<[^>]*>/g, ''));
  const known = product.dataset.tables.judgments;
  expect(highlights.judgments.length).toBeGreaterThan(2);
  for (const { text, likelihood, confidence } of highlights.judgments) {
    expect(text).not.toMatch(/[{}<>]/);
    const row = known.find((each) => each.role === 'key' && text.startsWith(each.text.slice(0, 40)));
    expect(likelihood?.text.replace(/ \d.*/, '') ?? null).toBe(row?.likelihood);
    expect(confidence?.split(' ')[0]).toBe(row?.confidence);
  }
  expect(highlights.judgments.flatMap(({ likelihood }) => likelihood ?? [])).toContainEqual({
    text: 'very likely 80–95 %',
    low: 80,
    high: 95,
  });
  expect(highlights.hero?.caption).not.toBe('');
  const said = [...rendering.html.matchAll(/aria-label="([^"]*)"/g)].map(([, alt]) => alt);
  expect(said).toContain(highlights.hero?.alt);
  expect(highlights).toMatchObject({
    language: 'en-GB',
    publisher: { name: 'Roads', corrections: 'errors@roads.example' },
  });
});

test('an edition after coverage has the headline of its page, and one without a hero has no picture', async () => {
  const rendering = await renderEdition(product, { brief: 'al-qaeda-ties', asOf: '2021-09-20' });
  const { highlights, files } = await highlightsFor(findBrief(product, 'celebrations'), rendering);
  expect(highlights.headline).toMatch(/^Nothing collected since/);
  expect(highlights.hero).toBeNull();
  expect(files).toEqual([]);
});

test('a logo in SVG is a PNG of its colours on white', async () => {
  const of = withBrief(product, 'weekly', await published());
  const { files } = await highlightsFor(
    findBrief(of, 'weekly'),
    await renderEdition(of, { brief: 'weekly', asOf }),
  );
  const png = files.find(({ name }) => name === 'logo.png')?.content;
  const image = await loadImage(Buffer.from(png ?? []));
  expect([image.width, image.height]).toEqual([240, 80]);
  const context = createCanvas(240, 80).getContext('2d');
  context.drawImage(image, 0, 0);
  expect([...context.getImageData(20, 40, 1, 1).data]).toEqual([255, 0, 0, 255]);
  expect([...context.getImageData(220, 40, 1, 1).data]).toEqual([255, 255, 255, 255]);
});

test('the pictures are stored with the edition: the same bytes each time, and an altered one makes it incomplete', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const { forEditions, out } = await openHouse(ledger);
  const brief = (await published())(await forEditions.loadBrief('weekly'));
  const dataset = await forEditions.loadDataset(brief.config.dataset);
  const folder = join(out, `weekly/${asOf}`);
  const once = async () => {
    const [outcome] = await generate(
      {
        requests: [resolveEdition({ brief, dataset, asOf })],
        out,
        formats: ['html'],
        force: true,
        engine: 'test',
      },
      {
        effects: forEditions.effects,
        material: await forEditions.loadMaterial(),
        store: { read: readEdition, write: storeEdition },
        reports: { onStep: () => {}, elapsedMs: () => 0 },
        signal: new AbortController().signal,
      },
    );
    return outcome?.manifest;
  };
  const [first, second] = [await once(), await once()];
  expect(first?.files.map(({ name }) => name)).toEqual([`weekly-${asOf}.html`, 'hero.png', 'logo.png']);
  expect(second?.files).toEqual(first?.files);
  const hero = await readFile(join(folder, 'hero.png'));
  expect(first?.highlights?.hero).toMatchObject({ name: 'hero.png', sha256: hashOf(hero) });
  expect(await readEdition(folder)).toEqual(second);
  await writeFile(join(folder, 'hero.png'), 'altered');
  expect(await readEdition(folder)).toBeUndefined();
});
