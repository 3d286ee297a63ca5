import { createCanvas, loadImage } from 'canvas';
import { expect, test } from 'vitest';
import { pngOf } from '../../src/charts/png.ts';

test('a picture packed as a PNG has the pixels of its canvas', async () => {
  const canvas = createCanvas(37, 11);
  const context = canvas.getContext('2d');
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, 37, 11);
  context.fillStyle = '#1b4965';
  context.fillRect(3, 2, 30, 5.5);
  const drawn = context.getImageData(0, 0, 37, 11);
  const read = await loadImage(Buffer.from(pngOf(drawn)));
  expect([read.width, read.height]).toEqual([37, 11]);
  context.clearRect(0, 0, 37, 11);
  context.drawImage(read, 0, 0);
  expect(context.getImageData(0, 0, 37, 11).data).toEqual(drawn.data);
  expect(new Set(drawn.data).size).toBeGreaterThan(4);
});
