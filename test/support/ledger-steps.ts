import { promises } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { copyFolder } from './copy.ts';

// Run by the ledger's tests in a process of its own: restores or writes a snapshot of the ledger in a folder. Before each
// step that changes the folder, and at the end, it copies the folder as a kill would leave it: into the folders 1, 2, 3 …
const [, , folder = '', task = '', into = ''] = process.argv;
let steps = 0;
const keep = (): void => copyFolder(folder, join(into, String((steps += 1))));
const { restoreSnapshot } = await import('../../src/ledger/embedded/folder.ts');
const { openEmbeddedLedger } = await import('../../src/ledger/open.ts');
const begin = (): void => {
  for (const name of ['rename', 'rm', 'copyFile', 'writeFile', 'open'] as const) {
    const change: (...args: never[]) => unknown = promises[name];
    const kept = (...args: never[]): unknown => {
      keep();
      return change(...args);
    };
    Object.assign(promises, { [name]: kept });
  }
  syncBuiltinESMExports();
};
if (task === 'restore') {
  begin();
  await restoreSnapshot(folder);
} else {
  await using ledger = await openEmbeddedLedger(folder, { onError: () => {} });
  begin();
  await ledger.snapshot();
}
keep();
