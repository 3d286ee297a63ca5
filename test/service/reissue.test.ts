import { existsSync } from 'node:fs';
import { cp, readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openProject } from '../support/cli.ts';
import { readPdf } from '../support/pdf.ts';
import { openProgramLedger } from '../support/program-ledger.ts';
import { type Service, startService } from '../support/service.ts';

/** A correction by the real program: from rows that were revised and withdrawn to the mailboxes of those who read them. */
const project = await openProject();
const ledger = await openProgramLedger(project);
const call = (args: string) => project.call(args, ledger.env);
const arrived: { to: string; mail: ParsedMail }[] = [];
const messagesTo = (address: string) => arrived.filter(({ to }) => to === address).map(({ mail }) => mail);
const brief = 'templates/weekly/brief.yaml';
const [first, second] = ['weekly/2021-03-07', 'weekly/2021-03-07-r2'];
const pdfOf = (edition: string) =>
  readFile(join(project.folder, 'output', edition, `${edition.replace('/', '-')}.pdf`));
let server: SMTPServer;
let service: Service;

beforeAll(async () => {
  server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo({ address }, _session, done) {
      const gone = Object.assign(new Error('no such mailbox'), { responseCode: 550 });
      done(address.startsWith('gone@') ? gone : null);
    },
    async onData(stream, session, done) {
      const mail = await simpleParser(await buffer(stream));
      arrived.push({ to: session.envelope.rcptTo.map(({ address }) => address).join(), mail });
      done();
    },
  });
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await cp(join(import.meta.dirname, '../input/datasets/revised'), join(project.folder, 'data/revised'), {
    recursive: true,
  });
  const templates = join(project.folder, 'templates');
  await cp(join(templates, '_afghanistan-2021'), join(templates, '_revised'), { recursive: true });
  const text = (await readFile(join(project.folder, brief), 'utf8'))
    .replace('dataset: afghanistan-2021', 'dataset: revised')
    .replace('{ email: analyst@example.org }', '{ email: ana@example.org }\n  - { email: gone@example.org }');
  await project.write(brief, text);
  service = startService(project, 'start', {
    ...ledger.env,
    SITREP_SMTP_URL: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    SITREP_MAIL_FROM: 'Sitrep <briefs@example.org>',
    SITREP_MAIL_DOMAINS: 'example.org',
  });
  await service.line(({ msg }) => msg === 'ready');
  const { stderr } = await call('backfill weekly --from 2021-03-07 --to 2021-03-07 --deliver');
  if (stderr !== '') throw new Error(stderr);
  await vi.waitFor(
    async () => {
      const [edition] = JSON.parse((await call('runs --json')).stdout) as { state: string }[];
      if (edition?.state !== 'done') throw new Error(`It is ${edition?.state}.`);
    },
    { timeout: 300_000, interval: 500 },
  );
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  server.close();
  await ledger[Symbol.asyncDispose]();
  await project[Symbol.asyncDispose]();
});

test('a correction is listed, asked for, made beside the first issue, and threaded below it', async () => {
  const listed = await call('reissue --list');
  expect(listed.stdout).toMatch(
    /^weekly\/2021-03-07\n(?: {2}.*\n)* {2}withdrawn: Raid in Jalalabad \(E-raid\)/,
  );
  const bytes = await pdfOf(first);
  // Whoever receives it from now on is no matter: who received it then is.
  const text = await readFile(join(project.folder, brief), 'utf8');
  await project.write(brief, text.replace('ana@example.org', 'dora@example.org'));

  const asked = await project.sitrep(`reissue ${first}`, ledger.env);
  expect(asked.stderr).toBe('');
  expect(asked.stdout).toContain(
    `${second} corrects ${first} as of 2021-03-21, and goes to the 2 that received an earlier revision:`,
  );
  await vi.waitFor(() => expect(messagesTo('ana@example.org')).toHaveLength(2), { timeout: 300_000 });
  const [issue, correction] = messagesTo('ana@example.org');
  expect(correction?.subject).toMatch(
    /^\[TLP:CLEAR\] Correction: .*, 2021-W09, as of 7 March 2021, revision 2$/,
  );
  expect(correction?.inReplyTo).toBe(issue?.messageId);
  expect([correction?.references].flat()).toEqual([issue?.messageId]);
  expect(correction?.text?.replaceAll(/\s+/g, ' ')).toContain('at least 12, now at least 15');
  expect([...new Set(arrived.map(({ to }) => to))]).toEqual(['ana@example.org']);

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
