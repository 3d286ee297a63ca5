import { existsSync, writeFileSync } from 'node:fs';
import { cp, readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { hashOf } from '../../src/hash.ts';
import { openProject } from '../support/cli.ts';
import { readPdf } from '../support/pdf.ts';
import { newTokenOf } from '../support/login.ts';
import { refuse } from '../support/mail-server.ts';
import { openProgramLedger } from '../support/program-ledger.ts';
import { openApi, type Service, startService } from '../support/service.ts';

/**
 * What people decide of editions by the commands of the real program, up to the mailboxes: a correction after rows were
 * revised and withdrawn, and a brief that waits for approval.
 */
const project = await openProject();
const ledger = await openProgramLedger(project);
const call = (args: string) => project.call(args, ledger.env);
const arrived: { to: string; mail: ParsedMail }[] = [];
const messagesTo = (address: string) => arrived.filter(({ to }) => to === address);
const alertsOn = (edition: string) =>
  messagesTo('operator@example.net').filter(({ mail: { subject, text } }) =>
    `${subject} ${text}`.includes(edition),
  );
const weekly = 'templates/weekly/brief.yaml';
const [first, second] = ['weekly/2021-03-07', 'weekly/2021-03-07-r2'];
const pdfOf = (edition: string) =>
  readFile(join(project.folder, 'output', edition, `${edition.replace('/', '-')}.pdf`));
const place = (day: string) => join(project.folder, `output/celebrations/${day}/celebrations-${day}.pdf`);
let onBusy = (): void => {};
let server: SMTPServer;
let service: Service;
let api: Awaited<ReturnType<typeof openApi>>;

beforeAll(async () => {
  server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo({ address }, _session, done) {
      if (address.startsWith('busy@')) onBusy();
      if (address.startsWith('busy@')) done(refuse(451, 'try again later'));
      else if (address.startsWith('gone@')) done(refuse(550, 'no such mailbox'));
      else done();
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
  await cp(join(import.meta.dirname, '../input/datasets/revised'), join(project.folder, 'data/revised'), {
    recursive: true,
  });
  const templates = join(project.folder, 'templates');
  await cp(join(templates, '_afghanistan-2021'), join(templates, '_revised'), { recursive: true });
  const revised = (await readFile(join(project.folder, weekly), 'utf8'))
    .replace('dataset: afghanistan-2021', 'dataset: revised')
    .replace('{ email: analyst@example.org }', '{ email: eve@example.org }\n  - { email: gone@example.org }');
  await project.write(weekly, revised);
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
  (await api(`/deliveries?edition=${encodeURIComponent(edition)}`)).items;
const statesOf = async (edition: string) =>
  Object.fromEntries((await deliveriesOf(edition)).map(({ address, state }) => [address, state]));

test('a correction is listed, asked for, made beside the first issue, and threaded below it', async () => {
  const { stderr } = await call('backfill weekly --from 2021-03-07 --to 2021-03-07 --deliver');
  expect(stderr).toBe('');
  await vi.waitFor(
    async () => {
      const edition = await api(`/editions/${first}`);
      if (edition.state !== 'done') throw new Error(`It is ${edition.state}.`);
    },
    { timeout: 300_000, interval: 500 },
  );
  const listed = await call('reissue --list');
  expect(listed.stdout).toMatch(
    /^weekly\/2021-03-07\n(?: {2}.*\n)* {2}withdrawn: Raid in Jalalabad \(E-raid\)/,
  );
  const bytes = await pdfOf(first);
  // Whoever receives it from now on is no matter: who received it then is.
  const text = await readFile(join(project.folder, weekly), 'utf8');
  await project.write(weekly, text.replace('eve@example.org', 'dora@example.org'));

  const asked = await project.sitrep(`reissue ${first}`, ledger.env);
  expect(asked.stderr).toBe('');
  expect(asked.stdout).toContain(
    `${second} corrects ${first} as of 2021-03-21, and goes to the 2 that received an earlier revision:`,
  );
  await vi.waitFor(() => expect(messagesTo('eve@example.org')).toHaveLength(2), { timeout: 300_000 });
  const [issue, correction] = messagesTo('eve@example.org').map(({ mail }) => mail);
  expect(correction?.subject).toMatch(
    /^\[TLP:CLEAR\] Correction: .*, 2021-W09, as of 7 March 2021, revision 2$/,
  );
  expect(correction?.inReplyTo).toBe(issue?.messageId);
  expect([correction?.references].flat()).toEqual([issue?.messageId]);
  expect(correction?.text?.replaceAll(/\s+/g, ' ')).toContain('at least 12, now at least 15');
  const withPdf = arrived.filter(({ mail }) => mail.attachments.length > 0);
  expect([...new Set(withPdf.map(({ to }) => to))]).toEqual(['eve@example.org']);

  const delivered = join(project.folder, 'output/delivered/archive/weekly');
  await vi.waitFor(() => expect(existsSync(join(delivered, 'weekly-2021-03-07-r2.pdf'))).toBe(true), {
    timeout: 300_000,
  });
  expect((await pdfOf(first)).equals(bytes)).toBe(true);
  expect((await readFile(join(delivered, 'weekly-2021-03-07.pdf'))).equals(bytes)).toBe(true);
  const [attached] = correction?.attachments ?? [];
  expect(attached?.filename).toBe('weekly-2021-03-07-r2.pdf');
  expect(attached?.content.equals(await pdfOf(second))).toBe(true);
  const { pages } = await readPdf(attached!.content);
  expect(pages[0]?.replaceAll(/\s+/g, ' ')).toContain(
    'Revision 2 of No. 2021-W09, corrected as of 21 March 2021.',
  );
});

test('what it refuses, it refuses with a reason', async () => {
  const again = await call(`reissue ${first}`);
  expect(again).toMatchObject({ status: 1 });
  expect(again.stderr).toContain(`No row of ${second} was revised or withdrawn by 2021-03-21.`);
  expect((await call(`resend ${first} --to archive`)).stderr).toContain(
    `${first} was replaced by ${second}.`,
  );
  expect((await call('reissue')).stderr).toContain('Name one edition, or give --list.');
  expect((await call('reissue --list')).stdout).toMatch(/^No delivered edition rests on rows/);
  const forced = await call('generate weekly --as-of 2021-03-07 --force');
  // The first issue can be made as it was, and is: its rows are those of its cut-off.
  expect(forced.status).toBe(0);
});

test('waits, is approved under a claimed name, and goes out once with the bytes that were approved', async () => {
  const edition = 'celebrations/2021-08-22';
  const made = await call('backfill celebrations --from 2021-08-22 --to 2021-08-22 --deliver');
  expect(made.stderr).toBe('');
  expect(made.stdout).toContain(`${edition}: generated; 0 of 3 received, 3 waiting`);
  await vi.waitFor(() => expect(alertsOn(edition)).toHaveLength(1), { timeout: 300_000 });
  expect(await statesOf(edition)).toEqual({
    'ana@example.org': 'waiting',
    'busy@example.org': 'waiting',
    archive: 'waiting',
    'operator@example.net': 'sent',
  });
  const [alert] = alertsOn(edition);
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
  const told = alertsOn(edition).length;
  // The mail server is busy at first; before it is asked again somebody has another file in the place of the PDF.
  onBusy = () => writeFileSync(place('2021-08-15'), 'not what was approved');
  await call(`approve ${edition}`);
  await vi.waitFor(
    async () => expect(await statesOf(edition)).toMatchObject({ 'busy@example.org': 'waiting' }),
    { timeout: 300_000, interval: 500 },
  );
  const row = (await deliveriesOf(edition)).find(({ address }) => address === 'busy@example.org');
  expect(row?.reason).toMatch(/no longer the one that was approved\. Restore the file/);
  await vi.waitFor(() => expect(alertsOn(edition).length).toBeGreaterThan(told), {
    timeout: 300_000,
  });
  expect(messagesTo('busy@example.org')).toEqual([]);
});
