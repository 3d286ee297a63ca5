import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { serverDatabase } from '../../src/ledger/sql/database.ts';
import { migrateServer, openServerLedger } from '../../src/ledger/open.ts';
import { asked, now } from '../support/ledger-samples.ts';
import { isServer, useLedgers } from '../support/ledger.ts';
import { openSilentProxy } from '../support/silent-proxy.ts';

/** What only the ledger on a server does: several processes share it, and its tables are made in a step of its own. */
const ledgers = useLedgers();
const onError = (error: Error) => {
  throw error;
};

describe.runIf(isServer)('on a server', () => {
  test('three processes at once make each slot once', async () => {
    const { at, open } = await ledgers.ofItsOwn();
    const program = join(import.meta.dirname, '../support/ledger-process.ts');
    const others = Array.from({ length: 3 }, () =>
      spawn(process.execPath, [program, at, 'slots'], { stdio: ['pipe', 'pipe', 'inherit'] }),
    );
    await Promise.all(others.map(({ stdout }) => once(stdout, 'data')));
    const exits = others.map((other) => once(other, 'exit'));
    const added = others.map(({ stdout }) => text(stdout));
    for (const { stdin } of others) stdin.end('go\n');
    const weeks = ['2021-08-01', '2021-08-08', '2021-08-15', '2021-08-22'].map((asOf) => `weekly/${asOf}`);
    expect((await Promise.all(added)).filter((ids) => ids !== '[]\n')).toEqual([
      `${JSON.stringify(weeks)}\n`,
    ]);
    expect(await Promise.all(exits)).toEqual(others.map(() => [0, null]));
    await using ledger = await open();
    expect(await ledger.counts()).toMatchObject({ editions: { queued: 4 } });
    expect(await ledger.reconcile()).toBe(0);
  });

  test('a database without the tables is refused, and two may make them at once', async () => {
    const { at } = await ledgers.ofItsOwn();
    const client = new Client({ connectionString: at });
    await client.connect();
    await client.query('DROP SCHEMA sitrep CASCADE');
    await client.query('DROP SCHEMA pgboss CASCADE');
    await client.end();
    await expect(openServerLedger(at, { onError })).rejects.toMatchObject({
      code: 'ledger-unusable',
      faults: [{ hint: 'Run "sitrep migrate" once, with the same DATABASE_URL.' }],
    });
    await Promise.all([migrateServer(at, { onError }), migrateServer(at, { onError })]);
    await migrateServer(at, { onError });
    await using ledger = await openServerLedger(at, { onError });
    expect(await ledger.editions({})).toEqual([]);
  });
});

describe.runIf(isServer)('a connection that falls silent', () => {
  test('is given up after its time, and the next look at the schedule uses another', async () => {
    const { at } = await ledgers.ofItsOwn();
    await using proxy = await openSilentProxy(at);
    await using ledger = await openServerLedger(proxy.url, { onError: () => {}, queryMs: 1000 });
    const due = asked();
    const look = () =>
      ledger.openSlots('weekly', {
        now: before,
        // As a schedule does it: nothing is due that lies before the cursor.
        plan: (cursor) => ({ cursor: now, due: cursor < now ? [due] : [], skipped: [] }),
      });
    const before = new Date(now.getTime() - 1);
    const nothing = (cursor: Date) => ({ cursor, due: [], skipped: [] });
    await ledger.openSlots('weekly', { now: before, plan: nothing });
    proxy.fallSilent();
    const startedMs = performance.now();
    await expect(look()).rejects.toMatchObject({ code: 'ledger-unavailable' });
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    expect(await look()).toMatchObject([{ id: due.id }]);
    expect(await look()).toEqual([]);
    proxy.cut();
  });
});

describe.runIf(isServer)('a transaction on a server', () => {
  test('fails when its connection is ended between two queries, on the first connection too', async () => {
    const { at } = await ledgers.ofItsOwn();
    await using database = serverDatabase({ connectionString: at, max: 1 }, { onError });
    await database.query('SELECT 1');
    const lost = database.transaction(async (session) => {
      const [row] = await session.query('SELECT pg_backend_pid() AS pid');
      const client = new Client({ connectionString: at });
      await client.connect();
      await client.query('SELECT pg_terminate_backend($1, 10000)', [Reflect.get(Object(row), 'pid')]);
      await client.end();
      // By now the end of the other connection has been read, while no query was under way on it.
      await setImmediate();
      await session.query('SELECT 2');
    });
    await expect(lost).rejects.toMatchObject({ code: 'ledger-unavailable' });
    expect(await database.query('SELECT 3 AS three')).toEqual([{ three: 3 }]);
  });

  test('leaves a server that only reads, as a standby does during a failover', async () => {
    const { at } = await ledgers.ofItsOwn();
    const name = new URL(at).pathname.slice(1);
    const client = new Client({ connectionString: at });
    await client.connect();
    await client.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    await using database = serverDatabase({ connectionString: at, max: 1 }, { onError });
    const write = () => database.transaction((session) => session.query('CREATE TABLE written ()'));
    await expect(write()).rejects.toMatchObject({ code: 'ledger-unavailable' });
    // The setting applies to new connections: the old one still leads to a server that only reads.
    await client.query('SET default_transaction_read_only = off');
    await client.query(`ALTER DATABASE ${name} RESET default_transaction_read_only`);
    await client.end();
    expect(await write()).toEqual([]);
  });

  test('runs again after a deadlock', async () => {
    const { at } = await ledgers.ofItsOwn();
    await using database = serverDatabase({ connectionString: at, max: 4 }, { onError });
    await database.query('CREATE TABLE row (id integer PRIMARY KEY, count integer)');
    await database.query('INSERT INTO row VALUES (1, 0), (2, 0)');
    const both = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let runs = 0;
    const addInOrder = (order: readonly number[], index: number) =>
      database.transaction(async (session) => {
        runs += 1;
        for (const id of order) {
          await session.query('UPDATE row SET count = count + 1 WHERE id = $1', [id]);
          // The first time each waits until the other has a row too.
          both[index]?.resolve();
          await Promise.all(both.map(({ promise }) => promise));
        }
      });
    await Promise.all([addInOrder([1, 2], 0), addInOrder([2, 1], 1)]);
    expect(runs).toBeGreaterThan(2);
    expect(await database.query('SELECT count FROM row ORDER BY id')).toEqual([{ count: 2 }, { count: 2 }]);
  });
});

test('a server that cannot be reached is named, and the password is not', async () => {
  const opened = openServerLedger('postgres://sitrep:secret@127.0.0.1:1/sitrep', { onError });
  const fault: unknown = await opened.catch((error: unknown) => error);
  expect(fault).toMatchObject({
    code: 'ledger-unusable',
    faults: [
      { problem: expect.stringMatching(/^The database of DATABASE_URL cannot be reached: .*127\.0\.0\.1:1/) },
    ],
  });
  expect(String(fault)).not.toContain('secret');
});
