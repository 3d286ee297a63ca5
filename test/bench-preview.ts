import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'puppeteer';
import { openBrowser, startPreview, untilShown } from './support/preview.ts';

/**
 * From the moment a file is written to that in which the browser has the new page in place, for one file of each kind
 * that an author edits. The real program and the real browser, on the brief with the most to draw.
 */
export async function benchPreview({
  rounds,
  cacheFolder,
}: {
  rounds: number;
  cacheFolder: string;
}): Promise<{ file: string; times: number[] }[]> {
  const project = join(import.meta.dirname, '..');
  const folder = await mkdtemp(join(tmpdir(), 'sitrep-bench-preview-'));
  try {
    for (const part of ['templates', 'data'])
      await cp(join(project, part), join(folder, part), { recursive: true });
    await using preview = await startPreview(folder);
    await using running = await openBrowser(cacheFolder);
    await preview.logIn(running.browser);
    const page = await running.browser.newPage();
    await page.goto(`${preview.origin}/briefs/isis-quieting`);
    await untilShown(page, 'Endnotes');
    const edits: readonly [file: string, write: (text: string, mark: string) => string][] = [
      ['templates/isis-quieting/brief.hbs', (text, mark) => text.replace('<h2>Where', `<h2>${mark} Where`)],
      [
        'templates/isis-quieting/reported.sql',
        (text, mark) => text.replace('summary AS text', `'${mark} ' || summary AS text`),
      ],
      [
        'templates/isis-quieting/shares.vl.json',
        (text, mark) => text.replace("? ' %' : ''", `? ' ${mark}' : ''`),
      ],
      ['data/afghanistan-2021/events.csv', (text, mark) => text.replaceAll('Mamuzai', `${mark} Mamuzai`)],
    ];
    const measured = [];
    for (const [file, write] of edits) {
      const path = join(folder, file);
      const original = await readFile(path, 'utf8');
      const times: number[] = [];
      for (let round = -2; round < rounds; round += 1) {
        // Letters alone: a figure that is typed into a template is a fault.
        const mark = `Mark${String.fromCharCode(100 + round)}x`;
        const text = write(original, mark);
        if (text === original) throw new Error(`${file} has not what the bench changes in it.`);
        const startedMs = performance.now();
        await writeFile(path, text);
        // Anywhere on the page: the gate refuses some of these changes, in words that quote them.
        await untilThere(page, mark);
        if (round >= 0) times.push(performance.now() - startedMs);
      }
      measured.push({ file, times });
      await writeFile(path, original);
      await untilShown(page, 'Endnotes');
    }
    return measured;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Waits until a text stands in the framed brief or among the faults above it. */
async function untilThere(page: Page, text: string): Promise<void> {
  await page.waitForFunction(
    (wanted) =>
      [document, ...[...document.querySelectorAll('iframe')].map((frame) => frame.contentDocument)].some(
        // A document that is still loading has no body.
        (each) => each?.querySelector('body')?.textContent.includes(wanted) ?? false,
      ),
    { polling: 'raf' },
    text,
  );
}
