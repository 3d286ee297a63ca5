import { join } from 'node:path';
import { expect, test } from 'vitest';
import { operateBy } from '../../src/cli/remote.ts';
import { serveOperations } from '../../src/server/operations.ts';
import { temporaryFolder } from '../support/dataset.ts';
import { openHouse } from '../support/house.ts';
import { useLedgers } from '../support/ledger.ts';

const ledgers = useLedgers();

test('a command says what failed in the process that holds the ledger, such as a full disk', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const { office } = await openHouse(ledger);
  const runs = () => Promise.reject(new Error('could not extend file: No space left on device'));
  const socket = join(await temporaryFolder(), 'socket');
  await using _served = await serveOperations({ ...office, ledger: { ...ledger, editions: runs } }, socket);
  await expect(operateBy(socket)('runs', { limit: 1 })).rejects.toMatchObject({
    code: 'ledger-unusable',
    message: expect.stringContaining('No space left on device'),
  });
});
