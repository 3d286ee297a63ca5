import { expect, test } from 'vitest';
import { testCacheFolder } from '../support/cache.ts';
import { openProject } from '../support/cli.ts';
import { openBrowser } from '../support/preview.ts';
import { newTab, startSite } from '../support/site.ts';

test('a project’s pages have the logo and the colours of sitrep.yaml', async () => {
  await using project = await openProject();
  await project.write(
    'images/logo.svg',
    '<svg viewBox="0 0 30 10"><rect width="15" height="10" fill="#0b5345"/></svg>',
  );
  await project.write(
    'sitrep.yaml',
    "publisher: { name: Institute for Roads, corrections: errors@roads.example }\nlogo: images/logo.svg\ncolours: { ink: '#0b5345' }\n",
  );
  await using site = await startSite(project);
  await using running = await openBrowser(testCacheFolder);
  await site.logIn(running.browser);
  const page = await newTab(running.browser);
  await page.goto(site.origin);
  expect(await page.title()).toMatch(/ · Institute for Roads$/);
  const seen = await page.evaluate(() => {
    const logo = document.querySelector('.top .name img');
    return {
      logo: logo instanceof HTMLImageElement ? [logo.alt, logo.naturalWidth, logo.naturalHeight] : null,
      rule: getComputedStyle(document.querySelector('.top') ?? document.body).borderTopColor,
      foot: document.querySelector('footer.imprint')?.textContent?.trim().replaceAll(/\s+/g, ' '),
    };
  });
  expect(seen).toEqual({
    logo: ['Institute for Roads', 30, 10],
    rule: 'rgb(11, 83, 69)',
    foot: 'Institute for Roads Report errors to errors@roads.example. Sitrep',
  });
});
