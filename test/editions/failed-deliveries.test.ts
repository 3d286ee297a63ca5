import { expect, test } from 'vitest';
import { operatorCommands } from '../../src/cli/operate.ts';
import { openEditionService } from '../../src/editions/service.ts';
import type { Caller } from '../../src/ledger/principal.ts';
import { saysOf } from '../../src/server/pages/format.ts';
import { overviewPage } from '../../src/server/pages/overview.ts';
import { openPages } from '../../src/server/pages/pages.ts';
import { openHouse, operator } from '../support/house.ts';
import { asked, delivering, mailTo, now } from '../support/ledger-samples.ts';
import { useLedgers } from '../support/ledger.ts';
import { worldOf } from '../support/page-dependencies.ts';
import { openWeb } from '../support/web.ts';
import { locale } from '../support/locale.ts';

const ledgers = useLedgers();
const caller: Caller = { name: 'test', may: 'operate', clearance: 'TLP:RED' };

/** One of three received it, one failed for good, one waits for its next try; and the operator was alerted. */
async function withFailure() {
  const ledger = await (await ledgers.fresh()).open();
  const addresses = ['ana@example.org', 'ben@example.org', 'cara@example.org'] as const;
  const ids = await delivering(ledger, ...addresses.map((address) => mailTo(address)));
  const settlements = [
    { state: 'sent', reason: '250' },
    { state: 'failed', reason: 'Tried 30 times.' },
    { state: 'retried', reason: '451', afterSeconds: 300 },
  ] as const;
  for (const [index, settlement] of settlements.entries()) {
    const claim = await ledger.claimDelivery(ids[index] ?? '', { job: `job-${index}`, now });
    if (claim === undefined) throw new Error(`${addresses[index]} could not be claimed.`);
    const alert = settlement.state === 'failed' ? mailTo(operator, { content: 'undelivered' }) : null;
    await ledger.settleDelivery(claim.delivery, settlement, { now, alert });
  }
  return ledger;
}

test('"runs" counts recipients, not alerts, and says how many received the edition', async () => {
  await using ledger = await withFailure();
  const { context } = await openHouse(ledger);
  const lines: string[] = [];
  const commands = operatorCommands({
    ...context,
    now,
    withLedger: (_, use) => use({ service: openEditionService(context), caller, isServed: true }),
    wait: () => Promise.resolve(),
    print: (line) => void lines.push(line),
  });
  await commands.runs({ limit: 10, out: '', json: false });
  expect(lines.join('\n')).toMatch(/weekly\/2021-08-22 +incomplete .* 1 of 3 received, 1 failed, 1 waiting/);
  await commands.runs({ limit: 10, out: '', json: true });
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject([
    {
      state: 'delivering',
      deliveries: { sent: 1, failed: 1, pending: 1 },
      recipients: { total: 3, received: 1, failed: 1, waiting: 1 },
    },
  ]);
});

test('the API and the pages say the same, and the overview counts what failed', async () => {
  await using ledger = await withFailure();
  const { context } = await openHouse(ledger);
  const service = openEditionService(context);
  const [edition] = (await service.editions(caller, {})).items;
  if (edition === undefined) throw new Error('There is no edition.');
  expect(edition.recipients).toEqual({ total: 3, received: 1, failed: 1, waiting: 1 });
  expect(saysOf(locale, edition)).toBe('Received by 1 of 3 recipients, 1 failed, 1 waiting.');
  const counts = await service.counts(caller);
  expect(counts.deliveries).toEqual({ sent: 1, failed: 1, pending: 1 });
  const view = await service.brief(caller, 'weekly');
  const page = overviewPage({
    caller,
    locale,
    briefs: [{ view, brief: null, latest: view.latest, pictured: null }],
    example: null,
    counts,
    sources: [],
  });
  expect(page.attention).toBe('1 delivery failed');
  expect(page.briefs).toMatchObject([
    {
      last: {
        state: { id: 'incomplete', name: 'Incomplete' },
        says: 'Received by 1 of 3 recipients, 1 failed, 1 waiting.',
      },
    },
  ]);
});

test('a recipient who got a later copy counts as one who received it', async () => {
  await using ledger = await withFailure();
  await ledger.addDeliveries(asked().id, [mailTo('ben@example.org', { copy: 1 })], now);
  const [copy] = (await ledger.deliveries({})).filter((each) => each.copy === 1 && each.state === 'pending');
  const claim = await ledger.claimDelivery(copy?.id ?? '', { job: 'job-copy', now });
  if (claim === undefined) throw new Error('The copy could not be claimed.');
  await ledger.settleDelivery(claim.delivery, { state: 'sent', reason: '250' }, { now, alert: null });
  const counts = await ledger.deliveryCounts([asked().id]);
  expect(counts.get(asked().id)).toEqual({ sent: 2, pending: 1 });
});

test('the page of deliveries shows what failed first, however much went out since', async () => {
  await using ledger = await withFailure();
  const house = await openHouse(ledger);
  const later = new Date(now.getTime() + 3_600_000);
  const mails = Array.from({ length: 60 }, (_, index) => mailTo(`later${index}@example.org`));
  await ledger.addDeliveries(asked().id, mails, later);
  await using web = await openWeb(house, { pages: (desk) => openPages(desk, worldOf(house)) });
  /** In their order; the buttons of a row name its address too. */
  const shown = async (path: string) => {
    const found = (await web.ask(path)).text.match(/[\w.]+@example\.org(?=<)/g) ?? [];
    return [...new Set(found)].filter((each) => each !== operator);
  };
  const [first, ...others] = await shown('/deliveries');
  expect(first).toBe('ben@example.org');
  expect(others).toHaveLength(50);
  expect(others).not.toContain('ben@example.org');
  const sent = await shown('/deliveries?state=sent');
  expect(sent).toEqual(['ana@example.org']);
});
