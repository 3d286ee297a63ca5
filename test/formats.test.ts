import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';
import { expect, test } from 'vitest';
import { locale as british, localeOf } from './support/locale.ts';
import { at, message } from './support/message.ts';
import { composeMail } from '../src/delivery/mail.ts';
import { parseDeliverySettings } from '../src/delivery/settings.ts';
import type { EditionService } from '../src/editions/service.ts';
import { durationOf, fileSize, roundSpan } from '../src/formats.ts';
import { type Locale, openLocale } from '../src/locale.ts';
import type { Imprint } from '../src/project/brief.ts';
import { usualColours } from '../src/project/colours.ts';
import { openPages } from '../src/server/pages/pages.ts';

const root = join(import.meta.dirname, '..');
const when = new Date('2021-08-22T05:00:09Z');

const french = await localeOf('fr');
const day = '2021-02-01';

test.each([
  ['a moment', (each: Locale) => each.moment(when), '22 Aug 2021, 05:00 UTC', '22 août 2021, 05:00 UTC'],
  ['a time of day', (each: Locale) => each.clock(when), '05:00:09 UTC', '05:00:09 UTC'],
  [
    'a local time',
    (each: Locale) => each.moment(when, { timeZone: 'Europe/London', weekday: true, seconds: true }),
    'Sun 22 Aug 2021, 06:00:09 BST',
    'dim. 22 août 2021, 06:00:09 UTC+1',
  ],
  [
    'a day',
    (each: Locale) => each.weekday('2021-08-25'),
    'Wednesday 25 August 2021',
    'mercredi 25 août 2021',
  ],
  ['the first of a month', (each: Locale) => each.longDay(day), '1 February 2021', '1er février 2021'],
  ['a short day', (each: Locale) => each.weekdayOfYear(day), 'Mon 1 Feb', 'lun. 1er févr.'],
  [
    'a month',
    (each: Locale) => `${each.month(day)}, ${each.monthName(day)}`,
    'February 2021, February',
    'février 2021, février',
  ],
  ['a season', (each: Locale) => each.season(day), 'winter 2020–21', 'hiver 2020-21'],
  [
    'a week',
    (each: Locale) => each.daySpan('2021-01-26', day),
    '26 January – 1 February 2021',
    '26 janvier – 1er février 2021',
  ],
  [
    'days of a month',
    (each: Locale) => each.daySpan(day, '2021-02-07'),
    '1–7 February 2021',
    '1er-7 février 2021',
  ],
  [
    'months',
    (each: Locale) => each.daySpan(day, '2021-03-31'),
    'February 2021 to March 2021',
    'février 2021 à mars 2021',
  ],
  ['a number', (each: Locale) => each.number(12_345.6), '12,345.6', '12 345,6'],
  ['a list', (each: Locale) => each.list(['a', 'b', 'c']), 'a, b, c', 'a, b et c'],
  ['a quotation', (each: Locale) => each.text('page.quoted', { text: 'x' }), '“x”', '« x »'],
  ['a period', ({ tag }: Locale) => durationOf(tag, 'P7D'), '7 days', '7 jours'],
  ['a span', ({ tag }: Locale) => roundSpan(tag, 5 * 86_400), '5 days', '5 jours'],
  ['a short span', ({ tag }: Locale) => roundSpan(tag, 100), '100 seconds', '100 secondes'],
  ['a size', ({ tag }: Locale) => fileSize(tag, 9_540_000), '9.5 MB', '9,5 Mo'],
])('%s follows the language', (_, format, english, inFrench) => {
  const plain = (each: Locale) => format(each).replaceAll(/\s/g, ' ');
  expect([plain(british), plain(french)]).toEqual([english, inFrench]);
});

/** The page that says that something was not found. */
async function problemPage(locale: Locale, imprint: Partial<Imprint> = {}): Promise<string> {
  const pages = await openPages({} as EditionService, {
    publisher: null,
    identity: { logo: null, colours: usualColours, fonts: [] },
    ...imprint,
    readAsset: (name) => readFile(join(root, 'web', name), 'utf8'),
    loadMaterial: () => Promise.resolve({ fontFaces: '' }),
    loadBrief: () => Promise.reject(new Error('No brief is needed.')),
    loadDataset: () => Promise.reject(new Error('No dataset is needed.')),
    readFile: () => Promise.resolve(undefined),
    picture: () => Promise.resolve(undefined),
    explain: () => Promise.reject(new Error('Nothing is explained.')),
    now: () => at,
    locale,
  });
  const problem = { type: '', title: '', status: 404, detail: '', code: 'not-found', hint: '', faults: [] };
  return pages.problemPage(problem, null);
}

test('web pages are in the name of the publisher, and the program’s is small', async () => {
  const logo = {
    ...({ file: 'images/l.png', type: 'image/png', sha256: '', width: 2, height: 1 } as const),
    bytes: new Uint8Array(),
    src: 'data:image/png;base64,AAAA',
  };
  const publisher = {
    name: 'Institute for Roads & Rails',
    shortName: 'IRR',
    corrections: 'errors@roads.example',
  };
  const page = await problemPage(british, {
    publisher,
    identity: { logo, colours: usualColours, fonts: [] },
  });
  expect(page).toContain('<title>Not found · IRR</title>');
  expect(page).toMatch(/<img src="data:image\/png;base64,AAAA" alt="Institute for Roads &amp; Rails">/);
  expect(page).toContain('<b>Institute for Roads &amp; Rails</b> Report errors to errors@roads.example.');
  expect(page.match(/Sitrep/g)).toHaveLength(1);
  expect(await problemPage(british, { publisher })).toContain('<a class="name" href="/">IRR</a>');

  const own = await problemPage(british);
  expect(own).toContain('<title>Not found · Sitrep</title>');
  expect(own).not.toContain('imprint');
});

test('pages and mail have the language and the direction of their locale', async () => {
  const yaml = await readFile(join(root, 'locales/en-GB.yaml'), 'utf8');
  const locale = openLocale('ar', yaml);
  const html = '<html lang="ar" dir="rtl">';
  expect(await problemPage(locale)).toContain(html);

  const { mail } = parseDeliverySettings({
    SITREP_SMTP_URL: 'smtp://127.0.0.1:25',
    SITREP_MAIL_FROM: 'briefs@sitrep.example',
    SITREP_MAIL_DOMAINS: 'example.org',
  });
  if (mail === null) throw new Error('Mail has no settings.');
  const sent = await simpleParser(
    await composeMail(message(), { to: 'ana@example.org', mail, date: at, locale }),
  );
  expect(sent.html).toContain(html);
});
