import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { simpleParser } from 'mailparser';
import { expect, onTestFinished, test } from 'vitest';
import { openDelivery } from '../../src/delivery/channels.ts';
import type { Message, Receipt } from '../../src/delivery/message.ts';
import { parseDeliverySettings } from '../../src/delivery/settings.ts';
import type { Target } from '../../src/project/target.ts';
import { temporaryFolder } from '../support/dataset.ts';
import { mailServer } from '../support/mail-server.ts';
import { at, byFolder, byMail, byWebhook, never, message } from '../support/message.ts';
import { locale } from '../support/locale.ts';

const secret = `whsec_${Buffer.from('a secret of at least 24 bytes').toString('base64')}`;

/** Delivery to a real mail server, a real web server and a folder, and how much has reached them all. */
async function everything(variables: { [name: string]: string } = {}) {
  const { port, arrived } = await mailServer();
  let calls = 0;
  const web = createServer((_, response) => {
    calls += 1;
    response.end();
  }).listen(0, '127.0.0.1');
  await once(web, 'listening');
  onTestFinished(() => void web.close());
  const foldersRoot = await temporaryFolder();
  const settings = parseDeliverySettings({
    SITREP_SMTP_URL: `smtp://127.0.0.1:${port}`,
    SITREP_MAIL_FROM: 'briefs@sitrep.example',
    SITREP_MAIL_DOMAINS: 'example.org',
    SITREP_OPERATOR: 'operator@sitrep.example',
    SITREP_WEBHOOK_SECRET: secret,
    SITREP_WEBHOOK_HOSTS: '127.0.0.1',
    ...variables,
  });
  const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/`;
  const deliver = async (target: Target, what: Message = message()): Promise<Receipt> => {
    await using delivery = openDelivery({ settings, foldersRoot, now: () => at, locale });
    return await delivery.deliver(what, { target, signal: never });
  };
  const testMail = async (address: string): Promise<Receipt> => {
    await using delivery = openDelivery({ settings, foldersRoot, now: () => at, locale });
    return await delivery.testMail({ address, signal: never });
  };
  const reached = async () => ({
    mail: arrived.length,
    web: calls,
    folder: (await readdir(foldersRoot)).length,
  });
  return { deliver, testMail, reached, arrived, url };
}
const nothing = { mail: 0, web: 0, folder: 0 };

test('each target by its own channel', async () => {
  const { deliver, reached, url } = await everything();
  for (const target of [byMail('ana.lyst@example.org'), byWebhook(url), byFolder('archive')]) {
    expect(await deliver(target)).toMatchObject({ outcome: 'sent' });
  }
  expect(await reached()).toEqual({ mail: 1, web: 1, folder: 1 });
});

test('nothing goes to anybody who is not cleared for it', async () => {
  const { deliver, reached, url } = await everything();
  for (const target of [byMail('ana.lyst@example.org'), byWebhook(url), byFolder('archive')]) {
    expect(await deliver(target, message({ marking: 'TLP:AMBER' }))).toEqual({
      outcome: 'held',
      reason: expect.stringMatching(
        /^Content marked TLP:AMBER must not go to a target cleared for TLP:GREEN\./,
      ),
    });
    expect(
      await deliver({ ...target, clearance: 'TLP:AMBER' }, message({ marking: 'TLP:RED' })),
    ).toMatchObject({
      outcome: 'held',
    });
  }
  expect(await reached()).toEqual(nothing);
});

test.each(['ana.lyst@example.com', 'ana.lyst@sub.example.org', 'ana.lyst@example.org.evil.example'])(
  'nothing goes to %s, whose domain is not allowed',
  async (email) => {
    const { deliver, testMail, reached } = await everything();
    for (const receipt of [await deliver(byMail(email)), await testMail(email)]) {
      expect(receipt).toMatchObject({
        outcome: 'held',
        reason: expect.stringContaining('SITREP_MAIL_DOMAINS'),
      });
      expect(JSON.stringify(receipt)).not.toContain('ana.lyst');
    }
    expect(await reached()).toEqual(nothing);
  },
);

test('nothing goes to a host that is not allowed', async () => {
  const { deliver, reached, url } = await everything({ SITREP_WEBHOOK_HOSTS: 'hooks.example.org' });
  expect(await deliver(byWebhook(url))).toMatchObject({
    outcome: 'held',
    reason: expect.stringContaining('SITREP_WEBHOOK_HOSTS'),
  });
  expect(await reached()).toEqual(nothing);
});

test('a target without a configured channel is put on hold, with the settings that are missing', async () => {
  const { deliver, testMail, reached, url } = await everything({
    SITREP_SMTP_URL: '',
    SITREP_MAIL_FROM: '',
    SITREP_MAIL_DOMAINS: '',
    SITREP_WEBHOOK_SECRET: '',
    SITREP_WEBHOOK_HOSTS: '',
  });
  const mail = {
    outcome: 'held',
    reason:
      'Mail is not configured. Set SITREP_SMTP_URL, SITREP_MAIL_FROM and SITREP_MAIL_DOMAINS; see docs/operating.md.',
  };
  expect(await deliver(byMail('ana.lyst@example.org'))).toEqual(mail);
  expect(await testMail('operator@sitrep.example')).toEqual(mail);
  expect(await deliver(byWebhook(url))).toMatchObject({
    outcome: 'held',
    reason: expect.stringMatching(/^Webhooks are not configured\. Set SITREP_WEBHOOK_SECRET/),
  });
  expect(await deliver(byFolder('archive'))).toMatchObject({ outcome: 'sent' });
  expect(await reached()).toEqual({ ...nothing, folder: 1 });
});

test('a test message goes to the operator, even outside the allowed domains', async () => {
  const { testMail, arrived } = await everything();
  expect(await testMail('operator@sitrep.example')).toMatchObject({ outcome: 'sent' });
  const { subject, text, attachments } = await simpleParser(arrived[0]?.raw ?? '');
  expect(subject).toMatch(/^\[TLP:CLEAR\] Alert: Test message/);
  expect(text).toContain('Sitrep can send mail with these settings.');
  expect(attachments).toEqual([]);
});
