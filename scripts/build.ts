import { spawnSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Compiles `src/` to `dist/` for the package (`npm pack` runs it). What was there before is removed: none of it is packed. */
const project = join(import.meta.dirname, '..');
await rm(join(project, 'dist'), { recursive: true, force: true });
const { status } = spawnSync(
  process.execPath,
  [join(project, 'node_modules/typescript/bin/tsc'), '-p', join(project, 'tsconfig.build.json')],
  { stdio: 'inherit' },
);
process.exitCode = status ?? 1;
