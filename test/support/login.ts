import type { Browser } from 'puppeteer';
import type { Project } from './cli.ts';

/** The cookie that the link of `sitrep open` gives a browser, of a `start` that runs in a project. */
export async function operatorCookie(project: Project, args = ''): Promise<string> {
  const { stdout, stderr } = await project.call(`open --print ${args}`);
  const link = stdout.trim();
  if (!URL.canParse(link)) throw new Error(`No link: ${stdout}${stderr}`);
  return cookieFrom(await fetch(link, { redirect: 'manual' }));
}

/** The cookie that an answer sets, as a browser sends it back. */
export function cookieFrom({ headers }: Response): string {
  const [cookie = ''] = headers.getSetCookie()[0]?.split(';') ?? [];
  if (cookie === '') throw new Error('The answer sets no cookie.');
  return cookie;
}

/** Gives a cookie of a server on this machine to a browser. */
export function setCookie(browser: Browser, cookie: string): Promise<void> {
  const [name = '', value = ''] = cookie.split('=');
  return browser.setCookie({ name, value, domain: '127.0.0.1', path: '/' });
}

/** Makes a token as an operator does, such as by `ann --may read --clearance TLP:RED`. */
export async function newTokenOf(
  project: Project,
  args: string,
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const { stdout, stderr } = await project.call(`token add ${args}`, env);
  const [token] = /^sitrep_[\w-]{43}$/m.exec(stdout) ?? [];
  if (token === undefined) throw new Error(`No token: ${stdout}${stderr}`);
  return token;
}
