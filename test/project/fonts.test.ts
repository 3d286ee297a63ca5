import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createCanvas } from 'canvas';
import { expect, test } from 'vitest';
import { registerChartFonts, registerOwnFonts } from '../../src/charts/worker.ts';
import type { Identity } from '../../src/project/brief.ts';
import { usualColours } from '../../src/project/colours.ts';
import { familiesOf, readFonts } from '../../src/project/fonts.ts';
import { partsOf } from '../../src/provenance/inputs.ts';
import { otherFonts } from '../../src/rules/pdf/pdf.ts';
import { temporaryFolder } from '../support/dataset.ts';
import { findBrief, loadProduct, renderEdition, withBrief } from '../support/product.ts';

const { resolve } = createRequire(import.meta.url);
const inPackage = '@fontsource/noto-sans-arabic/files/noto-sans-arabic-arabic-400-normal.woff';

/** A project with a TrueType file in fonts/, and the packages of this repository. */
async function project() {
  const root = await temporaryFolder();
  await mkdir(join(root, 'fonts'));
  await symlink(join(import.meta.dirname, '../../node_modules'), join(root, 'node_modules'));
  await writeFile(join(root, 'fonts/a.ttf'), await readFile(resolve('source-serif/TTF/SourceSerif4-It.ttf')));
  return root;
}

test('the publisher’s fonts are files of the project or of a package, with the names that PDFs use', async () => {
  const { fonts, faults } = await readFonts(await project(), {
    sans: { regular: inPackage, semibold: 'fonts/a.ttf' },
  });
  expect(faults).toEqual([]);
  expect(fonts).toMatchObject([
    {
      family: 'Own Sans',
      weight: 400,
      style: 'normal',
      file: inPackage,
      postScriptName: 'NotoSansArabic-Regular',
    },
    {
      family: 'Own Sans',
      weight: 600,
      style: 'normal',
      file: 'fonts/a.ttf',
      postScriptName: 'SourceSerif4-It',
    },
  ]);
  expect(familiesOf(fonts)).toEqual({ serif: "'Source Serif 4'", sans: "'Own Sans', 'Source Sans 3'" });
});

test('a font that is missing, outside, or of another kind is a fault at its key', async () => {
  const root = await project();
  await symlink('../secret.ttf', join(root, 'fonts/out.ttf'));
  await writeFile(join(root, 'secret.ttf'), await readFile(resolve('source-serif/TTF/SourceSerif4-It.ttf')));
  const { fonts, faults } = await readFonts(root, {
    serif: { regular: 'fonts/none.ttf', italic: 'fonts/out.ttf', semibold: 'fonts/../secret.ttf' },
    sans: {
      regular: 'no-such-package/a.ttf',
      semibold: inPackage.replace(/woff$/, 'woff2'),
    },
  });
  expect(fonts).toEqual([]);
  expect(faults.map(({ field, problem }) => [field, problem])).toEqual([
    ['fonts.serif.regular', 'There is no font "fonts/none.ttf".'],
    ['fonts.serif.italic', 'There is no font "fonts/out.ttf".'],
    ['fonts.serif.semibold', 'There is no font "fonts/../secret.ttf".'],
    ['fonts.sans.regular', 'There is no font "no-such-package/a.ttf".'],
    ['fonts.sans.semibold', expect.stringContaining('is not TrueType, OpenType or WOFF.')],
  ]);
});

test('pages embed them, charts are measured with them, and PDFs may have them', async () => {
  const { fonts } = await readFonts(await project(), {
    sans: { regular: 'fonts/a.ttf', semibold: 'fonts/a.ttf' },
  });
  const identity: Identity = { logo: null, colours: usualColours, fonts };
  const product = withBrief(await loadProduct(), 'weekly', (brief) => ({ ...brief, identity }));
  const { html, draft } = await renderEdition(product, { brief: 'weekly', asOf: '2021-08-25' });
  expect(html).toContain("--sans: 'Own Sans', 'Source Sans 3', sans-serif");
  expect(html.match(/@font-face\{font-family:'Own Sans';font-weight:\d+/g)).toHaveLength(2);
  const brief = findBrief(product, 'weekly');
  const font = { kind: 'font', file: 'fonts/a.ttf', sha256: fonts[0]?.sha256 };
  expect(partsOf(brief, { drawn: [], fonts: [], dataset: product.dataset })).toContainEqual(font);

  await registerChartFonts();
  await registerOwnFonts(fonts.map(({ path }) => path));
  const widthIn = (family: string): number => {
    const context = createCanvas(1, 1).getContext('2d');
    context.font = `20px ${family}`;
    return context.measureText('fffffMMMMM').width;
  };
  expect(widthIn(familiesOf(fonts).sans)).not.toBeCloseTo(widthIn("'Source Sans 3'"), 0);

  const named = (name: string) => ({ name, embedded: true });
  const contents = { fonts: [named('SourceSerif4-It'), named('Other-Regular')], pages: [] };
  const found = (of: typeof brief) =>
    [...otherFonts({ ...draft, brief: of, contents } as never)].map(({ problem }) => problem);
  expect(found(brief)).toEqual(['The PDF also uses the font "Other-Regular".']);
  const [first] = fonts;
  if (first === undefined) throw new Error('There is no font.');
  const own = { ...identity, fonts: [{ ...first, postScriptName: 'Other-Regular' }] };
  expect(found({ ...brief, identity: own })).toEqual([]);
});
