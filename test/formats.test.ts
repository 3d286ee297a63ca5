import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';
import { expect, test } from 'vitest';
import { composeMail } from '../src/delivery/mail-message.ts';
import { parseDeliverySettings } from '../src/delivery/settings.ts';
import type { EditionService } from '../src/editions/service.ts';
import { durationOf, fileSize, localMoment, roundSpan, utcClock, utcMoment } from '../src/formats.ts';
import { openLocale } from '../src/locale.ts';
import { openPages } from '../src/server/pages/pages.ts';
import { at, message } from './support/message.ts';

const root = join(import.meta.dirname, '..');
const when = new Date('2021-08-22T05:00:09Z');

test.each([
  ['a moment', (tag: string) => utcMoment(tag, when), '22 Aug 2021, 05:00 UTC', '22 août 2021, 05:00 UTC'],
  ['a time of day', (tag: string) => utcClock(tag, when), '05:00:09 UTC', '05:00:09 UTC'],
  [
    'a local time',
    (tag: string) => localMoment(tag, when, 'Europe/London'),
    'Sun, 22 Aug 2021, 06:00 BST',
    'dim. 22 août 2021, 06:00 UTC+1',
  ],
  ['a period', (tag: string) => durationOf(tag, 'P7D'), '7 days', '7 jours'],
  ['a span', (tag: string) => roundSpan(tag, 5 * 86_400), '5 days', '5 jours'],
  ['a short span', (tag: string) => roundSpan(tag, 100), '100 seconds', '100 secondes'],
  ['a size', (tag: string) => fileSize(tag, 9_540_000), '9.5 MB', '9,5 Mo'],
])('%s follows the language', (_, format, british, french) => {
  const plain = (tag: string) => format(tag).replaceAll(/\s/g, ' ');
  expect([plain('en-GB'), plain('fr')]).toEqual([british, french]);
});

test('pages and mail have the language and the direction of their locale', async () => {
  const yaml = await readFile(join(root, 'locales/en-GB.yaml'), 'utf8');
  const locale = openLocale('ar', yaml);
  const html = '<html lang="ar" dir="rtl">';

  const pages = await openPages({} as EditionService, {
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
  expect(pages.problemPage(problem, null)).toContain(html);

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
