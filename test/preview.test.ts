import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import type { Page } from 'puppeteer';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunningBrowser } from '../src/pdf/browser/launch.ts';
import { testCacheFolder } from './support/cache.ts';
import { openProject, type Project } from './support/cli.ts';
import { openBrowser, type Previewing, startPreview, untilShown } from './support/preview.ts';
import { swapText } from './support/product.ts';
import { axeFinds, newTab } from './support/site.ts';

let project: Project;
let preview: Previewing;
let running: RunningBrowser;
let page: Page;

beforeAll(async () => {
  project = await openProject();
  [preview, running] = await Promise.all([
    startPreview(project.folder, { cache: join(project.folder, '.cache') }),
    openBrowser(testCacheFolder),
  ]);
  await preview.logIn(running.browser);
  page = await running.browser.newPage();
  page.setDefaultTimeout(300_000);
});
afterAll(async () => {
  await running[Symbol.asyncDispose]();
  await preview.stop();
  await project[Symbol.asyncDispose]();
});

const template = 'templates/celebrations/brief.hbs';
const read = (file: string) => readFile(join(project.folder, file), 'utf8');
const edit = async (file: string, from: string, to: string) =>
  writeFile(join(project.folder, file), swapText(await read(file), from, to));
const faults = () => page.$eval('#faults', (part) => part.textContent ?? '');
const untilFaults = (text: string) =>
  page.waitForFunction(
    (wanted) => {
      const told = document.querySelector('#faults')?.textContent ?? '';
      return wanted === '' ? told === '' : told.includes(wanted);
    },
    { polling: 'raf' },
    text,
  );
const framed = () =>
  page.$eval('iframe', (frame) => ({
    text: frame.contentDocument?.body.textContent ?? '',
    scroll: frame.contentWindow?.scrollY ?? -1,
  }));

test('the index leads to every brief, and shows one that is added', async () => {
  await page.goto(`${preview.origin}/`);
  const links = () => page.$$eval('h2 a', (all) => all.map((each) => each.getAttribute('href')));
  expect(await links()).toEqual(
    ['actor-sheet', 'al-qaeda-ties', 'celebrations', 'isis-quieting', 'weekly'].map((id) => `/briefs/${id}`),
  );
  await project.write('templates/added/brief.yaml', await read('templates/celebrations/brief.yaml'));
  await page.waitForSelector('a[href="/briefs/added"]');
  await rm(join(project.folder, 'templates/added'), { recursive: true });
  await page.waitForFunction(() => document.querySelector('a[href="/briefs/added"]') === null);
});

describe('a brief that is edited', () => {
  beforeEach(async () => {
    await page.setViewport({ width: 1000, height: 500 });
    await page.goto(`${preview.origin}/briefs/celebrations`);
    await untilShown(page, 'Before Kabul fell');
  });

  test('a saved template is seen, at the same place of the page', async () => {
    await page.$eval('iframe', (frame) => frame.contentWindow?.scrollTo(0, 700));
    await edit(template, 'Before Kabul fell', 'Before the fall');
    await untilShown(page, 'Before the fall');
    expect((await framed()).scroll).toBe(700);
    await edit(template, 'Before the fall', 'Before Kabul fell');
    await untilShown(page, 'Before Kabul fell');
  });

  test('a file that an editor replaces, again and again', async () => {
    const text = await read(template);
    for (const heading of ['Early on', 'Later on', 'Before Kabul fell']) {
      const next = join(project.folder, 'templates/celebrations/brief.hbs~');
      await writeFile(next, swapText(text, 'Before Kabul fell', heading));
      await rename(next, join(project.folder, template));
      await untilShown(page, heading);
      expect(await faults()).toBe('');
    }
  });

  test('a fault is shown with file, line and remedy, and the last good page stays', async () => {
    await edit(template, '{{> changes}}', '{{> chnages}}');
    await untilFaults('There is no partial "chnages"');
    const line = (await read(template)).split('\n').findIndex((each) => each.includes('chnages')) + 1;
    expect(await faults()).toContain(`${template}:${line}`);
    expect(await faults()).toContain('Name one of');
    expect(await faults()).toContain('The page below is from before these faults.');
    expect(await page.$eval('.marked', (each) => each.textContent)).toContain('{{> chnages}}');
    expect((await framed()).text).toContain('Before Kabul fell');
    // Someone who comes only now sees the same.
    await page.reload();
    await untilShown(page, 'Before Kabul fell');
    expect(await faults()).toContain('chnages');
    await edit(template, '{{> chnages}}', '{{> changes}}');
    await untilFaults('');
    expect((await framed()).text).toContain('Before Kabul fell');
  });

  test.each([
    ['a query', 'templates/celebrations/before.sql', 'SELECT e.id', 'SELECT e.nope', /before\.sql:2.*nope/s],
    [
      'the definition',
      'templates/celebrations/brief.yaml',
      'period:',
      'perod:',
      /brief\.yaml:\d+, field perod/,
    ],
    [
      'a spec',
      'templates/_afghanistan-2021/charts/matrix.vl.json',
      '"layer"',
      '"lay',
      /matrix\.vl\.json:\d+/,
    ],
    [
      'a row',
      'data/afghanistan-2021/events.csv',
      'S-assahab,3',
      'S-nobody,3',
      /events\.csv, row 2, field source/,
    ],
  ])('a fault in %s', async (_, file, from, to, told) => {
    const text = await read(file);
    await project.write(file, text.replace(from, to));
    await page.waitForFunction(() => document.querySelector('#faults')?.textContent !== '');
    expect(await faults()).toMatch(told);
    await project.write(file, text);
    await untilFaults('');
  });

  test('a warning is shown beside the new page', async () => {
    const definition = 'templates/celebrations/brief.yaml';
    await edit(definition, 'period:', 'profile: standard\nperiod:');
    await edit(template, '{{> changes}}', '<p>It rained.</p>\n{{> changes}}');
    await untilShown(page, 'It rained.');
    await untilFaults('1 warning');
    expect(await faults()).toContain('A paragraph cites no row: "It rained."');
    await edit(template, '<p>It rained.</p>\n{{> changes}}', '{{> changes}}');
    await edit(definition, 'profile: standard\nperiod:', 'period:');
    await untilFaults('');
  });

  test('a changed row, style and drawing are seen', async () => {
    await edit('data/afghanistan-2021/events.csv', 'JNIM’s leader', 'JNIM’s head');
    await untilShown(page, 'JNIM’s head');
    await edit('templates/_shared/page.css', 'p {\n', 'p {\n  word-spacing: 3px;\n');
    await page.waitForFunction(() => {
      const frame = document.querySelector('iframe')?.contentDocument;
      const shown = frame?.querySelector('p:not(.screen-marking)');
      return shown && getComputedStyle(shown).wordSpacing === '3px';
    });
    expect(await faults()).toBe('');
  });
});

test('the page inside keeps its policy, and no script runs in it', async () => {
  await page.goto(`${preview.origin}/briefs/celebrations`);
  await edit(template, '{{> gaps}}', '{{> gaps}}<script>document.title = "ran"</script>');
  await untilFaults('no-active-content');
  const { title, policy } = await page.$eval('iframe', (frame) => ({
    title: frame.contentDocument?.title,
    policy: frame.contentDocument?.querySelector('meta[http-equiv]')?.getAttribute('content'),
  }));
  expect(title).not.toBe('ran');
  expect(policy).toContain("default-src 'none'");
  await page.goto(`${preview.origin}/briefs/celebrations/page.html`);
  expect(await page.title()).not.toBe('ran');
  await edit(template, '<script>document.title = "ran"</script>', '');
  await page.goto(`${preview.origin}/briefs/celebrations`);
  await untilFaults('');
});

test('days and editions lead to one another', async () => {
  await page.goto(`${preview.origin}/briefs/actor-sheet?as-of=2021-08-25`);
  await untilShown(page, 'Endnotes');
  const options = await page.$$eval('option', (all) => all.map(({ value }) => value));
  expect(options.length).toBeGreaterThan(3);
  expect(options).toContain('actor=A-isis-k');
  await Promise.all([page.waitForNavigation(), page.select('select', 'actor=A-isis-k')]);
  await untilShown(page, 'ISIS-K');
  expect(page.url()).toContain('edition=actor%3DA-isis-k');
  await Promise.all([page.waitForNavigation(), page.click('a[rel=prev]')]);
  expect(await page.$eval('input[type=date]', (input) => input.value)).toBe('2021-08-22');
  await Promise.all([page.waitForNavigation(), page.click('a[rel=next]')]);
  expect(await page.$eval('input[type=date]', (input) => input.value)).toBe('2021-08-29');
  await page.goto(`${preview.origin}/briefs/weekly`);
  const golden = await page.$$eval('.golden a', (all) => all.map((each) => each.textContent));
  expect(golden).toContain('2021-09-06');
});

test('axe-core finds nothing wrong with any page, with faults neither', async () => {
  const tab = await newTab(running.browser);
  await tab.goto(`${preview.origin}/`);
  expect(await axeFinds(tab)).toEqual([]);
  await tab.goto(`${preview.origin}/briefs/celebrations`);
  await untilShown(tab, 'Endnotes');
  expect(await axeFinds(tab)).toEqual([]);
  const before = await read(template);
  await writeFile(join(project.folder, template), `${before}{{> gasp}}`);
  await tab.waitForFunction(() => document.querySelector('#faults')?.textContent?.includes('gasp'));
  expect(await axeFinds(tab)).toEqual([]);
  await writeFile(join(project.folder, template), before);
  await tab.waitForFunction(() => document.querySelector('#faults')?.textContent === '');
  await tab.close();
});

test('the PDF, and why there is none', async () => {
  const first = await fetch(`${preview.origin}/briefs/celebrations/page.pdf?view=pdf`, {
    headers: preview.headers,
  });
  expect(first.headers.get('content-type')).toBe('application/pdf');
  expect(
    Buffer.from(await first.arrayBuffer())
      .subarray(0, 5)
      .toString(),
  ).toBe('%PDF-');
  await edit('templates/celebrations/brief.yaml', 'pages: 4', 'pages: 1');
  await page.goto(`${preview.origin}/briefs/celebrations?view=pdf`);
  await untilFaults('more than 1');
  await edit('templates/celebrations/brief.yaml', 'pages: 1', 'pages: 4');
  await untilFaults('');
});

test('without scripts everything is there, and reloading shows the newest', async () => {
  const plain = await running.browser.newPage();
  await plain.setJavaScriptEnabled(false);
  await plain.goto(`${preview.origin}/briefs/celebrations`);
  await edit(template, '<h2>Undated</h2>', '<h2>Without a day</h2>{{nope}}');
  await expect
    .poll(
      async () => {
        await plain.reload();
        return plain.content();
      },
      { timeout: 300_000 },
    )
    .toContain('Nothing is named "nope" here.');
  await edit(template, '<h2>Without a day</h2>{{nope}}', '<h2>Without a day</h2>');
  await expect
    .poll(
      async () =>
        (await fetch(`${preview.origin}/briefs/celebrations/page.html`, { headers: preview.headers })).text(),
      {
        timeout: 300_000,
      },
    )
    .toContain('Without a day');
  await plain.close();
});

test.each([
  ['127.0.0.1', 200],
  ['localhost:1', 200],
  ['evil.example', 421],
  ['127.0.0.1.evil.example', 421],
  ['', 421],
])('asked as "%s" it answers %i', async (host, expected) => {
  const status = await new Promise((resolve, reject) => {
    request(
      `${preview.origin}/briefs/weekly`,
      { headers: { host, ...preview.headers }, setHost: false },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode === 400 ? 421 : answer.statusCode);
      },
    )
      .on('error', reject)
      .end();
  });
  expect(status).toBe(expected);
});

test('other users of the machine, who do not have the key, get nothing', async () => {
  for (const path of ['/', '/briefs/weekly', '/briefs/weekly/page.html', '/events', '/assets/base.css', '/x'])
    for (const query of ['', '?key=', `?key=${'A'.repeat(43)}`]) {
      const answer = await fetch(`${preview.origin}${path}${query}`);
      expect(answer.status, path).toBe(401);
      expect(await answer.text()).toContain('Open the whole address that “sitrep preview” printed');
    }
});

test('an unknown brief, a day that is none, and a taken port', async () => {
  expect((await fetch(`${preview.origin}/briefs/nothing`, { headers: preview.headers })).status).toBe(404);
  const odd = await fetch(`${preview.origin}/briefs/weekly?as-of=2021-02-30`, { headers: preview.headers });
  expect(odd.status).toBe(400);
  expect(await odd.text()).toContain('not a calendar day');
  const taken = await project.sitrep(`preview weekly --port ${new URL(preview.origin).port}`);
  expect(taken.status).toBe(1);
  expect(taken.stderr).toContain('Choose another port with --port');
  expect((await project.call('preview nothing')).stderr).toContain('There is no brief "nothing".');
});

test('ends at once, with status 0, when it is stopped while a browser still listens', async () => {
  await page.goto(`${preview.origin}/briefs/weekly`);
  expect(await preview.stop()).toBe(0);
  await page.waitForFunction(() => document.querySelector<HTMLElement>('.offline')?.hidden === false);
});
