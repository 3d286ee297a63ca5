import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'puppeteer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningBrowser } from '../../src/pdf/browser/launch.ts';
import { testCacheFolder } from '../support/cache.ts';
import { openProject, type Project } from '../support/cli.ts';
import { copyNewLedger } from '../support/new-ledger.ts';
import { openBrowser } from '../support/preview.ts';
import { swapText } from '../support/product.ts';
import { follow, press, type Site, startSite, textOf } from '../support/site.ts';
import { untilMade } from '../support/until-made.ts';
import { bearer } from '../support/web.ts';

let project: Project;
let site: Site;
let running: RunningBrowser;
const tokens: { [name: string]: string } = {};

beforeAll(async () => {
  project = await openProject();
  await copyNewLedger(join(project.folder, 'output/.ledger'));
  const amber = join(project.folder, 'templates/amber');
  await cp(join(project.folder, 'templates/celebrations'), amber, { recursive: true });
  const yaml = await readFile(join(amber, 'brief.yaml'), 'utf8');
  const marked = swapText(yaml, 'marking: TLP:CLEAR', 'marking: TLP:AMBER');
  await project.write('templates/amber/brief.yaml', marked.replace(/^title: .*$/m, 'title: Kept close'));
  const added = {
    ann: await project.sitrep('token add ann --may read --clearance TLP:GREEN'),
    otto: await project.call('token add otto --may operate --clearance TLP:RED'),
  };
  for (const [name, { stdout, stderr }] of Object.entries(added)) {
    if (stderr !== '') throw new Error(stderr);
    tokens[name] = /^sitrep_[\w-]{43}$/m.exec(stdout)?.[0] ?? '';
  }
  [site, running] = await Promise.all([
    startSite(project, { SITREP_HOST: '0.0.0.0' }),
    openBrowser(testCacheFolder),
  ]);
});
afterAll(async () => {
  await running[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
  await project[Symbol.asyncDispose]();
});

/** A browser of somebody's own, which logs in from the page that it wanted to see. */
async function logIn(token: string, path = '/'): Promise<Page> {
  const context = await running.browser.createBrowserContext();
  const page = await context.newPage();
  page.setDefaultTimeout(300_000);
  await page.goto(`${site.origin}${path}`);
  expect(new URL(page.url()).pathname).toBe('/login');
  await page.type('#token', token);
  await press(page, 'Log in');
  return page;
}
const make = async (page: Page, brief: string, deliver: 'yes' | 'no' = 'no') => {
  await page.goto(`${site.origin}/briefs/${brief}`);
  await page.$eval('#as-of', (input) => void ((input as HTMLInputElement).value = '2021-08-22'));
  await page.select('#deliver', deliver);
  await press(page, 'Generate this edition');
  await untilMade(page);
};
const shownButtons = (page: Page) =>
  page.$$eval('button', (all) => all.map(({ textContent }) => textContent?.trim()));

test('a wrong token is refused and reveals nothing', async () => {
  const page = await logIn('sitrep_wrong', '/editions/amber/2021-08-22');
  expect(new URL(page.url()).pathname).toBe('/login');
  expect(await textOf(page, '[role=alert]')).toContain('This token is not valid');
  expect(await page.cookies()).toEqual([]);
  expect(await textOf(page, 'body')).not.toContain('Kept close');
  expect(await textOf(page, '.top')).toBe('Sitrep');
  await page.browserContext().close();
});

test('who may operate sees all; who may read, what the clearance allows, and no button and no address', async () => {
  const otto = await logIn(tokens['otto'] ?? '', '/briefs/weekly?year=2021');
  expect(otto.url()).toBe(`${site.origin}/briefs/weekly?year=2021`);
  expect(await textOf(otto, '.who')).toBe('otto can operate, up to TLP:RED Log out');
  await make(otto, 'weekly', 'yes');
  expect(await textOf(otto)).toContain('analyst@example.org');
  await make(otto, 'amber');
  await otto.goto(site.origin);
  expect(await textOf(otto)).toContain('Kept close');

  const ann = await logIn(tokens['ann'] ?? '');
  const paths = ['/', '/briefs/weekly', '/editions/weekly/2021-08-22'];
  for (const path of paths) {
    await ann.goto(`${site.origin}${path}`);
    // To ask what is behind a number is to look.
    expect(
      (await shownButtons(ann)).filter((label) => label !== 'Show'),
      path,
    ).toEqual(['Log out']);
    expect(await ann.content(), path).not.toMatch(/Kept close|amber|example\.org/);
  }
  expect(await textOf(ann, '.top nav')).toBe('Sitrep Briefs API');
  for (const path of [
    '/briefs/amber',
    '/editions/amber/2021-08-22',
    '/editions/amber/2021-08-22/page-1.png',
    '/editions/amber/2021-08-22/explain?phrase=105',
  ]) {
    expect((await ann.goto(`${site.origin}${path}`))?.status(), path).toBe(404);
    expect(await ann.content(), path).not.toMatch(/Kept close/);
  }
  for (const path of ['/deliveries', '/record']) {
    expect((await ann.goto(`${site.origin}${path}`))?.status()).toBe(403);
    expect(await textOf(ann)).toMatch(/^Not allowed .*can only read/);
  }
  await ann.goto(`${site.origin}/briefs/weekly`);
  const forced = await ann.evaluate(async () => {
    const body = new URLSearchParams({ asOf: '2021-08-15' });
    return (await fetch('/briefs/weekly/editions', { method: 'POST', body })).status;
  });
  expect(forced).toBe(403);

  // What is behind a number is told from the brief of today, and today's may be for fewer than the edition was.
  const explain = `${site.origin}/editions/weekly/2021-08-22/explain?phrase=Kabul`;
  expect((await ann.goto(explain))?.status()).toBe(200);
  const file = 'templates/weekly/brief.yaml';
  const text = await readFile(join(project.folder, file), 'utf8');
  await project.write(file, swapText(text, 'marking: TLP:CLEAR', 'marking: TLP:RED'));
  expect((await ann.goto(explain))?.status()).toBe(404);
  await project.write(file, text);
  expect((await ann.goto(explain))?.status()).toBe(200);
  await ann.browserContext().close();
  await otto.browserContext().close();
});

test('a user who logs out, or has a revoked token, sees the login page again', async () => {
  const ann = await logIn(tokens['ann'] ?? '');
  await press(ann, 'Log out', { within: '.who' });
  await ann.goto(site.origin);
  expect(new URL(ann.url()).pathname).toBe('/login');
  await ann.browserContext().close();
  const again = await logIn(tokens['ann'] ?? '');
  expect(new URL(again.url()).pathname).toBe('/');
  const api = async (headers = {}) => (await fetch(`${site.origin}/api/briefs`, { headers })).status;
  expect([await api(), await api(bearer(tokens['ann'] ?? ''))]).toEqual([401, 200]);
  expect((await project.call('token revoke ann')).stdout).toContain('ann no longer has access');
  await again.reload();
  expect(new URL(again.url()).pathname).toBe('/login');
  expect(await api(bearer(tokens['ann'] ?? ''))).toBe(401);
  await again.browserContext().close();
});

test('a name has one token, which no command shows again, and every change of tokens is on record', async () => {
  expect(await project.call('token add otto --may read --clearance TLP:RED')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('The token "otto" already exists'),
  });
  expect(await project.call('token revoke ann')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('There is no token "ann"'),
  });
  const listed = await project.call('token list');
  expect(listed.stdout).toMatch(/otto +operate +TLP:RED/);
  expect(listed.stdout).not.toContain('ann');
  expect((await project.call('audit --who eve')).stdout).toBe('No changes.\n');
  const { stdout } = await project.sitrep('audit --json');
  const all = JSON.parse(stdout) as { what: string; outcome: string }[];
  const ofTokens = all.filter(({ what }) => what.startsWith('token'));
  expect(ofTokens.map(({ what, outcome }) => `${what} ${outcome}`)).toEqual([
    'token revoke refused',
    'token add refused',
    'token revoke done',
    'token add done',
    'token add done',
  ]);
  for (const token of Object.values(tokens)) expect(listed.stdout + stdout).not.toContain(token);
});

test('a form on a page that is not ours changes nothing', async () => {
  const otto = await logIn(tokens['otto'] ?? '');
  const elsewhere = await otto.browserContext().newPage();
  await elsewhere.setContent(
    `<form action="${site.origin}/briefs/weekly/editions" method="post"><input name="asOf" value="2021-08-08"><button>Win</button></form>`,
  );
  const answer = elsewhere.waitForResponse((response) => response.request().method() === 'POST');
  await press(elsewhere, 'Win', { within: 'form' });
  expect((await answer).status()).toBe(403);
  await otto.goto(`${site.origin}/editions/weekly/2021-08-08`);
  expect(await textOf(otto)).toMatch(/^Not found/);
  await otto.browserContext().close();
});

test('a link in a mail that is read on another site leads to its edition, at once or after the login', async () => {
  const path = '/editions/weekly/2021-08-22';
  /** A page of another site, as a mail is shown by one, in the browser of `page`. */
  const webmail = async (page: Page, to: string) => {
    const mail = await page.browserContext().newPage();
    await mail.setContent(`<a href="${site.origin}${to}">The edition</a>`);
    return mail;
  };
  const otto = await logIn(tokens['otto'] ?? '');
  await make(otto, 'weekly');
  const mail = await webmail(otto, path);
  await follow(mail, () => mail.click('a'));
  expect(mail.url()).toBe(`${site.origin}${path}`);
  expect(await textOf(mail, '.who')).toContain('otto');
  // As messages name it: the PDF itself.
  const other = await webmail(otto, `${path}/pdf`);
  const answer = other.waitForResponse((response) => response.url().endsWith(`/api${path}/pdf`));
  await other.click('a');
  expect((await answer).status()).toBe(200);

  const stranger = await (await running.browser.createBrowserContext()).newPage();
  const first = await webmail(stranger, path);
  await follow(first, () => first.click('a'));
  expect(new URL(first.url()).pathname).toBe('/login');
  await first.type('#token', tokens['otto'] ?? '');
  await press(first, 'Log in');
  expect(first.url()).toBe(`${site.origin}${path}`);
  await otto.browserContext().close();
  await stranger.browserContext().close();
});

test('the link of “sitrep open” logs in as this machine’s operator, and leaves no secret in the address', async () => {
  const { stdout } = await project.call('open --print');
  const page = await (await running.browser.createBrowserContext()).newPage();
  await page.goto(stdout.trim());
  expect(page.url()).toBe(`${site.origin}/`);
  expect(await textOf(page, '.who')).toBe('this machine Log out');
  await page.goto(`${site.origin}/briefs/celebrations`);
  await press(page, 'Generate this edition');
  expect(new URL(page.url()).pathname).toMatch(/^\/editions\/celebrations\//);
  await press(page, 'Log out', { within: '.who' });
  await page.goto(stdout.trim());
  expect(page.url()).toBe(`${site.origin}/login?refused=link`);
  expect(await textOf(page, '[role=alert]')).toContain('This link has expired or was already used');
  await page.browserContext().close();
});
