import { expect, test } from 'vitest';
import { openEditionService } from '../../../src/editions/service.ts';
import { thisMachine } from '../../../src/ledger/principal.ts';
import { factsOf, revisionsOf } from '../../../src/server/pages/edition-facts.ts';
import { openHouse } from '../../support/house.ts';
import { delivering } from '../../support/ledger-samples.ts';
import { useLedgers } from '../../support/ledger.ts';

const ledgers = useLedgers();
const correctionOf = (revision: number, edition: string) => ({
  revision,
  asOf: `2021-08-2${revision + 3}`,
  replaces: { edition, revision: revision - 1, asOf: null },
  rows: ['F12'],
});

test('an edition leads to what took its place, and a correction to what it corrects', () => {
  const [first, second, third] = [
    { id: 'weekly/2021-08-22', correction: null },
    { id: 'weekly/2021-08-22-r2', correction: correctionOf(2, 'weekly/2021-08-22') },
    { id: 'weekly/2021-08-22-r3', correction: correctionOf(3, 'weekly/2021-08-22-r2') },
  ];
  const told = (...[edition, by]: Parameters<typeof revisionsOf>) =>
    revisionsOf(edition, by).map(({ says, link, more }) => `${says} [${link.href}]${more}`);
  expect(told(first, null)).toEqual([]);
  expect(told(first, second)).toEqual([
    'A corrected revision took the place of this edition: [/editions/weekly/2021-08-22-r2] as of 25 August 2021. This one is not sent any more.',
  ]);
  expect(told(second, third)).toEqual([
    'A corrected revision took the place of this edition: [/editions/weekly/2021-08-22-r3] as of 26 August 2021. This one is not sent any more.',
    'This revision corrects [/editions/weekly/2021-08-22] as of 25 August 2021.',
  ]);
});

test('shows a slot in the time zone of its brief and in UTC', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  await delivering(ledger);
  const { context } = await openHouse(ledger);
  const edition = await openEditionService(context).edition(thisMachine, 'weekly/2021-08-22');
  const slot = (timeZone: string | undefined) =>
    factsOf(edition, timeZone).find(({ label }) => label === 'Slot');
  const at = { iso: '2021-08-23T05:00Z', text: '23 Aug 2021, 05:00 UTC' };
  expect(slot('Europe/London')).toEqual({ label: 'Slot', text: 'Mon, 23 Aug 2021, 06:00 BST', at });
  // Of a brief that cannot be read.
  expect(slot(undefined)).toEqual({ label: 'Slot', text: '', at });
});
