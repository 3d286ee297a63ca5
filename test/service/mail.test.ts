import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openProject } from '../support/cli.ts';
import { newTokenOf } from '../support/login.ts';
import { readPdf } from '../support/pdf.ts';
import { openProgramLedger } from '../support/program-ledger.ts';
import { openApi, type Service, startService } from '../support/service.ts';

/** One edition to recipients who each fare differently, from the schedule of the real program to their mailboxes. */
const project = await openProject();
const ledger = await openProgramLedger(project);
const call = (args: string, env: NodeJS.ProcessEnv = {}) => project.call(args, { ...ledger.env, ...env });
const arrived: { to: string; mail: ParsedMail }[] = [];
/** How often each recipient was offered a message. */
const offers = new Map<string, number>();
let server: SMTPServer;
let service: Service;
let api: Awaited<ReturnType<typeof openApi>>;

const refuse = (responseCode: number, message: string) => Object.assign(new Error(message), { responseCode });

beforeAll(async () => {
  server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo({ address }, _session, done) {
      const count = (offers.get(address) ?? 0) + 1;
      offers.set(address, count);
      if (address.startsWith('gone@')) done(refuse(550, `no mailbox ${address} here`));
      else if (address.startsWith('later@') && count === 1) done(refuse(451, 'try again later'));
      else done();
    },
    async onData(stream, session, done) {
      const raw = await buffer(stream);
      const to = session.envelope.rcptTo.map(({ address }) => address).join();
      arrived.push({ to, mail: await simpleParser(raw) });
      // The message is taken, and the connection ends before it says so.
      if (to.startsWith('cut') && offers.get(to) === 1) {
        for (const connection of server.connections)
          if (connection.id === session.id) connection._socket.destroy();
        return;
      }
      done();
    },
  });
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const file = 'templates/celebrations/brief.yaml';
  const text = await readFile(join(project.folder, file), 'utf8');
  const targets = [
    'good@example.org',
    'gone@example.org',
    'later@example.org',
    'cut@example.org',
    'cut-held@example.org, afterCrash: hold',
  ].map((target) => `  - { email: ${target} }\n`);
  await project.write(file, `${text}deliver:\n${targets.join('')}  - { folder: archive }\n`);
  service = startService(project, 'start', {
    ...ledger.env,
    SITREP_SMTP_URL: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    SITREP_MAIL_FROM: 'Sitrep <briefs@example.org>',
    SITREP_MAIL_DOMAINS: 'example.org',
    SITREP_OPERATOR: 'operator@example.net',
    SITREP_ALERT_MINUTES: '0.01',
    SITREP_RETRY_FIRST_MINUTES: '0.05',
  });
  await service.line(({ msg }) => msg === 'ready');
  api = await openApi(
    service,
    await newTokenOf(project, 'ann --may operate --clearance TLP:RED', ledger.env),
  );
  const { stderr } = await call('backfill celebrations --from 2021-08-22 --to 2021-08-22 --deliver');
  if (stderr !== '') throw new Error(stderr);
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  server.close();
  await ledger[Symbol.asyncDispose]();
  await project[Symbol.asyncDispose]();
});

interface Row {
  readonly id: string;
  readonly address: string;
  readonly state: string;
  readonly reason: string | null;
  readonly attempt: number;
  readonly content: string;
}
const deliveries = async (): Promise<Row[]> => JSON.parse((await call('deliveries --json')).stdout) as Row[];
const settled = async () => {
  await vi.waitFor(
    async () => {
      const { items }: { items: Row[] } = await api('/deliveries');
      expect(items.filter(({ state }) => state === 'pending' || state === 'sending')).toEqual([]);
      expect(items.length).toBeGreaterThanOrEqual(7);
    },
    { timeout: 300_000, interval: 100 },
  );
  return deliveries();
};
const messagesTo = (address: string) => arrived.filter(({ to }) => to === address);

test('each recipient fares by itself, and none receives it again for the sake of another', async () => {
  const rows = await settled();
  const states = Object.fromEntries(
    rows.map(({ address, content, state }) => [`${content} ${address}`, state]),
  );
  expect(states).toEqual({
    'edition good@example.org': 'sent',
    'edition gone@example.org': 'bounced',
    'edition later@example.org': 'sent',
    'edition cut@example.org': 'sent',
    'edition cut-held@example.org': 'held',
    'edition archive': 'sent',
    'undelivered operator@example.net': 'sent',
  });
  expect(messagesTo('good@example.org')).toHaveLength(1);
  expect(messagesTo('gone@example.org')).toHaveLength(0);
  expect(offers.get('gone@example.org')).toBe(1);
  expect(messagesTo('later@example.org')).toHaveLength(1);
  expect(offers.get('later@example.org')).toBe(2);
  // Taken twice, as SMTP cannot tell; with one Message-ID.
  const cut = messagesTo('cut@example.org').map(({ mail }) => mail.messageId);
  expect(cut).toHaveLength(2);
  expect(new Set(cut).size).toBe(1);
  expect(messagesTo('cut-held@example.org')).toHaveLength(1);
});

test('the message says what it is, and carries the PDF that lies in the output folder', async () => {
  const [message] = messagesTo('good@example.org');
  const { subject, text, html, headers, attachments, to } = message!.mail;
  expect(subject).toMatch(/^\[TLP:CLEAR\] /);
  expect(JSON.stringify(to)).not.toContain('later@');
  for (const header of ['list', 'message-id', 'date']) expect([...headers.keys()]).toContain(header);
  const page = await readFile(
    join(project.folder, 'output/celebrations/2021-08-22/celebrations-2021-08-22.html'),
    'utf8',
  );
  const [, paragraph = ''] = /<div class="bottom-line">\s*<p>(.+?)<\/p>/.exec(page) ?? [];
  const bottomLine = paragraph.replaceAll(/<[^>]+>/g, '');
  expect(bottomLine.length).toBeGreaterThan(20);
  expect(text?.replaceAll(/\s+/g, ' ')).toContain(bottomLine.trim().slice(0, 60));
  expect(html).toContain(bottomLine.trim().slice(0, 40));
  const pdf = await readFile(
    join(project.folder, 'output/celebrations/2021-08-22/celebrations-2021-08-22.pdf'),
  );
  expect(attachments.map(({ filename }) => filename)).toEqual(['celebrations-2021-08-22.pdf']);
  expect(attachments[0]?.content.equals(pdf)).toBe(true);
  expect((await readPdf(attachments[0]!.content)).pages.length).toBeGreaterThan(0);
});

test('the operator is alerted to the bounce, and the log has no address', async () => {
  await settled();
  const [alert] = messagesTo('operator@example.net');
  expect(alert?.mail.subject).toContain('celebrations/2021-08-22');
  expect(alert?.mail.text).toMatch(/(bounced|is on hold): /);
  expect(alert?.mail.text).not.toContain('gone@');
  expect(service.stderr()).not.toContain('gone@example.org');
  expect(service.stderr()).toContain('g…@example.org');
});

test('retry sends only what failed, resend one copy, and release what is on hold', async () => {
  const before = arrived.length;
  const retried = await project.sitrep('retry celebrations/2021-08-22', ledger.env);
  expect(retried.stderr).toBe('');
  await vi.waitFor(() => expect(offers.get('gone@example.org')).toBe(2), { timeout: 300_000 });
  await settled();
  expect(messagesTo('good@example.org')).toHaveLength(1);

  const resent = await project.sitrep('resend celebrations/2021-08-22 --to good@example.org', ledger.env);
  expect(resent.stderr).toBe('');
  await vi.waitFor(() => expect(messagesTo('good@example.org')).toHaveLength(2), { timeout: 300_000 });
  const ids = messagesTo('good@example.org').map(({ mail }) => mail.messageId);
  expect(new Set(ids).size).toBe(2);

  const held = (await deliveries()).find(({ state }) => state === 'held');
  await project.sitrep(`release ${held?.id.slice(0, 8)}`, ledger.env);
  await vi.waitFor(() => expect(messagesTo('cut-held@example.org')).toHaveLength(2), { timeout: 300_000 });
  await settled();
  // The two, and word to the operator of what bounced once more.
  expect(arrived.slice(before).map(({ to }) => to)).toEqual([
    'operator@example.net',
    'good@example.org',
    'cut-held@example.org',
  ]);
  const runs = await project.sitrep('runs', ledger.env);
  expect(runs.stdout).toMatch(/celebrations\/2021-08-22 +incomplete .* 5 of 6 received, 1 failed/);
});

test('check --mail sends a test message, and says so when it cannot', async () => {
  const url = `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  const env = {
    SITREP_SMTP_URL: url,
    SITREP_MAIL_FROM: 'briefs@example.org',
    SITREP_MAIL_DOMAINS: 'example.org',
  };
  const sent = await call('check --mail good@example.org', env);
  expect(sent).toMatchObject({ status: 0, stderr: '' });
  expect(sent.stdout).toContain('accepted');
  const nobody = await call('check --mail', env);
  expect(nobody.stderr).toContain('SITREP_OPERATOR');
  const refused = await call('check --mail gone@example.org', env);
  expect(refused).toMatchObject({ status: 1 });
  expect(refused.stderr).toContain('bounced');
  const outside = await call('check --mail someone@example.com', env);
  expect(outside.stderr).toContain('SITREP_MAIL_DOMAINS');
});
