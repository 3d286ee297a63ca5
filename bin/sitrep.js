#!/usr/bin/env node
import { existsSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';

// Plain JavaScript, so that a Node which is too old for the rest can still say so.
if (Number.parseInt(process.versions.node, 10) < 24) {
  process.stderr.write(
    `sitrep: This is Node ${process.versions.node}; Sitrep needs 24 or newer. On Linux, "npm ci" brings one: ` +
      'start Sitrep with "npx sitrep" or "npm run brief". Elsewhere, install Node 24.\n',
  );
  process.exitCode = 2;
} else {
  // What is compiled is kept in the cache folder, beside the browser: it is half of what a start costs.
  const { default: envPaths } = await import('env-paths');
  module.enableCompileCache(join(envPaths('sitrep', { suffix: '' }).cache, 'compiled'));
  // A checkout runs its sources; the package holds what they were compiled to, since Node strips no types there.
  await import(existsSync(new URL('../src/main.ts', import.meta.url)) ? '../src/main.ts' : '../dist/main.js');
}
