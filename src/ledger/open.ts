import type { PGlite } from '@electric-sql/pglite';
import { Socket } from 'node:net';
import { type ConstructorOptions, fromPglite, PgBoss } from 'pg-boss';
import { z } from 'zod';
import { explainQuery, faultOfFolder, giveToOwner, lockFolder, unusable } from './embedded/access.ts';
import { LOCK_WAIT_MS, noteRemoved, openData, writeSnapshot } from './embedded/folder.ts';
import { type Database, embeddedDatabase, reasonOf, serverDatabase } from './sql/database.ts';
import { alertCalls, approvalCalls, deliveryCalls } from './sql/deliveries.ts';
import { editionCalls } from './sql/editions.ts';
import { createQueues, storeOf, takeJobs } from './sql/jobs.ts';
import { isMigrated, migrate } from './sql/migrations.ts';
import { queryCalls, recordCalls } from './sql/queries.ts';
import { refreshCalls } from './sql/refreshes.ts';
import { recover, upkeepCalls } from './sql/upkeep.ts';
import type { Ledger } from './types.ts';
import { AppError } from '../errors.ts';

/** Creates a ledger from a migrated database and a started queue. The caller closes both. */
export function openLedger(database: Database, boss: PgBoss): Omit<Ledger, typeof Symbol.asyncDispose> {
  const store = storeOf(database, boss);
  return {
    ...editionCalls(store),
    ...deliveryCalls(store),
    ...alertCalls(store),
    ...approvalCalls(store),
    ...queryCalls(store),
    ...recordCalls(store),
    ...refreshCalls(store),
    ...upkeepCalls(store),
    work: (handlers) => takeJobs(boss, handlers),
  };
}

/** The embedded ledger, which only this process uses. */
export interface EmbeddedLedger extends Ledger {
  /** Writes a copy of the whole ledger to `snapshot.tar.gz` in its folder and flushes it to disk. */
  snapshot(): Promise<void>;
}

/** Queue settings for both kinds of ledger. `onError` receives background errors. */
const queueOptions = {
  schema: 'pgboss',
  schedule: false,
  // Otherwise an idle worker sleeps on while a job is waiting.
  useListenNotify: true,
  superviseIntervalSeconds: 2,
  // How often lost processes are looked for; by default once a minute.
  monitorIntervalSeconds: 5,
  // Jobs are few, and an embedded database cannot build indexes during other work.
  reindex: false,
  monitorVacuum: false,
  registerInstance: false,
} as const satisfies ConstructorOptions;

/** No query of a working ledger takes longer. */
const QUERY_MS = 30_000;
/** Migrations rewrite tables, and a second process waits for the first. */
const MIGRATION_MS = 600_000;
/** Time for jobs in progress to end when the ledger is closed. */
const STOP_MS = 20_000;
/** After this, open connections are cut, because the server no longer answers. */
const CUT_MS = STOP_MS + 5_000;

export interface LedgerOptions {
  /** Receives background errors, such as a lost connection. */
  readonly onError: (error: Error) => void;
}

/**
 * Opens the ledger in `folder` and creates it if there is none. Gives back the work that the last process left
 * unfinished. Throws `ledger-in-use`, `ledger-unavailable` and `ledger-unusable`.
 */
export async function openEmbeddedLedger(
  folder: string,
  { onError, waitMs = LOCK_WAIT_MS }: LedgerOptions & { waitMs?: number },
): Promise<EmbeddedLedger> {
  await using opening = new AsyncDisposableStack();
  opening.use(await lockFolder(folder, { waitMs }));
  opening.defer(() => giveToOwner(folder));
  const pglite = await openData(folder);
  const database = embeddedDatabase(pglite, (error) => explainQuery(folder, error));
  // A damaged ledger cannot be closed properly. The first error is the one to show.
  opening.defer(() => pglite.close().catch(onError));
  const ledger = opening.use(
    await openOn(pglite, database, { onError }).catch(async (cause: unknown) => {
      throw await faultOfFolder(folder, cause);
    }),
  );
  const resources = opening.move();
  return {
    ...ledger,
    async removeEditions(ids, before) {
      const removed = await ledger.removeEditions(ids, before);
      if (removed) await noteRemoved(folder, ids.length);
      return removed;
    },
    async snapshot() {
      const counted = z.object({ count: z.coerce.number() });
      const { count } = await database.one(counted, 'SELECT count(*) FROM sitrep.edition');
      const kept = await writeSnapshot(folder, { pglite, editions: count });
      if (kept !== null)
        onError(
          new Error(
            `The last snapshot had more editions than the ledger has now (${count}). It is kept as ${kept}.`,
          ),
        );
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Opens the ledger of an embedded database and gives back unfinished work. Closing it leaves the database open. */
export async function openOn(
  pglite: PGlite,
  database: Database,
  { onError }: LedgerOptions,
): Promise<Ledger> {
  await using opening = new AsyncDisposableStack();
  await migrate(database);
  const boss = new PgBoss({ ...queueOptions, backend: 'pglite', db: fromPglite(pglite) });
  boss.on('error', onError);
  opening.defer(() => boss.stop({ graceful: true, close: false, timeout: STOP_MS }).catch(onError));
  await boss.start();
  await createQueues(boss, null);
  await recover(database, boss);
  const ledger = openLedger(database, boss);
  await ledger.reconcile();
  const resources = opening.move();
  return { ...ledger, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** Opens the ledger on a PostgreSQL server. Throws `ledger-unusable` if it cannot be reached or is not migrated. */
export async function openServerLedger(
  url: string,
  { onError, queryMs = QUERY_MS }: LedgerOptions & { queryMs?: number },
): Promise<Ledger> {
  await using opening = new AsyncDisposableStack();
  const { database, boss, sockets } = await connect(url, { onError, migrate: false, queryMs });
  opening.use(database);
  if (!(await isMigrated(database)))
    throw unusable(undefined, {
      problem: 'The tables in the database are not those of this version.',
      hint: 'Run "sitrep migrate" once, with the same DATABASE_URL.',
    });
  opening.defer(() => boss.stop({ graceful: true, close: true, timeout: STOP_MS }));
  // Closing a connection waits for the server, so those that stay open too long are cut off.
  opening.defer(() => {
    setTimeout(() => sockets.forEach((socket) => socket.destroy()), CUT_MS).unref();
  });
  await boss.start();
  const resources = opening.move();
  return { ...openLedger(database, boss), [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** Migrates the tables on a PostgreSQL server. Safe to repeat, and to run in two processes at once. */
export async function migrateServer(url: string, { onError }: LedgerOptions): Promise<void> {
  await using opening = new AsyncDisposableStack();
  const { database, boss } = await connect(url, { onError, migrate: true, queryMs: MIGRATION_MS });
  opening.use(database);
  opening.defer(() => boss.stop({ graceful: false, close: true }));
  await boss.start();
  await createQueues(boss);
  // This runs last, because the program takes the queue's tables for granted once these exist.
  await migrate(database);
}

async function connect(
  url: string,
  { onError, migrate: migrates, queryMs }: LedgerOptions & { migrate: boolean; queryMs: number },
): Promise<{ database: Database; boss: PgBoss; sockets: ReadonlySet<Socket> }> {
  const sockets = new Set<Socket>();
  // Both ends have a timeout, because either may disappear without closing the connection.
  const connection = {
    connectionString: url,
    connectionTimeoutMillis: Math.min(queryMs, 10_000),
    query_timeout: queryMs,
    statement_timeout: queryMs,
    idle_in_transaction_session_timeout: queryMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    stream() {
      const socket = new Socket();
      sockets.add(socket);
      return socket.once('close', () => sockets.delete(socket));
    },
  };
  const database = serverDatabase({ ...connection, max: 8 }, { onError });
  try {
    await database.query('SELECT 1');
  } catch (error) {
    await database[Symbol.asyncDispose]();
    const cause = error instanceof AppError ? error.cause : error;
    throw unusable(cause, {
      problem: `The database of DATABASE_URL cannot be reached: ${reasonOf(cause)}.`,
      hint: 'Start it, or correct the address.',
    });
  }
  const boss = new PgBoss({
    ...queueOptions,
    ...connection,
    max: 4,
    migrate: migrates,
    createSchema: migrates,
  });
  boss.on('error', onError);
  return { database, boss, sockets };
}
