import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createCanvas } from 'canvas';
import { describe, expect, test } from 'vitest';
import type { AppError } from '../../src/errors.ts';
import { resolveEdition } from '../../src/production/fan-out.ts';
import { readImages } from '../../src/project/load-briefs.ts';
import { inputsOf } from '../../src/provenance/inputs.ts';
import { partsOf } from '../../src/provenance/inputs.ts';
import { temporaryFolder } from '../support/dataset.ts';
import { findBrief, loadProduct, type Product, renderEdition, withBrief } from '../support/product.ts';

const product = await loadProduct();
const edition = { brief: 'weekly', asOf: '2021-08-25' };
const words = 'alt="A bridge with arches" credit="A. N. Other" licence="CC BY 4.0"';

/** The weekly with a call of the helper, in a project whose images are a PNG and a drawing with a script. */
async function showing(call: string, text = 'a picture'): Promise<{ of: Product; faults: unknown[] }> {
  const root = await temporaryFolder();
  await mkdir(join(root, 'images'));
  const canvas = createCanvas(300, 200);
  canvas.getContext('2d').fillText(text, 10, 20);
  await writeFile(join(root, 'images/bridge.png'), canvas.toBuffer('image/png'));
  await writeFile(join(root, 'images/bad.svg'), '<svg viewBox="0 0 1 1">\n<script>x</script></svg>');
  const faults: { problem: string; hint: string }[] = [];
  const { template } = findBrief(product, 'weekly');
  const changed = { ...template, text: template.text.replace('{{/page}}', `${call}\n{{/page}}`) };
  const images = await readImages([changed], { root, faults });
  return {
    of: withBrief(product, 'weekly', (brief) => ({ ...brief, template: changed, images })),
    faults,
  };
}

/** The faults of the page, of each rule one. */
const refused = async (of: Product): Promise<string[]> => {
  const error: AppError | undefined = await renderEdition(of, edition).then(
    () => undefined,
    (cause: AppError) => cause,
  );
  return error?.faults.map(({ rule, problem }) => `${rule ?? ''}: ${problem}`) ?? [];
};

describe('an image in a brief', () => {
  test('is on the page as data, with its text, credit, licence and evidence', async () => {
    const { of, faults } = await showing(`{{image "images/bridge.png" ${words} cites="F07"}}`);
    expect(faults).toEqual([]);
    const { html } = await renderEdition(of, edition);
    expect(html).toMatch(
      /<figure class="image" role="group"><img src="data:image\/png;base64,[^"]+" alt="A bridge with arches" width="300" height="200">/,
    );
    expect(html).toMatch(/<p class="source">Image: A\. N\. Other\. Licence: CC BY 4\.0\.<sup class="cite">/);
    expect(html).toContain('; img-src data:');
  });

  test('has no figure typed into its text', async () => {
    const { of } = await showing(
      `{{image "images/bridge.png" ${words.replace('arches', '3 arches')} cites="F07"}}`,
    );
    expect(await refused(of)).toEqual(['typed-figures: The figure "3" is typed into a template.']);
  });

  test.each([
    ['credit="A" licence="B"', 'it has no alt'],
    ['alt=" " credit="A" licence="B"', 'its alt, the text for people who cannot see it is empty'],
    ['alt="A" licence="B"', 'it has no credit'],
    ['alt="A" credit="B"', 'it has no licence'],
  ])('needs its words: %s', async (given, problem) => {
    const { of } = await showing(`{{image "images/bridge.png" ${given} cites="F07"}}`);
    expect(await refused(of)).toEqual([expect.stringContaining(problem)]);
  });

  test('has its faults at the line of the template that shows it', async () => {
    const { faults } = await showing(
      `{{image "images/none.png" ${words}}}\n{{image "../x.png" ${words}}}\n{{image "images/bad.svg" ${words}}}`,
    );
    const lines = findBrief(product, 'weekly').template.text.split('{{/page}}')[0]?.split('\n').length ?? 0;
    expect(faults).toMatchObject([
      { line: lines, problem: 'There is no file "images/none.png".' },
      { line: lines + 1, problem: '"../x.png" is not a file in images/.' },
      { line: lines + 2, problem: 'The drawing has <script>. (In images/bad.svg, line 2.)' },
    ]);
  });

  test('that a template computes is not read', async () => {
    const { of } = await showing(`{{image brief.title ${words} cites="F07"}}`);
    expect(await refused(of)).toEqual([expect.stringContaining('was not read')]);
  });

  test('is an input of the edition, and a part in its manifest', async () => {
    const hashes = new Set<string>();
    for (const text of ['one', 'another', 'one']) {
      const { of } = await showing(`{{image "images/bridge.png" ${words} cites="F07"}}`, text);
      const brief = findBrief(of, 'weekly');
      const request = resolveEdition({ brief, dataset: product.dataset, asOf: edition.asOf });
      hashes.add(inputsOf(request, { engine: '', material: '', formats: [] }));
      const parts = partsOf(brief, { drawn: [], fonts: [], dataset: product.dataset });
      expect(parts).toContainEqual({
        kind: 'image',
        file: 'images/bridge.png',
        sha256: brief.images['images/bridge.png']?.sha256,
      });
    }
    expect(hashes.size).toBe(2);
  });
});
