import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { DeliveryDependencies } from '../../src/delivery/deliver-edition.ts';
import { openMail } from '../../src/delivery/mail.ts';
import { sendDelivery } from '../../src/delivery/send-alerts.ts';
import { hashOf } from '../../src/hash.ts';
import type { NewDelivery } from '../../src/ledger/records.ts';
import { migrateServer, openServerLedger } from '../../src/ledger/open.ts';
import type { Ledger } from '../../src/ledger/types.ts';
import { type House, openHouse, operator, smallPdf } from '../support/house.ts';
import { asked, claimed, made, mailTo, now } from '../support/ledger-samples.ts';
import { isServer, useLedgers } from '../support/ledger.ts';
import { locale } from '../support/locale.ts';
import { bareServer } from '../support/mail-server.ts';
import { startPostgres } from '../support/postgres-server.ts';

const ledgers = useLedgers();
const never = new AbortController().signal;

/** A house in which an edition was made, of a real PDF, that has these deliveries. */
async function houseWith(ledger: Ledger, deliveries: readonly NewDelivery[], change: object = {}) {
  const house = await openHouse(ledger);
  const folder = join(house.out, 'weekly/2021-08-22');
  const file = join(folder, 'a.pdf');
  await mkdir(folder, { recursive: true });
  const pdf = await smallPdf();
  await writeFile(file, pdf);
  const claim = await claimed(ledger);
  const making = { ...made(...deliveries), folder, sha256: hashOf(pdf), ...change };
  await ledger.settleEdition(claim, making, { now, alert: null });
  return { house, folder, file, pdf };
}

/** Sends one delivery as a worker would, with a job of its own each time; gives what it comes to. */
async function send(house: House, address: string, signal = never) {
  const { ledger } = house.forDelivery;
  const found = async () => (await ledger.deliveries({})).find((each) => each.address === address);
  const before = await found();
  await sendDelivery({ id: before?.id ?? '', job: `job-${before?.attempt}`, signal }, house.forDelivery);
  return found();
}
const ana = mailTo('ana@example.org');

test('a message contains the generated edition, which nothing may overwrite afterwards', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const { house, folder, file, pdf } = await houseWith(ledger, [ana]);
  house.answer = () => {
    expect(existsSync(join(folder, '.delivered'))).toBe(true);
    return { outcome: 'sent', reason: '250 OK' };
  };
  const settled = await send(house, ana.address);
  expect(settled).toMatchObject({ state: 'sent', reason: '250 OK', attempt: 1, settledAt: now });
  expect(house.messages).toEqual([
    {
      id: settled?.id,
      kind: 'edition',
      edition: 'weekly/2021-08-22',
      brief: 'weekly',
      asOf: '2021-08-22',
      title: 'Weekly',
      issue: '2021-W33',
      marking: 'TLP:CLEAR',
      correction: null,
      paragraphs: ['It is so.'],
      highlights: null,
      pdf: {
        name: 'a.pdf',
        content: await readFile(file),
        sha256: hashOf(pdf),
        url: 'https://sitrep.example/weekly/2021-08-22',
      },
    },
  ]);
  expect(await ledger.edition(asked().id)).toMatchObject({ state: 'done' });
  await send(house, ana.address);
  expect(house.messages).toHaveLength(1);
  expect(JSON.stringify(house.told)).not.toContain(ana.address);
});

test('a message has the pictures that were stored with the edition, in its language; an altered one is left out', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const png = Buffer.from('a picture');
  const picture = { name: 'hero.png', sha256: hashOf(png), width: 2, height: 2, alt: 'Bars' };
  const { card } = made();
  const highlights = {
    language: 'en-US',
    publisher: null,
    colours: { ink: '#000000', accent: '#000000' },
    headline: 'It is so',
    judgments: [],
    hero: { ...picture, caption: 'Bars' },
    logo: { ...picture, name: 'logo.png' },
  };
  const bo = mailTo('bo@example.org');
  const { house, folder } = await houseWith(ledger, [ana, bo], { card: { ...card, highlights } });
  await writeFile(join(folder, 'hero.png'), png);
  await writeFile(join(folder, 'logo.png'), 'altered');
  await send(house, ana.address);
  await rm(join(folder, 'hero.png'));
  await send(house, bo.address);
  const [first, second] = house.messages.map((message) => message.highlights);
  expect(first).toMatchObject({ headline: 'It is so', hero: { content: png, alt: 'Bars' }, logo: null });
  expect(first?.locale.tag).toBe('en-US');
  expect(second).toMatchObject({ hero: null, logo: null });
});

describe('an edition that was altered, or that a target may not see, is put on hold', () => {
  test.each([
    ['the PDF was changed', (file: string) => writeFile(file, 'another')],
    ['the PDF is gone', (file: string) => rm(file)],
  ])('%s', async (_, spoil) => {
    await using ledger = await (await ledgers.fresh()).open();
    const { house, file, folder } = await houseWith(ledger, [ana]);
    await spoil(file);
    expect(await send(house, ana.address)).toMatchObject({
      state: 'held',
      reason: `The PDF in ${folder} is missing or was changed. Restore the file.`,
    });
    expect(house.messages).toEqual([]);
    expect(existsSync(join(folder, '.delivered'))).toBe(false);
  });

  test('the edition is marked above the clearance of its target', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const card = { ...made().card, marking: 'TLP:AMBER' };
    const { house } = await houseWith(ledger, [ana], { card });
    expect(await send(house, ana.address)).toMatchObject({
      state: 'held',
      reason: 'The edition is marked TLP:AMBER and the target is cleared for TLP:CLEAR.',
    });
    expect(house.messages).toEqual([]);
  });

  test('the address was forgotten', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const { house } = await houseWith(ledger, [ana]);
    const quiet = { ...house, forDelivery: { ...house.forDelivery, operator: null } };
    house.answer = () => ({ outcome: 'bounced', reason: '550' });
    const bounced = await send(quiet, ana.address);
    await ledger.forgetAddresses(new Date(now.getTime() + 1));
    const back = { from: ['bounced'], to: 'pending', reason: null, now } as const;
    await ledger.moveDelivery(bounced?.id ?? '', back);
    const [{ address } = ana] = await ledger.deliveries({});
    house.messages.length = 0;
    expect(await send(house, address)).toMatchObject({
      state: 'held',
      reason: 'The address was removed at the end of its retention period.',
    });
    expect(house.messages).toEqual([]);
  });

  test('the channel says so', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const { house } = await houseWith(ledger, [ana]);
    house.answer = () => ({ outcome: 'held', reason: 'There are no SMTP settings.' });
    expect(await send(house, ana.address)).toMatchObject({
      state: 'held',
      reason: 'There are no SMTP settings.',
    });
    expect(await ledger.edition(asked().id)).toMatchObject({ state: 'delivering' });
    const contents = (await ledger.deliveries({})).map(({ content }) => content);
    expect(new Set(contents)).toEqual(new Set(['edition', 'undelivered']));
    expect(contents).toHaveLength(2);
  });
});

describe('when the arrival is unknown', () => {
  const cut = { outcome: 'unknown', reason: 'The connection was cut.' } as const;

  test('it is sent again with the same id', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const { house } = await houseWith(ledger, [ana]);
    house.answer = () => cut;
    expect(await send(house, ana.address)).toMatchObject({ state: 'pending', reason: cut.reason });
    house.answer = () => ({ outcome: 'sent', reason: '250' });
    expect(await send(house, ana.address)).toMatchObject({ state: 'sent', attempt: 2 });
    expect(house.messages[1]).toEqual(house.messages[0]);
  });

  test('it is remembered, whatever comes of the tries after that', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const { house } = await houseWith(ledger, [ana, mailTo('ben@example.org')]);
    house.answer = () => cut;
    expect(await send(house, ana.address)).toMatchObject({ state: 'pending', mayHaveArrived: true });
    house.answer = () => ({ outcome: 'deferred', reason: '451 busy' });
    await send(house, 'ben@example.org');
    house.time = new Date(now.getTime() + 5 * 86_400_000);
    for (const address of [ana.address, 'ben@example.org']) await send(house, address);
    const found = Object.fromEntries((await ledger.deliveries({})).map((each) => [each.address, each]));
    expect(found[ana.address]).toMatchObject({
      state: 'failed',
      reason: 'Tried 2 times in 5 days. 451 busy. It may have arrived.',
      mayHaveArrived: true,
    });
    expect(found['ben@example.org']).toMatchObject({
      state: 'failed',
      reason: 'Tried 2 times in 5 days. 451 busy',
      mayHaveArrived: false,
    });
  });

  test('it is sent eight times at most, however many tries were refused in between', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const { house } = await houseWith(ledger, [ana]);
    house.answer = () => ({ outcome: 'deferred', reason: '451 busy' });
    for (let attempt = 1; attempt <= 10; attempt += 1) await send(house, ana.address);
    house.answer = () => cut;
    for (let copy = 1; copy < 8; copy += 1)
      expect(await send(house, ana.address)).toMatchObject({ state: 'pending', unanswered: copy });
    expect(await send(house, ana.address)).toMatchObject({
      state: 'failed',
      attempt: 18,
      reason: expect.stringContaining('It may have arrived.'),
    });
  });

  test('it is put on hold if the target asks for that', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const { house } = await houseWith(ledger, [mailTo('cara@example.org', { hold: true })]);
    house.answer = () => cut;
    expect(await send(house, 'cara@example.org')).toMatchObject({
      state: 'held',
      reason: 'The connection was cut. It may have arrived.',
    });
  });

  test('a delivery that ended its process twenty times is sent once more and then put on hold', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const { house } = await houseWith(ledger, [ana, mailTo('bea@example.org')]);
    const [first, second] = await ledger.deliveries({});
    // Taken once, and then found in sending again and again; to send it is to take it once more.
    const lose = async (id: string | undefined, times: number) => {
      for (let time = 0; time < times; time += 1) await ledger.claimDelivery(id ?? '', { job: 'job-1', now });
    };
    await lose(first?.id, 20);
    await lose(second?.id, 21);
    expect(await send(house, first?.address ?? '')).toMatchObject({ state: 'sent', interruptions: 20 });
    expect(await send(house, second?.address ?? '')).toMatchObject({
      state: 'held',
      reason: 'The process ended 21 times while sending. It may have arrived.',
    });
    expect(house.messages).toHaveLength(1);
  });

  test('so is one that was being sent when its process ended, unseen, and the operator hears of it', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const { house } = await houseWith(ledger, [mailTo('cara@example.org', { hold: true }), ana]);
    for (const { id } of await ledger.deliveries({})) await ledger.claimDelivery(id, { job: 'job-1', now });
    expect(await send(house, 'cara@example.org')).toMatchObject({
      state: 'held',
      reason: 'The process ended while sending. It may have arrived.',
    });
    expect(house.messages).toEqual([]);
    expect(await send(house, ana.address)).toMatchObject({ state: 'sent', attempt: 1 });
    expect(await send(house, operator)).toMatchObject({ content: 'undelivered', state: 'sent' });
    expect(house.messages.at(-1)?.paragraphs).toContainEqual(
      expect.stringMatching(/^Delivery [0-9a-f]{8} \(email\) is on hold: The process ended/),
    );
  });

  test('the channel says so once it has handed over, also when the process is stopped', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const { house } = await houseWith(ledger, [mailTo('cara@example.org', { hold: true })]);
    const stop = new AbortController();
    house.answer = () => {
      stop.abort(new Error('stopped'));
      return { outcome: 'unknown', reason: 'The mail server had it all.' };
    };
    expect(await send(house, 'cara@example.org', stop.signal)).toMatchObject({
      state: 'held',
      mayHaveArrived: true,
      reason: 'The mail server had it all. It may have arrived.',
    });
  });
});

describe('while nothing has been handed over', () => {
  const cara = mailTo('cara@example.org', { hold: true });
  const unsent = { state: 'pending', attempt: 0, mayHaveArrived: false };
  const stoppedBy = (stop: AbortController) => {
    stop.abort(new Error('stopped'));
    return Promise.reject(new Error('stopped'));
  };

  test.each<[string, (house: House, stop: AbortController) => Partial<DeliveryDependencies>]>([
    ['its PDF is read', (_, stop) => ({ readEditionFile: () => stoppedBy(stop) })],
    ['it is marked as delivered', (_, stop) => ({ markDelivered: () => stoppedBy(stop) })],
    [
      'it has just been marked',
      ({ forDelivery }, stop) => ({
        markDelivered: async (...args) => {
          const marked = await forDelivery.markDelivered(...args);
          stop.abort(new Error('stopped'));
          return marked;
        },
      }),
    ],
    ['the channel rejects', (_, stop) => ({ deliver: () => stoppedBy(stop) })],
  ])('a stop as %s gives the delivery back, and no attempt is counted', async (_, change) => {
    await using ledger = await (await ledgers.fresh()).open();
    const { house } = await houseWith(ledger, [cara]);
    const stop = new AbortController();
    const stopped = { ...house, forDelivery: { ...house.forDelivery, ...change(house, stop) } };
    expect(await send(stopped, cara.address, stop.signal)).toMatchObject(unsent);
    expect(house.messages).toEqual([]);
    expect(await ledger.deliveries({})).toHaveLength(1);
    expect(await send(house, cara.address)).toMatchObject({
      state: 'sent',
      attempt: 1,
      mayHaveArrived: false,
    });
  });

  test('a stop while mail still connects gives it back', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const { house } = await houseWith(ledger, [cara]);
    const stop = new AbortController();
    let bytes = 0;
    // A mail server that takes the connection and never says a word.
    const { port } = await bareServer((socket) => {
      socket.on('data', (data) => (bytes += data.length));
      stop.abort(new Error('stopped'));
    });
    await using mail = openMail(
      {
        from: { name: 'Sitrep', address: 'sitrep@example.org' },
        unsubscribe: null,
        domains: ['example.org'],
        maxBytes: 10_000_000,
        smtp: { host: '127.0.0.1', port, secure: false, requireTls: false, login: null },
      },
      { now: () => now, locale },
    );
    const forDelivery = { ...house.forDelivery, deliver: mail.deliver };
    expect(await send({ ...house, forDelivery }, cara.address, stop.signal)).toMatchObject(unsent);
    expect(bytes).toBe(0);
  });

  test('what takes too long is tried again, and has not arrived', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const { house } = await houseWith(ledger, [cara]);
    house.answer = (_, signal) => {
      const { promise, reject } = Promise.withResolvers<never>();
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener('abort', () => reject(signal.reason));
      return promise;
    };
    const impatient = { ...house, forDelivery: { ...house.forDelivery, timeoutMs: 20 } };
    expect(await send(impatient, cara.address)).toMatchObject({
      state: 'pending',
      reason: 'It took too long.',
      mayHaveArrived: false,
    });
  });
});

describe.runIf(isServer)('a PostgreSQL server that is down when the message was accepted', () => {
  test.each(['fast', 'immediate'] as const)('is waited for, and nothing goes out twice (%s)', async (how) => {
    await using server = await startPostgres();
    await migrateServer(server.url, { onError: () => {} });
    await using ledger = await openServerLedger(server.url, { onError: () => {} });
    const { house } = await houseWith(ledger, [ana]);
    house.answer = async () => {
      if (house.messages.length === 1) await server.stop(how);
      return { outcome: 'sent', reason: '250 OK' };
    };
    const notRecorded = Promise.withResolvers<void>();
    const watched: Ledger = {
      ...ledger,
      settleDelivery: (...given) =>
        ledger.settleDelivery(...given).catch((error: unknown) => {
          notRecorded.resolve();
          throw error;
        }),
    };
    const nothing = () => Promise.resolve();
    await using _worker = await ledger.work({
      edition: nothing,
      refresh: nothing,
      delivery: (job) => sendDelivery(job, { ...house.forDelivery, ledger: watched }),
      editionsAtOnce: 1,
      deliveriesAtOnce: 2,
      refreshesAtOnce: 1,
    });
    await notRecorded.promise;
    await server.start();
    await vi.waitFor(async () =>
      expect(await ledger.deliveries({})).toMatchObject([{ state: 'sent', interruptions: 0 }]),
    );
    expect(house.messages).toHaveLength(1);
  });
});

test('an edition that was replaced after it was read is not sent, nor marked', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const { house, folder, file } = await houseWith(ledger, [ana]);
  const replaced: DeliveryDependencies['readEditionFile'] = async (...args) => {
    const pdf = await house.forDelivery.readEditionFile(...args);
    await writeFile(file, 'another');
    return pdf;
  };
  const forDelivery = { ...house.forDelivery, readEditionFile: replaced };
  expect(await send({ ...house, forDelivery }, ana.address)).toMatchObject({
    state: 'held',
    reason: `The PDF in ${folder} is missing or was changed. Restore the file.`,
  });
  expect(house.messages).toEqual([]);
  expect(existsSync(join(folder, '.delivered'))).toBe(false);
});

describe('what is refused', () => {
  test('is tried for five days, with pauses from 5 minutes to 4 hours, and then fails for good', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const { house } = await houseWith(ledger, [ana, mailTo('ben@example.org')]);
    house.answer = () => ({ outcome: 'deferred', reason: '451 busy' });
    for (const address of [ana.address, 'ben@example.org']) {
      house.time = now;
      const pausesMinutes: number[] = [];
      let delivery = await send(house, address);
      while (delivery?.state === 'pending') {
        expect(delivery.reason).toBe('451 busy');
        const next = delivery.nextTryAt ?? now;
        pausesMinutes.push((next.getTime() - house.time.getTime()) / 60_000);
        house.time = next;
        delivery = await send(house, address);
      }
      // The tests' lots are drawn highest: each pause is a quarter longer than its half.
      expect(pausesMinutes.slice(0, 8)).toEqual([6.25, 12.5, 25, 50, 100, 200, 240, 240]);
      expect(Math.max(...pausesMinutes)).toBe(240);
      expect(house.time.getTime() - now.getTime()).toBe(5 * 86_400_000);
      expect(delivery).toMatchObject({
        state: 'failed',
        reason: `Tried ${pausesMinutes.length + 1} times in 5 days. 451 busy`,
        nextTryAt: null,
      });
    }
    const alerts = (await ledger.deliveries({})).filter(({ content }) => content === 'undelivered');
    expect(alerts).toMatchObject([{ address: operator, channel: 'email', state: 'pending' }]);
    expect(await ledger.edition(asked().id)).toMatchObject({ state: 'done' });
  });

  test('is reported too after a message about another one was sent', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const { house } = await houseWith(ledger, [ana, mailTo('ben@example.org')]);
    const alerts = async () =>
      (await ledger.deliveries({})).filter(({ content }) => content === 'undelivered');
    house.answer = ({ kind }) =>
      kind === 'alert' ? { outcome: 'sent', reason: '250' } : { outcome: 'bounced', reason: '550' };
    await send(house, ana.address);
    await send(house, operator);
    expect(await alerts()).toMatchObject([{ state: 'sent' }]);
    await send(house, 'ben@example.org');
    expect((await alerts()).map(({ state }) => state).toSorted()).toEqual(['pending', 'sent']);
  });

  test('waits for its next try through a restart of the program', async () => {
    const place = await ledgers.fresh();
    const house = await (async () => {
      await using ledger = await place.open();
      const { house: first } = await houseWith(ledger, [ana]);
      first.answer = () => ({ outcome: 'deferred', reason: '451 busy' });
      first.time = new Date();
      await send(first, ana.address);
      return first;
    })();
    await using ledger = await place.open();
    await ledger.reconcile();
    const sent: string[] = [];
    await using _worker = await ledger.work({
      editionsAtOnce: 1,
      deliveriesAtOnce: 1,
      refresh: () => Promise.resolve(),
      refreshesAtOnce: 1,
      edition: () => Promise.resolve(),
      delivery: ({ id }) => Promise.resolve(void sent.push(id)),
    });
    // Another delivery, which is due at once: by the time it comes, the first would have come as well.
    await ledger.addDeliveries(asked().id, [mailTo('ben@example.org')], house.time);
    await vi.waitFor(() => expect(sent).toHaveLength(1), { timeout: 300_000 });
    const found = await ledger.deliveries({});
    expect(sent).toEqual([found.find(({ address }) => address === 'ben@example.org')?.id]);
    const waiting = found.find(({ address }) => address === ana.address);
    expect(waiting?.nextTryAt?.getTime()).toBeGreaterThan(house.time.getTime() + 299_000);
  });

  test('for good is not tried again', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const { house } = await houseWith(ledger, [ana, mailTo('ben@example.org')]);
    house.answer = ({ id }) =>
      id === house.messages[0]?.id
        ? { outcome: 'bounced', reason: '550' }
        : { outcome: 'sent', reason: '250' };
    expect(await send(house, ana.address)).toMatchObject({ state: 'bounced', reason: '550' });
    expect(await send(house, 'ben@example.org')).toMatchObject({ state: 'sent' });
    expect(await ledger.edition(asked().id)).toMatchObject({ state: 'done' });
    await send(house, ana.address);
    expect(house.messages).toHaveLength(2);
  });

  test('a fault of its own is tried again', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const { house } = await houseWith(ledger, [ana]);
    house.answer = () => Promise.reject(new Error('No space is left.'));
    expect(await send(house, ana.address)).toMatchObject({ state: 'pending', reason: 'No space is left.' });
  });
});

describe('word to the operator', () => {
  test('says that something is wrong with the edition, and what to do, but nothing that may quote it', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const house = await openHouse(ledger);
    const claim = await claimed(ledger);
    const alert = mailTo(operator, { content: 'held' });
    await ledger.settleEdition(claim, { outcome: 'held', reason: 'One.\nTwo.' }, { now, alert });
    expect(await send(house, operator)).toMatchObject({ state: 'sent' });
    expect(house.messages).toMatchObject([
      {
        kind: 'alert',
        title: 'Sitrep: weekly/2021-08-22 was put on hold',
        marking: 'TLP:CLEAR',
        paragraphs: [
          'weekly/2021-08-22 was put on hold. Its state is now: on hold.',
          '“sitrep runs --edition weekly/2021-08-22” shows why.',
          '“sitrep deliveries --edition weekly/2021-08-22” shows its deliveries. “sitrep retry weekly/2021-08-22” repeats what failed, and “sitrep release weekly/2021-08-22” continues what is on hold.',
        ],
        pdf: null,
      },
    ]);
  });

  test('that cannot be sent causes no more of it', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const { house } = await houseWith(ledger, []);
    await ledger.addDeliveries(asked().id, [mailTo(operator, { content: 'late' })], now);
    house.answer = () => ({ outcome: 'bounced', reason: '550' });
    expect(await send(house, operator)).toMatchObject({ state: 'bounced' });
    expect(await ledger.deliveries({})).toHaveLength(1);
    expect(await ledger.edition(asked().id)).toMatchObject({ state: 'rendered' });
  });
});

test('a notice goes out without a PDF', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const notice = mailTo('ana@example.org', { content: 'notice' });
  const card = { ...made().card, pdf: null, paragraphs: ['Nothing new became known.'] };
  const { house } = await houseWith(ledger, [notice], {
    outcome: 'notice',
    folder: null,
    sha256: null,
    card,
  });
  expect(await send(house, 'ana@example.org')).toMatchObject({ state: 'sent' });
  expect(house.messages).toMatchObject([
    { kind: 'notice', pdf: null, paragraphs: ['Nothing new became known.'] },
  ]);
});
