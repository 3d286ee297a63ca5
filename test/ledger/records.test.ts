import { expect, test } from 'vitest';
import { heldByOperator } from '../../src/ledger/records.ts';
import {
  asked,
  at,
  claimed,
  delivering,
  made,
  mailTo,
  now,
  removeSettled,
} from '../support/ledger-samples.ts';
import { useLedgers } from '../support/ledger.ts';

/** What the ledger keeps beside editions: steps of runs, tokens, secrets, and who changed what. */
const ledgers = useLedgers();
const { id } = asked();
const later = at('2021-08-30T05:00:00Z');

test('steps are kept in their order, once, and go with their edition', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const claim = await claimed(ledger);
  const step = (run: number, number: number, name: string) => ({
    edition: id,
    run,
    number,
    step: name,
    at: now,
  });
  await ledger.addSteps([]);
  await ledger.addSteps([step(1, 1, 'select'), step(1, 2, 'chart')]);
  await ledger.addSteps([step(2, 1, 'select'), step(1, 2, 'chart')]);
  // Of an edition that was removed meanwhile nobody asks.
  await ledger.addSteps([{ ...step(1, 1, 'select'), edition: 'weekly/1999-01-03' }]);
  expect(await ledger.steps(id)).toEqual([step(1, 1, 'select'), step(1, 2, 'chart'), step(2, 1, 'select')]);
  await ledger.settleEdition(claim, { outcome: 'held', reason: '' }, { now, alert: null });
  expect(await removeSettled(ledger, later)).toHaveLength(1);
  expect(await ledger.steps(id)).toEqual([]);
});

test('a secret is the first that was offered, for every process', async () => {
  await using opened = await (await ledgers.fresh()).several(2);
  const [one, other] = opened.ledgers;
  const found = await Promise.all([one!.secret('session', 'a'), other!.secret('session', 'b')]);
  expect(found[0]).toBe(found[1]);
  expect(await one!.secret('session', 'c')).toBe(found[0]);
  expect(await one!.secret('another', 'c')).toBe('c');
});

test('a change stays on record when its edition is removed, without the address it was about', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  await delivering(ledger, mailTo('ana@example.org'));
  const entry = await ledger.recordChange({
    at: now,
    who: 'ann',
    what: 'resend',
    edition: id,
    details: { to: 'ana@example.org', delivery: 'x' },
  });
  expect(await ledger.audit({})).toMatchObject([
    { id: entry, outcome: 'begun', details: { to: 'ana@example.org' } },
  ]);
  await ledger.closeChange(entry, 'done');
  await ledger.forgetAddresses(now);
  expect(await ledger.audit({ who: 'ann' })).toMatchObject([
    { outcome: 'done', details: { to: 'ana@example.org' } },
  ]);
  await ledger.forgetAddresses(later);
  expect((await ledger.audit({ edition: id }))[0]?.details).toEqual({ delivery: 'x' });
  const visibility = { markings: ['TLP:CLEAR'], briefs: ['weekly'] } as const;
  expect(await ledger.audit({ visibility })).toHaveLength(1);
  for (const { id: delivery } of await ledger.deliveries({}))
    await ledger.moveDelivery(delivery, { from: ['pending'], to: 'cancelled', reason: null, now });
  await removeSettled(ledger, later);
  expect(await ledger.audit({})).toHaveLength(1);
  // Nobody can tell any more how it was marked.
  expect(await ledger.audit({ visibility })).toEqual([]);
});

test('an edition that was only looked at before it was due goes out when it is', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const wished = asked({ origin: 'request', slot: null, reach: 'none' });
  const due = () =>
    ledger.openSlots('weekly', { now, plan: () => ({ cursor: later, due: [asked()], skipped: [] }) });
  await ledger.openSlots('weekly', { now, plan: (cursor) => ({ cursor, due: [], skipped: [] }) });
  const before = await claimed(ledger, wished);
  await ledger.settleEdition(before, made(), { now, alert: null });
  expect(await ledger.edition(id)).toMatchObject({ state: 'rendered' });

  expect(await due()).toMatchObject([{ id, origin: 'schedule', slot: now, reach: 'all', state: 'queued' }]);
  const claim = await ledger.claimEdition(id, { job: 'job-2', now });
  await ledger.settleEdition(claim!, made(mailTo('ana@example.org')), { now, alert: null });
  expect(await ledger.edition(id)).toMatchObject({ state: 'delivering' });
});

test('one that is being looked at as it falls due is begun again; one that goes out anyway is left alone', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const due = (asOf: string, cursor: Date) =>
    ledger.openSlots('weekly', { now, plan: () => ({ cursor, due: [asked({ asOf })], skipped: [] }) });
  const open = await claimed(ledger, { origin: 'request', slot: null, reach: 'none' });
  expect(await due('2021-08-22', later)).toMatchObject([{ state: 'queued', reach: 'all' }]);
  expect(await ledger.settleEdition(open, made(), { now, alert: null })).toBe(false);

  await ledger.request([asked({ asOf: '2021-08-29', origin: 'request', slot: null })], now);
  expect(await due('2021-08-29', at('2021-09-06T05:00:00Z'))).toEqual([]);
  expect(await ledger.edition('weekly/2021-08-29')).toMatchObject({ origin: 'request', reach: 'all' });
});

test('an edition that the operator puts on hold stays on hold when it is due, and goes to everybody when it is released', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  await ledger.openSlots('weekly', { now, plan: (cursor) => ({ cursor, due: [], skipped: [] }) });
  await ledger.request([asked({ origin: 'request', reach: 'none' })], now);
  await ledger.moveEdition(id, { from: ['queued'], to: 'held', reason: heldByOperator, now });
  const plan = () => ({ cursor: later, due: [asked()], skipped: [] });
  expect(await ledger.openSlots('weekly', { now, plan })).toMatchObject([
    { id, origin: 'schedule', reach: 'all', state: 'held', reason: heldByOperator },
  ]);
  expect(await ledger.claimEdition(id, { job: 'job', now })).toBeUndefined();
  await ledger.moveEdition(id, { from: ['held'], to: 'queued', reason: null, now });
  expect(await ledger.claimEdition(id, { job: 'job', now })).toMatchObject({ edition: { reach: 'all' } });
});

test('one that a backfill made for folders alone goes to everybody when it is due', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const archive = mailTo('archive', { channel: 'folder' });
  await ledger.openSlots('weekly', { now, plan: (cursor) => ({ cursor, due: [], skipped: [] }) });
  const before = await claimed(ledger, { origin: 'backfill', reach: 'folders' });
  await ledger.settleEdition(before, made(archive), { now, alert: null });
  const [put] = await ledger.deliveries({});
  const sending = await ledger.claimDelivery(put!.id, { job: 'job', now });
  await ledger.settleDelivery(sending!.delivery, { state: 'sent', reason: 'there' }, { now, alert: null });
  expect(await ledger.edition(id)).toMatchObject({ state: 'done' });

  const plan = () => ({ cursor: later, due: [asked()], skipped: [] });
  expect(await ledger.openSlots('weekly', { now, plan })).toMatchObject([
    { id, origin: 'schedule', reach: 'all', state: 'queued' },
  ]);
  const claim = await ledger.claimEdition(id, { job: 'job-2', now });
  const both = made(archive, mailTo('ana@example.org'));
  await ledger.settleEdition(claim!, { ...both, outcome: 'unchanged' }, { now, alert: null });
  const states = (await ledger.deliveries({})).map(({ address, state }) => `${address} ${state}`);
  expect(states.toSorted()).toEqual(['ana@example.org pending', 'archive sent']);
});
