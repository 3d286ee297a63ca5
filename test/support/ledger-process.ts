import { once } from 'node:events';
import { openEmbeddedLedger, openServerLedger } from '../../src/ledger/open.ts';
import { asked, at, now } from './ledger-samples.ts';

// Run by the ledger's tests in processes of their own: opens a ledger, says so, waits for a line, and then looks for
// slots, claims a refresh or goes on holding it.
const [, , place = '', task] = process.argv;
const onError = (error: Error) => console.error(error);
await using ledger = place.startsWith('postgres')
  ? await openServerLedger(place, { onError })
  : await openEmbeddedLedger(place, { onError });
console.log('open');
await once(process.stdin, 'data');
if (task === 'slots') {
  const due = ['2021-08-01', '2021-08-08', '2021-08-15', '2021-08-22'].map((asOf) => asked({ asOf }));
  const added = await ledger.openSlots('weekly', {
    now: at('2021-07-31T00:00:00Z'),
    // As a schedule does it: nothing is due that lies before the cursor.
    plan: (cursor) => ({ cursor: now, due: cursor < now ? due : [], skipped: [] }),
  });
  console.log(JSON.stringify(added.map(({ id }) => id)));
}
if (task === 'refresh')
  await ledger.work({
    editionsAtOnce: 1,
    deliveriesAtOnce: 1,
    refreshesAtOnce: 1,
    edition: () => Promise.resolve(),
    delivery: () => Promise.resolve(),
    async refresh({ id, job }) {
      if (await ledger.claimRefresh(id, { job, now })) console.log('claimed');
      // Until it is killed.
      await new Promise(() => setInterval(() => {}, 60_000));
    },
  });
if (task === 'refresh') await new Promise(() => {});
process.stdin.destroy();
