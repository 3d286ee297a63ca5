import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCanvas, loadImage } from 'canvas';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPictures } from '../../src/editions/files.ts';
import { hashOf } from '../../src/hash.ts';
import { openPrinter, type Printer } from '../../src/pdf/browser/print.ts';
import { removeEditions, storeEdition } from '../../src/production/store.ts';
import { testCacheFolder } from '../support/cache.ts';
import { sampleEdition } from '../support/sample-edition.ts';

let printer: Printer;
let folder: string;
const signal = new AbortController().signal;
beforeAll(async () => {
  [printer, folder] = await Promise.all([
    openPrinter({ cacheFolder: testCacheFolder }),
    mkdtemp(join(tmpdir(), 'sitrep-pictures-')),
  ]);
});
afterAll(async () => {
  await printer[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const page = (size: string, second: string) => `<!doctype html><style>
@page { size: ${size}; margin: 20mm } body { margin: 0 }
.first { height: 200mm; background: #f00 } .second { height: ${second}; background: #00f; break-inside: avoid }
</style><body><p class="screen-marking">TLP</p><main><div class="first"></div><div class="second"></div></main>`;

/** How much of the picture has a colour, and how large it is. */
async function look(png: Uint8Array) {
  const { width, height } = await loadImage(Buffer.from(png));
  const canvas = createCanvas(width, height);
  const context = canvas.getContext('2d');
  context.drawImage(await loadImage(Buffer.from(png)), 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const share = (red: number, green: number, blue: number) => {
    let count = 0;
    for (let at = 0; at < data.length; at += 4)
      if (data[at] === red && data[at + 1] === green && data[at + 2] === blue) count += 1;
    return count / (width * height);
  };
  const above = context.getImageData(0, 0, width, Math.floor(height / 2)).data;
  const blackAbove = above.some((_, at) => at % 4 === 0 && above[at] === 0 && above[at + 1] === 0);
  return { width, height, red: share(255, 0, 0), blue: share(0, 0, 255), black: share(0, 0, 0), blackAbove };
}

test('the picture is the first page: it breaks where the print does, and has the marking at its foot', async () => {
  const broken = await look(await printer.picture(page('A4', '60mm'), { signal }));
  expect(broken).toMatchObject({ width: 596, height: 842, blue: 0 });
  expect(broken.red).toBeCloseTo((170 * 200) / (210 * 297), 2);
  expect(broken.black).toBeGreaterThan(0.001);
  // Page one has the marking in its first line already.
  expect(broken.blackAbove).toBe(false);
  const whole = await look(await printer.picture(page('A4', '50mm'), { signal }));
  expect(whole.blue).toBeCloseTo((170 * 50) / (210 * 297), 2);
  const letter = await look(await printer.picture(page('Letter', '30mm'), { signal }));
  expect(letter).toMatchObject({ width: 612, height: 792 });
});

test('a picture neither reaches outside nor touches what is printed', async () => {
  const settled = (pdf: Uint8Array) => Buffer.from(pdf).toString('latin1').replaceAll(/D:\d+/g, 'D:');
  const html = '<!doctype html><style>@page { size: A4 }</style><p>Printed</p>';
  const before = settled(await printer.print(html, { signal }));
  const outside =
    '<!doctype html><img src="http://127.0.0.1:9/x.png"><script>document.body.style.background="#f00"</script>';
  expect((await look(await printer.picture(outside, { signal }))).red).toBe(0);
  expect(settled(await printer.print(html, { signal }))).toBe(before);
});

test('it is drawn once for each HTML, also for those who ask at once, and kept', async () => {
  let drawn = 0;
  const draw = (html: string) => {
    drawn += 1;
    return printer.picture(html, { signal });
  };
  const picture = openPictures({ cacheFolder: folder, draw });
  const text = page('A4', '10mm');
  const edition = join(folder, 'weekly/2021-08-22');
  await mkdir(edition, { recursive: true });
  await writeFile(join(edition, 'one.html'), text);
  const one = { folder: edition, name: 'one.html', sha256: hashOf(text) };
  const [first, second] = await Promise.all([picture(one), picture(one)]);
  expect(second).toBe(first);
  expect(Buffer.from((await picture(one)) ?? [])).toEqual(Buffer.from(first ?? []));
  expect(Buffer.from((await openPictures({ cacheFolder: folder, draw })(one)) ?? [])).toEqual(
    Buffer.from(first ?? []),
  );
  expect(drawn).toBe(1);
  // Of another HTML than it was asked of nothing is drawn, nor kept under the hash.
  expect(await picture({ ...one, sha256: 'a'.repeat(64) })).toBeUndefined();
  expect((await readdir(edition)).toSorted()).toEqual([`.first-page-${one.sha256}.png`, 'one.html']);
  expect(await picture({ ...one, name: 'gone.html', sha256: 'b'.repeat(64) })).toBeUndefined();
});

test('it goes with its edition, and those that an earlier version kept in the cache folder go too', async () => {
  const [cacheFolder, edition] = [join(folder, 'cache'), join(folder, 'daily/2021-08-22')];
  await mkdir(join(cacheFolder, 'pictures'), { recursive: true });
  await writeFile(join(cacheFolder, 'pictures', `${'a'.repeat(64)}.png`), 'TLP:RED');
  const picture = openPictures({ cacheFolder, draw: () => Promise.resolve(Buffer.from('a picture')) });
  await expect.poll(() => existsSync(join(cacheFolder, 'pictures'))).toBe(false);
  const ask = async (text: string) => {
    const { files, description } = sampleEdition(text);
    await storeEdition(edition, files, description);
    const html = { folder: edition, name: 'a.html', sha256: hashOf(`html of ${text}`) };
    expect(Buffer.from((await picture(html)) ?? [])).toEqual(Buffer.from('a picture'));
  };
  const pictures = async () => {
    const names = await readdir(folder, { recursive: true });
    return names.filter((name) => name.endsWith('.png') && !name.startsWith('weekly'));
  };
  await ask('one');
  await ask('two');
  // The edition that was replaced took its picture with it.
  expect(await pictures()).toEqual([join('daily/2021-08-22', `.first-page-${hashOf('html of two')}.png`)]);
  expect(await removeEditions([edition], () => Promise.resolve(true))).toBe(true);
  expect(await pictures()).toEqual([]);
});
