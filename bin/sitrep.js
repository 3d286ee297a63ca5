#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Plain JavaScript, so that a Node which is too old for the rest can still say so.
const packagedNode = fileURLToPath(
  new URL(`../node_modules/node-${process.platform}-${process.arch}/bin/node`, import.meta.url),
);
if (Number.parseInt(process.versions.node, 10) >= 24) {
  // What is compiled is kept in the cache folder, beside the browser: it is half of what a start costs.
  const { default: envPaths } = await import('env-paths');
  module.enableCompileCache(join(envPaths('sitrep', { suffix: '' }).cache, 'compiled'));
  // A checkout runs its sources; the package holds what they were compiled to, since Node strips no types there.
  await import(existsSync(new URL('../src/main.ts', import.meta.url)) ? '../src/main.ts' : '../dist/main.js');
} else if (existsSync(packagedNode)) {
  // npx puts the packaged Node first in the path, except in a project that only links to a checkout.
  const child = spawn(packagedNode, process.argv.slice(1), { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => (process.exitCode = code ?? 128 + constants.signals[signal]));
} else {
  process.stderr.write(
    `sitrep: This is Node ${process.versions.node}; Sitrep needs 24 or newer. On Linux, "npm ci" brings one: ` +
      'start Sitrep with "npx sitrep" or "npm run brief". Elsewhere, install Node 24.\n',
  );
  process.exitCode = 2;
}
