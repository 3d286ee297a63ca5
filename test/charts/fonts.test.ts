import { expect, test } from 'vitest';
import { commonCodePoints, fontFaces, fontFamilies, loadFonts } from '../../src/charts/fonts.ts';

const has = (points: ReadonlySet<number>, characters: string): boolean[] =>
  Array.from(characters, (character) => points.has(character.codePointAt(0) ?? 0));

test('loads the five faces as WOFF2', async () => {
  const fonts = await loadFonts();
  expect(fonts).toHaveLength(5);
  for (const { bytes } of fonts) expect(Buffer.from(bytes).toString('latin1', 0, 4)).toBe('wOF2');
});

test('the code points are those that every face has', async () => {
  const common = await commonCodePoints();
  expect(has(common, 'aZ09 é–“”’≥≤±←→·')).not.toContain(false);
  expect(has(common, '中٣\u{1f5e3}\uffff')).not.toContain(true);
  // Greek with breathings is in the sans alone.
  expect(has(common, 'ἀ')).toEqual([false]);
  // fontkit counts as many in the WOFF2 files themselves.
  expect(common.size).toBe(912);
});

test('the families are those of the embedded faces', async () => {
  const families = new Set((await loadFonts()).map(({ family }) => family));
  expect(new Set(fontFamilies)).toEqual(families);
  expect(fontFaces(await loadFonts())).toContain(`font-family:'${fontFamilies[0] ?? ''}'`);
});
