import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { OperatorContext } from '../../src/editions/context.ts';
import type { EditionRequest } from '../../src/editions/request.ts';
import type { Ledger } from '../../src/ledger/types.ts';
import { readEdition, storeEdition } from '../../src/production/store.ts';
import { temporaryFolder } from '../support/dataset.ts';
import { commandsOn, type Commands, deliverTo, openHouse, refusalOf } from '../support/house.ts';
import { asked, at, claimed, delivering, made, mailTo, now } from '../support/ledger-samples.ts';
import { useLedgers } from '../support/ledger.ts';
import { sampleEdition } from '../support/sample-edition.ts';

/** What an operator asks for, on the real ledger and with the real briefs. */
const ledgers = useLedgers();
const { id } = asked();
const [ana, ben] = [mailTo('ana@example.org'), mailTo('ben@example.org')];
const targets = deliverTo(
  'email: ana@example.org',
  '{ email: ben@example.org, clearance: TLP:RED }',
  'folder: archive',
);

interface Site {
  readonly ledger: Ledger;
  readonly context: OperatorContext;
  readonly ask: Commands;
}

async function withSite(work: (site: Site) => Promise<void>): Promise<void> {
  await using ledger = await (await ledgers.fresh()).open();
  const { context } = await openHouse(ledger, { weekly: targets });
  await work({ ledger, context, ask: commandsOn(context) });
}
/** Settles a delivery as a worker would. */
async function settle(ledger: Ledger, delivery: string, state: 'sent' | 'bounced' | 'failed'): Promise<void> {
  const claim = await ledger.claimDelivery(delivery, { job: 'job', now });
  await ledger.settleDelivery(claim!.delivery, { state, reason: state }, { now, alert: null });
}
const states = async (ledger: Ledger) => ({
  edition: (await ledger.edition(id))?.state,
  ...Object.fromEntries(
    (await ledger.deliveries({})).map(({ address, state }) => [address.split('@')[0], state]),
  ),
});
const nothingThere = (states_: string) => ({
  code: 'operation-refused',
  faults: [
    {
      problem: `No delivery is ${states_}.`,
      hint: '"sitrep runs" and "sitrep deliveries" show the states.',
    },
  ],
});

describe('what is not there', () => {
  const absent = 'weekly/1999-01-03';
  test.each([
    ...(['retry', 'hold', 'release', 'cancel'] as const).map(
      (name) => [name, (ask: Commands) => ask.change(name, absent)] as const,
    ),
    ['resend', (ask: Commands) => ask.resend(absent, 'ana@example.org')] as const,
  ])('cannot be used by %s', async (_, call) => {
    await withSite(async ({ ask }) => {
      expect(await refusalOf(call(ask))).toMatchObject({
        code: 'edition-unknown',
        faults: [
          {
            problem: expect.stringMatching(/^There is no edition (or delivery )?"weekly\/1999-01-03"\.$/),
            hint: expect.stringContaining('sitrep runs'),
          },
        ],
      });
    });
  });

  test('is not guessed at: a few characters of a delivery will do, as long as they name one', async () => {
    await withSite(async ({ ask, ledger }) => {
      const [first = ''] = await delivering(ledger, ana, ben);
      expect(await ask.change('hold', first.slice(0, 6))).toEqual([first]);
      expect(await refusalOf(ask.change('hold', first.slice(0, 5)))).toMatchObject({
        code: 'edition-unknown',
      });
    });
  });
});

test('runs: editions with what became of their deliveries, and the attempts at one', async () => {
  await withSite(async ({ ask, ledger }) => {
    const [first = ''] = await delivering(ledger, ana, ben);
    await settle(ledger, first, 'sent');
    await ledger.request([asked({ asOf: '2021-08-15' })], now);
    expect((await ask.editions({})).items).toMatchObject([
      { id, state: 'delivering', deliveries: { sent: 1, pending: 1 } },
      { id: 'weekly/2021-08-15', state: 'queued', deliveries: {} },
    ]);
    expect((await ask.editions({ state: 'queued', limit: 5 })).items).toHaveLength(1);
    expect((await ask.editions({ brief: 'celebrations' })).items).toEqual([]);
    expect(await refusalOf(ask.edition('weekly/1999-01-03'))).toMatchObject({
      code: 'edition-unknown',
      faults: [{ problem: 'There is no edition "weekly/1999-01-03".' }],
    });
    await ledger.addDeliveries(id, [mailTo('operator@example.org', { content: 'late' })], now);
    expect(await ask.edition(id)).toMatchObject({
      deliveries: { sent: 1, pending: 1 },
      runs: [{ number: 1, outcome: 'made' }],
    });
  });
});

test('deliveries: of an edition, a brief or in a state', async () => {
  await withSite(async ({ ask, ledger }) => {
    await delivering(ledger, ana, ben);
    expect((await ask.deliveries({ edition: id, state: 'pending', limit: 1 })).items).toHaveLength(1);
    expect((await ask.deliveries({ brief: 'celebrations' })).items).toEqual([]);
  });
});

describe('retry', () => {
  test.each(['held', 'failed', 'skipped'] as const)(
    'has an edition that is %s made again',
    async (outcome) => {
      await withSite(async ({ ask, ledger }) => {
        const claim = await claimed(ledger);
        await ledger.settleEdition(claim, { outcome, reason: 'A fault.' }, { now, alert: null });
        expect(await ask.change('retry', id)).toEqual([id]);
        expect(await ledger.edition(id)).toMatchObject({ state: 'queued', reason: null, attempt: 0 });
        expect(await ledger.claimEdition(id, { job: 'job-2', now })).toMatchObject({ run: 2 });
      });
    },
  );

  test('sends again what failed of an edition, and nothing else', async () => {
    await withSite(async ({ ask, ledger }) => {
      const [first = '', second = ''] = await delivering(ledger, ana, ben);
      await settle(ledger, first, 'bounced');
      await settle(ledger, second, 'sent');
      expect(await ask.change('retry', id)).toEqual([first]);
      expect(await states(ledger)).toEqual({ edition: 'delivering', ana: 'pending', ben: 'sent' });
      expect(await refusalOf(ask.change('retry', id))).toMatchObject(nothingThere('failed or bounced'));
      expect(await refusalOf(ask.change('retry', second))).toMatchObject(
        nothingThere('failed or bounced or held or cancelled'),
      );
      await ask.change('hold', first);
      expect(await refusalOf(ask.change('retry', id))).toMatchObject({
        faults: [{ hint: `1 is on hold: "sitrep release ${id}" continues.` }],
      });
    });
  });
});

describe('a recipient who already has a later copy', () => {
  test.each(['failed', 'held'] as const)('gets no further one of a delivery that was %s', async (state) => {
    await withSite(async ({ ask, ledger }) => {
      const [first = '', second = ''] = await delivering(ledger, ana, ben);
      for (const each of [first, second]) {
        const claim = await ledger.claimDelivery(each, { job: 'job', now });
        await ledger.settleDelivery(claim!.delivery, { state, reason: state }, { now, alert: null });
      }
      const change = state === 'failed' ? 'retry' : 'release';
      const copy = await ask.resend(id, ana.address);
      expect(await ask.change(change, id)).toEqual([second]);
      await settle(ledger, copy, 'sent');
      for (const each of [id, first])
        expect(await refusalOf(ask.change(change, each))).toMatchObject({
          faults: [
            { problem: expect.stringContaining('later copy'), hint: expect.stringContaining('resend') },
          ],
        });
      const copies = (await ledger.deliveries({})).filter(({ address }) => address === ana.address);
      expect(copies.map((each) => each.state)).toEqual(expect.arrayContaining([state, 'sent']));
      // The copy itself, if it fails, is sent again.
      const another = await ask.resend(id, ana.address);
      await settle(ledger, another, 'failed');
      expect(await ask.change('retry', another)).toEqual([another]);
    });
  });

  test('gets one of two that are requested at once', async () => {
    await withSite(async ({ ask, ledger, context }) => {
      const [first = ''] = await delivering(ledger, ana);
      await settle(ledger, first, 'failed');
      // The other operator retries after this one has looked at the deliveries.
      const looked: Ledger = {
        ...ledger,
        async addDeliveries(...given) {
          await ask.change('retry', id);
          return ledger.addDeliveries(...given);
        },
      };
      const refused = await refusalOf(commandsOn({ ...context, ledger: looked }).resend(id, ana.address));
      expect(refused).toMatchObject({ code: 'operation-refused' });
      expect(await ledger.deliveries({})).toMatchObject([{ id: first, state: 'pending' }]);
    });
  });
});

describe('resend', () => {
  test('sends a copy, with an id of its own, each time', async () => {
    await withSite(async ({ ask, ledger }) => {
      const [first = ''] = await delivering(ledger, ana);
      await settle(ledger, first, 'sent');
      const copy = await ask.resend(id, ana.address);
      expect(copy).not.toBe(first);
      await settle(ledger, copy, 'sent');
      await ask.resend(id, ana.address);
      expect(new Set((await ledger.deliveries({})).map((each) => each.copy))).toEqual(new Set([0, 1, 2]));
      // To one that was not among its targets when it was made.
      await ask.resend(id, 'archive');
      expect(await ledger.deliveries({ state: 'pending' })).toContainEqual(
        expect.objectContaining({ channel: 'folder', copy: 0 }),
      );
      expect(await ledger.edition(id)).toMatchObject({ state: 'done' });
    });
  });

  test('holds back what its target may not see', async () => {
    await withSite(async ({ ask, ledger }) => {
      const card = { ...made().card, marking: 'TLP:RED' } as const;
      await ledger.settleEdition(await claimed(ledger), { ...made(), card }, { now, alert: null });
      await ask.resend(id, ana.address);
      await ask.resend(id, ben.address);
      expect(await ledger.deliveries({ state: 'held' })).toMatchObject([
        {
          address: ana.address,
          reason: 'The edition is marked TLP:RED and the target is cleared for TLP:CLEAR.',
        },
      ]);
      expect(await ledger.deliveries({ state: 'pending' })).toMatchObject([{ address: ben.address }]);
    });
  });

  test('is refused where there is nothing to send or nobody to send it to', async () => {
    await withSite(async ({ ask, ledger }) => {
      await ledger.request([asked()], now);
      const refused = async (to: string) => refusalOf(ask.resend(id, to));
      expect(await refused('eve@example.org')).toMatchObject({
        code: 'operation-refused',
        faults: [
          { problem: 'weekly has no target "eve@example.org".', hint: expect.stringContaining('brief.yaml') },
        ],
      });
      expect(await refused(ana.address)).toMatchObject({
        code: 'operation-refused',
        faults: [{ problem: 'weekly/2021-08-22 was never generated.', hint: 'Retry it first.' }],
      });
      const [delivery = ''] = await delivering(ledger, ana);
      const onItsWay = {
        code: 'operation-refused',
        faults: [
          {
            problem: 'weekly/2021-08-22 is already being sent to ana@example.org.',
            hint: 'Wait until it is sent.',
          },
        ],
      };
      expect(await refused(ana.address)).toMatchObject(onItsWay);
      await ledger.moveDelivery(delivery, { from: ['pending'], to: 'waiting', reason: 'Altered.', now });
      expect(await refused(ana.address)).toMatchObject(onItsWay);
    });
  });
});

describe('hold, release and cancel', () => {
  test('an edition that waits to be made', async () => {
    await withSite(async ({ ask, ledger }) => {
      await ledger.request([asked()], now);
      expect(await ask.change('hold', id)).toEqual([id]);
      expect(await ledger.edition(id)).toMatchObject({
        state: 'held',
        reason: 'An operator put it on hold.',
      });
      expect(await ask.change('release', id)).toEqual([id]);
      expect(await states(ledger)).toEqual({ edition: 'queued' });
      expect(await ask.change('cancel', id)).toEqual([id]);
      expect(await ledger.edition(id)).toMatchObject({
        state: 'cancelled',
        reason: 'An operator cancelled it.',
      });
    });
  });

  test('the deliveries of one that is made', async () => {
    await withSite(async ({ ask, ledger }) => {
      const [first = '', second = ''] = await delivering(ledger, ana, ben);
      await settle(ledger, second, 'sent');
      expect(await ask.change('hold', id)).toEqual([first]);
      expect(await states(ledger)).toEqual({ edition: 'delivering', ana: 'held', ben: 'sent' });
      expect(await ask.change('release', id)).toEqual([first]);
      expect(await states(ledger)).toEqual({ edition: 'delivering', ana: 'pending', ben: 'sent' });
      expect(await ask.change('cancel', id)).toEqual([first]);
      expect(await states(ledger)).toEqual({ edition: 'done', ana: 'cancelled', ben: 'sent' });
      expect(await refusalOf(ask.change('hold', id))).toMatchObject(nothingThere('waiting or pending'));
      expect(await refusalOf(ask.change('release', id))).toMatchObject(nothingThere('held'));
      expect(await refusalOf(ask.change('cancel', id))).toMatchObject(
        nothingThere('waiting or pending or held'),
      );
    });
  });

  test('one delivery', async () => {
    await withSite(async ({ ask, ledger }) => {
      const [first = ''] = await delivering(ledger, ana, ben);
      await ask.change('hold', first);
      expect(await states(ledger)).toMatchObject({ ana: 'held', ben: 'pending' });
      await ask.change('release', first);
      await ask.change('cancel', first);
      expect(await states(ledger)).toMatchObject({ edition: 'delivering', ana: 'cancelled', ben: 'pending' });
      expect(await ask.change('retry', first)).toEqual([first]);
    });
  });

  test('an edition that is being made', async () => {
    await withSite(async ({ ask, ledger }) => {
      const claim = await claimed(ledger);
      expect(await refusalOf(ask.change('hold', id))).toMatchObject(nothingThere('waiting or pending'));
      expect(await ask.change('cancel', id)).toEqual([id]);
      expect(await ledger.settleEdition(claim, made(ana), { now, alert: null })).toBe(false);
      expect(await states(ledger)).toEqual({ edition: 'cancelled' });
    });
  });
});

describe('request', () => {
  const asOf = '2021-08-22';

  test('gives the edition that there is, whatever the paper of its brief is today', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const toLetter = (yaml: string) => yaml.replace('paper: A4', 'paper: Letter');
    const { context } = await openHouse(ledger, { weekly: toLetter });
    const ask = async (more: Partial<EditionRequest>) => {
      const { edition, isNew } = await commandsOn(context).request('weekly', { asOf, ...more });
      return { id: edition.id, isNew };
    };
    await ledger.request([asked()], now);
    expect(await ask({})).toEqual({ id, isNew: false });
    expect(await ask({ paper: 'A4' })).toEqual({ id, isNew: false });
    const letter = `${id}-Letter`;
    expect(await ask({ paper: 'Letter' })).toEqual({ id: letter, isNew: true });
    expect(await ask({ paper: 'Letter' })).toEqual({ id: letter, isNew: false });
    expect(await ledger.edition(letter)).toMatchObject({ paper: 'Letter' });
  });
});

describe('backfill', () => {
  const days = ['2021-08-08', '2021-08-15', '2021-08-22'];
  const range = { from: '2021-08-02', to: '2021-08-22', deliver: false };

  test('asks for what is missing, in order, and for folders alone', async () => {
    await withSite(async ({ ask, ledger }) => {
      await ledger.request([asked({ asOf: '2021-08-15' })], now);
      expect(await ask.backfill('weekly', range)).toEqual({
        all: days.map((day) => `weekly/${day}`),
        new: ['weekly/2021-08-08', 'weekly/2021-08-22'],
      });
      expect(await ledger.edition('weekly/2021-08-08')).toMatchObject({
        origin: 'backfill',
        reach: 'folders',
        slot: at('2021-08-09T05:00:00Z'),
      });
      expect(await ask.backfill('weekly', range)).toMatchObject({ new: [] });
    });
  });

  test('reaches everybody when that is asked for', async () => {
    await withSite(async ({ ask, ledger }) => {
      await ask.backfill('weekly', { ...range, deliver: true });
      expect((await ledger.editions({})).map(({ reach }) => reach)).toEqual(['all', 'all', 'all']);
    });
  });

  test('is refused for a slot whose day is not over: later events would be missing, and nobody would receive the edition', async () => {
    await withSite(async ({ ask, ledger }) => {
      expect(await refusalOf(ask.backfill('weekly', { ...range, to: '2021-08-29' }))).toMatchObject({
        code: 'parameter-invalid',
        faults: [{ field: 'to', hint: 'Request 2021-08-22 or an earlier day.' }],
      });
      expect(await ledger.editions({})).toEqual([]);
      expect(await ask.backfill('weekly', { ...range, to: '2021-08-28' })).toMatchObject({
        new: { length: 3 },
      });
    });
  });

  test('is refused for a brief that is not there', async () => {
    await withSite(async ({ ask }) => {
      expect(await refusalOf(ask.backfill('daily', range))).toMatchObject({
        code: 'brief-unknown',
        faults: [
          { problem: 'There is no brief "daily".', hint: expect.stringMatching(/^Use one of: .*weekly\.$/) },
        ],
      });
    });
  });
});

test('prune: editions go with their files, and addresses are forgotten', async () => {
  await withSite(async ({ ask, ledger, context }) => {
    const [first = ''] = await delivering(ledger, ana);
    await settle(ledger, first, 'sent');
    const removed: string[] = [];
    const removing: OperatorContext = {
      ...context,
      removeEditions: async (folders, removeRows) => {
        removed.push(...folders);
        return removeRows();
      },
    };
    expect(await ask.prune({})).toEqual({ editions: [], addresses: 0 });
    expect(await ask.prune({ addressesBefore: at('2021-08-24T00:00:00Z') })).toEqual({
      editions: [],
      addresses: 1,
    });
    expect(JSON.stringify(await ledger.deliveries({}))).not.toContain(ana.address);
    const input = { editionsBefore: at('2021-08-23T00:00:00Z') };
    expect(await commandsOn(removing).prune(input)).toEqual({ editions: [], addresses: 0 });
    const later = { editionsBefore: at('2021-08-24T00:00:00Z') };
    expect(await commandsOn(removing).prune(later)).toEqual({ editions: [id], addresses: 0 });
    expect(removed).toEqual(['output/weekly/2021-08-22']);
    expect(await ledger.editions({})).toEqual([]);
  });
});

test('prune: what cannot be removed stays whole, row and files, and the rest goes', async () => {
  await withSite(async ({ ask, ledger }) => {
    const out = await temporaryFolder();
    const folders = new Map<string, string>();
    for (const asOf of ['2021-08-08', '2021-08-15', '2021-08-22']) {
      const claim = await claimed(ledger, { asOf });
      const folder = join(out, asOf === '2021-08-15' ? 'stuck' : 'weekly', asOf);
      const { files, description } = sampleEdition(asOf);
      await storeEdition(folder, files, description);
      await ledger.settleEdition(claim, { ...made(), folder }, { now, alert: null });
      folders.set(claim.edition.id, folder);
    }
    const whole = () => [...folders.values()].filter((folder) => existsSync(join(folder, 'a.pdf')));
    // In the way of those that are to be moved aside, for root too.
    const obstacle = join(out, 'stuck/.store/removed');
    await writeFile(obstacle, '');
    const before = { editionsBefore: at('2021-08-24T00:00:00Z') };
    const stuck = folders.get('weekly/2021-08-15');
    expect(await refusalOf(ask.prune(before))).toMatchObject({
      code: 'output-unwritable',
      faults: [{ file: stuck, problem: expect.stringContaining('cannot be removed') }],
    });
    expect((await ledger.editions({})).map((each) => each.id)).toEqual(['weekly/2021-08-15']);
    expect(whole()).toEqual([stuck]);
    await rm(obstacle);
    expect(await ask.prune(before)).toEqual({ editions: ['weekly/2021-08-15'], addresses: 0 });
    expect(await ledger.editions({})).toEqual([]);
    expect(whole()).toEqual([]);
  });
});

test('prune: an edition that is sent again meanwhile keeps its row and files', async () => {
  await withSite(async ({ context, ledger }) => {
    const folder = join(await temporaryFolder(), 'weekly/2021-08-22');
    const { files, description } = sampleEdition('one');
    await storeEdition(folder, files, description);
    await ledger.settleEdition(await claimed(ledger), { ...made(), folder }, { now, alert: null });
    const resent: OperatorContext = {
      ...context,
      removeEditions: (folders, removeRows) =>
        context.removeEditions(folders, async () => {
          await ledger.addDeliveries(id, [ana], now);
          return removeRows();
        }),
    };
    const before = { editionsBefore: at('2021-08-24T00:00:00Z') };
    expect(await commandsOn(resent).prune(before)).toEqual({ editions: [], addresses: 0 });
    expect(await ledger.edition(id)).toMatchObject({ id });
    expect(await readEdition(folder)).toEqual(description);
  });
});
