/** A script without a built-in face, as Unicode names it, and the npm package that has one. */
interface Script {
  readonly name: string;
  readonly package: string;
}

const noto = (script: string): string => `@fontsource/noto-sans-${script}`;

/** Japanese before Chinese: its texts contain characters of both, and kana name it. */
const scripts: readonly Script[] = [
  { name: 'Hiragana', package: noto('jp') },
  { name: 'Katakana', package: noto('jp') },
  { name: 'Hangul', package: noto('kr') },
  { name: 'Han', package: noto('sc') },
  ...[
    'Armenian',
    'Bengali',
    'Devanagari',
    'Ethiopic',
    'Georgian',
    'Gujarati',
    'Gurmukhi',
    'Hebrew',
    'Kannada',
    'Khmer',
    'Lao',
    'Malayalam',
    'Myanmar',
    'Sinhala',
    'Tamil',
    'Telugu',
    'Thaana',
    'Thai',
  ].map((name) => ({ name, package: noto(name.toLowerCase()) })),
];

const patterns = scripts.map((script) => [script, new RegExp(`\\p{Script=${script.name}}`, 'u')] as const);

/** The script of the characters, if it is one that a package adds. */
export const scriptOf = (characters: readonly string[]): Script | undefined =>
  patterns.find(([, pattern]) => characters.some((character) => pattern.test(character)))?.[0];
