import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'puppeteer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningBrowser } from '../../src/pdf/browser/launch.ts';
import { testCacheFolder } from '../support/cache.ts';
import { openProject, type Project } from '../support/cli.ts';
import { openBrowser } from '../support/preview.ts';
import { swapText } from '../support/product.ts';
import { follow, freezePrinting, newTab, press, type Site, startSite, textOf } from '../support/site.ts';

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

const state = () => textOf(page, '.now .state');
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
  await page.$eval('#as-of', (input, value) => void ((input as HTMLInputElement).value = value), day);
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
    await ask('celebrations', '2021-08-22');
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
    expect(await textOf(page)).toMatch(/celebrations\/2021-08-22 On hold .*There is no partial "gasp"/);
    await page.goto(`${site.origin}/deliveries?brief=weekly`);
    expect(await textOf(page)).not.toContain('gasp');
  }
  await page.goto(`${site.origin}/editions/celebrations/2021-08-22`);
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
  await ask('weekly', '2021-08-22', 'yes');
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
  expect(await textOf(page)).toMatch(/Deliveries .*weekly\/2021-08-22 analyst@example\.org E-mail Cancelled/);
  await press(page, 'Retry', { within: row('analyst@example.org') });
  expect(page.url()).toBe(`${site.origin}/deliveries?state=cancelled`);

  await page.goto(`${site.origin}/record`);
  const record = await textOf(page);
  expect(record).toMatch(
    /this machine retry .*this machine cancel .*this machine resend weekly\/2021-08-22 to archive done/,
  );
  expect(record).toMatch(/this machine request weekly\/2021-08-22 .*deliver true done/);
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
