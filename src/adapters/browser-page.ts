import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** The programs of desktops that show a file in the browser. */
const openers: { readonly [platform: string]: readonly [command: string, ...args: string[]] } = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', '""'],
};
/** Most openers end at once. One that is the browser itself keeps running, which counts as success. */
const OPENER_MS = 5_000;

/**
 * Opens a secret link in the user's browser; says whether that worked. Other users see the arguments of a process but
 * not the files of this folder: the browser is given a page there that leads on to the link.
 */
export async function openInBrowser(link: string, folder: string): Promise<boolean> {
  const page = resolve(join(folder, 'open.html'));
  // An old page may have another mode.
  await rm(page, { force: true });
  await writeFile(
    page,
    `<!doctype html><meta charset="utf-8"><title>Sitrep</title><meta http-equiv="refresh" content="0; url=${link}">\n`,
    { mode: 0o600, flag: 'wx' },
  );
  const [command, ...args] = openers[process.platform] ?? ['xdg-open'];
  const opener = spawn(command, [...args, page], { stdio: 'ignore', detached: true });
  opener.unref();
  const timer = new AbortController();
  const status = await Promise.race([
    once(opener, 'exit').then(
      ([code]) => code === 0,
      () => false,
    ),
    delay(OPENER_MS, true, { signal: timer.signal }),
  ]);
  timer.abort();
  return status;
}
