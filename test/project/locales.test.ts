import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { describeFault, type Fault } from '../../src/errors.ts';
import { localesFolder } from '../../src/locale.ts';
import { loadLocale, messageFaults } from '../../src/project/locales.ts';
import { temporaryFolder } from '../support/dataset.ts';
import { locale as british, localeOf } from '../support/locale.ts';

let own: string;
beforeEach(async () => {
  own = join(await temporaryFolder(), 'locales');
  await mkdir(own);
});
const write = (tag: string, yaml: string) => writeFile(join(own, `${tag}.yaml`), yaml);
const load = async (tag: string) => {
  const faults: Fault[] = [];
  const named = { file: 'brief.yaml', text: `title: A\nlanguage: ${tag}\n` };
  const locale = await loadLocale(tag, { own, faults, named });
  return { locale, faults: faults.map((fault) => describeFault(fault).replaceAll(own, 'locales')) };
};

test('a language without a locale is a fault with its line and the languages that there are', async () => {
  await write('de', 'extends: en-GB');
  const { locale, faults } = await load('pt');
  expect(locale).toBeUndefined();
  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatch(
    /^brief\.yaml, line 2, field language: There is no locale "pt"\. Use one of: .*de, en-GB, en-US.* docs\/locales\.md says how to add a language\.$/,
  );
});

test('a locale that extends another has the messages of both', async () => {
  const american = await localeOf('en-US');
  expect(american.tag).toBe('en-US');
  expect(american.keys.toSorted()).toEqual(british.keys.toSorted());
  expect([british, american].map((each) => each.longDay('2021-08-25'))).toEqual([
    '25 August 2021',
    'August 25, 2021',
  ]);
  expect(american.daySpan('2021-08-19', '2021-08-25')).toBe('August 19–25, 2021');
  expect(american.text('figures.per_cent', { value: 5 })).toBe('5 percent');
  expect(american.text('page.no_bottom_line')).toBe('No bottom line has been written yet.');
  expect(american.lists).toEqual(british.lists);
  expect(american.source.text).not.toBe(british.source.text);
});

describe('a locale of the project', () => {
  test('takes precedence over that of the program, and can extend it', async () => {
    await write('en-GB', 'extends: en-GB\npage: { no_bottom_line: No notes. }');
    const { locale, faults } = await load('en-GB');
    expect(faults).toEqual([]);
    expect(locale?.text('page.no_bottom_line')).toBe('No notes.');
    expect(locale?.text('page.no_reporting')).toBe(british.text('page.no_reporting'));
    expect(locale?.lists).toEqual(british.lists);
    await write('en-GB', 'extends: en-GB\npage: { no_bottom_line: None. }');
    expect((await load('en-GB')).locale?.text('page.no_bottom_line')).toBe('None.');
  });

  test('has its own direction, and no lists of words in another language', async () => {
    await write('he', 'extends: en-GB');
    const { locale } = await load('he');
    expect(locale).toMatchObject({ tag: 'he', direction: 'rtl', lists: undefined });
    expect(british.direction).toBe('ltr');
  });

  test('must have all messages, and no others', async () => {
    await write('de', "page:\n  masthead:\n    number: 'Nichts'\n    numbr: 'Nichts'\n");
    const { locale, faults } = await load('de');
    expect(locale).toBeUndefined();
    expect(faults).toHaveLength(2);
    expect(faults[0]).toMatch(
      /^locales\/de\.yaml: \d+ messages are missing: dates\.day, .* …\. Add them, or write "extends: en-GB"/,
    );
    expect(faults[1]).toMatch(
      /^locales\/de\.yaml, line 4, field page\.masthead\.numbr: No page prints .* Did you mean "page\.masthead\.number"\?$/,
    );
  });

  test('has messages that can be read, with the values that there are', async () => {
    await write('de', "extends: en-GB\npage:\n  as_of: '(Stand: {tag})'\n  no_reporting: 'Nichts {'\n");
    const { faults } = await load('de');
    expect(faults).toHaveLength(2);
    expect(faults[0]).toBe(
      'locales/de.yaml, line 3, field page.as_of: The message has no value {tag}. Its values are {day}.',
    );
    expect(faults[1]).toMatch(
      /^locales\/de\.yaml, line 4, field page\.no_reporting: The message cannot be read: /,
    );
  });

  test.each([
    ['is no YAML', 'de', 'page: [', /^locales\/de\.yaml, line 1: /],
    ['has a text for a group', 'de', 'page: Seite', /^locales\/de\.yaml, line 1, field page: /],
    [
      'extends what does not exist',
      'de',
      'extends: xx',
      /^locales\/de\.yaml, line 1, field extends: There is no locale "xx"\./,
    ],
    [
      'extends itself',
      'de',
      'extends: at\n',
      /^locales\/at\.yaml, line 1, field extends: "de" extends itself\./,
    ],
  ])('that %s is a fault', async (_, tag, yaml, message) => {
    await write(tag, yaml);
    await write('at', 'extends: de');
    const { locale, faults } = await load(tag);
    expect(locale).toBeUndefined();
    expect(faults[0]).toMatch(message);
  });
});

const tags = (await readdir(localesFolder)).map((name) => name.replace('.yaml', ''));
test('the program has several locales', () => {
  expect(tags).toEqual(expect.arrayContaining(['ar', 'en-GB', 'en-US', 'fr']));
});
test.each(tags)('%s has all messages, with the values that there are', async (tag) => {
  expect(messageFaults(tag, await localeOf(tag), british)).toEqual([]);
});

test('French has narrow no-break spaces before its marks and inside its quotation marks', async () => {
  const lines = (await readFile(join(localesFolder, 'fr.yaml'), 'utf8')).split('\n');
  const texts = lines.slice(0, lines.indexOf('lists:')).filter((line) => !/^\s*#/.test(line));
  expect(texts.length).toBeGreaterThan(700);
  expect(texts.filter((line) => /^\s*[;:!?%»]|[ \u00a0](?:[;!?%»]|:\s)|«[^\u202f]/.test(line))).toEqual([]);
  expect(texts.join('').split('\u202f').length).toBeGreaterThan(150);
});
