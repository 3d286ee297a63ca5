import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLocale } from '../src/locale.ts';
import { localeOf } from './support/locale.ts';

const locale = openLocale(
  'en-GB',
  `
a:
  plain: No rows.
  count: '{count, plural, one {# row} other {# rows}} of <b>{name}</b>'
`,
);

test('a message is found by its key, with plurals and values', () => {
  expect(locale.keys).toEqual(['a.plain', 'a.count']);
  expect(locale.text('a.plain')).toBe('No rows.');
  expect(locale.text('a.count', { count: 1, name: 'A & B' })).toBe('1 row of A & B');
  expect(locale.text('a.count', { count: 1200, name: 'x' })).toBe('1,200 rows of x');
});

test('HTML keeps the tags of the message and escapes its values', () => {
  expect(locale.html('a.count', { count: 2, name: '<i>&' })).toBe('2 rows of <b>&lt;i&gt;&amp;</b>');
});

test('an unknown key and a missing value are errors', () => {
  expect(() => locale.text('a.none')).toThrow('locales/en-GB.yaml has no message "a.none".');
  expect(() => locale.text('a.count', { count: 1 })).toThrow(/name/);
});

test('days, figures and lists are written as the locale writes them', () => {
  const dates = "dates: { day: '{day} {month}، {year}', short_months: ينا }";
  const arabic = openLocale('ar-EG', `${dates}\na:\n  count: '{count} / {total, number}'\n`);
  expect(arabic.longDay('2021-08-05')).toBe('٥ أغسطس، ٢٠٢١');
  expect(arabic.number(1234.5)).toBe('١٬٢٣٤٫٥');
  expect(arabic.text('a.count', { count: 12, total: 1234 })).toBe('١٢ / ١٬٢٣٤');
  expect(arabic.list(['ا', 'ب'])).toBe('ا وب');
  expect(locale.list(['a', 'b', 'c'])).toBe('a, b, c');
});

test('a locale chooses its digits, also one that extends another', () => {
  const words =
    "dates: { day: '{day} {month} {year}', short_months: ينا }\na: { count: '{count, plural, other {#}}' }";
  const latin = openLocale('ar-EG', `numerals: latn\n${words}`);
  expect([latin.number(1234.5), latin.longDay('2021-08-25')]).toEqual(['1,234.5', '25 أغسطس 2021']);
  const levantine = openLocale('ar-LB', 'numerals: arab', [{ tag: 'ar', yaml: `numerals: latn\n${words}` }]);
  expect(levantine.longDay('2021-08-25')).toBe('٢٥ آب ٢٠٢١');
  expect(levantine.text('a.count', { count: 12 })).toBe('١٢');
  expect(levantine.source.text).not.toBe(latin.source.text);
});

test('each number of things has its own form in Arabic', async () => {
  const arabic = await localeOf('ar');
  const forms = [0, 1, 2, 3, 11, 100].map((count) => arabic.text('page.changes.others', { count }));
  expect(new Set(forms).size).toBe(6);
  expect(arabic.daySpan('2021-08-19', '2021-08-25')).toBe('19–25 أغسطس 2021');
  expect(arabic.weekday('2021-08-25')).toBe('الأربعاء 25 أغسطس 2021');
  expect(arabic.timeZone('Asia/Aden')).toBe('توقيت اليمن');
});

test('what shapes an edition leaves out the words of web and mail', () => {
  const source = (word: string, group: string) =>
    openLocale('en-GB', `page: { a: One }\n${group}: { b: ${word} }`).source.text;
  expect(source('Two', 'web')).toBe(source('Three', 'web'));
  expect(source('Two', 'mail')).toBe(source('Three', 'mail'));
  expect(source('Two', 'dates')).not.toBe(source('Three', 'dates'));
});

test('the style sheets of web pages name start and end, not left and right', async () => {
  const sides =
    /(?:margin|padding|border)-(?:left|right)|text-align: (?:left|right)|^\s*(?:left|right):|(?:margin|padding): \S+ (\S+) \S+ (?!\1;)\S+;/gm;
  const root = join(import.meta.dirname, '../web');
  const sheets = (await readdir(root, { recursive: true })).filter((name) => name.endsWith('.css'));
  const found = await Promise.all(
    sheets.map(async (name) => (await readFile(join(root, name), 'utf8')).match(sides) ?? []),
  );
  expect(sheets.length).toBeGreaterThan(2);
  expect(found.flat()).toEqual([]);
});
