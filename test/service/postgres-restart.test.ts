import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Temporal } from 'temporal-polyfill';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { migrateServer, openServerLedger } from '../../src/ledger/open.ts';
import type { Ledger } from '../../src/ledger/types.ts';
import { slotsBetween } from '../../src/scheduler/slots.ts';
import { openProject } from '../support/cli.ts';
import { isServer } from '../support/ledger.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { type Service, startService } from '../support/service.ts';

/**
 * Restarts PostgreSQL under every kind of process while they are at work, once in order and once as after a crash; `npm
 * run soak` sets SOAK_RESTARTS.
 */
const RESTARTS = Number(process.env['SOAK_RESTARTS'] ?? 2);
const DAYS = 5 * RESTARTS + 1;
const last = Temporal.PlainDate.from('2021-08-22');
const BACKFILLED = Array.from({ length: RESTARTS }, (_, weeks) => last.subtract({ weeks }).toString());
const project = await openProject();
afterAll(() => project[Symbol.asyncDispose]());

describe.runIf(isServer)(`PostgreSQL restarted ${RESTARTS} times`, () => {
  test('ends no process, and each edition is made and delivered once', { timeout: 1_800_000 }, async () => {
    await using server = await startPostgres();
    const { url } = server;
    const onError = () => {};
    await migrateServer(url, { onError });
    const withLedger = async <T>(use: (ledger: Ledger) => Promise<T>): Promise<T> => {
      await using ledger = await openServerLedger(url, { onError });
      return await use(ledger);
    };
    const brief = 'celebrations';
    const schedule = { cron: '0 6 * * *', timezone: 'UTC', most: 1000, maxLateness: 'P400D' };
    const file = `templates/${brief}/brief.yaml`;
    const text = (await readFile(join(project.folder, file), 'utf8')).replace(
      /^schedule: .*$/m,
      `schedule: ${JSON.stringify(schedule)}\ndeliver: [{ folder: archive }]`,
    );
    await project.write(file, text);
    // On some days and hours the other briefs would have something due meanwhile.
    for (const { name } of await readdir(join(project.folder, 'templates'), { withFileTypes: true }))
      if (name !== brief && name !== 'weekly' && !name.startsWith('_'))
        await rm(join(project.folder, 'templates', name), { recursive: true });
    const now = new Date();
    const cursor = new Date(now.getTime() - DAYS * 86_400_000);
    await withLedger((ledger) =>
      ledger.openSlots(brief, { now: cursor, plan: (at) => ({ cursor: at, due: [], skipped: [] }) }),
    );
    const env = { DATABASE_URL: url };
    const added = await project.sitrep('token add tests --may operate --clearance TLP:RED --json', env);
    const token = /[A-Za-z0-9_-]{30,}/.exec(added.stdout)?.[0] ?? '';
    expect(`${added.stderr}${token === '' ? 'no token' : ''}`).toBe('');

    const services = ['start', 'scheduler', 'worker', 'serve'].map((role) =>
      startService(project, role, env),
    );
    await using running = new AsyncDisposableStack();
    for (const service of services) running.use(service);
    const ready = await Promise.all(services.map((service) => service.line(({ msg }) => msg === 'ready')));
    const from = last.subtract({ days: 7 * RESTARTS - 1 });
    const backfill = startService(project, `backfill weekly --from ${from} --to ${last}`, env);
    running.use(backfill);
    for (let round = 0; round < RESTARTS; round += 1) {
      await made(services, 3 * (round + 1));
      await server.stop(round % 2 === 0 ? 'fast' : 'immediate');
      const answer = await fetch(`http://127.0.0.1:${String(ready[3]?.['port'])}/api/briefs`, {
        headers: { authorization: `Bearer ${token}` },
      });
      expect(answer.status).toBe(503);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await answer.json()).toMatchObject({ code: 'ledger-unavailable' });
      await server.start();
    }
    expect(await backfill.ended, backfill.stderr()).toBe(0);
    const due = slotsBetween({ ...schedule, catchUp: 'all', whenNothingNew: 'issue' }, cursor, now);
    const expected = [
      ...due.map(({ asOf }) => `${brief}/${asOf}`),
      ...BACKFILLED.map((asOf) => `weekly/${asOf}`),
    ].toSorted();
    expect(expected.length).toBeGreaterThanOrEqual(DAYS - 1 + BACKFILLED.length);
    await vi.waitFor(
      async () => {
        const open = await withLedger(async (ledger) => {
          const { editions } = await ledger.counts();
          return (editions.queued ?? 0) + (editions.rendering ?? 0) + (editions.delivering ?? 0);
        });
        if (open > 0) throw new Error(`${open} editions are open.`);
      },
      { timeout: 900_000, interval: 500 },
    );
    for (const service of services) expect(service.process.exitCode, service.stderr()).toBeNull();
    const { editions, deliveries, runs } = await withLedger(async (ledger) => ({
      editions: await ledger.editions({ limit: 1000 }),
      deliveries: await ledger.deliveries({ limit: 1000 }),
      runs: await ledger.runs({ limit: 1000 }),
    }));
    expect(editions.map(({ id }) => id).toSorted()).toEqual(expected);
    expect(editions.filter(({ state }) => state !== 'done' && state !== 'rendered')).toEqual([]);
    const ends = runs.filter(({ outcome }) => outcome === 'made' || outcome === 'unchanged');
    expect(ends.map(({ edition }) => edition).toSorted()).toEqual(expected);
    const toRecipients = deliveries.filter(({ content }) => content === 'edition');
    // Each goes to one folder: what a backfill asks for reaches folders alone.
    expect(toRecipients).toHaveLength(expected.length);
    expect(toRecipients.filter(({ state }) => state !== 'sent')).toEqual([]);
  });
});

/** Resolves when so many editions were made by all services together. */
const made = (services: readonly Service[], count: number): Promise<void> =>
  vi.waitFor(
    () => {
      const lines = services.flatMap((service) => service.lines);
      const all = lines.filter(({ msg }) => msg === 'made' || msg === 'unchanged').length;
      if (all < count) throw new Error(`${all} editions were made, and not ${count}.`);
    },
    { timeout: 120_000, interval: 20 },
  );
