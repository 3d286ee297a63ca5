import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningBrowser } from '../../src/pdf/browser/launch.ts';
import { testCacheFolder } from '../support/cache.ts';
import { openProject, type Project } from '../support/cli.ts';
import { refuse } from '../support/mail-server.ts';
import { openBrowser } from '../support/preview.ts';
import { newTab, press, type Site, startSite, textOf } from '../support/site.ts';
import { untilMade } from '../support/until-made.ts';

/** The page of an edition and a mail server that takes its time. */
let project: Project;
let server: SMTPServer;
let site: Site;
let running: RunningBrowser;
const slow = Promise.withResolvers<void>();
const [taken, refused] = ['taken@example.org', 'refused@example.org'];

beforeAll(async () => {
  project = await openProject();
  const file = 'templates/weekly/brief.yaml';
  const plain = (await readFile(join(project.folder, file), 'utf8')).replace(/^deliver:\n(?: {2}.*\n)+/m, '');
  await project.write(file, `${plain}deliver:\n  - email: ${taken}\n  - email: ${refused}\n`);
  server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, { envelope }, done) {
      const isRefused = envelope.rcptTo.some(({ address }) => address === refused);
      const answer = () => done(isRefused ? refuse(550, 'no such mailbox') : null);
      stream.resume().on('end', () => void slow.promise.then(answer));
    },
  });
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const env = {
    SITREP_SMTP_URL: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    SITREP_MAIL_FROM: 'Sitrep <briefs@example.org>',
    SITREP_MAIL_DOMAINS: 'example.org',
  };
  [site, running] = await Promise.all([startSite(project, env), openBrowser(testCacheFolder)]);
  await site.logIn(running.browser);
});
afterAll(async () => {
  slow.resolve();
  await running[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
  await new Promise<void>((resolve) => server.close(resolve));
  await project[Symbol.asyncDispose]();
});

test('the states of deliveries change without a reload, until nothing is open', async () => {
  const page = await newTab(running.browser);
  await page.goto(`${site.origin}/briefs/weekly`);
  await page.$eval('#as-of', (input) => void ((input as HTMLInputElement).value = '2021-08-22'));
  await page.select('#deliver', 'yes');
  await press(page, 'Generate this edition');
  const stateOf = (to: string, state: string) =>
    page.waitForFunction(
      (row, wanted) => document.querySelector(`${row} .state`)?.textContent === wanted,
      {},
      `tr[data-to="${to}"]`,
      state,
    );
  await untilMade(page);
  await stateOf(taken, 'Sending');
  await stateOf(refused, 'Sending');
  expect(await textOf(page, '.now .state')).toBe('Delivering');

  // What is loaded again has neither of these.
  await page.evaluate(() => {
    document.body.dataset['kept'] = 'yes';
    document.querySelector('#phrase')?.setAttribute('data-kept', 'yes');
  });
  slow.resolve();
  await stateOf(taken, 'Sent');
  await stateOf(refused, 'Bounced');
  await page.waitForFunction(() => document.querySelector('.now .state')?.textContent === 'Incomplete');
  expect(await textOf(page, `tr[data-to="${refused}"]`)).toContain('550 no such mailbox');
  expect(await page.$('body[data-kept] #phrase[data-kept]')).not.toBeNull();
  expect(await page.$('.by-hand:not([hidden])')).toBeNull();

  // Nothing is open: the page as it is now asks for no events.
  await page.reload();
  expect(await page.$('script, [data-events]')).toBeNull();
  await page.close();
});
