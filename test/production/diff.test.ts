import { expect, test } from 'vitest';
import { unifiedDiff } from '../../src/production/golden.ts';

const texts = (accepted: string | null, rendered: string | null): string[] =>
  unifiedDiff({ file: 'a.html', accepted, rendered }).map(({ text }) => text);

test('names the line of each change, and shows what was accepted above what is rendered', () => {
  expect(texts('1\n2\n3\n4\n5\n6\n', '1\n2\n3\n4\nfive\n6\n')).toEqual([
    '--- a.html (accepted)',
    '+++ a.html (rendered)',
    '@@ a.html:5 @@',
    '  2',
    '  3',
    '  4',
    '- 5',
    '+ five',
    '  6',
  ]);
});

test('shows a line break that is missing at the end', () => {
  expect(texts('1\n', '1')).toEqual(expect.arrayContaining(['- 1', '+ 1', '\\ No newline at end of file']));
});

test('counts the lines of a file that only one side has', () => {
  expect(texts(null, '1\n2\n')).toContain('@@ a.html:1 @@ 2 lines');
  expect(texts('1\n', null)).toContain('@@ a.html:1 @@ 1 lines');
});

test('counts the lines beyond 120', () => {
  const lines = Array.from({ length: 200 }, (_, index) => `${index}\n`).join('');
  const shown = texts('', lines);
  expect(shown).toHaveLength(2 + 120 + 1);
  expect(shown.at(-1)).toBe('… and 81 more lines');
});
