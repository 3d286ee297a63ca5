import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCanvas } from 'canvas';
import { imageSize } from 'image-size';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readImage } from '../../src/project/images.ts';
import { sanitizeSvg } from '../../src/project/svg-image.ts';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'sitrep-images-'));
  await mkdir(join(root, 'images/deep'), { recursive: true });
});
afterAll(() => rm(root, { recursive: true }));
const put = async (file: string, content: string | Uint8Array) => {
  await writeFile(join(root, file), content);
  return file;
};
const bitmap = (type: 'image/png' | 'image/jpeg', size = 8) => {
  const canvas = createCanvas(size, size);
  canvas.getContext('2d').fillRect(0, 0, size, size / 2);
  return type === 'image/png' ? canvas.toBuffer('image/png') : canvas.toBuffer('image/jpeg');
};
/** The problems of an image, or none. */
const problems = async (file: string, most = 100_000) => {
  const read = await readImage(root, file, most);
  return 'src' in read ? [] : read.map(({ problem }) => problem);
};

describe('an image of the project', () => {
  test('is read as data, with its type and size', async () => {
    for (const [name, type] of [
      ['a.png', 'image/png'],
      ['a.jpg', 'image/jpeg'],
    ] as const) {
      const image = await readImage(root, await put(`images/${name}`, bitmap(type)), 100_000);
      if (!('src' in image)) throw new Error(JSON.stringify(image));
      expect(image).toMatchObject({ type, width: 8, height: 8 });
      const [, encoded = ''] = image.src.split(`data:${type};base64,`);
      expect(imageSize(Buffer.from(encoded, 'base64'))).toMatchObject({ width: 8, height: 8 });
    }
  });

  test.each([
    'secret.png',
    'images/../secret.png',
    '/etc/passwd',
    'images/./a.png',
    'images\\..\\secret.png',
  ])('cannot be outside of images/: %s', async (file) => {
    await put('secret.png', bitmap('image/png'));
    expect(await problems(file)).toEqual([`"${file}" is not a file in images/.`]);
  });

  test('cannot be a link that leads out, nor lie in a folder that does', async () => {
    await put('secret.png', bitmap('image/png'));
    await symlink('../secret.png', join(root, 'images/link.png'));
    await symlink('..', join(root, 'images/up'));
    for (const file of ['images/link.png', 'images/up/secret.png'])
      expect(await problems(file)).toEqual([`"${file}" leads out of images/.`]);
  });

  test('is bounded in bytes and pixels, and is of a known kind', async () => {
    expect(await problems('images/none.png')).toEqual(['There is no file "images/none.png".']);
    expect(await problems('images/deep')).toEqual([expect.stringContaining('not a file')]);
    const png = bitmap('image/png');
    expect(await problems(await put('images/b.png', png), png.length - 1)).toEqual([
      expect.stringContaining('is larger than'),
    ]);
    expect(await problems(await put('images/c.png', 'GIF89a'))).toEqual([
      '"images/c.png" is not SVG, PNG or JPEG.',
    ]);
    // The size that the header states is what a browser would allocate.
    const huge = Buffer.from(png);
    huge.writeUInt32BE(30_000, 16);
    huge.writeUInt32BE(30_000, 20);
    expect(await problems(await put('images/d.png', huge))).toEqual([
      '"images/d.png" has 30000 × 30000 pixels, more than 20 million.',
    ]);
  });

  test('does not publish where a camera was', async () => {
    const jpeg = bitmap('image/jpeg');
    const exif = Buffer.concat([
      jpeg.subarray(0, 2),
      Buffer.from([0xff, 0xe1, 0, 10]),
      Buffer.from('Exif\0\0ab'),
      jpeg.subarray(2),
    ]);
    expect(await problems(await put('images/e.jpg', exif))).toEqual([
      expect.stringContaining('metadata of a camera'),
    ]);
  });
});

const svg = (inner: string, attributes = 'viewBox="0 0 20 10"') =>
  sanitizeSvg(`<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" ${attributes}>${inner}</svg>`);

describe('an SVG', () => {
  test('keeps what it draws and loses what its editor wrote', () => {
    const clean = svg(
      '<title>t</title><metadata><b:c xmlns:b="x"/></metadata><!-- by hand --><defs><linearGradient id="g"><stop offset="0"/></linearGradient></defs><path class="a" fill="url(#g)" inkscape:label="x" data-x="1" d="M0 0h20"/><use href="#g"/>',
      'viewBox="0 0 20 10" width="2cm" xmlns:inkscape="y" inkscape:version="1"',
    );
    expect(clean).toEqual({
      svg: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10" width="20" height="10"><defs><linearGradient id="g"><stop offset="0"/></linearGradient></defs><path class="a" fill="url(#g)" d="M0 0h20"/><use href="#g"/></svg>',
      width: 20,
      height: 10,
    });
  });

  test.each([
    ['<script>alert(1)</script>', '<script>'],
    ['<foreignObject><p>x</p></foreignObject>', '<foreignObject>'],
    ['<text>a</text>', '<text>'],
    ['<image href="data:image/png;base64,AA"/>', '<image>'],
    ['<animate attributeName="x"/>', '<animate>'],
    ['<a href="https://example.org"><path/></a>', '<a>'],
    ['<path onload="x()"/>', 'the attribute onload'],
    ['<path ONCLICK="x()"/>', 'the attribute onclick'],
    ['<use href="other.svg#a"/>', 'a link to "other.svg#a"'],
    ['<use xlink:href="https://example.org/#a"/>', 'a link to "https://example.org/#a"'],
    ['<path fill="url(https://example.org/a)"/>', 'fill="url(https://example.org/a)"'],
    [String.raw`<path style="fill:u\72l(//x)"/>`, String.raw`style="fill:u\72l(//x)"`],
    ['<style>.a{fill:red}</style>', '<style>'],
    ['<path fill="url( //x )"/>', 'fill="url( //x )"'],
  ])('may not have %s', (inner, what) => {
    expect(svg(inner)).toMatchObject([{ line: 2, problem: `The drawing has ${what}.` }]);
  });

  test.each([
    ['', 'x="1"', 'The drawing has no size.'],
    ['<p>out</p><path/>', 'viewBox="0 0 1 1"', 'The file is not a single SVG drawing.'],
    [
      '<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>',
      'viewBox="0 0 1 1"',
      '<use> repeats "#b", which has <use> itself.',
    ],
    ['<path/>'.repeat(20_001), 'viewBox="0 0 1 1"', 'The drawing has more than 20,000 elements.'],
  ])('is refused: %.30s %s', (inner, attributes, problem) => {
    expect(svg(inner, attributes)).toMatchObject([{ problem }, ...(problem.startsWith('<use>') ? [{}] : [])]);
  });
});
