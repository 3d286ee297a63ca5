import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { openEmbeddedLedger } from '../../src/ledger/open.ts';
import { holdLedger, ledgerFolder } from '../../src/wiring/ledger-client.ts';
import { temporaryFolder } from '../support/dataset.ts';
import { isServer } from '../support/ledger.ts';
import { copyNewLedger } from '../support/new-ledger.ts';

const nothing = () => {};
const parts = { log: { info: nothing, warn: nothing, error: nothing }, stop: new AbortController().signal };
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => (error instanceof AppError ? error.code : error),
  );

test.skipIf(isServer)('"start" waits for a process that holds the ledger and is ending', async () => {
  const out = await temporaryFolder();
  await copyNewLedger(ledgerFolder(out));
  const program = join(import.meta.dirname, '../support/ledger-process.ts');
  const other = spawn(process.execPath, [program, ledgerFolder(out)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = once(other, 'exit');
  onTestFinished(async () => {
    other.kill('SIGKILL');
    await exit;
  });
  await once(other.stdout, 'data');
  expect(await codeOf(holdLedger(out, parts, { waitMs: 0 }))).toBe('ledger-in-use');

  const holding = holdLedger(out, parts);
  // The first edition gave up after 3 s: by then this one still waits.
  const impatient = openEmbeddedLedger(ledgerFolder(out), { onError: nothing, waitMs: 3_500 });
  expect(await codeOf(Promise.race([impatient, holding]))).toBe('ledger-in-use');
  other.stdin.end('go\n');
  await using ledger = await holding;
  expect(await ledger.editions({})).toEqual([]);
});
