import { promises } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

// Run by the ledger's tests in a process of its own: restores or writes a snapshot of the ledger in a folder, and is
// killed before the step of that number which changes the folder. It ends by itself when there are fewer steps.
const [, , folder = '', task = '', killedAt = ''] = process.argv;
let steps = 0;
const countStep = (): void => {
  steps += 1;
  if (steps === Number(killedAt)) process.kill(process.pid, 'SIGKILL');
};
const { openEmbeddedLedger, restoreSnapshot } = await import('../../src/ledger/open.ts');
const begin = (): void => {
  for (const name of ['rename', 'rm', 'copyFile', 'writeFile', 'open'] as const) {
    const change: (...args: never[]) => unknown = promises[name];
    const counted = (...args: never[]): unknown => {
      countStep();
      return change(...args);
    };
    Object.assign(promises, { [name]: counted });
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
