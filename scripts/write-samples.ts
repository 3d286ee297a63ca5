import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Renews the sample PDFs in docs/samples/: the briefs as of 25 August 2021, and one of those that fan out. */
const project = join(import.meta.dirname, '..');
const samples = join(project, 'docs/samples');
const out = await mkdtemp(join(tmpdir(), 'sitrep-samples-'));
try {
  const rest = ['--as-of', '2021-08-25', '--format', 'pdf', '--out', out];
  for (const wanted of [
    ['al-qaeda-ties', 'celebrations', 'isis-quieting', 'weekly'],
    ['actor-sheet', '--param', 'actor=A-isis-k'],
  ]) {
    const command = ['src/main.ts', 'generate', ...wanted, ...rest];
    execFileSync(process.execPath, command, { cwd: project, stdio: 'inherit' });
  }
  await mkdir(samples, { recursive: true });
  for (const file of await readdir(out, { recursive: true, withFileTypes: true })) {
    if (!file.name.endsWith('.pdf')) continue;
    await copyFile(join(file.parentPath, file.name), join(samples, file.name));
  }
} finally {
  await rm(out, { recursive: true });
}
