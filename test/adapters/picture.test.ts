import { createCanvas, loadImage } from 'canvas';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPrinter, type Printer } from '../../src/adapters/chromium/printer.ts';
import { openPictures } from '../../src/adapters/pictures.ts';
import { hashOf } from '../../src/model/manifest.ts';
import { testCacheFolder } from '../support/cache.ts';

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
  return { width, height, red: share(255, 0, 0), blue: share(0, 0, 255), black: share(0, 0, 0) };
}

test('the picture is the first page: it breaks where the print does, and bears the marking', async () => {
  const broken = await look(await printer.picture(page('A4', '60mm'), { signal }));
  expect(broken).toMatchObject({ width: 596, height: 842, blue: 0 });
  expect(broken.red).toBeCloseTo((170 * 200) / (210 * 297), 2);
  expect(broken.black).toBeGreaterThan(0.001);
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
  await writeFile(join(folder, 'one.html'), text);
  const one = { folder, name: 'one.html', sha256: hashOf(text) };
  const [first, second] = await Promise.all([picture(one), picture(one)]);
  expect(second).toBe(first);
  expect(Buffer.from((await picture(one)) ?? [])).toEqual(Buffer.from(first ?? []));
  expect(Buffer.from((await openPictures({ cacheFolder: folder, draw })(one)) ?? [])).toEqual(
    Buffer.from(first ?? []),
  );
  expect(drawn).toBe(1);
  // Of another HTML than it was asked of nothing is drawn, nor kept under the hash.
  expect(await picture({ ...one, sha256: 'a'.repeat(64) })).toBeUndefined();
  expect(await readdir(join(folder, 'pictures'))).toEqual([`${one.sha256}.png`]);
  expect(await picture({ folder, name: 'gone.html', sha256: 'b'.repeat(64) })).toBeUndefined();
});
