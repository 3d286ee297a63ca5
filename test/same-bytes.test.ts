import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hashOf } from '../src/hash.ts';
import { openPrinter } from '../src/pdf/browser/print.ts';
import { manifestText } from '../src/render/manifest.ts';
import { testCacheFolder } from './support/cache.ts';
import { openProject } from './support/cli.ts';
import { print } from './support/gate.ts';
import { loadProduct } from './support/product.ts';

const [id, asOf] = ['celebrations', '2021-08-25'];

/** PDF, HTML and manifest of one run of the program in a process, time zone and language of its own. */
async function runProgram(env: NodeJS.ProcessEnv): Promise<{ [ending: string]: string }> {
  await using project = await openProject();
  const { status, stderr } = await project.sitrep(`generate ${id} --as-of ${asOf}`, env);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const folder = join(project.folder, 'output', id, asOf);
  const hashes = (await readdir(folder)).map(async (name) => [
    name.replace(/.*\./, ''),
    hashOf(await readFile(join(folder, name))),
  ]);
  return Object.fromEntries(await Promise.all(hashes));
}

test('PDF, HTML and manifest have the same bytes each time', async () => {
  const settings: NodeJS.ProcessEnv[] = [
    { TZ: 'Pacific/Kiritimati', LC_ALL: 'fa_AF.UTF-8', LANG: 'fa_AF.UTF-8' },
    { TZ: 'America/Los_Angeles', LC_ALL: 'de_DE.UTF-8', LANG: 'de_DE.UTF-8' },
  ];
  const programs: { [ending: string]: string }[] = [];
  for (const env of settings) programs.push(await runProgram(env));
  const [first] = programs;
  expect(Object.keys(first ?? {}).toSorted()).toEqual(['html', 'json', 'pdf']);
  for (const other of programs) expect(other).toEqual(first);

  // Eight more in one process: pages are used again, and other briefs are printed on them in between.
  const product = await loadProduct();
  await using printer = await openPrinter({
    cacheFolder: testCacheFolder,
    fontFaces: product.material.fontFaces,
  });
  const manifests = new Set<string>();
  for (let run = 0; run < 8; run += 1) {
    if (run % 4 === 1) await print(product, { brief: 'isis-quieting', asOf }, { printer });
    const edition = await print(product, { brief: id, asOf }, { printer });
    expect({ html: hashOf(edition.html), pdf: hashOf(edition.pdf) }).toEqual({
      html: first?.['html'],
      pdf: first?.['pdf'],
    });
    manifests.add(manifestText(edition.manifest));
  }
  expect(manifests.size).toBe(1);
});
