import type { PGlite } from '@electric-sql/pglite';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, DatabaseError } from 'pg';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { openData } from '../../src/ledger/embedded/folder.ts';
import { migrateServer, openEmbeddedLedger, openOn, openServerLedger } from '../../src/ledger/open.ts';
import { embeddedDatabase } from '../../src/ledger/sql/database.ts';
import type { Ledger } from '../../src/ledger/types.ts';
import { copyNewLedger } from './new-ledger.ts';

/** A PostgreSQL server to test on, by `npm run test:postgres`; without it the ledger is embedded. */
const serverUrl = process.env['TEST_DATABASE_URL'] || undefined;
export const isServer = serverUrl !== undefined;

/** The place of one test's ledger, empty and migrated. */
export interface Place {
  /** The folder of an embedded ledger, the address of the database of one on a server. */
  readonly at: string;
  readonly open: () => Promise<Ledger>;
  /** As many processes would see it: on a server each with connections of its own, embedded the same ledger. */
  several(count: number): Promise<{ ledgers: readonly Ledger[] } & AsyncDisposable>;
}

/** Ledgers for the tests of a file: a fresh place for each. A test that leaves one open fails. */
export function useLedgers(): {
  /** A place on a database that the tests of the file share, emptied: one takes longer to start than most tests. */
  fresh: () => Promise<Omit<Place, 'at'>>;
  /** A place of its own, which other processes can open, and which is closed and opened as by the program. */
  ofItsOwn: () => Promise<Place>;
} {
  const faults: Error[] = [];
  const onError = (error: Error) => void faults.push(error);
  const open = new Set<Ledger>();
  const undo: (() => Promise<void>)[] = [];
  let template = '';
  const idle: PGlite[] = [];
  const folders: string[] = [];

  beforeAll(async () => {
    if (!isServer) return;
    template = `sitrep_${randomUUID().replaceAll('-', '')}`;
    await onServer(`CREATE DATABASE ${template}`);
    await migrateServer(urlOf(template), { onError });
  });
  afterAll(async () => {
    if (isServer) await drop(template);
    for (const pglite of idle) await pglite.close();
    for (const folder of folders) await drop(folder);
  });
  afterEach(async () => {
    const left = [...open];
    for (const ledger of left) await ledger[Symbol.asyncDispose]();
    for (const each of undo.splice(0)) await each();
    if (left.length > 0) throw new Error(`${left.length} ledgers were left open.`);
    if (faults.length > 0) throw new AggregateError(faults.splice(0), 'The queue met with faults.');
  });

  const place = (at: string, openOne: () => Promise<Ledger>): Place => {
    const openAt = async (): Promise<Ledger> => {
      const ledger = await openOne();
      const watched: Ledger = {
        ...ledger,
        async [Symbol.asyncDispose]() {
          open.delete(watched);
          await ledger[Symbol.asyncDispose]();
        },
      };
      open.add(watched);
      return watched;
    };
    return {
      at,
      open: openAt,
      async several(count) {
        const opened = await Promise.all(Array.from({ length: isServer ? count : 1 }, openAt));
        return {
          ledgers: Array.from({ length: count }, (_, index) => opened[index % opened.length]!),
          async [Symbol.asyncDispose]() {
            for (const ledger of opened) await ledger[Symbol.asyncDispose]();
          },
        };
      },
    };
  };
  const start = async (): Promise<PGlite> => {
    const folder = await copyOf(template);
    folders.push(folder);
    return openData(folder);
  };
  const ofItsOwn = async (): Promise<Place> => {
    const copy = await copyOf(template);
    undo.push(() => drop(copy));
    return isServer
      ? place(urlOf(copy), () => openServerLedger(urlOf(copy), { onError }))
      : place(copy, () => openEmbeddedLedger(copy, { onError }));
  };
  return {
    ofItsOwn,
    async fresh() {
      if (isServer) return ofItsOwn();
      const pglite = idle.pop() ?? (await start());
      undo.push(async () => {
        await empty(pglite);
        idle.push(pglite);
      });
      return place('', () => openOn(pglite, embeddedDatabase(pglite), { onError }));
    },
  };
}

/**
 * Leaves what a new ledger has: the versions of its tables, and the queues. To truncate them makes each table and index
 * a new file, which takes ten times as long.
 */
async function empty(pglite: PGlite): Promise<void> {
  const { rows } = await pglite.query<{ sql: string }>(
    `SELECT format('DELETE FROM %I.%I', schemaname, tablename) AS sql FROM pg_tables
      WHERE schemaname IN ('sitrep', 'pgboss') AND tablename NOT IN ('migration', 'version', 'queue')
     UNION ALL
     SELECT format('ALTER SEQUENCE %I.%I RESTART', schemaname, sequencename) FROM pg_sequences
      WHERE schemaname IN ('sitrep', 'pgboss') AND last_value IS NOT NULL`,
  );
  // Without the checks of foreign keys, the order is of no matter.
  const steps = ['SET session_replication_role = replica', ...rows.map(({ sql }) => sql)];
  await pglite.exec([...steps, 'SET session_replication_role = DEFAULT'].join(';'));
}

async function copyOf(template: string): Promise<string> {
  if (!isServer) {
    const folder = await mkdtemp(join(tmpdir(), 'sitrep-ledger-'));
    await copyNewLedger(folder);
    return folder;
  }
  const name = `sitrep_${randomUUID().replaceAll('-', '')}`;
  await onServer(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  return name;
}

/**
 * The server waits five seconds for connections to end, and refuses when one was left open. On a busy machine it may
 * notice later that one has ended.
 */
async function drop(at: string): Promise<void> {
  if (!isServer) return rm(at, { recursive: true, force: true });
  for (let refusals = 0; ; refusals += 1)
    try {
      return await onServer(`DROP DATABASE IF EXISTS ${at}`);
    } catch (cause) {
      if (refusals === 20 || !(cause instanceof DatabaseError) || cause.code !== IN_USE) throw cause;
    }
}
const IN_USE = '55006';

async function onServer(sql: string): Promise<void> {
  const client = new Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

function urlOf(database: string): string {
  const url = new URL(serverUrl ?? '');
  url.pathname = `/${database}`;
  return url.href;
}
