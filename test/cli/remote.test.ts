import { join } from 'node:path';
import { expect, test } from 'vitest';
import { remoteService } from '../../src/cli/remote.ts';
import type { OperatorContext } from '../../src/editions/context.ts';
import { openEditionService } from '../../src/editions/service.ts';
import { commandLine, thisMachine } from '../../src/ledger/principal.ts';
import { serveSocket } from '../../src/server/socket.ts';
import { temporaryFolder } from '../support/dataset.ts';
import { deliverTo, openHouse } from '../support/house.ts';
import { asked, delivering, mailTo, now } from '../support/ledger-samples.ts';
import { useLedgers } from '../support/ledger.ts';

const ledgers = useLedgers();
const caller = commandLine('sitrep');
const log = { info: () => {}, warn: () => {}, error: () => {} };

/** The service of a process that holds the ledger, as another process reaches it. */
async function reach(context: OperatorContext) {
  const path = join(await temporaryFolder(), 'socket');
  const served = await serveSocket(openEditionService(context), { path, caller, log });
  return { service: remoteService(path), [Symbol.asyncDispose]: () => served[Symbol.asyncDispose]() };
}

test('every call returns the same result over the socket as in the process that has the ledger open', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger, { weekly: deliverTo('email: ana@example.org', 'folder: archive') });
  const context = { ...house.context, newLink: () => 'http://127.0.0.1/open?once=x' };
  const own = openEditionService(context);
  await using reached = await reach(context);
  const { service } = reached;
  const { id } = asked();
  const [mail = '', other = ''] = await delivering(
    ledger,
    mailTo('ana@example.org'),
    mailTo('b@example.org'),
  );

  expect(await service.change(caller, 'hold', id)).toEqual([mail, other]);
  expect(await service.change(caller, 'release', mail.slice(0, 8))).toEqual([mail]);
  expect((await service.resend(caller, id, 'archive')).state).toBe('pending');
  expect(await service.decide(caller, 'approve', { ids: [id], as: 'Ana' }).catch(String)).toContain(
    'does not need approval',
  );
  const token = { name: 'ann', sha256: 'a'.repeat(64), may: 'read', clearance: 'TLP:GREEN' } as const;
  await service.addToken(caller, token);
  const days = { from: '2021-08-09', to: '2021-08-15' };
  expect(await service.backfill(caller, 'weekly', { ...days, deliver: false })).toEqual({
    all: ['weekly/2021-08-15'],
    new: ['weekly/2021-08-15'],
  });
  for (const ask of [
    (each: typeof service) => each.editions(caller, { brief: 'weekly', limit: 5 }),
    (each: typeof service) => each.edition(caller, id),
    (each: typeof service) => each.deliveries(caller, { edition: id }),
    (each: typeof service) => each.audit(caller, { who: 'command line', limit: 3 }),
    (each: typeof service) => each.tokens(caller),
    (each: typeof service) => each.progress(caller, 'weekly', days),
    (each: typeof service) => each.correctable(caller, '2021-08-25'),
    (each: typeof service) => each.link(caller),
    (each: typeof service) => each.reissue(caller, id, undefined).catch(String),
    (each: typeof service) => each.edition(caller, 'weekly/1999-01-03').catch(String),
  ])
    expect(await ask(service)).toEqual(await ask(own));
  expect((await own.tokens(caller)).map(({ name }) => name)).toEqual(['ann']);
  await service.revokeToken(caller, 'ann');
  expect(await own.tokens(caller)).toEqual([]);
  expect(await service.prune(caller, { editionsBefore: now })).toEqual({ editions: [], addresses: 0 });
  expect((await own.audit(caller, {})).items.every(({ who }) => who === 'command line')).toBe(true);
});

test('what only the command line may do is refused to every other caller', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const { context } = await openHouse(ledger);
  const service = openEditionService({ ...context, newLink: () => 'http://127.0.0.1/open?once=x' });
  const { id } = asked();
  const days = { from: '2021-08-09', to: '2021-08-15' };
  const token = { name: 'ann', sha256: 'a'.repeat(64), may: 'read', clearance: 'TLP:GREEN' } as const;
  for (const call of [
    service.reissue(thisMachine, id, undefined),
    service.correctable(thisMachine, undefined),
    service.backfill(thisMachine, 'weekly', { ...days, deliver: false }),
    service.progress(thisMachine, 'weekly', days),
    service.tokens(thisMachine),
    service.addToken(thisMachine, token),
    service.revokeToken(thisMachine, 'ann'),
    service.prune(thisMachine, {}),
    service.link(thisMachine),
  ])
    await expect(call).rejects.toMatchObject({ code: 'operation-forbidden' });
  expect(await ledger.audit({})).toEqual([]);
});

test('a command reports a failure in the process that has the ledger open, such as a full disk', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const { context } = await openHouse(ledger);
  const editions = () => Promise.reject(new Error('could not extend file: No space left on device'));
  await using reached = await reach({ ...context, ledger: { ...ledger, editions } });
  await expect(reached.service.editions(caller, { limit: 1 })).rejects.toMatchObject({
    code: 'ledger-unusable',
    message: expect.stringContaining('No space left on device'),
  });
});
