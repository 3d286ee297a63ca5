/// <reference lib="dom" />
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, Page } from 'puppeteer';
import { z } from 'zod';
import type { Project } from './cli.ts';
import { operatorCookie, setCookie } from './login.ts';
import { copyNewLedger } from './new-ledger.ts';
import { listProcesses } from './processes.ts';
import { type Service, startService } from './service.ts';

/** A running `sitrep start` and where its pages are. */
export interface Site extends AsyncDisposable {
  readonly origin: string;
  /** For a request as this machine's operator. */
  readonly headers: { readonly cookie: string };
  /** Makes a browser that of this machine's operator. */
  logIn(browser: Browser): Promise<void>;
  readonly service: Service;
}

export async function startSite(project: Project, env: NodeJS.ProcessEnv = {}): Promise<Site> {
  const ledger = join(project.folder, 'output/.ledger');
  if (!existsSync(ledger)) await copyNewLedger(ledger);
  const service = startService(project, 'start', env);
  const { port } = await service.line(({ msg }) => msg === 'ready');
  const cookie = await operatorCookie(project);
  return {
    origin: `http://127.0.0.1:${String(port)}`,
    headers: { cookie },
    logIn: (browser) => setCookie(browser, cookie),
    service,
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

/** Stops the browser that a project's service prints with, until told to let it go on. */
export function freezePrinting(project: Project): Disposable {
  const processes = listProcesses(`user-data-dir=${project.folder}`);
  if (processes.length === 0) throw new Error('The service has no browser yet.');
  const signal = (name: 'SIGSTOP' | 'SIGCONT') => {
    for (const { pid } of processes) process.kill(pid, name);
  };
  signal('SIGSTOP');
  return { [Symbol.dispose]: () => signal('SIGCONT') };
}

const axeResult = z.object({
  violations: z.array(
    z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string(), failureSummary: z.string() })) }),
  ),
});

/** What axe-core finds wrong with the page as it is shown, by all of its rules or those with one of the tags. */
export async function axeFinds(page: Page, tags: readonly string[] = []): Promise<string[]> {
  await page.evaluate(axe.source);
  // What else it finds, such as all elements that pass, it would describe too.
  const options = { resultTypes: ['violations'], ...(tags.length > 0 && { runOnly: tags }) };
  const { violations } = axeResult.parse(await page.evaluate(`axe.run(${JSON.stringify(options)})`));
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
  );
}

/** By how many pixels a page is wider than its window. */
export const overflowOf = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

/** A page of its own that fails on what the browser reports, such as a script that the policy stops. */
export async function newTab(browser: Browser, { width = 1280 }: { width?: number } = {}): Promise<Page> {
  const page = await browser.newPage();
  page.setDefaultTimeout(300_000);
  await page.setViewport({ width, height: 900 });
  return page;
}

/** Waits for the page that a click, or whatever else, leads to. */
export async function follow(page: Page, act: () => Promise<void>): Promise<void> {
  await Promise.all([page.waitForNavigation(), act()]);
}

/** The words that are seen, blanks in a row as one. */
export const textOf = (page: Page, selector = 'main'): Promise<string> =>
  page.$eval(selector, (element) => (element as HTMLElement).innerText.replaceAll(/\s+/g, ' ').trim());

/** Clicks the button of that name; the part of it that is only heard does not count. */
export async function press(page: Page, label: string, { within = 'main' } = {}): Promise<void> {
  const buttons = await page.$$(`${within} button`);
  const names = await Promise.all(
    buttons.map((button) => button.evaluate(({ firstChild }) => firstChild?.textContent?.trim())),
  );
  const button = buttons[names.indexOf(label)];
  if (button === undefined) throw new Error(`There is no button "${label}": ${await textOf(page)}`);
  await follow(page, () => button.click());
}
