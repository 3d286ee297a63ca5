import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'puppeteer';
import { testCacheFolder } from '../test/support/cache.ts';
import { openProject } from '../test/support/cli.ts';
import { openBrowser, startPreview, untilShown } from '../test/support/preview.ts';
import { newTab, startSite } from '../test/support/site.ts';

/** Renews the pictures of the pages in docs/images/, of a service with the editions of August 2021. */
const images = join(import.meta.dirname, '../docs/images');
const MOST_BYTES = 350_000;

await using project = await openProject();
await using site = await startSite(project);
await using running = await openBrowser(testCacheFolder);
await site.logIn(running.browser);
for (const brief of ['actor-sheet', 'al-qaeda-ties', 'celebrations', 'isis-quieting', 'weekly']) {
  const { status, stderr } = await project.sitrep(`backfill ${brief} --from 2021-08-02 --to 2021-08-30`);
  if (status !== 0) throw new Error(stderr);
}

await mkdir(images, { recursive: true });
const page = await newTab(running.browser, { width: 1100 });
await page.goto(site.origin);
await allPictures(page);
await take('page-overview', 810);
await page.goto(`${site.origin}/editions/weekly/2021-08-29`);
await allPictures(page);
await take('page-edition', 720);

await using preview = await startPreview(project.folder, { cache: join(project.folder, '.cache') });
await preview.logIn(running.browser);
await page.goto(`${preview.origin}/briefs/weekly?as-of=2021-08-29`);
await untilShown(page, 'Endnotes');
await take('preview', 700);

async function take(name: string, height: number): Promise<void> {
  const path = join(images, `${name}.png`);
  await page.screenshot({ path: `${images}/${name}.png`, clip: { x: 0, y: 0, width: 1100, height } });
  const { size } = await stat(path);
  console.log(`docs/images/${name}.png ${Math.round(size / 1000)} kB`);
  if (size > MOST_BYTES) throw new Error(`${path} is larger than ${MOST_BYTES} bytes.`);
}

/** Pictures further down load only when they are needed. */
async function allPictures(of: Page): Promise<void> {
  await of.$$eval('img', (all) => {
    for (const image of all) image.loading = 'eager';
  });
  await of.waitForFunction(() =>
    [...document.querySelectorAll('img')].every(({ complete, naturalWidth }) => complete && naturalWidth > 0),
  );
}
