import { describe, expect, test } from 'vitest';
import { findText, nearTo } from '../../src/render/template/find-text.ts';

const found = (text: string, phrase: string) => findText([text], phrase).length;

describe('a number or phrase is found as a whole', () => {
  test.each([
    ['at least 105 operations', '105', 1],
    ['1,105 or 105.5 or 2105 or 105a', '105', 0],
    ['105, and 105. Then (105)', '105', 3],
    ['0.5 per cent', '5', 0],
    ['the stop of stopped', 'stop', 1],
    ['45 %', '45 %', 1],
    ['', 'x', 0],
    ['x', ' ', 0],
  ])('%s: %s', (text, phrase, times) => expect(found(text, phrase)).toBe(times));

  test('capitals, quotes, dashes and blanks are style', () => {
    expect(
      found(
        'Al\u2011Qaeda\u2019s \u201cbond\u201d,\n 14\u201315\u00a0August',
        'al-qaeda\'s "bond", 14-15 august',
      ),
    ).toBe(1);
    expect(found('ﬁne ２０', 'fine 20')).toBe(1);
  });
});

test('lists the parts that it touches, each with the piece that it touches', () => {
  const [match] = findText(['claimed at ', 'least', ' 105', ' operations'], 'least 105');
  expect([...(match?.parts ?? [])]).toEqual([
    [1, 'least'],
    [2, ' 105'],
  ]);
});

test('what is like it: words for a word, sentences for a phrase, the most alike first', () => {
  expect(nearTo('Nangarhr', ['Nangarhar saw attacks', 'none'])[0]).toBe('Nangarhar');
  expect(nearTo('106', ['105 operations', '99'])).toEqual(['105']);
  const sentences = ['ISIS claimed 105 operations.', 'The Taliban took Kabul.'];
  expect(nearTo('claimed 106 operations', sentences)).toEqual(['ISIS claimed 105 operations.']);
  expect(nearTo('zzz', sentences)).toEqual([]);
});
