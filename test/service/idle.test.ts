import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { openProject } from '../support/cli.ts';
import { copyNewLedger } from '../support/new-ledger.ts';
import { startService } from '../support/service.ts';

const lister = pathToFileURL(join(import.meta.dirname, '../support/list-packages.ts'));

// What makes an edition is loaded for the first edition: most of the time there is none to make.
const forEditions = '@cantoo/pdf-lib @duckdb/node-api canvas css-tree parse5 puppeteer vega vega-lite'.split(
  ' ',
);
/** With optimised WebAssembly it was 800 MB; without, it is less than 300. */
const MOST_MEGABYTES = 450;

test('"sitrep start" loads nothing for editions before there is one, and needs little memory', async () => {
  await using project = await openProject();
  await copyNewLedger(join(project.folder, 'output/.ledger'));
  const NODE_OPTIONS = `${process.env['NODE_OPTIONS'] ?? ''} --import=${lister.href}`;
  await using service = startService(project, 'start', { NODE_OPTIONS });
  await service.line(({ msg }) => msg === 'ready');
  const packages = [...service.stderr().matchAll(/^package (.*)$/gm)].map(([, name = '']) => name);
  expect(packages).toContain('@electric-sql/pglite');
  expect(packages.filter((name) => forEditions.includes(name))).toEqual([]);
  if (process.platform !== 'linux') return;
  const status = await readFile(`/proc/${service.process.pid}/status`, 'utf8');
  const [, most = ''] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
  expect(Number(most)).toBeGreaterThan(0);
  expect(Number(most) / 1024).toBeLessThan(MOST_MEGABYTES);
});
