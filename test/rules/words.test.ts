import { expect, test } from 'vitest';
import { openLocale } from '../../src/locale.ts';
import { typedFigures, wordsFor } from '../../src/rules/words.ts';
import { british } from '../support/brief-of.ts';
import { localeOf } from '../support/locale.ts';

const wordsOf = (language: string) => wordsFor({ language, brief: { locale: british } });

test.each([
  ['no figure at all', []],
  ['at least 105 claims, 25 % of them', ['105', '25']],
  ['1,000.5 on 2021-08-25', ['1,000.5', '2021', '08', '25']],
  ['½ of it, ٣ times', ['½', '٣']],
  ['Six meetings, two-thirds, twenty-one and a dozen', ['Six', 'two', 'thirds', 'twenty', 'dozen']],
  ['half, a quarter, a third of them, hundreds', ['half', 'quarter', 'a third of', 'hundreds']],
  ['{F07.value} meetings since {pause.day}', []],
  ['{F07.value} of 7', ['7']],
  // Words that only hold a figure, and words that mostly are none.
  ['one of the often weighty headquarters of third parties, in some quarters', []],
  ['the G20 and the F-16', ['20', '16']],
  ['{F07 value}{7.x}', ['07', '7']],
])('%s', (text, figures) => {
  expect(typedFigures(text, wordsOf('en-GB'))).toEqual(figures);
});

test('finds digits only where there is no list for the language', () => {
  expect(wordsOf('fr')).toBeUndefined();
  expect(wordsOf('en-US')).toBe(wordsOf('en-GB'));
  expect(typedFigures('trois faits, 2 morts, three events', wordsOf('fr'))).toEqual(['2']);
  const german = openLocale('de', 'page: {}');
  expect(wordsFor({ language: 'de', brief: { locale: german } })).toBeUndefined();
});

test('finds French figures, and makes no claim on French terms of likelihood', async () => {
  const words = wordsFor({ language: 'fr', brief: { locale: await localeOf('fr') } });
  expect(typedFigures('Deux cars, une dizaine de morts, un pont neuf, 20 tonnes', words)).toEqual([
    'Deux',
    'dizaine',
    '20',
  ]);
  expect(words?.estimates).toBeUndefined();
  expect(wordsOf('en-GB')?.estimates).toBeDefined();
});
