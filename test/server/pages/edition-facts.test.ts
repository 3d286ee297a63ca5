import { expect, test } from 'vitest';
import { openEditionService } from '../../../src/editions/service.ts';
import { thisMachine } from '../../../src/ledger/principal.ts';
import { factsOf, revisionsOf } from '../../../src/server/pages/edition-page.ts';
import { openHouse } from '../../support/house.ts';
import { delivering } from '../../support/ledger-samples.ts';
import { useLedgers } from '../../support/ledger.ts';
import { locale } from '../../support/locale.ts';

const ledgers = useLedgers();
const correctionOf = (revision: number, edition: string) => ({
  revision,
  asOf: `2021-08-2${revision + 3}`,
  replaces: { edition, revision: revision - 1, asOf: null },
  rows: ['F12'],
});

test('an edition links to the revision that replaces it, and a revision to the edition that it corrects', () => {
  const [first, second, third] = [
    { id: 'weekly/2021-08-22', correction: null },
    { id: 'weekly/2021-08-22-r2', correction: correctionOf(2, 'weekly/2021-08-22') },
    { id: 'weekly/2021-08-22-r3', correction: correctionOf(3, 'weekly/2021-08-22-r2') },
  ];
  const linesOf = (
    ...[edition, by]: [Parameters<typeof revisionsOf>[1], Parameters<typeof revisionsOf>[2]]
  ) => revisionsOf(locale, edition, by).map(({ says, link, more }) => `${says}: ${link.href}. ${more}`);
  expect(linesOf(first, null)).toEqual([]);
  expect(linesOf(first, second)).toEqual([
    'A corrected revision replaces this edition: /editions/weekly/2021-08-22-r2. It includes corrections up to 25 August 2021. This edition is no longer sent.',
  ]);
  expect(linesOf(second, third)).toEqual([
    'A corrected revision replaces this edition: /editions/weekly/2021-08-22-r3. It includes corrections up to 26 August 2021. This edition is no longer sent.',
    'This revision corrects an earlier edition: /editions/weekly/2021-08-22. It includes corrections up to 25 August 2021.',
  ]);
});

test('the time at which an edition was due is given in the time zone of its brief and in UTC', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  await delivering(ledger);
  const { context } = await openHouse(ledger);
  const edition = await openEditionService(context).edition(thisMachine, 'weekly/2021-08-22');
  const slot = (timeZone: string | undefined) =>
    factsOf(locale, edition, timeZone).find(({ label }) => label === 'Due');
  const at = { iso: '2021-08-23T05:00Z', text: '23 Aug 2021, 05:00 UTC' };
  expect(slot('Europe/London')).toEqual({ label: 'Due', text: 'Mon 23 Aug 2021, 06:00 BST', at });
  // Of a brief that cannot be read.
  expect(slot(undefined)).toEqual({ label: 'Due', text: '', at });
});
