import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'puppeteer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningBrowser } from '../../src/pdf/browser/launch.ts';
import { testCacheFolder } from '../support/cache.ts';
import { openProject, type Project } from '../support/cli.ts';
import { readPdf } from '../support/pdf.ts';
import { openBrowser } from '../support/preview.ts';
import { swapText } from '../support/product.ts';
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

/** What an operator does in the pages: has editions generated and reads them, then whatever else there are buttons for. */
let project: Project;
let site: Site;
let running: RunningBrowser;
let page: Page;

beforeAll(async () => {
  project = await openProject();
  [site, running] = await Promise.all([startSite(project), openBrowser(testCacheFolder)]);
  await site.logIn(running.browser);
  page = await newTab(running.browser);
});
afterAll(async () => {
  await running[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
  await project[Symbol.asyncDispose]();
});

const week = '16–22 August 2021';
const state = () => textOf(page, '.now .state');
const setDay = (tab: Page, day: string) =>
  tab.$eval('#as-of', (input, value) => void ((input as HTMLInputElement).value = value), day);

test('before the first edition, the overview says how to generate one', async () => {
  await page.goto(site.origin);
  const told = await textOf(page);
  expect(told).toContain('There are no editions yet');
  expect(told).toContain('npx sitrep backfill actor-sheet --from 2021-07-29 --to 2021-08-25');
  expect(told).toMatch(
    /Next edition \w+ \d+ \w+ \d{4}, 06:00 (GMT|BST) \(Europe\/London\) \d+ \w+ \d{4}, 0[56]:00 UTC/,
  );
  await follow(page, () => page.click('a[href="/briefs/weekly"]'));
  expect(await page.title()).toBe('Al-Qaeda, the Taliban and ISIS, weekly · Sitrep');
});

test('an edition is generated, followed, read, and shown on the overview', async () => {
  await page.goto(`${site.origin}/briefs/weekly`);
  expect(await page.$eval('#as-of', (input) => (input as HTMLInputElement).value)).toBe('2021-08-25');
  await setDay(page, '2021-08-22');
  await press(page, 'Generate this edition');
  expect(page.url()).toBe(`${site.origin}/editions/weekly/2021-08-22`);
  await untilMade(page);
  expect(await state()).toBe('Generated');

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
      expect(await state()).toBe('In progress');

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
  });
});

test('an edition can be requested and read without scripts', async () => {
  const plain = await newTab(running.browser);
  await plain.setJavaScriptEnabled(false);
  await plain.goto(`${site.origin}/briefs/al-qaeda-ties?year=2021`);
  await press(plain, 'Generate', {
    within: 'section[aria-labelledby=history] li:has(time[datetime="2021-08-22"])',
  });
  expect(plain.url()).toBe(`${site.origin}/editions/al-qaeda-ties/2021-08-22`);
  await expect
    .poll(
      async () => {
        await plain.reload();
        return textOf(plain, '.now .state');
      },
      { timeout: 300_000 },
    )
    .toBe('Generated');
  expect(await plain.$$('.files a')).toHaveLength(3);
  expect(await plain.$('script')).toBeNull();
  await plain.goto(`${site.origin}/briefs/al-qaeda-ties?year=2021`);
  expect(await textOf(plain, '.day.made')).toBe('Sun 22 Aug Edition 22 August 2021 Generated');
  await plain.close();
});

test('the keyboard alone is enough, and shows where it is', async () => {
  await page.bringToFront();
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
});

test('a brief of several editions groups them', async () => {
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
});

test('on a phone nothing is wider than the screen', async () => {
  const phone = await newTab(running.browser, { width: 360 });
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
    await phone.goto(`${site.origin}${path}`);
    await phone.$$eval('details', (all) => all.forEach((each) => (each.open = true)));
    expect(await overflowOf(phone), path).toBe(0);
  }
  await phone.close();
});

const until = async (wanted: string) => {
  await expect
    .poll(
      async () => {
        await page.reload();
        return state();
      },
      { timeout: 300_000 },
    )
    .toBe(wanted);
};
const ask = async (brief: string, day: string, deliver: 'yes' | 'no' = 'no') => {
  await page.goto(`${site.origin}/briefs/${brief}`);
  await setDay(page, day);
  await page.select('#deliver', deliver);
  await press(page, 'Generate this edition');
};
/** Another file in the place of one of the project, until it is let go of. */
async function changed(file: string, from: string, to: string): Promise<AsyncDisposable> {
  const text = await readFile(join(project.folder, file), 'utf8');
  await project.write(file, swapText(text, from, to));
  return { [Symbol.asyncDispose]: () => project.write(file, text) };
}

test('an edition on hold says every reason with file, line and hint; after the fix it is generated', async () => {
  {
    await using _ = await changed('templates/celebrations/brief.hbs', '{{> gaps}}', '{{> gasp}}{{> nope}}');
    await ask('celebrations', '2021-08-15');
    await until('On hold');
    const told = await textOf(page, '.wrong');
    expect(told).toMatch(
      /^Why it was not generated .*templates\/celebrations\/brief\.hbs, line \d+: There is no partial "gasp"/,
    );
    expect(told).toContain('Name one of');
    expect(await page.$$('object')).toHaveLength(0);

    await page.goto(`${site.origin}/deliveries?brief=celebrations&state=held`);
    expect(await page.$eval('#brief', (select) => (select as HTMLSelectElement).value)).toBe('celebrations');
    expect(await page.$eval('#state', (select) => (select as HTMLSelectElement).value)).toBe('held');
    expect(await textOf(page)).toMatch(/celebrations\/2021-08-15 On hold .*There is no partial "gasp"/);
    await page.goto(`${site.origin}/deliveries?brief=weekly`);
    expect(await textOf(page)).not.toContain('gasp');
  }
  await page.goto(`${site.origin}/editions/celebrations/2021-08-15`);
  await press(page, 'Retry');
  await until('Generated');
  expect(await textOf(page, 'section[aria-labelledby=runs]')).toMatch(/2 .* generated 1 .* on hold/);
});

test('a brief that cannot be read says why, on the overview and on its page, and hides no other', async () => {
  await using _ = await changed('templates/isis-quieting/brief.yaml', 'period: P7D', 'period: P7X');
  await page.goto(site.origin);
  const told = await textOf(page);
  expect(told).toMatch(/isis-quieting Unreadable .*brief\.yaml.*period.*ISO 8601/);
  expect(told).toContain('Al-Qaeda’s ties with the Taliban');
  await follow(page, () => page.click('a[href="/briefs/isis-quieting"]'));
  expect(await textOf(page)).toMatch(/This brief cannot be read .*field period/);
});

test('deliveries are shown, resent, cancelled and retried, and every change is in the audit log', async () => {
  await ask('weekly', '2021-08-01', 'yes');
  // Without a mail server mail is held.
  await until('Delivering');
  const row = (to: string) => `tr[data-to="${to}"]`;
  const untilTold = async (to: string, wanted: RegExp) => {
    await expect
      .poll(
        async () => {
          await page.reload();
          return textOf(page, row(to));
        },
        { timeout: 300_000 },
      )
      .toMatch(wanted);
  };
  await untilTold('archive', /^archive Folder Sent .* UTC archive\/weekly/);
  await untilTold('analyst@example.org', /E-mail On hold .*SITREP_SMTP_URL/);
  await press(page, 'Resend', { within: row('archive') });
  await untilTold('archive', /^archive Folder, copy 2 (Sent|On hold)/);
  await press(page, 'Cancel', { within: row('analyst@example.org') });
  expect(await textOf(page, row('analyst@example.org'))).toMatch(
    /E-mail Cancelled .* An operator cancelled it/,
  );

  await page.goto(`${site.origin}/deliveries?state=cancelled`);
  expect(await textOf(page)).toMatch(/Deliveries .*weekly\/2021-08-01 analyst@example\.org E-mail Cancelled/);
  await press(page, 'Retry', { within: row('analyst@example.org') });
  expect(page.url()).toBe(`${site.origin}/deliveries?state=cancelled`);

  await page.goto(`${site.origin}/record`);
  const record = await textOf(page);
  expect(record).toMatch(
    /this machine retry .*this machine cancel .*this machine resend weekly\/2021-08-01 to archive done/,
  );
  expect(record).toMatch(/this machine request weekly\/2021-08-01 .*deliver true done/);
});

test('a queued edition is put on hold, released and cancelled', async () => {
  const days = ['2021-08-18', '2021-08-19', '2021-08-20', '2021-08-21'];
  {
    // Nothing is printed meanwhile: those that come last wait.
    using _ = freezePrinting(project);
    for (const day of days) await ask('celebrations', day);
    expect(await state()).toBe('Queued');
    await press(page, 'Put on hold');
    expect(await state()).toBe('On hold');
    expect(await textOf(page, '.wrong')).toContain('An operator put it on hold');
    await press(page, 'Release');
    expect(await state()).toBe('Queued');
    await press(page, 'Cancel');
    expect(await state()).toBe('Cancelled');
    await press(page, 'Retry');
    expect(await state()).toBe('Queued');
  }
  await until('Generated');
});

test('refused changes and unknown addresses have a page', async () => {
  await page.goto(`${site.origin}/editions/weekly/1999-01-03`);
  expect(await textOf(page)).toMatch(/^Not found There is no edition .*weekly\/1999-01-03/);
  expect((await page.goto(`${site.origin}/briefs/nothing`))?.status()).toBe(404);
  expect(await textOf(page)).toContain('There is no brief "nothing"');
  expect((await page.goto(`${site.origin}/nowhere`))?.status()).toBe(404);
  // Two tabs: what one has done, the other cannot do again.
  await ask('weekly', '2021-08-15');
  await until('Generated');
  const refused = await page.evaluate(async () => {
    const answer = await fetch('/editions/weekly/2021-08-15/release', {
      method: 'POST',
      headers: { accept: 'text/html' },
    });
    return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
  });
  expect(refused).toMatchObject({ status: 409, type: 'text/html; charset=utf-8' });
  expect(refused.text).toContain('No delivery is held.');
  await page.goto(`${site.origin}/briefs/weekly`);
  await page.$eval('#as-of', (input) => {
    (input as HTMLInputElement).type = 'text';
    (input as HTMLInputElement).value = '2021-02-30';
  });
  await press(page, 'Generate this edition');
  expect(await textOf(page)).toMatch(/^Bad request field asOf: .*calendar day/);
});

test('an edition is approved as shown, and the page says by whom', async () => {
  const file = 'templates/weekly/brief.yaml';
  await using _ = await changed(file, 'period: P7D', 'approval: true\nperiod: P7D');
  await ask('weekly', '2021-08-08', 'yes');
  await until('Delivering');
  expect(await textOf(page, 'section[aria-labelledby=deliveries]')).toContain('needs approval');
  const sha256 = await page.$eval('input[name=sha256]', (field) => field.value);
  expect(await textOf(page, '.made')).toContain(`SHA-256 ${sha256}`);
  // Another tab approved other bytes meanwhile, as far as this form knows.
  await page.$eval('input[name=sha256]', (field) => void (field.value = '0'.repeat(64)));
  await press(page, 'Approve');
  expect(await textOf(page)).toMatch(/has the SHA-256 .*, not 0{64}/);
  await page.goto(`${site.origin}/editions/weekly/2021-08-08`);
  await press(page, 'Approve');
  expect(await textOf(page, '.made')).toContain('Approved by this machine');
  expect(await page.$$('form[action$="/approve"]')).toHaveLength(0);
});

test('the page of an edition explains where a number comes from', async () => {
  await ask('isis-quieting', '2021-08-25');
  await until('Generated');
  await page.type('#phrase', '105');
  await press(page, 'Show');
  const told = await textOf(page);
  expect(told).toContain('F18 measures, known on 2021-08-25');
  expect(told).toContain('ISIS claims (not graded) ← Flashpoint (C)');
  expect(told).toMatch(/template templates\/_shared\/partials\/masthead\.hbs, line \d+/);
  await page.goto(`${site.origin}/editions/isis-quieting/2021-08-25/explain?phrase=987654`);
  expect(await textOf(page)).toContain('“987654” does not occur in this edition.');
});
