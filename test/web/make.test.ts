import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningBrowser } from '../../src/pdf/browser/launch.ts';
import { testCacheFolder } from '../support/cache.ts';
import { openProject, type Project } from '../support/cli.ts';
import { readPdf } from '../support/pdf.ts';
import { openBrowser } from '../support/preview.ts';
import {
  follow,
  freezePrinting,
  newTab,
  overflowOf,
  press,
  type Site,
  startSite,
  textOf,
} from '../support/site.ts';
import { untilMade } from '../support/until-made.ts';

let project: Project;
let site: Site;
let running: RunningBrowser;

beforeAll(async () => {
  project = await openProject();
  [site, running] = await Promise.all([startSite(project), openBrowser(testCacheFolder)]);
  await site.logIn(running.browser);
});
afterAll(async () => {
  await running[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
  await project[Symbol.asyncDispose]();
});

const week = '16–22 August 2021';
const state = (page: Awaited<ReturnType<typeof newTab>>) => textOf(page, '.now .state');
const setDay = (page: Awaited<ReturnType<typeof newTab>>, day: string) =>
  page.$eval('#as-of', (input, value) => void ((input as HTMLInputElement).value = value), day);

test('before the first edition, the overview says how to generate one', async () => {
  const page = await newTab(running.browser);
  await page.goto(site.origin);
  const told = await textOf(page);
  expect(told).toContain('There are no editions yet');
  expect(told).toContain('npx sitrep backfill actor-sheet --from 2021-07-29 --to 2021-08-25');
  expect(told).toMatch(
    /Next edition \w+ \d+ \w+ \d{4}, 06:00 (GMT|BST) \(Europe\/London\) \d+ \w+ \d{4}, 0[56]:00 UTC/,
  );
  await follow(page, () => page.click('a[href="/briefs/weekly"]'));
  expect(await page.title()).toBe('Al-Qaeda, the Taliban and ISIS, weekly · Sitrep');
  await page.close();
});

test('an edition is generated, followed, read, and shown on the overview', async () => {
  const page = await newTab(running.browser);
  await page.goto(`${site.origin}/briefs/weekly`);
  expect(await page.$eval('#as-of', (input) => (input as HTMLInputElement).value)).toBe('2021-08-25');
  await setDay(page, '2021-08-22');
  await press(page, 'Generate this edition');
  expect(page.url()).toBe(`${site.origin}/editions/weekly/2021-08-22`);
  await untilMade(page);
  expect(await state(page)).toBe('Generated');

  const links = await page.$$eval('.files a', (all) => all.map((link) => link.href));
  const [pdf, html, manifest] = await Promise.all(
    links.map((link) => fetch(link, { headers: site.headers })),
  );
  const read = await readPdf(new Uint8Array(await (pdf?.arrayBuffer() ?? new ArrayBuffer())));
  expect(read.title).toContain('Al-Qaeda, the Taliban and ISIS, weekly');
  expect(read.pages).toHaveLength(3);
  expect(await html?.text()).toContain('AQAP hails “complete victory”');
  expect(await manifest?.json()).toMatchObject({ brief: 'weekly', asOf: '2021-08-22', pages: 3 });

  await page.click('summary');
  const told = await textOf(page);
  expect(told).toMatch(/What changed Changes since the period to 15 August 2021: 1 new NEW AQAP statement/);
  expect(told).toMatch(/Sources.*UN coordinator.*All \d+ rows on its pages/);
  expect(told).toContain('The data have not changed since the edition was generated.');
  // The picture is the page: the browser here shows no PDF in place.
  const { width, alt } = await page.$eval('.pdf img', (image) => ({
    width: image.naturalWidth,
    alt: image.alt,
  }));
  expect(width).toBe(596);
  expect(alt).toBe(`Al-Qaeda, the Taliban and ISIS, weekly, ${week}, as PDF`);

  await page.goto(site.origin);
  const picture = await page.waitForSelector('a[href="/editions/weekly/2021-08-22"] img');
  expect(await picture?.evaluate((image) => image.alt)).toBe(
    `First page of Al-Qaeda, the Taliban and ISIS, weekly, ${week}`,
  );
  await page.close();
});

test('two tabs that ask for the same edition get the same one', async () => {
  const tabs = await Promise.all([newTab(running.browser), newTab(running.browser)]);
  for (const tab of tabs) {
    await tab.goto(`${site.origin}/briefs/celebrations`);
    await setDay(tab, '2021-08-23');
  }
  await Promise.all(tabs.map((tab) => press(tab, 'Generate this edition')));
  for (const tab of tabs) {
    expect(tab.url()).toBe(`${site.origin}/editions/celebrations/2021-08-23`);
    await untilMade(tab);
  }
  const begun = site.service.lines.filter(
    ({ msg, edition }) => msg === 'rendering' && edition === 'celebrations/2021-08-23',
  );
  expect(begun).toHaveLength(1);
  for (const tab of tabs) await tab.close();
});

describe('while an edition is being made', () => {
  test('the page shows each step, also after it is reloaded, and then the edition', async () => {
    const page = await newTab(running.browser);
    await page.goto(`${site.origin}/briefs/isis-quieting`);
    await setDay(page, '2021-08-22');
    const frozen = freezePrinting(project);
    try {
      await press(page, 'Generate this edition');
      expect(await page.title()).toBe(`ISIS in Afghanistan, ${week} · Sitrep`);
      // A page is judged once the browser has it, and this one takes nothing.
      const untilJudging = () =>
        page.waitForFunction(
          () => document.querySelector('.steps li:last-child span')?.textContent === 'Checking pages',
        );
      await untilJudging();
      const steps = await textOf(page, '.steps');
      expect(steps).toMatch(
        /^\d\d:\d\d:\d\d UTC Selecting rows.*Computing findings.*Composing pages.*Checking pages$/,
      );
      await page.reload();
      await untilJudging();
      expect(await textOf(page, '.steps')).toBe(steps);
      expect(await state(page)).toBe('In progress');

      // Without scripts: the same steps, and a link to look again.
      const plain = await newTab(running.browser);
      await plain.setJavaScriptEnabled(false);
      await plain.goto(page.url());
      expect(await textOf(plain, '.steps')).toBe(steps);
      await follow(plain, () => plain.click('.progress a'));
      expect(await textOf(plain, '.steps')).toBe(steps);
      await plain.close();
    } finally {
      frozen[Symbol.dispose]();
    }
    await untilMade(page);
    await page.close();
  });
});

test('an edition can be requested and read without scripts', async () => {
  const page = await newTab(running.browser);
  await page.setJavaScriptEnabled(false);
  await page.goto(`${site.origin}/briefs/al-qaeda-ties?year=2021`);
  await press(page, 'Generate', {
    within: 'section[aria-labelledby=history] li:has(time[datetime="2021-08-22"])',
  });
  expect(page.url()).toBe(`${site.origin}/editions/al-qaeda-ties/2021-08-22`);
  await expect
    .poll(
      async () => {
        await page.reload();
        return state(page);
      },
      { timeout: 300_000 },
    )
    .toBe('Generated');
  expect(await page.$$('.files a')).toHaveLength(3);
  expect(await page.$('script')).toBeNull();
  await page.goto(`${site.origin}/briefs/al-qaeda-ties?year=2021`);
  expect(await textOf(page, '.day.made')).toBe('Sun 22 Aug Edition 22 August 2021 Generated');
  await page.close();
});

test('the keyboard alone is enough, and shows where it is', async () => {
  const page = await newTab(running.browser);
  await page.goto(`${site.origin}/briefs/celebrations`);
  const focused = () =>
    page.evaluate(() => {
      const { activeElement: element } = document;
      return {
        id: element?.id,
        text: element?.textContent?.trim(),
        outline: element && getComputedStyle(element).outlineStyle,
      };
    });
  await page.keyboard.press('Tab');
  expect(await focused()).toMatchObject({ text: 'Skip to main content', outline: 'solid' });
  await page.keyboard.press('Enter');
  expect(await focused()).toMatchObject({ id: 'content' });
  const reach = async (wanted: (at: Awaited<ReturnType<typeof focused>>) => boolean) => {
    for (let presses = 0; presses < 30; presses += 1) {
      const at = await focused();
      if (wanted(at)) return at;
      await page.keyboard.press('Tab');
    }
    throw new Error('The keyboard does not reach it.');
  };
  expect(await reach(({ id }) => id === 'as-of')).toMatchObject({ outline: 'solid' });
  await page.keyboard.type('08222021');
  expect(await reach(({ text }) => text === 'Generate this edition')).toMatchObject({ outline: 'solid' });
  await follow(page, () => page.keyboard.press('Enter'));
  expect(page.url()).toBe(`${site.origin}/editions/celebrations/2021-08-22`);
  await untilMade(page);
  await page.close();
});

test('a brief of several editions groups them', async () => {
  const page = await newTab(running.browser);
  await page.goto(`${site.origin}/briefs/actor-sheet`);
  // Whoever does not know the ids is offered them.
  const offered = await page.$$eval('datalist option', (all) =>
    all.map(({ value, textContent }) => `${value} ${textContent}`),
  );
  expect(offered).toContain('A-aq Al-Qaeda');
  await setDay(page, '2021-08-22');
  await press(page, 'Generate this edition');
  await expect
    .poll(
      async () => {
        await page.reload();
        return textOf(page);
      },
      { timeout: 300_000 },
    )
    .toMatch(/2 editions: 2 generated.*Actor sheet: Al-Qaeda Generated.*Actor sheet: Taliban Generated/);
  await page.goto(`${site.origin}/briefs/actor-sheet`);
  expect(await textOf(page, '.day.made')).toContain('2 editions: 2 generated');
  expect(await page.$$eval('.day.made details a', (all) => all.map((link) => link.textContent))).toEqual([
    'Al-Qaeda',
    'Taliban',
  ]);
  await page.close();
});

test('on a phone nothing is wider than the screen', async () => {
  const page = await newTab(running.browser, { width: 360 });
  for (const path of [
    '/',
    '/briefs/weekly',
    '/briefs/actor-sheet',
    '/editions/weekly/2021-08-22',
    '/editions/actor-sheet/2021-08-22',
    '/deliveries',
    '/record',
    '/login',
    '/nowhere',
  ]) {
    await page.goto(`${site.origin}${path}`);
    await page.$$eval('details', (all) => all.forEach((each) => (each.open = true)));
    expect(await overflowOf(page), path).toBe(0);
  }
  await page.close();
});
