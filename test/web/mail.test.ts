import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page } from 'puppeteer';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningBrowser } from '../../src/pdf/browser/launch.ts';
import { testCacheFolder } from '../support/cache.ts';
import { openProject, type Project } from '../support/cli.ts';
import { refuse } from '../support/mail-server.ts';
import { openBrowser } from '../support/preview.ts';
import { swapText } from '../support/product.ts';
import { newTab, press, type Site, startSite, textOf } from '../support/site.ts';
import { untilMade } from '../support/until-made.ts';

/**
 * The pages of a publisher with colours of its own while mail goes out: an edition that is followed, and one that needs
 * approval, of which an operator takes back what is not sent. Each test goes on where the last one left.
 */
let project: Project;
let server: SMTPServer;
let site: Site;
let running: RunningBrowser;
let page: Page;
let reader: Page;
const id = 'weekly/2021-08-22';
const [later, cut] = ['later@example.org', 'cut@example.org'];
const [taken, refused] = ['taken@example.org', 'refused@example.org'];
/** Until then the mail server says nothing to these two. */
const slow = Promise.withResolvers<void>();

beforeAll(async () => {
  project = await openProject();
  const file = 'templates/weekly/brief.yaml';
  const text = await readFile(join(project.folder, file), 'utf8');
  const targets = `  - { email: ${later} }\n  - { email: ${cut}, afterCrash: hold }\n`;
  const plain = text.replace(/^deliver:\n(?: {2}.*\n)+/m, '');
  await project.write(
    file,
    swapText(plain, 'period: P7D', `approval: true\nperiod: P7D\ndeliver:\n${targets}`.trimEnd()),
  );
  const other = 'templates/celebrations/brief.yaml';
  const free = await readFile(join(project.folder, other), 'utf8');
  await project.write(other, `${free}deliver:\n  - email: ${taken}\n  - email: ${refused}\n`);
  await project.write(
    'images/logo.svg',
    '<svg viewBox="0 0 30 10"><rect width="15" height="10" fill="#0b5345"/></svg>',
  );
  await project.write(
    'sitrep.yaml',
    "publisher: { name: Institute for Roads, corrections: errors@roads.example }\nlogo: images/logo.svg\ncolours: { ink: '#0b5345' }\n",
  );
  server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    // One is never taken, and so goes on to be tried; another is, and the connection ends before that is said.
    onRcptTo: ({ address }, _session, done) =>
      done(address === later ? refuse(451, 'not at this hour') : null),
    onData(stream, { id: session, envelope }, done) {
      const to = envelope.rcptTo.map(({ address }) => address);
      const hangUp = () => {
        for (const connection of server.connections)
          if (connection.id === session) connection._socket.destroy();
      };
      const answer = () => done(to.includes(refused) ? refuse(550, 'no such mailbox') : null);
      stream.resume().on('end', () => (to.includes(cut) ? hangUp() : void slow.promise.then(answer)));
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
  page = await newTab(running.browser);
  reader = await (await running.browser.createBrowserContext()).newPage();
  const { stdout } = await project.call('token add ann --may read --clearance TLP:GREEN');
  await reader.setExtraHTTPHeaders({ authorization: `Bearer ${/\bsitrep_\S+/.exec(stdout)?.[0]}` });
});
afterAll(async () => {
  slow.resolve();
  await running[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
  await new Promise<void>((resolve) => server.close(resolve));
  await project[Symbol.asyncDispose]();
});

const row = (to: string) => `tr[data-to="${to}"]`;
async function untilShown(on: Page, selector: string, wanted: RegExp): Promise<void> {
  await expect
    .poll(
      async () => {
        await on.reload();
        return textOf(on, selector);
      },
      { timeout: 300_000 },
    )
    .toMatch(wanted);
}
const buttonsIn = (on: Page, selector = 'main') =>
  on.$$eval(`${selector} form[method=post] button`, (all) =>
    all.map(({ firstChild }) => firstChild?.textContent),
  );
const read = async (path: string) =>
  (await fetch(`${site.origin}/api${path}`, { headers: site.headers })).json();
const deliveryTo = async (address: string): Promise<{ id: string; [field: string]: unknown }> =>
  (await read(`/deliveries?edition=${encodeURIComponent(id)}`)).items.find(
    (each: { address: string }) => each.address === address,
  );

test('the pages have the publisher’s logo and colours', async () => {
  await page.goto(site.origin);
  expect(await page.title()).toMatch(/ · Institute for Roads$/);
  const seen = await page.evaluate(() => {
    const logo = document.querySelector('.top .name img');
    return {
      logo: logo instanceof HTMLImageElement ? [logo.alt, logo.naturalWidth, logo.naturalHeight] : null,
      rule: getComputedStyle(document.querySelector('.top') ?? document.body).borderTopColor,
      foot: document.querySelector('footer.imprint')?.textContent?.trim().replaceAll(/\s+/g, ' '),
    };
  });
  expect(seen).toEqual({
    logo: ['Institute for Roads', 30, 10],
    rule: 'rgb(11, 83, 69)',
    foot: 'Institute for Roads Report errors to errors@roads.example. Sitrep',
  });
});

test('the states of deliveries change without a reload, until nothing is open', async () => {
  await page.goto(`${site.origin}/briefs/celebrations`);
  await page.$eval('#as-of', (input) => void ((input as HTMLInputElement).value = '2021-08-22'));
  await page.select('#deliver', 'yes');
  await press(page, 'Generate this edition');
  const stateOf = (to: string, state: string) =>
    page.waitForFunction(
      (within, wanted) => document.querySelector(`${within} .state`)?.textContent === wanted,
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
});

test('approved, an edition is on its way to one, and may have arrived at another', async () => {
  await page.goto(`${site.origin}/briefs/weekly`);
  await page.$eval('#as-of', (input) => void ((input as HTMLInputElement).value = '2021-08-22'));
  await page.select('#deliver', 'yes');
  await press(page, 'Generate this edition');
  await untilMade(page);
  await press(page, 'Approve');
  await untilShown(page, row(cut), /It may have arrived\./);
  await untilShown(page, row(later), /Pending .* 451 not at this hour/);
  await untilShown(page, '.now', /Withdraw approval/);
  expect(await buttonsIn(page, row(cut))).toEqual(['Release', 'Did not arrive']);
});

test('readers see no such buttons and are refused', async () => {
  expect(await buttonsIn(page, '.now')).toContain('Withdraw approval');
  await reader.goto(`${site.origin}/editions/${id}`);
  expect(await textOf(reader, '.who')).toContain('ann can read');
  expect(await textOf(reader, '.now')).toBe('Delivering Received by 0 of 2 recipients, 2 waiting.');
  expect(await buttonsIn(reader)).toEqual([]);
  expect(await textOf(reader, 'section[aria-labelledby=deliveries] thead')).toBe(
    'To State Since Answer or reason',
  );

  const { sha256 } = await read(`/editions/${id}`);
  const paths = [`/editions/${id}/disapprove`, `/deliveries/${(await deliveryTo(cut)).id}/cancel`];
  for (const path of paths) {
    const status = await reader.evaluate(
      async (to, body) => (await fetch(to, { method: 'POST', body: new URLSearchParams(body) })).status,
      path,
      { sha256 },
    );
    expect(status, path).toBe(403);
  }
  expect(await read(`/editions/${id}`)).toMatchObject({ approvedSha256: sha256 });
  expect(await deliveryTo(cut)).toMatchObject({ state: 'held', mayHaveArrived: true });
});

test('“Did not arrive” records that on the page and in the ledger', async () => {
  await page.reload();
  await press(page, 'Did not arrive', { within: row(cut) });
  expect(page.url()).toBe(`${site.origin}/editions/${id}`);
  expect(await textOf(page, row(cut))).toMatch(
    /^cut@example\.org E-mail Cancelled .* An operator cancelled it and recorded that it did not arrive\. Retry/,
  );
  expect(await buttonsIn(page, row(cut))).toEqual(['Retry']);
  const delivery = await deliveryTo(cut);
  expect(delivery).toMatchObject({ state: 'cancelled', mayHaveArrived: false });
  expect((await read('/audit')).items[0]).toMatchObject({
    what: 'cancel',
    who: 'this machine',
    edition: id,
    details: { delivery: delivery.id },
    outcome: 'done',
  });
});

test('“Withdraw approval” stops what is not sent yet, and the edition can be approved again', async () => {
  await page.reload();
  const { sha256 } = await read(`/editions/${id}`);
  await untilShown(page, '.now', /Withdraw approval/);
  await press(page, 'Withdraw approval');
  expect(page.url()).toBe(`${site.origin}/editions/${id}`);
  await untilShown(page, row(later), /^later@example\.org E-mail Awaiting approval .* It needs approval/);
  expect(await textOf(page, '.now')).toMatch(/^Delivering Generated, and waiting for approval\. Approve/);
  expect(await buttonsIn(page, '.now')).not.toContain('Withdraw approval');
  expect(await textOf(page, '.made')).toMatch(
    /Approval withdrawn by this machine .* UTC Approved by this machine .* UTC$/,
  );
  expect(await read(`/editions/${id}`)).toMatchObject({
    state: 'delivering',
    sha256,
    approvedSha256: null,
    toApprove: sha256,
    approvals: [
      { decision: 'disapproved', sha256, user: 'this machine', namedBy: 'server' },
      { decision: 'approved', sha256 },
    ],
  });
  expect(await deliveryTo(later)).toMatchObject({ state: 'waiting' });
  expect((await read('/audit')).items[0]).toMatchObject({
    what: 'disapprove',
    edition: id,
    details: { sha256 },
    outcome: 'done',
  });
  await page.goto(site.origin);
  expect(await textOf(page)).toMatch(/weekly .* Delivering Generated, and waiting for approval\./);
});
