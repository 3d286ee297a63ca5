import { expect, test } from 'vitest';
import {
  arabicFontFaces,
  fontFaces,
  fontFamilies,
  isArabic,
  loadArabicFonts,
  loadFonts,
  printableCodePoints,
} from '../../src/charts/fonts.ts';

const has = (points: ReadonlySet<number>, characters: string): boolean[] =>
  Array.from(characters, (character) => points.has(character.codePointAt(0) ?? 0));

test('loads the five faces as WOFF2', async () => {
  const fonts = await loadFonts();
  expect(fonts).toHaveLength(5);
  for (const { bytes } of fonts) expect(Buffer.from(bytes).toString('latin1', 0, 4)).toBe('wOF2');
});

test('the code points are those that every face of a script has', async () => {
  const printable = await printableCodePoints();
  expect(has(printable, 'aZ09 é–“”’≥≤±←→·')).not.toContain(false);
  expect(has(printable, '中\u{1f5e3}\uffff')).not.toContain(true);
  // Greek with breathings is in the sans alone.
  expect(has(printable, 'ἀ')).toEqual([false]);
  // fontkit counts as many in the WOFF2 files themselves.
  expect([...printable].filter((point) => !isArabic(String.fromCodePoint(point)))).toHaveLength(912);
});

test('names in other scripts can be printed', async () => {
  const printable = await printableCodePoints();
  const names = {
    dotted: 'Ḩaraḑ, Sarwan Qal‘ah, Ţālibān, Şan‘ā’, ʿAyn, Ṣanʿāʾ, Ḥaḍramawt, Ẓafār, Ġarb',
    cyrillic: 'Владикавказ, Щёлково, Ґданськ, Їжакевич, Тоҷикистон, Ғафуров, Өскемен',
    greek: 'Αθήνα, Θεσσαλονίκη, Ωρωπός',
    arabic: 'صنعاء، الأبيض، لؤلؤة، بيئة، مُدُن، قلعة؟ ٠١٢٣٤٥٦٧٨٩٪',
    persian: 'تهران، گچساران، ژاله، پل، کوه، یزد؛ ۰۱۲۳۴۵۶۷۸۹',
    pashto: 'ټول، ډېر، سړی، ږغ، ښار، ګران، پاڼه، ځای، څه، کړۍ، یې',
    urdu: 'ٹیکسلا، ڈیرہ، لاڑکانہ، میں، ہے۔',
  };
  for (const [script, text] of Object.entries(names)) {
    const lacking = Array.from(text).filter((character) =>
      has(printable, character.normalize('NFD')).includes(false),
    );
    expect({ script, lacking }).toEqual({ script, lacking: [] });
  }
});

test('the Arabic faces extend each style of a family, for Arabic alone', async () => {
  const [latin, arabic] = await Promise.all([loadFonts(), loadArabicFonts()]);
  const styles = (fonts: typeof latin) =>
    fonts.map(({ family, weight, style }) => `${family} ${weight} ${style}`).toSorted();
  expect(styles(arabic)).toEqual(styles(latin));
  const rules = arabicFontFaces(arabic).split('\n');
  for (const rule of rules) expect(rule).toContain('unicode-range:U+0600-06FF,');
  expect(fontFaces(latin)).not.toContain('unicode-range');
});

test('the families are those of the embedded faces', async () => {
  const families = new Set((await loadFonts()).map(({ family }) => family));
  expect(new Set(fontFamilies)).toEqual(families);
  expect(fontFaces(await loadFonts())).toContain(`font-family:'${fontFamilies[0] ?? ''}'`);
});
