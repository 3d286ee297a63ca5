import { expect, test } from 'vitest';
import { claimed, made, mailTo, now } from '../support/ledger-samples.ts';
import { isServer, useLedgers } from '../support/ledger.ts';

/** Two operators and a worker at once on one edition, each with another verb. */
const ledgers = useLedgers();
const quiet = { now, alert: null };
const ROUNDS = isServer ? 40 : 5;
const RECIPIENTS = 8;
const onHold = 'On hold.';

test('different verbs at once end in legal states, and none fails', { timeout: 120_000 }, async () => {
  const place = await ledgers.fresh();
  await using several = await place.several(3);
  const [one, two, worker] = several.ledgers;
  if (!one || !two || !worker) throw new Error('Three ledgers are needed.');
  const rejected: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const claim = await claimed(one, { brief: `b${round}`, job: `job-${round}` });
    const { id } = claim.edition;
    const mails = Array.from({ length: RECIPIENTS }, (_, index) => mailTo(`r${index}@example.org`));
    await one.settleEdition(claim, { ...made(...mails), needsApproval: true }, quiet);
    const deliveries = (await one.deliveries({ edition: id })).map((each) => each.id);
    expect(deliveries).toHaveLength(RECIPIENTS);
    const decided = { decision: 'approved', user: 'ann', namedBy: 'system', claimedName: null, now } as const;
    const results = await Promise.allSettled([
      one.decide([{ id, sha256: 'a'.repeat(64) }], decided),
      ...deliveries.map((each, index) =>
        index % 2 === 0
          ? two.moveDelivery(each, { from: ['waiting', 'pending'], to: 'held', reason: onHold, now })
          : two.moveDelivery(each, { from: ['waiting', 'pending'], to: 'cancelled', reason: null, now }),
      ),
      two.addDeliveries(id, [mailTo('operator@example.org', { content: 'late' })], now),
      one.moveEdition(id, { from: ['delivering'], to: 'queued', reason: null, onlyUnsent: true, now }),
      ...deliveries.map(async (each) => {
        const sending = await worker.claimDelivery(each, { job: `job-${each}`, now });
        if (sending) await worker.settleDelivery(sending.delivery, { state: 'sent', reason: '250' }, quiet);
      }),
    ]);
    for (const result of results) if (result.status === 'rejected') rejected.push(String(result.reason));

    const [edition] = await one.editions({ edition: id });
    const states = (await one.deliveries({ edition: id }))
      .filter(({ content }) => content === 'edition')
      .map(({ state }) => state);
    expect(states).toHaveLength(RECIPIENTS);
    // What is being made again has sent nothing; what is done has nothing left to send.
    if (edition?.state === 'queued') expect(states).not.toContain('sent');
    else if (states.some((state) => ['waiting', 'pending', 'sending', 'held'].includes(state)))
      expect(edition?.state).toBe('delivering');
    else expect(edition?.state).toBe('done');
  }
  expect(rejected).toEqual([]);
});

test('an edition that was approved meanwhile is not made again', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const claim = await claimed(ledger);
  const { id } = claim.edition;
  await ledger.settleEdition(claim, { ...made(mailTo('ana@example.org')), needsApproval: true }, quiet);
  const again = { from: ['delivering'], to: 'queued', reason: null, onlyUnsent: true, now } as const;
  const decided = { decision: 'approved', user: 'ann', namedBy: 'system', claimedName: null, now } as const;
  await ledger.decide([{ id, sha256: 'a'.repeat(64) }], decided);
  expect(await ledger.moveEdition(id, again)).toBe(false);
  await ledger.decide([{ id, sha256: 'a'.repeat(64) }], { ...decided, decision: 'disapproved' });
  expect(await ledger.moveEdition(id, again)).toBe(true);
});
