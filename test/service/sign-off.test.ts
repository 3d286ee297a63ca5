import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { hashOf } from '../../src/hash.ts';
import { openProject } from '../support/cli.ts';
import { openProgramLedger } from '../support/program-ledger.ts';
import { type Service, startService } from '../support/service.ts';

/** A brief that waits for approval, from the real program to the mailboxes. */
const project = await openProject();
const ledger = await openProgramLedger(project);
const call = (args: string) => project.call(args, ledger.env);
const arrived: { to: string; mail: ParsedMail }[] = [];
const messagesTo = (address: string) => arrived.filter(({ to }) => to === address);
const place = (day: string) => join(project.folder, `output/celebrations/${day}/celebrations-${day}.pdf`);
let onBusy = (): void => {};
let server: SMTPServer;
let service: Service;

beforeAll(async () => {
  server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo({ address }, _session, done) {
      const busy = Object.assign(new Error('try again later'), { responseCode: 451 });
      if (address.startsWith('busy@')) onBusy();
      done(address.startsWith('busy@') ? busy : null);
    },
    async onData(stream, session, done) {
      const mail = await simpleParser(await buffer(stream));
      arrived.push({ to: session.envelope.rcptTo.map(({ address }) => address).join(), mail });
      done();
    },
  });
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const file = 'templates/celebrations/brief.yaml';
  const text = await readFile(join(project.folder, file), 'utf8');
  const targets =
    '  - { email: ana@example.org }\n  - { email: busy@example.org }\n  - { folder: archive }\n';
  await project.write(file, `${text}approval: true\ndeliver:\n${targets}`);
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
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  server.close();
  await ledger[Symbol.asyncDispose]();
  await project[Symbol.asyncDispose]();
});

interface Row {
  readonly address: string;
  readonly content: string;
  readonly state: string;
  readonly reason: string | null;
}
const deliveriesOf = async (edition: string): Promise<Row[]> =>
  JSON.parse((await call(`deliveries --json --edition ${edition}`)).stdout) as Row[];
const statesOf = async (edition: string) =>
  Object.fromEntries((await deliveriesOf(edition)).map(({ address, state }) => [address, state]));

test('waits, is approved under a claimed name, and goes out once with the bytes that were approved', async () => {
  const edition = 'celebrations/2021-08-22';
  const made = await call('backfill celebrations --from 2021-08-22 --to 2021-08-22 --deliver');
  expect(made.stderr).toBe('');
  expect(made.stdout).toContain(`${edition}: generated; 0 of 3 received, 3 waiting`);
  await vi.waitFor(() => expect(messagesTo('operator@example.net')).toHaveLength(1), { timeout: 300_000 });
  expect(await statesOf(edition)).toEqual({
    'ana@example.org': 'waiting',
    'busy@example.org': 'waiting',
    archive: 'waiting',
    'operator@example.net': 'sent',
  });
  const [alert] = messagesTo('operator@example.net');
  expect(alert?.mail.subject).toContain(`${edition} needs approval`);
  const bytes = await readFile(place('2021-08-22'));
  expect(alert?.mail.text?.replaceAll('\n', ' ')).toContain(`approve ${edition} --sha256 ${hashOf(bytes)}`);

  const released = await call(`release ${edition}`);
  expect(released).toMatchObject({ status: 1 });
  expect(released.stderr).toContain(`${edition} needs approval.`);
  const other = await call(`approve ${edition} --sha256 ${'0'.repeat(64)}`);
  expect(other.stderr).toContain(`${edition} has the SHA-256 ${hashOf(bytes)}, not 000`);
  expect(messagesTo('ana@example.org')).toEqual([]);

  const approved = await project.sitrep(`approve ${edition} --as Ana --sha256 ${hashOf(bytes)}`, ledger.env);
  expect(approved).toMatchObject({ status: 0, stderr: '' });
  await vi.waitFor(async () => expect(await statesOf(edition)).toMatchObject({ archive: 'sent' }), {
    timeout: 300_000,
  });
  await vi.waitFor(() => expect(messagesTo('ana@example.org')).toHaveLength(1), { timeout: 300_000 });
  expect(messagesTo('ana@example.org')[0]?.mail.attachments[0]?.content.equals(bytes)).toBe(true);
  expect((await call(`runs --edition ${edition}`)).stdout).toMatch(
    new RegExp(`approved .* Ana, as stated by ${userInfo().username} \\(system user\\) +${hashOf(bytes)}`),
  );
  await call(`cancel ${edition}`);
});

test('a file that was altered after the approval is not sent, and the operator is alerted', async () => {
  const edition = 'celebrations/2021-08-15';
  await call('backfill celebrations --from 2021-08-15 --to 2021-08-15 --deliver');
  const told = messagesTo('operator@example.net').length;
  // The mail server is busy at first; before it is asked again somebody has another file in the place of the PDF.
  onBusy = () => writeFileSync(place('2021-08-15'), 'not what was approved');
  await call(`approve ${edition}`);
  await vi.waitFor(
    async () => expect(await statesOf(edition)).toMatchObject({ 'busy@example.org': 'waiting' }),
    { timeout: 300_000, interval: 500 },
  );
  const row = (await deliveriesOf(edition)).find(({ address }) => address === 'busy@example.org');
  expect(row?.reason).toMatch(/no longer the one that was approved\. Restore the file/);
  await vi.waitFor(() => expect(messagesTo('operator@example.net').length).toBeGreaterThan(told), {
    timeout: 300_000,
  });
  expect(messagesTo('busy@example.org')).toEqual([]);
});
