import { describe, expect, test } from 'vitest';
import type { Ledger, Opening } from '../../src/ledger/types.ts';
import { asked, at, claimed, delivering, made, mailTo, now } from '../support/ledger-samples.ts';
import { useLedgers } from '../support/ledger.ts';

/** The contract of a ledger, on whichever backend the tests run. */
const ledgers = useLedgers();
const later = at('2021-08-23T05:01:00Z');
const quiet = { now: later, alert: null };
const retried = {
  outcome: 'retried',
  reason: 'The browser failed.',
  code: 'browser-failed',
  afterSeconds: 60,
} as const;

const weeks = ['2021-08-08', '2021-08-15', '2021-08-22'].map((asOf) => asked({ asOf }));
const allWeeks = (): Opening => ({ cursor: now, due: weeks, skipped: [] });

describe('asking', () => {
  test('an edition exists once, however often it is asked for', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    expect(await ledger.request([asked(), asked()], now)).toEqual(['weekly/2021-08-22']);
    expect(await ledger.request([asked({ origin: 'backfill', reach: 'none' })], later)).toEqual([]);
    expect(await ledger.editions({})).toEqual([
      {
        ...asked(),
        state: 'queued',
        reason: null,
        attempt: 0,
        requestedAt: now,
        startedAt: null,
        renderedAt: null,
        settledAt: null,
        folder: null,
        sha256: null,
        pages: null,
        card: null,
        needsApproval: false,
        approvedSha256: null,
      },
    ]);
  });

  test('brief, day, paper and parameters are its identity: another id is no other edition', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const parameters = { actor: 'isis-k', year: '2021' };
    await ledger.request([asked({ parameters })], now);
    const others = [
      asked({ id: 'other', parameters: { year: '2021', actor: 'isis-k' } }),
      asked({ id: 'x' }),
    ];
    expect(await ledger.request(others, now)).toEqual(['x']);
  });

  describe('after the paper of its brief was changed from A4 to Letter', () => {
    const before = at('2021-08-16T12:00:00Z');
    const slot = asked({ paper: 'Letter' });
    const open = async (ledger: Ledger) => {
      const nothing = { due: [], skipped: [] };
      await ledger.openSlots('weekly', { now: before, plan: (cursor) => ({ cursor, ...nothing }) });
      return ledger.openSlots('weekly', { now, plan: () => ({ ...nothing, cursor: now, due: [slot] }) });
    };
    const byRequest = { origin: 'request', slot: null, reach: 'none' } as const;

    test('a slot takes over the copy on Letter that somebody asked for', async () => {
      await using ledger = await (await ledgers.fresh()).open();
      const id = 'weekly/2021-08-22-Letter';
      await ledger.request([asked({ ...byRequest, id, paper: 'Letter' })], before);
      expect(await open(ledger)).toMatchObject([{ id, origin: 'schedule', reach: 'all', slot: now }]);
      expect(await ledger.editions({})).toHaveLength(1);
    });

    test('a slot is made on Letter beside the copy on A4 that somebody asked for', async () => {
      await using ledger = await (await ledgers.fresh()).open();
      await ledger.request([asked(byRequest)], before);
      expect(await open(ledger)).toMatchObject([
        { id: 'weekly/2021-08-22-Letter', paper: 'Letter', slot: now },
      ]);
      expect(await ledger.edition('weekly/2021-08-22')).toMatchObject({ paper: 'A4', origin: 'request' });
      expect(await open(ledger)).toEqual([]);
    });

    test('a day that was issued on A4 is not issued again', async () => {
      await using ledger = await (await ledgers.fresh()).open();
      await ledger.request([asked()], before);
      expect(await open(ledger)).toEqual([]);
      expect(await ledger.request([{ ...slot, origin: 'backfill' }], now)).toEqual([]);
      expect(await ledger.editions({})).toHaveLength(1);
    });

    test('a copy on Letter has a name of its own', async () => {
      await using ledger = await (await ledgers.fresh()).open();
      await ledger.request([asked()], before);
      const copy = { ...slot, ...byRequest };
      expect(await ledger.request([copy], now)).toEqual(['weekly/2021-08-22-Letter']);
      expect(await ledger.request([copy], now)).toEqual([]);
    });
  });

  test('a revision is kept beside the one that it replaces, each once', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const { id } = asked();
    const replaces = { edition: id, revision: 1, asOf: null };
    const correction = { revision: 2, asOf: '2021-09-10', replaces, rows: ['F07'] };
    const revised = asked({ id: `${id}-r2`, origin: 'correction', correction });
    await expect(ledger.request([revised], now)).rejects.toThrow('foreign key');
    await ledger.request([asked(), asked({ asOf: '2021-08-15' })], now);
    expect(await ledger.request([revised], now)).toEqual([revised.id]);
    expect(await ledger.request([revised, { ...revised, id: 'other' }], now)).toEqual([]);
    for (const each of [id, revised.id])
      expect(await ledger.revisions(each)).toMatchObject([
        { id, correction: null },
        { id: revised.id, correction },
      ]);
    // The newest period first, and of a period the newest revision; so also part by part.
    const inOrder = [revised.id, id, 'weekly/2021-08-15'];
    expect((await ledger.editions({ limit: 3 })).map((each) => each.id)).toEqual(inOrder);
    const after = { asOf: '2021-08-22', revision: 2, id: revised.id };
    expect((await ledger.editions({ after })).map((each) => each.id)).toEqual(inOrder.slice(1));
    const further = { ...after, revision: 1, id };
    expect((await ledger.editions({ after: further })).map((each) => each.id)).toEqual(inOrder.slice(2));
  });

  test('two that ask at once make it once', async () => {
    await using group = await (await ledgers.fresh()).several(3);
    const asking = group.ledgers.map((ledger) => ledger.request(weeks, now));
    expect((await Promise.all(asking)).flat().toSorted()).toEqual(weeks.map(({ id }) => id));
  });
});

describe('slots', () => {
  test('a brief begins at the first look, and goes on from where it was', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const seen: Date[] = [];
    const plan = (next: Date) => (cursor: Date) => {
      seen.push(cursor);
      return { cursor: next, due: [], skipped: [] };
    };
    await ledger.openSlots('weekly', { now, plan: plan(now) });
    await ledger.openSlots('weekly', { now: later, plan: plan(later) });
    await ledger.openSlots('weekly', { now: at('2030-01-01T00:00:00Z'), plan: plan(later) });
    expect(seen).toEqual([now, now, later]);
    expect(await ledger.cursors()).toEqual([{ brief: 'weekly', slot: later }]);
  });

  test('queues slots that are due, and records skipped ones with their reason', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const [first, second] = weeks;
    const added = await ledger.openSlots('weekly', {
      now: at('2021-08-01T00:00:00Z'),
      plan: () => ({ cursor: now, due: [second!], skipped: [{ edition: first!, reason: 'Too late.' }] }),
    });
    expect(added).toMatchObject([
      { id: first?.id, state: 'skipped', reason: 'Too late.' },
      { id: second?.id, state: 'queued', reason: null, settledAt: null },
    ]);
    expect(await ledger.claimEdition(first!.id, { job: 'job', now })).toBeUndefined();
  });

  test('a plan that throws leaves everything as it was', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const fault = new Error('no plan');
    const plan = () => {
      throw fault;
    };
    await expect(ledger.openSlots('weekly', { now, plan })).rejects.toBe(fault);
    expect(await ledger.cursors()).toEqual([]);

    const broken = (): Opening => ({
      ...allWeeks(),
      due: [...weeks, asked({ asOf: '2021-08-29', partOf: 'x' })],
    });
    await expect(
      ledger.openSlots('weekly', { now: at('2021-08-01T00:00:00Z'), plan: broken }),
    ).rejects.toThrow(/foreign key/);
    expect(await ledger.cursors()).toEqual([]);
    expect(await ledger.editions({})).toEqual([]);

    // The word to the operator is part of it: there is no slot whose being late nobody hears of.
    const alert = () => {
      throw fault;
    };
    const late = { now: at('2021-08-01T00:00:00Z'), plan: allWeeks, alert };
    await expect(ledger.openSlots('weekly', late)).rejects.toBe(fault);
    expect(await ledger.editions({})).toEqual([]);
    expect(await ledger.reconcile()).toBe(0);
  });

  test('three schedulers at once make each slot once', async () => {
    await using group = await (await ledgers.fresh()).several(3);
    const before = at('2021-08-01T00:00:00Z');
    const cursors: Date[] = [];
    const look = (ledger: Ledger) =>
      ledger.openSlots('weekly', {
        now: before,
        // As a schedule does it: nothing is due that lies before the cursor.
        plan: (cursor) => {
          cursors.push(cursor);
          return cursor < now ? allWeeks() : { cursor, due: [], skipped: [] };
        },
      });
    const nothing = (cursor: Date) => ({ cursor, due: [], skipped: [] });
    await group.ledgers[0]!.openSlots('weekly', { now: before, plan: nothing });
    const added = (await Promise.all([...group.ledgers, ...group.ledgers].map(look))).filter(
      (editions) => editions.length > 0,
    );
    expect(added.map((editions) => editions.map(({ id }) => id))).toEqual([weeks.map(({ id }) => id)]);
    // Each waited for the one before it.
    expect(cursors).toEqual([before, now, now, now, now, now]);
    expect(await group.ledgers[0]!.counts()).toEqual({
      editions: { queued: 3 },
      deliveries: {},
      queuedRequests: 0,
      oldestOpen: now,
    });
  });
});

describe('making', () => {
  test('an edition is in one pair of hands', async () => {
    await using group = await (await ledgers.fresh()).several(3);
    const [ledger] = group.ledgers;
    await ledger!.request([asked()], now);
    const claims = await Promise.all(
      group.ledgers.map((each, index) => each.claimEdition(asked().id, { job: `job-${index}`, now })),
    );
    expect(claims.filter((claim) => claim !== undefined)).toMatchObject([
      { run: 1, edition: { id: asked().id, state: 'rendering', attempt: 1, startedAt: now } },
    ]);
    expect(await ledger!.claimEdition(asked().id, { job: 'late', now })).toBeUndefined();
    expect(await ledger!.claimEdition('none', { job: 'late', now })).toBeUndefined();
  });

  test('a job that is retaken goes on, and the run before is lost and settles nothing', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const first = await claimed(ledger);
    const second = await ledger.claimEdition(asked().id, { job: 'job-1', now: later });
    expect(second).toMatchObject({ run: 2, edition: { attempt: 2 } });
    expect(await ledger.settleEdition(first, made(mailTo('a@example.org')), quiet)).toBe(false);
    expect(await ledger.deliveries({})).toEqual([]);
    expect(await ledger.settleEdition(second!, made(), quiet)).toBe(true);
    expect(await ledger.settleEdition(second!, made(), quiet)).toBe(false);
    expect(await ledger.runs({})).toMatchObject([
      { number: 2, outcome: 'made', endedAt: later, reason: null },
      { number: 1, outcome: 'lost', endedAt: later, reason: 'The process ended during the run.' },
    ]);
  });

  test('a run that was cancelled settles nothing, not even when the edition is asked for again', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const first = await claimed(ledger);
    const { id } = first.edition;
    const cancel = { from: ['rendering'], to: 'cancelled', reason: 'Enough.', now: later } as const;
    expect(await ledger.moveEdition(id, cancel)).toBe(true);
    expect(await ledger.settleEdition(first, made(), quiet)).toBe(false);
    expect(await ledger.runs({})).toMatchObject([{ outcome: 'cancelled', reason: 'Enough.' }]);
    await ledger.moveEdition(id, { from: ['cancelled'], to: 'queued', reason: null, now: later });
    const second = await ledger.claimEdition(id, { job: 'job-2', now: later });
    // Attempts are counted from the start again, so that both were the first.
    expect(second?.edition.attempt).toBe(first.edition.attempt);
    expect(await ledger.settleEdition(first, made(), quiet)).toBe(false);
    expect(await ledger.settleEdition(second!, made(), quiet)).toBe(true);
  });

  test('records a generated edition with one delivery for each target', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const claim = await claimed(ledger);
    const [one, other] = [mailTo('a@example.org'), mailTo('b@example.org', { heldBecause: 'No settings.' })];
    await ledger.settleEdition(claim, made(one, other, one), quiet);
    expect(await ledger.edition(claim.edition.id)).toMatchObject({
      state: 'delivering',
      renderedAt: later,
      settledAt: null,
      attempt: 0,
      folder: 'output/weekly/2021-08-22',
      pages: 2,
      card: { issue: '2021-W33' },
    });
    const { heldBecause: _, ...fields } = one;
    const deliveries = await ledger.deliveries({ edition: claim.edition.id });
    expect(deliveries).toHaveLength(2);
    expect(deliveries).toContainEqual(
      expect.objectContaining({ ...fields, state: 'pending', reason: null, attempt: 0, createdAt: later }),
    );
    expect(deliveries).toContainEqual(
      expect.objectContaining({ address: 'b@example.org', state: 'held', reason: 'No settings.' }),
    );
    expect(await ledger.addDeliveries(claim.edition.id, [one, other], later)).toEqual([]);
    const [copy] = await ledger.addDeliveries(claim.edition.id, [{ ...one, copy: 1 }], later);
    expect(deliveries.map(({ id }) => id)).not.toContain(copy);
  });

  test('an edition without targets is rendered, and that is all', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    await ledger.settleEdition(await claimed(ledger), made(), quiet);
    expect(await ledger.edition(asked().id)).toMatchObject({ state: 'rendered', settledAt: later });
    expect(await ledger.counts()).toMatchObject({ oldestOpen: null });
  });

  test.each([
    [{ outcome: 'skipped', reason: 'Nothing is new.' }],
    [{ outcome: 'held', reason: 'One.\nTwo.' }],
    [{ outcome: 'failed', reason: 'The browser.' }],
  ] as const)('%o ends it, and the operator hears of it once', async (making) => {
    await using ledger = await (await ledgers.fresh()).open();
    const alert = mailTo('operator@example.org', { content: 'held' });
    const claim = await claimed(ledger);
    expect(await ledger.settleEdition(claim, making, { now: later, alert })).toBe(true);
    expect(await ledger.edition(asked().id)).toMatchObject({
      state: making.outcome,
      reason: making.reason,
      settledAt: later,
    });
    expect(await ledger.runs({ state: making.outcome })).toMatchObject([{ reason: making.reason }]);
    expect(await ledger.deliveries({ state: 'pending' })).toMatchObject([{ content: 'held' }]);
    await ledger.moveEdition(asked().id, { from: [making.outcome], to: 'queued', reason: null, now: later });
    const again = await ledger.claimEdition(asked().id, { job: 'job-2', now: later });
    await ledger.settleEdition(again!, making, { now: later, alert });
    expect(await ledger.deliveries({})).toHaveLength(1);
  });

  test('a notice is made of a period that brought nothing', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const making = {
      ...made(mailTo('a@example.org', { content: 'notice' })),
      outcome: 'notice',
      folder: null,
    } as const;
    await ledger.settleEdition(await claimed(ledger), making, quiet);
    expect(await ledger.edition(asked().id)).toMatchObject({
      state: 'delivering',
      reason: 'Nothing is new: a notice goes out in its place.',
    });
    expect(await ledger.runs({})).toMatchObject([{ outcome: 'notice' }]);
  });

  test('an edition fans out into others, each once', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const claim = await claimed(ledger);
    const child = (actor: string) =>
      asked({ id: `weekly/${actor}`, parameters: { actor }, partOf: claim.edition.id });
    await ledger.request([child('b')], now);
    const making = {
      outcome: 'fanned-out',
      editions: ['a', 'b', 'a'].map(child),
      reason: '2 actors.',
    } as const;
    expect(await ledger.settleEdition(claim, making, quiet)).toBe(true);
    expect(await ledger.edition(claim.edition.id)).toMatchObject({ state: 'done', reason: '2 actors.' });
    expect(await ledger.editions({ state: 'queued' })).toMatchObject([
      { id: 'weekly/a', partOf: claim.edition.id, parameters: { actor: 'a' } },
      { id: 'weekly/b' },
    ]);
  });

  test('attempts are counted until it is made', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const first = await claimed(ledger);
    expect(await ledger.settleEdition(first, retried, quiet)).toBe(true);
    expect(await ledger.edition(asked().id)).toMatchObject({
      state: 'queued',
      reason: retried.reason,
      attempt: 1,
    });
    const second = await ledger.claimEdition(asked().id, { job: 'job-2', now: later });
    expect(second).toMatchObject({ run: 2, edition: { attempt: 2, reason: null } });
    expect(await ledger.runs({ state: 'retried' })).toMatchObject([{ number: 1, reason: retried.reason }]);
  });
});

describe('deciding', () => {
  const ana = mailTo('ana@example.org');
  const decision = { decision: 'approved', user: 'ana', namedBy: 'system', claimedName: null, now } as const;
  const waiting = { ...made(ana), needsApproval: true };
  const all = Array.from({ length: 8 }, (_, week) =>
    asked({ asOf: `2021-06-${String(week + 1).padStart(2, '0')}` }),
  );
  const seen = all.map(({ id }) => ({ id, sha256: waiting.sha256 ?? '' }));

  test('on several is done to all of them or to none', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    for (const { asOf } of all) await ledger.settleEdition(await claimed(ledger, { asOf }), waiting, quiet);
    const [first, , third] = seen;
    const altered = seen.map((each) => (each === third ? { ...each, sha256: 'f'.repeat(64) } : each));
    const unknown = { id: 'weekly/2020-01-05', sha256: waiting.sha256 ?? '' };
    expect(await ledger.decide([...altered, unknown], decision)).toEqual({
      outdated: [third?.id, unknown.id],
    });
    for (const { id } of seen) expect(await ledger.approvals(id)).toEqual([]);
    expect(await ledger.deliveries({ state: 'pending' })).toEqual([]);
    expect(await ledger.decide(seen, decision)).toMatchObject({ moved: { length: 16, 0: first?.id } });
    expect(await ledger.deliveries({ state: 'pending' })).toHaveLength(8);
  });

  test('on the same in another order at the same moment waits for nobody in vain', async () => {
    await using group = await (await ledgers.fresh()).several(2);
    const [one, other] = group.ledgers;
    for (const { asOf } of all) await one!.settleEdition(await claimed(one!, { asOf }), waiting, quiet);
    // What must not happen depends on how the two meet.
    for (let round = 1; round <= 10; round += 1)
      await Promise.all([one!.decide(seen, decision), other!.decide(seen.toReversed(), decision)]);
    for (const { id } of seen) expect(await one!.approvals(id)).toHaveLength(20);
  });
});

describe('delivering', () => {
  const [ana, ben] = [mailTo('ana@example.org'), mailTo('ben@example.org')];
  const sent = { state: 'sent', reason: '250' } as const;

  test('a delivery is in one pair of hands, and written down before it goes out', async () => {
    await using group = await (await ledgers.fresh()).several(3);
    const [ledger] = group.ledgers;
    const [id = ''] = await delivering(ledger!, ana);
    const claims = await Promise.all(
      group.ledgers.map((each, index) => each.claimDelivery(id, { job: `job-${index}`, now })),
    );
    expect(claims.filter((claim) => claim !== undefined)).toMatchObject([
      { delivery: { id, state: 'sending', attempt: 1, sendingAt: now }, edition: { id: asked().id } },
    ]);
    expect(await ledger!.deliveries({ state: 'sending' })).toHaveLength(1);
  });

  test('two deliveries that end at the same moment close the edition', async () => {
    await using group = await (await ledgers.fresh()).several(2);
    const [one, other] = group.ledgers;
    // What must not happen depends on how the two meet.
    for (let week = 1; week <= 20; week += 1) {
      const asOf = `2021-06-${String(week).padStart(2, '0')}`;
      const claim = await claimed(one!, { asOf });
      await one!.settleEdition(claim, made(ana, ben), quiet);
      const found = await one!.deliveries({ edition: claim.edition.id });
      const claims = await Promise.all(found.map(({ id }) => one!.claimDelivery(id, { job: id, now })));
      await Promise.all([
        one!.settleDelivery(claims[0]!.delivery, sent, quiet),
        other!.settleDelivery(claims[1]!.delivery, sent, quiet),
      ]);
      expect(await one!.edition(claim.edition.id)).toMatchObject({ state: 'done', settledAt: later });
    }
  });

  test('one that bounced touches no other, and nobody receives again', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const ids = await delivering(ledger, ana, ben);
    const alert = mailTo('operator@example.org', { content: 'failed' });
    const bounced = { state: 'bounced', reason: '550 unknown' } as const;
    const [a, b] = await Promise.all(ids.map((id) => ledger.claimDelivery(id, { job: id, now })));
    expect(await ledger.settleDelivery(a!.delivery, bounced, { now: later, alert })).toBe(true);
    expect(await ledger.edition(asked().id)).toMatchObject({ state: 'delivering' });
    expect(await ledger.settleDelivery(b!.delivery, sent, quiet)).toBe(true);
    expect(await ledger.edition(asked().id)).toMatchObject({ state: 'done' });
    for (const id of ids) expect(await ledger.claimDelivery(id, { job: id, now })).toBeUndefined();
    expect(await ledger.counts()).toMatchObject({
      editions: { done: 1 },
      deliveries: { sent: 1, bounced: 1 },
    });
    expect(await ledger.deliveries({ state: 'pending' })).toMatchObject([{ content: 'failed' }]);
  });

  test('a delivery on hold keeps the edition open', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const [id = ''] = await delivering(ledger, ana);
    const { delivery } = (await ledger.claimDelivery(id, { job: 'job', now }))!;
    await ledger.settleDelivery(delivery, { state: 'held', reason: 'No settings.' }, quiet);
    expect(await ledger.edition(asked().id)).toMatchObject({ state: 'delivering' });
    await ledger.moveDelivery(id, { from: ['held'], to: 'cancelled', reason: 'No.', now: later });
    expect(await ledger.edition(asked().id)).toMatchObject({ state: 'done', settledAt: later });
  });

  test('a delivery found in sending is marked as interrupted, with the same id, and is no further attempt', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const [id = ''] = await delivering(ledger, ana);
    const first = await ledger.claimDelivery(id, { job: 'job', now });
    expect(first?.interrupted).toBe(false);
    expect(await ledger.claimDelivery(id, { job: 'other', now })).toBeUndefined();
    const second = await ledger.claimDelivery(id, { job: 'job', now: later });
    expect(second?.interrupted).toBe(true);
    expect(second?.delivery).toMatchObject({ id, attempt: 1, state: 'sending', sendingAt: later });
    expect(await ledger.settleDelivery(first!.delivery, sent, quiet)).toBe(false);
    expect(await ledger.settleDelivery(second!.delivery, sent, quiet)).toBe(true);
  });

  test('that it may have arrived stays on record, until somebody says that it did not', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const [id = ''] = await delivering(ledger, ana);
    const take = async (job: string) => (await ledger.claimDelivery(id, { job, now }))!.delivery;
    const may = async () => (await ledger.deliveries({}))[0]?.mayHaveArrived;
    const again = { state: 'retried', reason: 'Cut.', afterSeconds: 60 } as const;
    await ledger.settleDelivery(await take('a'), again, quiet);
    expect(await may()).toBe(false);
    await ledger.settleDelivery(await take('b'), { ...again, mayHaveArrived: true }, quiet);
    await ledger.settleDelivery(await take('c'), { state: 'failed', reason: '451' }, quiet);
    expect(await may()).toBe(true);
    const back = { from: ['failed'], to: 'pending', reason: null, now } as const;
    await ledger.moveDelivery(id, back);
    expect(await may()).toBe(true);
    const away = { from: ['pending'], to: 'cancelled', reason: null, now } as const;
    await ledger.moveDelivery(id, { ...away, didNotArrive: true });
    expect(await may()).toBe(false);
    // Its process ended while it was being sent.
    await ledger.moveDelivery(id, { ...back, from: ['cancelled'] });
    expect((await take('d')).mayHaveArrived).toBe(false);
    expect((await take('d')).mayHaveArrived).toBe(true);
  });

  test('an attempt that is outdated settles nothing, though as many were made since', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const [id = ''] = await delivering(ledger, ana);
    const first = await ledger.claimDelivery(id, { job: 'job', now });
    const away = { from: ['sending'], to: 'held', reason: null, now: later } as const;
    await ledger.moveDelivery(id, away);
    await ledger.moveDelivery(id, { ...away, from: ['held'], to: 'pending' });
    const second = await ledger.claimDelivery(id, { job: 'job-2', now: later });
    expect(second?.delivery.attempt).toBe(first?.delivery.attempt);
    expect(await ledger.settleDelivery(first!.delivery, sent, quiet)).toBe(false);
    expect(await ledger.settleDelivery(second!.delivery, sent, quiet)).toBe(true);
  });

  test('what may pass comes back', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const [id = ''] = await delivering(ledger, ana);
    const { delivery } = (await ledger.claimDelivery(id, { job: 'job', now }))!;
    await ledger.settleDelivery(delivery, { state: 'retried', reason: '451', afterSeconds: 60 }, quiet);
    expect(await ledger.deliveries({})).toMatchObject([
      { state: 'pending', reason: '451', settledAt: null, attempt: 1 },
    ]);
    expect(await ledger.reconcile()).toBe(0);
    const again = await ledger.claimDelivery(id, { job: 'job-2', now: later });
    expect(again?.delivery.attempt).toBe(2);
  });

  test('an alert does not keep the edition open', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const [id = ''] = await delivering(ledger, ana);
    await ledger.addDeliveries(asked().id, [mailTo('operator@example.org', { content: 'late' })], now);
    const { delivery } = (await ledger.claimDelivery(id, { job: 'job', now }))!;
    await ledger.settleDelivery(delivery, sent, quiet);
    expect(await ledger.edition(asked().id)).toMatchObject({ state: 'done' });
  });
});

describe('moving', () => {
  test('an edition moves only from the states that are named', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    await ledger.request([asked()], now);
    const { id } = asked();
    const hold = { from: ['queued'], to: 'held', reason: 'Wait.', now: later } as const;
    expect(await ledger.moveEdition(id, { ...hold, from: ['failed', 'cancelled'] })).toBe(false);
    expect(await ledger.moveEdition(id, hold)).toBe(true);
    expect(await ledger.moveEdition(id, hold)).toBe(false);
    expect(await ledger.edition(id)).toMatchObject({ state: 'held', reason: 'Wait.', settledAt: later });
    expect(await ledger.claimEdition(id, { job: 'job', now })).toBeUndefined();
    await ledger.moveEdition(id, { from: ['held'], to: 'queued', reason: null, now: later });
    expect(await ledger.edition(id)).toMatchObject({ state: 'queued', reason: null, settledAt: null });
    expect(await ledger.moveEdition('none', hold)).toBe(false);
  });

  test('a delivery that is retried opens its edition again, and an alert does not', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const [id = ''] = await delivering(ledger, mailTo('ana@example.org'));
    const [alert = ''] = await ledger.addDeliveries(
      asked().id,
      [mailTo('op@example.org', { content: 'late' })],
      now,
    );
    const cancel = { from: ['pending'], to: 'cancelled', reason: null, now: later } as const;
    const back = { from: ['cancelled'], to: 'pending', reason: null, now: later } as const;
    for (const each of [id, alert]) expect(await ledger.moveDelivery(each, cancel)).toBe(true);
    expect(await ledger.edition(asked().id)).toMatchObject({ state: 'done' });
    await ledger.moveDelivery(alert, back);
    expect(await ledger.edition(asked().id)).toMatchObject({ state: 'done', settledAt: later });
    await ledger.moveDelivery(id, back);
    expect(await ledger.edition(asked().id)).toMatchObject({ state: 'delivering', settledAt: null });
    expect(await ledger.moveDelivery(id, back)).toBe(false);
  });
});

describe('pruning', () => {
  test('removes editions that ended before, with their runs and deliveries, and keeps open ones', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const settle = async (asOf: string, instant: Date) => {
      const claim = await claimed(ledger, { asOf });
      await ledger.settleEdition(claim, made(), {
        now: instant,
        alert: mailTo('op@example.org', { content: 'late' }),
      });
      const [alert] = await ledger.deliveries({ edition: claim.edition.id });
      await ledger.moveDelivery(alert!.id, {
        from: ['pending'],
        to: 'cancelled',
        reason: null,
        now: instant,
      });
      return claim.edition.id;
    };
    const old = await settle('2021-08-08', at('2021-08-09T00:00:00Z'));
    const recent = await settle('2021-08-22', now);
    const busy = await settle('2021-07-25', at('2021-07-26T00:00:00Z'));
    await ledger.addDeliveries(busy, [mailTo('ana@example.org', { copy: 1 })], now);
    await ledger.request([asked({ asOf: '2021-08-01' })], at('2021-08-02T00:00:00Z'));
    const before = at('2021-08-20T00:00:00Z');
    const removable = await ledger.removableEditions(before);
    expect(removable).toMatchObject([{ id: old, folder: 'output/weekly/2021-08-22' }]);
    // One of them is in use again since they were listed.
    expect(await ledger.removeEditions([old, busy], before)).toBe(false);
    expect(await ledger.removableEditions(before)).toEqual(removable);
    expect(await ledger.removeEditions([old], before)).toBe(true);
    expect((await ledger.editions({})).map(({ id }) => id)).toEqual([recent, 'weekly/2021-08-01', busy]);
    expect(await ledger.runs({ edition: old })).toEqual([]);
    expect(await ledger.deliveries({ edition: old })).toEqual([]);
  });

  test('the record of a backfill keeps its days when addresses are forgotten', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const days = { brief: 'weekly', from: '2021-08-02', to: '2021-08-22', deliver: false };
    const common = { at: now, who: 'test', edition: null };
    await ledger.recordChange({ ...common, what: 'backfill', details: days });
    await ledger.recordChange({ ...common, what: 'resend', details: { to: 'ana@example.org' } });
    await ledger.forgetAddresses(at('2022-01-01T00:00:00Z'));
    expect((await ledger.audit({})).map(({ details }) => details)).toEqual([{}, days]);
  });

  test('removes addresses of earlier deliveries, also from what servers answered', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const [address, waiting] = ['o\\brien@example.org', 'ana@example.org'];
    const ids = await delivering(ledger, mailTo(address), mailTo(waiting));
    const { delivery } = (await ledger.claimDelivery(ids[0]!, { job: 'job', now }))!;
    await ledger.settleDelivery(delivery, { state: 'bounced', reason: `550 <${address}>: unknown` }, quiet);
    expect(await ledger.forgetAddresses(later)).toBe(0);
    const after = at('2021-08-24T00:00:00Z');
    expect(await ledger.forgetAddresses(after)).toBe(1);
    expect(await ledger.forgetAddresses(after)).toBe(0);
    const deliveries = await ledger.deliveries({});
    expect(deliveries).toContainEqual(expect.objectContaining({ address: waiting, state: 'pending' }));
    expect(deliveries).toContainEqual(
      expect.objectContaining({
        id: ids[0],
        address: expect.stringMatching(/^forgotten:[0-9a-f]{16}$/),
        target: {},
        reason: '550 <the address>: unknown',
      }),
    );
    expect(JSON.stringify(deliveries)).not.toContain('brien');
  });
});

test('a list has all entries, so that a cancelled edition goes to nobody', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const many = Array.from({ length: 1001 }, (_, index) => mailTo(`reader-${index}@example.org`));
  await ledger.settleEdition(await claimed(ledger), made(...many), quiet);
  expect(await ledger.deliveries({ edition: asked().id })).toHaveLength(many.length);
  expect(await ledger.deliveries({ edition: asked().id, limit: 3 })).toHaveLength(3);
});

test('lists are filtered, and the newest come first', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  await ledger.request([...weeks, asked({ brief: 'daily', asOf: '2021-08-23' })], now);
  const ids = async (filter: Parameters<typeof ledger.editions>[0]) =>
    (await ledger.editions(filter)).map(({ id }) => id);
  const newest = weeks.map(({ id }) => id).toReversed();
  expect(await ids({})).toEqual(['daily/2021-08-23', ...newest]);
  expect(await ids({ brief: 'weekly', state: 'queued' })).toEqual(newest);
  expect(await ids({ brief: 'weekly', limit: 1 })).toEqual(newest.slice(0, 1));
  expect(await ids({ state: 'held' })).toEqual([]);
  expect(await ledger.edition('none')).toBeUndefined();
  const claim = await claimed(ledger, { brief: 'hourly' });
  await ledger.settleEdition(claim, made(mailTo('ana@example.org')), quiet);
  expect(await ledger.runs({ brief: 'hourly', state: 'made' })).toHaveLength(1);
  expect(await ledger.runs({ brief: 'weekly' })).toEqual([]);
  expect(await ledger.deliveries({ brief: 'hourly' })).toHaveLength(1);
  expect(await ledger.deliveries({ brief: 'weekly' })).toEqual([]);
});
