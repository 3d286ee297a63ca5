import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { openProject } from '../support/cli.ts';

const project = await openProject();
afterAll(() => project[Symbol.asyncDispose]());

const lister = pathToFileURL(join(import.meta.dirname, '../support/list-packages.ts'));

/** The packages that a command loads. */
async function packagesOf(command: string): Promise<string[]> {
  const NODE_OPTIONS = `${process.env['NODE_OPTIONS'] ?? ''} --import=${lister.href}`;
  const { status, stderr } = await project.sitrep(command, { NODE_OPTIONS });
  expect(status).toBe(0);
  return [...new Set([...stderr.matchAll(/^package (.*)$/gm)].map(([, name = '']) => name))];
}

// Loading them takes four times as long as these commands do.
const large = new Set(
  '@cantoo/pdf-lib @duckdb/node-api @electric-sql/pglite @napi-rs/canvas canvas css-tree fastify nodemailer parse5 pg pg-boss prom-client puppeteer vega'.split(
    ' ',
  ),
);

test.each(['--version', 'generate --help', 'next'])('"sitrep %s" loads no large library', async (command) => {
  const packages = await packagesOf(command);
  expect(packages).toContain('commander');
  expect(packages.filter((name) => large.has(name))).toEqual([]);
});
