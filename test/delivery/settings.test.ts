import { expect, test } from 'vitest';
import { parseDeliverySettings, refusalOf } from '../../src/delivery/settings.ts';
import { AppError } from '../../src/errors.ts';

const secret = `whsec_${Buffer.from('a secret of at least 24 bytes').toString('base64')}`;
const mail = {
  SITREP_SMTP_URL: 'smtps://briefs:p%40ss@mail.example.org',
  SITREP_MAIL_FROM: 'Sitrep <briefs@example.org>',
  SITREP_MAIL_DOMAINS: 'example.org, Example.COM',
};
const faultsOf = (variables: { [name: string]: string }): string[] => {
  try {
    parseDeliverySettings(variables);
    return [];
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'settings-invalid') throw error;
    return error.faults.map(({ field, problem, hint }) => `${field} | ${problem} | ${hint}`);
  }
};

const alerts = { operatorWebhook: null, alertEverySeconds: 900 };
const retry = { forSeconds: 5 * 86_400, firstSeconds: 5 * 60, longestSeconds: 4 * 3600 };

test('without any variable everything is off', () => {
  const off = { mail: null, webhook: null, operator: null, publicUrl: null, retry, ...alerts };
  expect(parseDeliverySettings({})).toEqual(off);
  expect(parseDeliverySettings({ SITREP_SMTP_URL: '', SITREP_OPERATOR: ' ', PATH: '/bin' })).toEqual(off);
});

test('all that can be set', () => {
  const all = {
    ...mail,
    SITREP_MAIL_UNSUBSCRIBE: 'leave@example.org',
    SITREP_MAIL_MAX_BYTES: '5000000',
    SITREP_OPERATOR: 'operator@example.org',
    SITREP_WEBHOOK_SECRET: secret,
    SITREP_WEBHOOK_HOSTS: 'hooks.example.org',
    SITREP_PUBLIC_URL: 'https://briefs.example.org/',
    SITREP_OPERATOR_WEBHOOK: 'https://alerts.example.net/sitrep',
    SITREP_ALERT_MINUTES: '30',
    SITREP_RETRY_DAYS: '2',
    SITREP_RETRY_FIRST_MINUTES: '0.5',
    SITREP_RETRY_LONGEST_MINUTES: '60',
  };
  expect(parseDeliverySettings(all)).toEqual({
    mail: {
      smtp: {
        host: 'mail.example.org',
        port: 465,
        secure: true,
        requireTls: true,
        login: { user: 'briefs', password: 'p@ss' },
      },
      from: { name: 'Sitrep', address: 'briefs@example.org' },
      domains: ['example.org', 'example.com'],
      unsubscribe: 'leave@example.org',
      maxBytes: 5_000_000,
    },
    webhook: { secret, hosts: ['hooks.example.org'] },
    operator: 'operator@example.org',
    operatorWebhook: 'https://alerts.example.net/sitrep',
    alertEverySeconds: 1800,
    publicUrl: 'https://briefs.example.org',
    retry: { forSeconds: 2 * 86_400, firstSeconds: 30, longestSeconds: 3600 },
  });
});

test('what is not set has a default', () => {
  const settings = parseDeliverySettings({ ...mail, SITREP_OPERATOR: 'operator@example.org' });
  expect(settings.mail).toMatchObject({ maxBytes: 10_000_000, unsubscribe: 'operator@example.org' });
  expect(parseDeliverySettings(mail).mail).toMatchObject({ unsubscribe: null });
});

test.each([
  ['smtp://mail.example.org', 587, false, true],
  ['smtp://mail.example.org:25?insecure', 25, false, false],
  ['smtps://mail.example.org?insecure', 465, true, false],
  ['smtp://localhost:1025', 1025, false, false],
  ['smtp://127.0.0.1', 587, false, false],
  ['smtp://127.1.2.3', 587, false, false],
  ['smtp://[::1]:25', 25, false, false],
  ['smtp://localhost.example.org', 587, false, true],
  ['smtp://127.0.0.1.example.org', 587, false, true],
])('%s: port %i, TLS at once %s, required %s', (url, port, secure, requireTls) => {
  const settings = parseDeliverySettings({ ...mail, SITREP_SMTP_URL: url });
  expect(settings.mail?.smtp).toMatchObject({ port, secure, requireTls, login: null });
});

test('every fault at once, each with its variable, and none with what was given', () => {
  const faults = faultsOf({
    SITREP_SMTP_URL: 'https://briefs:hunter2@mail.example.org',
    SITREP_MAIL_FROM: 'Sitrep <briefs>',
    SITREP_MAIL_UNSUBSCRIBE: 'hunter2',
    SITREP_MAIL_MAX_BYTES: '10 hunter2',
    SITREP_OPERATOR: 'hunter2',
    SITREP_WEBHOOK_SECRET: 'hunter2',
    SITREP_PUBLIC_URL: 'ftp://hunter2',
  });
  expect(faults.map((fault) => fault.split(' | ')[0])).toEqual([
    'SITREP_SMTP_URL',
    'SITREP_MAIL_FROM',
    'SITREP_MAIL_UNSUBSCRIBE',
    'SITREP_MAIL_MAX_BYTES',
    'SITREP_OPERATOR',
    'SITREP_WEBHOOK_SECRET',
    'SITREP_PUBLIC_URL',
    'SITREP_MAIL_DOMAINS',
    'SITREP_WEBHOOK_HOSTS',
  ]);
  expect(faults.join()).not.toContain('hunter2');
  for (const fault of faults) expect(fault).toMatch(/docs\/operating\.md\.$/);
});

test.each([
  ['SITREP_SMTP_URL', 'mail.example.org'],
  ['SITREP_SMTP_URL', 'smtp://'],
  ['SITREP_SMTP_URL', 'smtp://a:%E0%A4@mail.example.org'],
  ['SITREP_MAIL_FROM', 'A <a@example.org>, B <b@example.org>'],
  ['SITREP_MAIL_FROM', 'A\r\nBcc: eve@example.com <a@example.org>'],
  ['SITREP_MAIL_DOMAINS', 'example.org,,example.com'],
  ['SITREP_MAIL_DOMAINS', '*.example.org'],
  ['SITREP_MAIL_DOMAINS', '@example.org'],
])('%s may not be %j', (name, value) => {
  expect(faultsOf({ ...mail, [name]: value })).toEqual([expect.stringMatching(new RegExp(`^${name} \\|`))]);
});

test.each([23, 65])('a secret of %i bytes is refused', (length) => {
  const short = `whsec_${Buffer.alloc(length, 7).toString('base64')}`;
  const given = { SITREP_WEBHOOK_SECRET: short, SITREP_WEBHOOK_HOSTS: 'hooks.example.org' };
  expect(faultsOf(given)).toEqual([expect.stringMatching(/^SITREP_WEBHOOK_SECRET/)]);
});

test.each([24, 25, 26, 64])('a secret of %i bytes is taken, with its prefix and without', (length) => {
  const long = Buffer.alloc(length, 7).toString('base64');
  for (const each of [long, `whsec_${long}`]) {
    expect(faultsOf({ SITREP_WEBHOOK_SECRET: each, SITREP_WEBHOOK_HOSTS: 'hooks.example.org' })).toEqual([]);
  }
});

test('every variable that is missing or wrong is named at once', () => {
  expect(
    faultsOf({ SITREP_MAIL_FROM: 'nobody', SITREP_MAIL_DOMAINS: 'example.org', SITREP_RETRY_DAYS: '0' }),
  ).toEqual([
    expect.stringMatching(/^SITREP_MAIL_FROM \| .*is not a sender/),
    expect.stringMatching(/^SITREP_RETRY_DAYS \| .*is not a number above 0/),
    'SITREP_SMTP_URL | SITREP_MAIL_FROM is set and SITREP_SMTP_URL is not. | Set both or neither; see docs/operating.md.',
  ]);
});

test("the operator's webhook needs the secret, and its host need not be listed", () => {
  const webhook = 'https://alerts.example.net/sitrep';
  expect(faultsOf({ SITREP_OPERATOR_WEBHOOK: webhook })).toHaveLength(1);
  expect(
    faultsOf({ SITREP_OPERATOR_WEBHOOK: 'http://alerts.example.net/', SITREP_WEBHOOK_SECRET: secret }),
  ).toEqual([expect.stringContaining('needs https')]);
  const settings = parseDeliverySettings({ SITREP_OPERATOR_WEBHOOK: webhook, SITREP_WEBHOOK_SECRET: secret });
  expect(settings).toMatchObject({ operatorWebhook: webhook, webhook: { secret, hosts: [] } });
  const to = { webhook, clearance: 'TLP:RED', only: {} } as const;
  expect(refusalOf(to, 'TLP:CLEAR', settings)).toBeUndefined();
  expect(refusalOf({ ...to, webhook: `${webhook}/else` }, 'TLP:CLEAR', settings)).toMatchObject({
    field: 'webhook',
  });
});
