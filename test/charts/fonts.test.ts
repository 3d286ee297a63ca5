import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { codePointsOf, commonCodePoints, loadFonts } from '../../src/charts/fonts.ts';

const has = (points: ReadonlySet<number>, characters: string): boolean[] =>
  Array.from(characters, (character) => points.has(character.codePointAt(0) ?? 0));

test('the code points of each face are those of its cmap', async () => {
  const fonts = await loadFonts();
  expect(fonts.length).toBeGreaterThanOrEqual(5);
  for (const { bytes } of fonts) {
    const points = codePointsOf(bytes);
    expect(has(points, 'aZ09 é–“”’≥≤±←→·')).not.toContain(false);
    expect(has(points, '中٣\u{1f5e3}\uffff')).not.toContain(true);
    expect(points.size).toBeGreaterThan(800);
  }
});

test('a character is common when every face has it', async () => {
  const fonts = (await loadFonts()).map(({ bytes }) => bytes);
  const common = commonCodePoints(fonts);
  const each = fonts.map(codePointsOf);
  // Greek with breathings is in the sans alone.
  const some = [...new Set(each.flatMap((points) => [...points]))].filter((point) => !common.has(point));
  expect(some.length).toBeGreaterThan(0);
  for (const point of some) expect(each.every((points) => points.has(point))).toBe(false);
});

test('what is no WOFF2 is refused', async () => {
  const file = await readFile(join(import.meta.dirname, '../../package.json'));
  expect(() => codePointsOf(file)).toThrow(/not WOFF2/);
});
