import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PDFDocument } from '@cantoo/pdf-lib';
import { describe, expect, test } from 'vitest';
import type { Message } from '../../src/delivery/message.ts';
import { sendDelivery } from '../../src/delivery/send-alerts.ts';
import { openEditionService } from '../../src/editions/service.ts';
import { hashOf } from '../../src/hash.ts';
import { thisMachine } from '../../src/ledger/principal.ts';
import { hashToApprove } from '../../src/ledger/records.ts';
import type { Ledger } from '../../src/ledger/types.ts';
import { makeEdition } from '../../src/scheduler/make-edition.ts';
import { editionActions } from '../../src/server/pages/actions.ts';
import {
  type Commands,
  commandsOn,
  deliverTo,
  type House,
  openHouse,
  operator,
  refusalOf,
  scheduled,
} from '../support/house.ts';
import { asked, now } from '../support/ledger-samples.ts';
import { useLedgers } from '../support/ledger.ts';
import { locale } from '../support/locale.ts';

/** That nothing of a brief with `approval: true` goes out but the bytes that somebody approved. */
const ledgers = useLedgers();
const signal = new AbortController().signal;
const { id } = asked();

interface Site {
  readonly house: House;
  readonly ask: Commands;
  /** Makes what is asked for and sends what may go, as a worker would. */
  readonly work: () => Promise<void>;
  /** What went to recipients since it was last asked for, by edition. */
  readonly gone: () => readonly Message[];
  readonly states: () => Promise<{ [address: string]: string }>;
}

async function withSite(
  work: (site: Site) => Promise<void>,
  briefs: { [id: string]: (yaml: string) => string } = { weekly: waiting },
): Promise<void> {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger, briefs);
  await ledger.request([asked()], now);
  await work(siteOf(house));
}

function siteOf(house: House): Site {
  const { ledger } = house.context;
  let job = 0;
  // Time stands still here, and alerts are not what is waited for.
  const forDelivery = { ...house.forDelivery, alertEverySeconds: 0 };
  return {
    house,
    ask: commandsOn(house.context),
    work: async () => {
      for (const edition of await ledger.editions({ state: 'queued' }))
        await makeEdition({ id: edition.id, job: `make-${(job += 1)}`, signal }, house.forEditions);
      for (const delivery of await ledger.deliveries({ state: 'pending' }))
        await sendDelivery({ id: delivery.id, job: `send-${(job += 1)}`, signal }, forDelivery);
    },
    gone: () => house.messages.splice(0).filter(({ kind }) => kind !== 'alert'),
    states: async () =>
      Object.fromEntries((await ledger.deliveries({})).map(({ address, state }) => [address, state])),
  };
}
const waiting = (yaml: string): string =>
  deliverTo('email: ana@example.org', 'folder: archive')(`${yaml}approval: true\n`);
const otherPdf = async (): Promise<Uint8Array> => {
  const document = await PDFDocument.create();
  document.addPage().drawText('Sitrep, another');
  return document.save({ useObjectStreams: false });
};
const pdfOf = ({ out }: House): string => join(out, id, 'weekly-2021-08-22.pdf');

test('an edition waits on every channel, and the operator gets the hash to approve', async () => {
  await withSite(async ({ house, work, gone, states }) => {
    await work();
    const edition = await house.context.ledger.edition(id);
    expect(edition).toMatchObject({ state: 'delivering', needsApproval: true, approvedSha256: null });
    expect(await states()).toEqual({ 'ana@example.org': 'waiting', archive: 'waiting', [operator]: 'sent' });
    expect((await house.context.ledger.deliveries({ state: 'waiting' })).map(({ reason }) => reason)).toEqual(
      Array.from({ length: 2 }, () => `It needs approval: “sitrep approve ${id}”.`),
    );
    const alert = house.messages.find(({ kind }) => kind === 'alert');
    expect(alert?.title).toBe(`Sitrep: ${id} needs approval`);
    expect(alert?.paragraphs.join('\n')).toContain(`sitrep approve ${id} --sha256 ${edition?.sha256}`);
    expect(gone()).toEqual([]);
  });
});

test('one that is approved while its retry is asked for is sent, and not made again', async () => {
  await withSite(async ({ house, ask, work, gone }) => {
    await work();
    const { ledger } = house.context;
    const { sha256 } = (await ledger.edition(id)) ?? {};
    const approving = {
      ...house.context,
      ledger: {
        ...ledger,
        deliveries: async (filter: Parameters<Ledger['deliveries']>[0]) => {
          const found = await ledger.deliveries(filter);
          await ask.decide('approve', { ids: [id], sha256: sha256 ?? '' });
          return found;
        },
      },
    };
    await refusalOf(commandsOn(approving).change('retry', id));
    expect(await ledger.edition(id)).toMatchObject({ state: 'delivering', approvedSha256: sha256 });
    await work();
    expect(gone()).toHaveLength(2);
  });
});

test('approved, it goes out once, as the bytes that were approved, and who approved is on record', async () => {
  await withSite(async ({ house, ask, work, gone, states }) => {
    await work();
    const { sha256 } = (await house.context.ledger.edition(id)) ?? {};
    const moved = await ask.decide('approve', { ids: [id], sha256: sha256 ?? '', as: 'Ana Example' });
    expect(moved).toEqual([id, expect.any(String), expect.any(String)]);
    await work();
    await work();
    expect(gone().map(({ pdf }) => pdf && hashOf(pdf.content))).toEqual([sha256, sha256]);
    expect(await states()).toMatchObject({ 'ana@example.org': 'sent', archive: 'sent' });
    expect(await ask.edition(id)).toMatchObject({
      state: 'done',
      approvals: [
        {
          number: 1,
          decision: 'approved',
          sha256,
          user: 'sitrep',
          namedBy: 'system',
          claimedName: 'Ana Example',
          decidedAt: now,
        },
      ],
    });
  });
});

test('a brief that says nothing of it waits for nobody, and cannot be approved', async () => {
  await withSite(
    async ({ ask, work, gone }) => {
      await work();
      expect(gone()).toHaveLength(1);
      expect(await refusalOf(ask.decide('approve', { ids: [id] }))).toMatchObject({
        code: 'operation-refused',
        faults: [{ problem: `${id} does not need approval.` }],
      });
    },
    { weekly: deliverTo('folder: archive') },
  );
});

describe('an approval', () => {
  test('is of all the editions named or of none, and of what was looked at', async () => {
    await withSite(async ({ house, ask, work, states }) => {
      const { ledger } = house.context;
      await work();
      await ledger.request([asked({ asOf: '2021-08-15' })], now);
      const [one, other] = [{ ids: [id, 'weekly/2021-08-15'] }, { ids: [id], sha256: 'f'.repeat(64) }];
      expect(await refusalOf(ask.decide('approve', one))).toMatchObject({
        faults: [{ problem: 'weekly/2021-08-15 is queued, so there is nothing to approve.' }],
      });
      expect(await refusalOf(ask.decide('approve', other))).toMatchObject({
        faults: [{ problem: expect.stringMatching(/has the SHA-256 [0-9a-f]{64}, not ffff/) }],
      });
      const [{ id: delivery } = { id: '' }] = await ledger.deliveries({ state: 'waiting' });
      expect(await refusalOf(ask.decide('approve', { ids: [delivery] }))).toMatchObject({
        faults: [{ problem: `${delivery} is a delivery.` }],
      });
      expect(await ledger.approvals(id)).toEqual([]);
      expect(await states()).toMatchObject({ archive: 'waiting' });
      await work();
      expect(await ask.decide('approve', one)).toHaveLength(6);
    });
  });

  test.each(['approve', 'disapprove'] as const)(
    'refuses all that are named, to %s, when somebody has one made again after they were looked at',
    async (name) => {
      await withSite(async ({ house, ask, work, gone }) => {
        const { ledger } = house.context;
        const editions = [id, asked({ asOf: '2021-08-15' }).id, asked({ asOf: '2021-08-08' }).id];
        const [first, second] = editions;
        await ledger.request([asked({ asOf: '2021-08-15' }), asked({ asOf: '2021-08-08' })], now);
        await work();
        if (name === 'disapprove') await ask.decide('approve', { ids: editions });
        const states = () => Promise.all(editions.map(async (each) => (await ledger.approvals(each)).length));
        const [before, deliveries] = [await states(), await ledger.deliveries({})];
        const meanwhile: Ledger = {
          ...ledger,
          decide: async (...all) => {
            const again = { from: ['delivering'], to: 'queued', reason: null, now } as const;
            expect(await ledger.moveEdition(second ?? '', again)).toBe(true);
            return ledger.decide(...all);
          },
        };
        const context = { ...house.context, ledger: meanwhile };
        expect(await refusalOf(commandsOn(context).decide(name, { ids: editions }))).toMatchObject({
          code: 'operation-refused',
          faults: [{ problem: `${second} is being generated, or was generated again meanwhile.` }],
        });
        expect(await states()).toEqual(before);
        expect(await ledger.deliveries({})).toEqual(deliveries);
        expect(await ledger.edition(first ?? '')).toMatchObject({
          approvedSha256: name === 'approve' ? null : expect.any(String),
        });
        const changes = await ledger.audit({ limit: 3 });
        expect(changes.map(({ what, outcome }) => ({ what, outcome }))).toEqual(
          editions.map(() => ({ what: name, outcome: 'refused' })),
        );
        if (name === 'disapprove') return;
        await work();
        expect(gone()).toEqual([]);
        expect(await ask.decide(name, { ids: editions })).toHaveLength(9);
      });
    },
  );

  test('can be taken back for what is not out yet', async () => {
    await withSite(async ({ ask, work, gone, states, house }) => {
      await work();
      await ask.decide('approve', { ids: [id] });
      await ask.decide('disapprove', { ids: [id], as: 'Ben' });
      await work();
      expect(gone()).toEqual([]);
      expect(await states()).toMatchObject({ 'ana@example.org': 'waiting', archive: 'waiting' });
      const decisions = (await house.context.ledger.approvals(id)).map(({ decision }) => decision);
      expect(decisions).toEqual(['disapproved', 'approved']);
      await ask.decide('approve', { ids: [id] });
      await work();
      expect(gone()).toHaveLength(2);
    });
  });

  test('is void once the edition was made again as something else, which waits anew', async () => {
    await withSite(async ({ house, ask, work, gone, states }) => {
      const { ledger } = house.context;
      await work();
      await ask.decide('approve', { ids: [id] });
      await ask.decide('disapprove', { ids: [id] });
      const before = await ledger.edition(id);
      house.print = otherPdf;
      await writeFile(pdfOf(house), 'a broken file, so that it is printed again');
      expect(await ask.change('retry', id)).toEqual([id]);
      await work();
      const after = await ledger.edition(id);
      expect(after?.sha256).not.toBe(before?.sha256);
      expect(await states()).toMatchObject({ 'ana@example.org': 'waiting', archive: 'waiting' });
      expect(house.messages.filter(({ kind }) => kind === 'alert')).toHaveLength(2);
      expect(gone()).toEqual([]);
      const stale = { ids: [id], sha256: before?.sha256 ?? '' };
      expect(await refusalOf(ask.decide('approve', stale))).toMatchObject({ code: 'operation-refused' });
      await ask.decide('approve', { ids: [id] });
      await work();
      expect(gone().map(({ pdf }) => pdf?.sha256)).toEqual([after?.sha256, after?.sha256]);
    });
  });

  test('that came before the edition was made anew does not count for the new bytes', async () => {
    await withSite(async ({ house, ask, work, gone, states }) => {
      const { ledger } = house.context;
      await work();
      await ask.decide('approve', { ids: [id] });
      for (const { id: each } of await ledger.deliveries({ state: 'pending' }))
        await ledger.moveDelivery(each, { from: ['pending'], to: 'held', reason: 'Wait.', now });
      await ledger.moveEdition(id, { from: ['delivering'], to: 'queued', reason: null, now });
      house.print = otherPdf;
      await writeFile(pdfOf(house), 'a broken file, so that it is printed again');
      await work();
      const held = await ledger.deliveries({ state: 'held' });
      expect(held).not.toEqual([]);
      for (const { id: each } of held) {
        expect(await refusalOf(ask.change('release', each))).toMatchObject(waits);
        await ledger.moveDelivery(each, { from: ['held'], to: 'pending', reason: null, now });
      }
      await work();
      expect(gone()).toEqual([]);
      expect(await states()).toMatchObject({ 'ana@example.org': 'waiting', archive: 'waiting' });
      const [delivery] = await ledger.deliveries({ state: 'waiting' });
      expect(delivery?.reason).toMatch(/^The edition was generated again after it was approved\. /);
    });
  });

  test('does not cover a file that was altered later: nothing is sent, and the operator is alerted', async () => {
    await withSite(async ({ house, ask, work, gone, states }) => {
      const { ledger } = house.context;
      await work();
      const sent = await house.context.readPdf(join(house.out, id), 'weekly-2021-08-22.pdf');
      await ask.decide('approve', { ids: [id] });
      await writeFile(pdfOf(house), await otherPdf());
      await work();
      await work();
      expect(gone()).toEqual([]);
      expect(await states()).toEqual({
        'ana@example.org': 'waiting',
        archive: 'waiting',
        [operator]: 'sent',
      });
      expect((await ledger.deliveries({ state: 'waiting' }))[0]?.reason).toMatch(
        /is no longer the one that was approved\. Restore the file/,
      );
      expect((await ledger.deliveries({})).filter(({ content }) => content === 'approval')).toHaveLength(2);
      expect(await refusalOf(ask.decide('approve', { ids: [id] }))).toMatchObject({
        faults: [{ problem: expect.stringContaining('is missing or was changed') }],
      });
      // Restored, it may go.
      await writeFile(pdfOf(house), sent ?? '');
      await ask.decide('approve', { ids: [id] });
      await work();
      expect(gone()).toHaveLength(2);
    });
  });
});

const waits = { code: 'operation-refused', faults: [{ problem: `${id} needs approval.` }] };

test('no other command gets round it', async () => {
  await withSite(async ({ house, ask, work, gone }) => {
    await work();
    const [{ id: delivery } = { id: '' }] = await house.context.ledger.deliveries({ state: 'waiting' });
    expect(await refusalOf(ask.change('release', id))).toMatchObject(waits);
    expect(await refusalOf(ask.change('release', delivery))).toMatchObject(waits);
    expect(await refusalOf(ask.change('retry', delivery))).toMatchObject(waits);
    expect(await refusalOf(ask.resend(id, 'archive'))).toMatchObject(waits);
    await ask.change('cancel', delivery);
    expect(await refusalOf(ask.change('retry', delivery))).toMatchObject(waits);
    await ask.change('hold', id);
    expect(await refusalOf(ask.change('release', id))).toMatchObject(waits);
    await work();
    expect(gone()).toEqual([]);
    // What the operator held besides stays held.
    await ask.decide('approve', { ids: [id] });
    await work();
    expect(gone()).toEqual([]);
    await ask.change('release', id);
    await work();
    expect(gone()).toHaveLength(1);
  });
});

test('a worker that looked just before it was approved looks again', async () => {
  await withSite(async ({ house, ask, work, gone }) => {
    const { ledger } = house.context;
    await work();
    const [{ id: delivery } = { id: '' }] = await ledger.deliveries({ state: 'waiting' });
    await ledger.moveDelivery(delivery, { from: ['waiting'], to: 'pending', reason: null, now });
    const claim = await ledger.claimDelivery(delivery, { job: 'job', now });
    await ask.decide('approve', { ids: [id] });
    const found = { state: 'waiting', reason: 'Not approved.', approvedSha256: null } as const;
    await ledger.settleDelivery(claim!.delivery, found, { now, alert: null });
    await work();
    expect(gone()).toHaveLength(2);
  });
});

test('a notice waits too: its words are what is approved', async () => {
  const notice = (yaml: string) => waiting(scheduled('whenNothingNew: notice')(yaml));
  await withSite(
    async ({ house, ask, work, gone }) => {
      const { ledger } = house.context;
      const quiet = asked({ brief: 'isis-quieting', asOf: '2021-06-27' });
      await ledger.request([quiet], now);
      await work();
      expect(gone().filter(({ edition }) => edition === quiet.id)).toEqual([]);
      const edition = await ledger.edition(quiet.id);
      expect(edition).toMatchObject({ needsApproval: true, sha256: null });
      const sha256 = hashToApprove(edition!) ?? '';
      await ask.decide('approve', { ids: [quiet.id], sha256 });
      await work();
      expect(gone().filter(({ kind }) => kind === 'notice')).toHaveLength(2);
    },
    { 'isis-quieting': notice },
  );
});

test('each edition of a brief that fans out waits for an approval of its own', async () => {
  await withSite(
    async ({ house, ask, work, gone }) => {
      const parent = asked({ brief: 'actor-sheet' });
      await house.context.ledger.request([parent], now);
      await work();
      await work();
      gone();
      const sheets = (await house.context.ledger.editions({ brief: 'actor-sheet' })).filter(
        ({ partOf }) => partOf !== null,
      );
      const [first = '', second] = sheets.map((each) => each.id);
      await ask.decide('approve', { ids: [first] });
      await work();
      expect(new Set(gone().map(({ edition }) => edition))).toEqual(new Set([first]));
      expect(await house.context.ledger.edition(second ?? '')).toMatchObject({ approvedSha256: null });
      expect(await refusalOf(ask.decide('approve', { ids: [parent.id] }))).toMatchObject({
        faults: [{ problem: `${parent.id} is done, so there is nothing to approve.` }],
      });
    },
    { 'actor-sheet': waiting },
  );
});

test('what can be approved and made anew is offered for what is made, and for nothing else', async () => {
  await withSite(async ({ house, ask, work }) => {
    const { ledger } = house.context;
    const site = openEditionService(house.context);
    const offered = async () => {
      const edition = await site.edition(thisMachine, id);
      return {
        toApprove: edition.toApprove,
        labels: editionActions({ caller: thisMachine, locale }, edition).map(({ label }) => label),
      };
    };
    await work();
    const sha256 = hashOf(await readFile(pdfOf(house)));
    expect(await offered()).toEqual({
      toApprove: sha256,
      labels: ['Approve', 'Generate again', 'Put deliveries on hold', 'Cancel deliveries'],
    });
    // What is being made anew is not decided on.
    await ask.change('retry', id);
    expect(await offered()).toEqual({ toApprove: null, labels: ['Put on hold', 'Cancel'] });
    await work();
    await ask.decide('approve', { ids: [id] });
    expect(await offered()).toMatchObject({
      toApprove: null,
      labels: ['Withdraw approval', 'Put deliveries on hold', 'Cancel deliveries'],
    });
    // Altered since, it waits although it was approved.
    await writeFile(pdfOf(house), await otherPdf());
    await work();
    expect(await ledger.edition(id)).toMatchObject({ approvedSha256: sha256 });
    expect(await offered()).toMatchObject({ toApprove: sha256 });
  });
});
