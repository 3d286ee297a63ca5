import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadDataset } from '../../src/dataset/reading/read.ts';
import type { Message } from '../../src/delivery/message.ts';
import { sendDelivery } from '../../src/delivery/send-alerts.ts';
import type { Settlement } from '../../src/ledger/types.ts';
import { makeEdition } from '../../src/scheduler/make-edition.ts';
import { copyFolder } from '../support/copy.ts';
import { apply, copyOf, swap } from '../support/dataset.ts';
import {
  deliverTo,
  type House,
  commandsOn,
  type Commands,
  openHouse,
  refusalOf,
  scheduled,
} from '../support/house.ts';
import { asked, now, removeSettled } from '../support/ledger-samples.ts';
import { useLedgers } from '../support/ledger.ts';
import { readPage } from '../support/page.ts';

/** Corrections of what was delivered, from the invented rows that were revised in one week and withdrawn in the next. */
const ledgers = useLedgers();
const signal = new AbortController().signal;
const first = asked({ asOf: '2021-03-07' });
const { id } = first;
const second = `${id}-r2`;
const ofTests = (yaml: string): string => yaml.replace('dataset: afghanistan-2021', 'dataset: revised');
const targets = ['email: ana@example.org', 'email: ben@example.org', 'folder: archive'];

interface Site {
  readonly house: House;
  readonly ask: Commands;
  /** Makes what is asked for and sends what may go, as a worker would. */
  readonly work: () => Promise<void>;
  /** What went to recipients since it was last asked for. */
  readonly gone: () => readonly Message[];
  readonly statesOf: (edition: string) => Promise<{ [address: string]: string }>;
  readonly rewrite: (change: (yaml: string) => string) => Promise<void>;
}

/** A site at which the first edition was made and delivered: to Ana and the archive, and not to Ben. */
async function withSite(work: (site: Site) => Promise<void>, change = (yaml: string) => yaml): Promise<void> {
  await using ledger = await (await ledgers.fresh()).open();
  const weekly = (yaml: string) => change(deliverTo(...targets)(ofTests(yaml)));
  const house = await openHouse(ledger, { weekly });
  house.answer = ({ id: delivery }) =>
    delivery === bounces ? { outcome: 'bounced', reason: '550' } : { outcome: 'sent', reason: '250' };
  let [bounces, job] = ['', 0];
  const site: Site = {
    house,
    ask: commandsOn(house.context),
    work: async () => {
      for (const edition of await ledger.editions({ state: 'queued' }))
        await makeEdition({ id: edition.id, job: `make-${(job += 1)}`, signal }, house.forEditions);
      for (const delivery of await ledger.deliveries({ state: 'pending' })) {
        if (delivery.address.startsWith('ben@')) bounces = delivery.id;
        await sendDelivery({ id: delivery.id, job: `send-${(job += 1)}`, signal }, house.forDelivery);
      }
    },
    gone: () => house.messages.splice(0).filter(({ kind }) => kind !== 'alert'),
    statesOf: async (edition) =>
      Object.fromEntries(
        (await ledger.deliveries({ edition }))
          .filter(({ content }) => content === 'edition')
          .map(({ address, state }) => [address, state]),
      ),
    rewrite: async (edit) => {
      const file = join(house.templates, 'weekly/brief.yaml');
      await writeFile(file, edit(await readFile(file, 'utf8')));
    },
  };
  await ledger.request([first], now);
  await site.work();
  await work(site);
}
const pageOf = async ({ out }: House, edition: string): Promise<string> =>
  readFile(join(out, edition, `${edition.replace('/', '-')}.html`), 'utf8');
const refusedWith = (problem: unknown) => ({ code: 'operation-refused', faults: [{ problem }] });

test('a revision goes to exactly those who received the issue before, whatever the brief says by now', async () => {
  await withSite(async ({ house, ask, work, gone, statesOf, rewrite }) => {
    expect(await statesOf(id)).toEqual({
      'ana@example.org': 'sent',
      'ben@example.org': 'bounced',
      archive: 'sent',
    });
    const before = gone();
    await rewrite((yaml) => yaml.replace('email: ana@example.org', 'email: dora@example.org'));
    const answer = await ask.reissue(id);
    expect(answer).toMatchObject({
      edition: second,
      replaces: id,
      asOf: '2021-03-21',
      recipients: 2,
      forgotten: 0,
      passedOver: ['H-all'],
    });
    await work();
    expect(await statesOf(second)).toEqual({ 'ana@example.org': 'sent', archive: 'sent' });
    const sent = gone();
    expect(sent).toHaveLength(2);
    for (const message of sent) {
      const { follows, ...correction } = message.correction!;
      expect(correction).toMatchObject({ revision: 2, asOf: '2021-03-21', replaces: id });
      expect(correction.changes).toContain(
        'revised: Operations claimed since 1 February 2021 (M-claims): at least 12, now at least 15',
      );
      expect(before.map((each) => each.id)).toContain(follows[0]);
      expect(follows).toHaveLength(1);
    }
    expect(new Set(sent.flatMap(({ correction }) => correction?.follows)).size).toBe(2);
    expect(await house.context.ledger.edition(second)).toMatchObject({
      state: 'done',
      origin: 'correction',
      asOf: '2021-03-07',
      correction: { revision: 2, replaces: { edition: id, revision: 1, asOf: null } },
    });
  });
});

test('it says on its first page what it is and what changed, and what it replaces stays as it was', async () => {
  await withSite(async ({ house, ask, work }) => {
    const pdf = () => readFile(join(house.out, id, 'weekly-2021-03-07.pdf'));
    const [before, bytes] = [await pageOf(house, id), await pdf()];
    await ask.reissue(id, '2021-03-14');
    await work();
    expect(await pageOf(house, id)).toBe(before);
    expect((await pdf()).equals(bytes)).toBe(true);
    expect(before).not.toContain('evision');

    const { text } = readPage(await pageOf(house, second));
    expect(text).toContain(
      'Revision 2 of No. 2021-W09, corrected as of 14 March 2021. It replaces revision 1.',
    );
    expect(text).toContain('3 revised, 0 withdrawn');
    expect(text).toMatch(/revised Front and hosts meet: February 2021, now 17 February 2021 \(11.Mar.2021\)/);
    expect(text).toContain('at least 15 operations');
    // It still ends where it ended.
    expect(text).toContain('cut-off 7 March 2021');
    expect(text).not.toContain('Video of the press');
    const manifest = await house.context.readManifest(join(house.out, second));
    expect(manifest?.correction).toMatchObject({
      revision: 2,
      asOf: '2021-03-14',
      replaces: { edition: id },
      changes: [
        { id: 'E-meeting' },
        { id: 'M-claims', change: 'revised', known_on: '2021-03-12' },
        { id: 'S-claims', table: 'sources' },
      ],
    });
  });
});

test('the next correction replaces the last one and lists what changed since then', async () => {
  await withSite(async ({ house, ask, work, gone, statesOf }) => {
    await ask.reissue(id, '2021-03-14');
    await work();
    gone();
    const third = `${id}-r3`;
    // By whichever revision it is named.
    expect(await ask.reissue(id)).toMatchObject({ edition: third, replaces: second, recipients: 2 });
    await work();
    expect(await statesOf(third)).toEqual({ 'ana@example.org': 'sent', archive: 'sent' });
    expect(gone().map(({ correction }) => correction?.follows.length)).toEqual([2, 2]);
    const { text } = readPage(await pageOf(house, third));
    expect(text).toContain('It replaces revision 2.');
    expect(text).toMatch(/withdrawn Raid in Jalalabad/);
    expect(text).not.toMatch(/revised Front and hosts meet/);
  });
});

describe('is refused', () => {
  test('where nothing that it rests on was corrected, and says by when something is', async () => {
    await withSite(async ({ ask, work }) => {
      const early = refusalOf(ask.reissue(id, '2021-03-10'));
      expect(await early).toMatchObject({
        faults: [
          {
            problem: `No row of ${id} was revised or withdrawn by 2021-03-10.`,
            hint: expect.stringMatching(/^By 2021-08-23, \d+ rows changed: give --as-of 2021-08-23\.$/),
          },
        ],
      });
      await ask.reissue(id);
      await work();
      expect(await refusalOf(ask.reissue(id))).toMatchObject(
        refusedWith(`No row of ${second} was revised or withdrawn by 2021-03-21.`),
      );
    });
  });

  test('as of a day to come, or before the last correction', async () => {
    await withSite(async ({ ask, work }) => {
      expect(await refusalOf(ask.reissue(id, '2021-08-24'))).toMatchObject(
        refusedWith('2021-08-24 is in the future: today is 2021-08-23.'),
      );
      await ask.reissue(id);
      await work();
      expect(await refusalOf(ask.reissue(id, '2021-03-14'))).toMatchObject(
        refusedWith(`${second} is already corrected as of 2021-03-21.`),
      );
    });
  });

  test('while the one before is not out, or a correction of it is under way', async () => {
    await withSite(async ({ house, ask, work }) => {
      const { ledger } = house.context;
      const later = asked({ asOf: '2021-03-14' });
      await ledger.request([later], now);
      expect(await refusalOf(ask.reissue(later.id))).toMatchObject(refusedWith(`${later.id} is queued.`));
      await ask.reissue(id);
      expect(await refusalOf(ask.reissue(id))).toMatchObject(refusedWith(`${second} is queued.`));
      await work();
      await ask.resend(second, 'archive');
      expect(await refusalOf(ask.reissue(id))).toMatchObject(
        refusedWith(`${second} still has an open delivery.`),
      );
    });
  });

  test('of what nobody received, and of a notice', async () => {
    await withSite(async ({ house, ask, work }) => {
      const { ledger } = house.context;
      const [unsent, quiet] = [asked({ asOf: '2021-03-14', reach: 'none' }), asked({ asOf: '2021-06-27' })];
      await ledger.request([unsent, quiet], now);
      await work();
      expect(await refusalOf(ask.reissue(unsent.id))).toMatchObject(
        refusedWith(`${unsent.id} was not delivered to any recipient.`),
      );
      expect(await refusalOf(ask.reissue(quiet.id))).toMatchObject(
        refusedWith(`${quiet.id} was a notice, which contains no rows.`),
      );
    }, scheduled('whenNothingNew: notice'));
  });

  describe('when the arrival is unknown', () => {
    const cut = { reason: 'The connection was cut.', mayHaveArrived: true } as const;
    /** Ben's delivery, tried once more; gives its id. */
    const toBen = async ({ house, ask }: Site, settlement: Settlement) => {
      const { ledger } = house.context;
      const [{ id: delivery } = { id: '' }] = await ledger.deliveries({ edition: id, state: 'bounced' });
      await ask.change('retry', delivery);
      const claim = await ledger.claimDelivery(delivery, { job: 'lost', now });
      await ledger.settleDelivery(claim!.delivery, settlement, { now, alert: null });
      return delivery;
    };
    const unsure = (state: string, delivery: string) =>
      refusedWith(
        `It is not known whether these deliveries arrived: ${id} to ben@example.org (${state}, delivery ${delivery}).`,
      );

    test.each(['held', 'failed', 'bounced'] as const)(
      'and it is %s, until it is cancelled',
      async (state) => {
        await withSite(async (site) => {
          const { ask } = site;
          const delivery = await toBen(site, { state, ...cut });
          expect(await refusalOf(ask.reissue(id))).toMatchObject(unsure(state, delivery));
          expect(await ask.correctable()).toMatchObject([{ edition: id }]);
          await ask.change('cancel', delivery);
          expect(await ask.reissue(id)).toMatchObject({ edition: second, recipients: 2 });
        });
      },
    );

    test('and it was called off before the next try, until that is said of it by itself', async () => {
      await withSite(async (site) => {
        const { ask } = site;
        const delivery = await toBen(site, { state: 'retried', afterSeconds: 60, ...cut });
        await ask.change('cancel', id);
        expect(await refusalOf(ask.reissue(id))).toMatchObject(unsure('cancelled', delivery));
        await ask.change('cancel', delivery);
        const [said] = await site.house.context.ledger.deliveries({ id: delivery });
        expect(said).toMatchObject({
          state: 'cancelled',
          reason: 'An operator cancelled it and recorded that it did not arrive.',
          mayHaveArrived: false,
        });
        expect(await ask.reissue(id)).toMatchObject({ recipients: 2 });
      });
    });

    test('or until it is sent: then its receiver is one of them', async () => {
      await withSite(async (site) => {
        const { ask, house } = site;
        const { ledger } = house.context;
        const delivery = await toBen(site, { state: 'failed', ...cut });
        await ask.change('retry', delivery);
        const claim = await ledger.claimDelivery(delivery, { job: 'again', now });
        await ledger.settleDelivery(claim!.delivery, { state: 'sent', reason: '250' }, { now, alert: null });
        expect(await ask.reissue(id)).toMatchObject({ recipients: 3 });
      });
    });

    test('unless another delivery arrived there for sure', async () => {
      await withSite(async ({ ask, house }) => {
        const { ledger } = house.context;
        const copy = await ask.resend(id, 'archive');
        const claim = await ledger.claimDelivery(copy, { job: 'lost', now });
        await ledger.settleDelivery(claim!.delivery, { state: 'held', ...cut }, { now, alert: null });
        expect(await ask.reissue(id)).toMatchObject({ recipients: 2 });
      });
    });
  });

  test('is blocked, and fans out into no edition, when it was requested before its brief got several editions', async () => {
    await withSite(async ({ house, ask, work, rewrite }) => {
      const { ledger } = house.context;
      const manyEditions = async () =>
        rewrite(
          (yaml) => `${yaml}parameters:\n  actor: { type: string, idOf: actors }\nforEach: bottom_line\n`,
        );
      await ask.reissue(id, '2021-03-14');
      await manyEditions();
      await work();
      expect(await ledger.edition(second)).toMatchObject({
        state: 'held',
        reason: expect.stringContaining('actor'),
      });
      await ask.change('cancel', second);
      expect(await refusalOf(ask.reissue(id))).toMatchObject(
        refusedWith(expect.stringContaining(`and ${id} belongs to none of them`)),
      );
    });
  });

  test('where its files are not what they were', async () => {
    await withSite(async ({ house, ask }) => {
      await writeFile(join(house.out, id, 'weekly-2021-03-07.html'), 'another');
      expect(await refusalOf(ask.reissue(id))).toMatchObject(
        refusedWith(expect.stringContaining('are missing or altered')),
      );
      expect(await ask.correctable()).toEqual([
        { edition: id, changes: [], problem: expect.stringContaining('are missing or altered') },
      ]);
    });
  });
});

test('what is replaced is not sent again; its replacement can be', async () => {
  await withSite(async ({ ask, work, gone, house }) => {
    await ask.reissue(id);
    await work();
    gone();
    const replaced = refusedWith(`${id} was replaced by ${second}.`);
    expect(await refusalOf(ask.resend(id, 'archive'))).toMatchObject(replaced);
    expect(await refusalOf(ask.change('retry', id))).toMatchObject(replaced);
    const [bounced] = await house.context.ledger.deliveries({ edition: id, state: 'bounced' });
    expect(await refusalOf(ask.change('retry', bounced?.id ?? ''))).toMatchObject(replaced);
    expect(await refusalOf(ask.change('release', id))).toMatchObject(replaced);
    await ask.resend(second, 'archive');
    await work();
    expect(gone()).toMatchObject([{ edition: second, correction: { replaces: id } }]);
  });
});

describe('a copy that was asked for at the moment of the correction', () => {
  /** What "reissue" asks for when it does not see the copy yet. */
  const raced = async (site: Site): Promise<void> => {
    const { ledger } = site.house.context;
    const replaces = { edition: id, revision: 1, asOf: null };
    const correction = { revision: 2, asOf: '2021-03-21', replaces, rows: ['M-claims'] };
    await ledger.request([asked({ ...first, id: second, origin: 'correction', correction })], now);
  };

  test('is put on hold when its turn comes, and the operator is alerted', async () => {
    await withSite(async (site) => {
      const { ask, house, work, gone } = site;
      gone();
      const copy = await ask.resend(id, 'ben@example.org');
      await raced(site);
      await work();
      expect(await house.context.ledger.deliveries({ id: copy })).toMatchObject([
        {
          state: 'held',
          reason: `${id} was replaced by ${second}. Cancel this delivery, and resend ${second}.`,
          mayHaveArrived: false,
        },
      ]);
      expect(gone().map(({ edition }) => edition)).toEqual([second, second]);
      const told = await house.context.ledger.deliveries({ edition: id });
      expect(told.map(({ content }) => content)).toContain('undelivered');
    });
  });

  test('goes once the correction is called off', async () => {
    await withSite(async (site) => {
      const { ask, work, gone } = site;
      gone();
      const copy = await ask.resend(id, 'archive');
      await raced(site);
      await ask.change('cancel', second);
      await work();
      expect(gone()).toMatchObject([{ id: copy, edition: id, correction: null }]);
    });
  });

  test('and is on its way already, brings the correction to where it goes', async () => {
    await withSite(async (site) => {
      const { ask, house, work, statesOf } = site;
      const { ledger } = house.context;
      const copy = await ask.resend(id, 'ben@example.org');
      await ledger.claimDelivery(copy, { job: 'slow', now });
      await raced(site);
      await work();
      expect(Object.keys(await statesOf(second)).toSorted()).toEqual([
        'ana@example.org',
        'archive',
        'ben@example.org',
      ]);
    });
  });
});

test('one that was cancelled is passed over, and its number is not used again', async () => {
  await withSite(async ({ ask, work, statesOf }) => {
    await ask.reissue(id);
    await ask.change('cancel', second);
    expect(await ask.reissue(id)).toMatchObject({ edition: `${id}-r3`, replaces: id });
    await work();
    expect(await statesOf(`${id}-r3`)).toMatchObject({ archive: 'sent' });
    expect(await refusalOf(ask.change('retry', second))).toMatchObject(
      refusedWith(`${second} was replaced by ${id}-r3.`),
    );
  });
});

test('a revision of a brief with "approval: true" waits too', async () => {
  await withSite(
    async ({ ask, work, gone, statesOf }) => {
      await ask.decide('approve', { ids: [id] });
      await work();
      await ask.reissue(id);
      await work();
      gone();
      expect(await statesOf(second)).toEqual({ 'ana@example.org': 'waiting', archive: 'waiting' });
      await ask.decide('approve', { ids: [second] });
      await work();
      expect(gone()).toHaveLength(2);
    },
    (yaml) => `${yaml}approval: true\n`,
  );
});

test('clearance is checked again: an edition that is now marked higher is put on hold', async () => {
  await withSite(async ({ ask, work, gone, statesOf, rewrite }) => {
    gone();
    await rewrite((yaml) => yaml.replace('marking: TLP:CLEAR', 'marking: TLP:AMBER'));
    await ask.reissue(id);
    await work();
    expect(gone()).toEqual([]);
    expect(await statesOf(second)).toEqual({ 'ana@example.org': 'held', archive: 'held' });
  });
});

test('an address that was removed since is reported, not lost', async () => {
  await withSite(async ({ house, ask, work, gone }) => {
    const { ledger } = house.context;
    gone();
    await ledger.forgetAddresses(new Date(now.getTime() + 1));
    expect(await ask.reissue(id)).toMatchObject({ recipients: 2, forgotten: 2 });
    await work();
    expect(gone()).toEqual([]);
    const held = await ledger.deliveries({ edition: second, state: 'held' });
    expect(held.map(({ reason }) => reason)).toEqual(
      Array.from({ length: 2 }, () => expect.stringContaining('the address was removed since')),
    );
    const told = (await ledger.deliveries({ edition: second })).filter(
      ({ content }) => content === 'undelivered',
    );
    expect(told).toHaveLength(1);
  });
});

test('what was delivered and rests on rows corrected since is listed, by its newest revision', async () => {
  await withSite(async ({ ask, work }) => {
    expect(await ask.correctable('2021-03-10')).toEqual([]);
    expect(await ask.correctable('2021-03-14')).toEqual([
      {
        edition: id,
        changes: ['E-meeting', 'M-claims', 'S-claims'].map((row) => expect.stringContaining(row)),
        problem: null,
      },
    ]);
    await ask.reissue(id, '2021-03-14');
    await work();
    expect(await ask.correctable('2021-03-14')).toEqual([]);
    expect(await ask.correctable()).toMatchObject([{ edition: second }]);
  });
});

test('one that cannot be looked at is listed with its fault, and keeps no other from being listed', async () => {
  await withSite(async ({ house, ask, work }) => {
    const other = asked({ brief: 'another', asOf: '2021-03-07' });
    copyFolder(join(house.templates, 'weekly'), join(house.templates, 'another'));
    await house.context.ledger.request([other], now);
    await work();
    expect(await ask.correctable()).toHaveLength(2);
    await writeFile(join(house.templates, 'another/brief.yaml'), 'title: 5\n');
    expect(await ask.correctable()).toEqual(
      expect.arrayContaining([
        {
          edition: id,
          changes: expect.arrayContaining([expect.stringContaining('M-claims')]),
          problem: null,
        },
        { edition: other.id, changes: [], problem: expect.stringContaining('another/brief.yaml') },
      ]),
    );
  });
});

test('rows that were changed in place or removed are named, with what to do, and nothing is asked for', async () => {
  await withSite(async ({ house }) => {
    const folder = await copyOf('revised');
    await apply(folder, [
      swap('measures.csv', '>=,12,', '>=,13,'),
      swap('gaps.csv', '\nG-isis,', '\nG-other,'),
    ]);
    const context = { ...house.context, loadDataset: () => loadDataset(folder, 'data/revised') };
    const problem =
      'Rows were changed without a revision. ' +
      'G-isis (gaps) is no longer in the dataset. ' +
      'M-claims (measures), known on 2021-03-05, was edited in place, without a new revision.';
    const hint = expect.stringMatching(/^Restore these rows\. For each, add .* a later known_on/);
    // Whether or not other rows were revised by then.
    for (const asOf of ['2021-03-10', '2021-03-21'])
      expect(await refusalOf(commandsOn(context).reissue(id, asOf))).toMatchObject({
        faults: [{ problem: `${id}: ${problem}`, hint }],
      });
    expect(await house.context.ledger.edition(second)).toBeUndefined();
    expect(await commandsOn(context).correctable('2021-03-10')).toEqual([
      { edition: id, changes: [], problem: expect.stringContaining(problem) },
    ]);
    expect(await commandsOn(context).correctable()).toMatchObject([
      { edition: id, problem: expect.stringContaining(problem), changes: expect.anything() },
    ]);
  });
});

test('an edition and its revisions are removed together, or not at all', async () => {
  await withSite(async ({ house, ask, work }) => {
    const { ledger } = house.context;
    await ask.reissue(id);
    await work();
    const removed = () => removeSettled(ledger, new Date(now.getTime() + 1));
    const [sent] = await ledger.deliveries({ edition: id, state: 'sent' });
    const move = async (from: 'sent' | 'waiting', to: 'sent' | 'waiting') =>
      ledger.moveDelivery(sent?.id ?? '', { from: [from], to, reason: null, now });
    // Without the second, the first would count as not replaced.
    await move('sent', 'waiting');
    expect(await removed()).toEqual([]);
    await move('waiting', 'sent');
    expect(await removed()).toEqual([id, second]);
  });
});

test('a row that only stood behind a chart is one to correct', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger, { weekly: deliverTo('folder: archive') });
  const edition = asked({ asOf: '2021-08-25' });
  await ledger.request([edition], now);
  await makeEdition({ id: edition.id, job: 'make', signal }, house.forEditions);
  for (const delivery of await ledger.deliveries({ state: 'pending' }))
    await sendDelivery({ id: delivery.id, job: 'send', signal }, house.forDelivery);
  const revisedAs = async (reading: string) => {
    const dataset = await house.context.loadDataset('afghanistan-2021');
    const { tables } = dataset;
    const again = tables.readings.filter((row) => row.id === reading);
    const later = again.map((row) => ({ ...row, known_on: '2021-08-26', observed_note: 'as told later' }));
    const readings = [...tables.readings, ...later];
    const context = {
      ...house.context,
      loadDataset: () => Promise.resolve({ ...dataset, tables: { ...tables, readings } }),
    };
    return commandsOn(context).correctable('2021-08-27');
  };
  expect(await revisedAs('none')).toEqual([]);
  expect(await revisedAs('R3')).toMatchObject([
    { edition: edition.id, changes: [expect.stringContaining('(R3)')] },
  ]);
});
