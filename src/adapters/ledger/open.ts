import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open as openFile, readFile, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { Pool } from 'pg';
import { fromPglite, PgBoss, type ConstructorOptions } from 'pg-boss';
import { AppError } from '../../model/fault.ts';
import type { Ledger } from '../../runtime/ledger.ts';
import { embeddedDatabase, serverDatabase, type Database } from './database.ts';
import { createQueues } from './jobs.ts';
import { openLedger } from './ledger.ts';
import { lockFolder } from './lock.ts';
import { isMigrated, migrate } from './schema.ts';
import { recover } from './upkeep.ts';

/** The embedded ledger, which this process alone holds. */
export interface EmbeddedLedger extends Ledger {
  /** Writes a copy of the whole ledger to `snapshot.tar.gz` in its folder, safe from a power cut once it is there. */
  snapshot(): Promise<void>;
}

/** Settings of the queue that both kinds share. `onError` is told of what goes wrong in the background. */
const queueOptions = {
  schema: 'pgboss',
  schedule: false,
  // Without it a worker that waits sleeps on while a job is there.
  useListenNotify: true,
  superviseIntervalSeconds: 2,
  // Jobs are few, and an embedded database cannot build indexes beside other work.
  reindex: false,
  monitorVacuum: false,
  registerInstance: false,
} as const satisfies ConstructorOptions;

/** Longer than any command but `start` holds an embedded ledger for, unless it makes editions. */
const LOCK_WAIT_MS = 3_000;

export interface LedgerOptions {
  /** Told of what goes wrong in the background, such as a lost connection. */
  readonly onError: (error: Error) => void;
}

/**
 * Opens the ledger in `folder`, making it if there is none. What was in hand when its last holder ended is given back.
 * Throws `ledger-in-use` and `ledger-unusable`.
 */
export async function openEmbeddedLedger(
  folder: string,
  { onError }: LedgerOptions,
): Promise<EmbeddedLedger> {
  await using opening = new AsyncDisposableStack();
  opening.use(lockFolder(folder, { waitMs: LOCK_WAIT_MS }));
  const data = join(folder, 'data');
  if (!existsSync(data)) await createData(folder);
  const pglite = await openData(data, folder);
  const database = embeddedDatabase(pglite);
  opening.use(database);
  await migrate(database);
  const boss = new PgBoss({ ...queueOptions, backend: 'pglite', db: fromPglite(pglite) });
  boss.on('error', onError);
  opening.defer(() => boss.stop({ graceful: true, close: false, timeout: 20_000 }));
  await boss.start();
  await createQueues(boss);
  await recover(database, boss);
  const ledger = openLedger(database, boss);
  await ledger.reconcile(new Date(0));
  const held = opening.move();
  return {
    ...ledger,
    snapshot: () => writeSnapshot(pglite, folder),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** Opens the ledger on a PostgreSQL server. Throws `ledger-unusable` when it cannot be reached or is not migrated. */
export async function openServerLedger(url: string, { onError }: LedgerOptions): Promise<Ledger> {
  await using opening = new AsyncDisposableStack();
  const { database, boss } = await connect(url, { onError, migrate: false });
  opening.use(database);
  if (!(await isMigrated(database)))
    throw unusable(undefined, {
      problem: 'The tables in the database are not those of this version.',
      mend: 'Run "sitrep migrate" once, with the same DATABASE_URL.',
    });
  opening.defer(() => boss.stop({ graceful: true, close: true, timeout: 20_000 }));
  await boss.start();
  const held = opening.move();
  return { ...openLedger(database, boss), [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** Brings the tables on a PostgreSQL server up to date; safe to run again, and by two at once. */
export async function migrateServer(url: string, { onError }: LedgerOptions): Promise<void> {
  await using opening = new AsyncDisposableStack();
  const { database, boss } = await connect(url, { onError, migrate: true });
  opening.use(database);
  opening.defer(() => boss.stop({ graceful: false, close: true }));
  await boss.start();
  await createQueues(boss);
  // Last: whoever finds these tables may take the queue's for granted.
  await migrate(database);
}

/** Puts the last snapshot in the place of the ledger, whose remains are kept beside it. Gives the folder of the remains. */
export async function restoreSnapshot(folder: string): Promise<string | null> {
  using held = new DisposableStack();
  held.use(lockFolder(folder, { waitMs: LOCK_WAIT_MS }));
  const file = join(folder, 'snapshot.tar.gz');
  const content = await readFile(file).catch((cause: unknown) => {
    throw unusable(cause, {
      file,
      problem: 'There is no snapshot to restore.',
      mend: 'Bring a copy of it from a backup.',
    });
  });
  const fresh = join(folder, `new-${randomUUID()}`);
  try {
    await using pglite = new PGlite({ dataDir: fresh, loadDataDir: new Blob([new Uint8Array(content)]) });
    await pglite.waitReady;
  } catch (cause) {
    await rm(fresh, { recursive: true, force: true });
    throw unusable(cause, {
      file,
      problem: 'The snapshot is damaged and cannot be restored.',
      mend: 'Bring a copy of it from a backup.',
    });
  }
  const data = join(folder, 'data');
  const remains = existsSync(data) ? join(folder, `damaged-${randomUUID()}`) : null;
  if (remains) await rename(data, remains);
  await rename(fresh, data);
  return remains;
}

async function connect(
  url: string,
  { onError, migrate: migrates }: LedgerOptions & { migrate: boolean },
): Promise<{ database: Database; boss: PgBoss }> {
  const pool = new Pool({ connectionString: url, max: 8, connectionTimeoutMillis: 10_000 });
  pool.on('error', onError);
  try {
    await pool.query('SELECT 1');
  } catch (cause) {
    await pool.end();
    // The message names host and user at most, never the password.
    const reason = cause instanceof Error ? cause.message || Reflect.get(cause, 'code') : cause;
    throw unusable(cause, {
      problem: `The database of DATABASE_URL cannot be reached: ${String(reason)}.`,
      mend: 'Start it, or correct the address.',
    });
  }
  const boss = new PgBoss({
    ...queueOptions,
    connectionString: url,
    max: 4,
    migrate: migrates,
    createSchema: migrates,
  });
  boss.on('error', onError);
  return { database: serverDatabase(pool), boss };
}

/** Made beside its place and then renamed: a process that ends half-way leaves no half-made ledger. */
async function createData(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith('new-')) await rm(join(folder, name), { recursive: true });
  }
  const fresh = join(folder, `new-${randomUUID()}`);
  const pglite = new PGlite({ dataDir: fresh });
  await pglite.waitReady;
  await pglite.close();
  await rename(fresh, join(folder, 'data'));
}

async function openData(data: string, folder: string): Promise<PGlite> {
  try {
    const pglite = new PGlite({ dataDir: data });
    await pglite.waitReady;
    return pglite;
  } catch (cause) {
    throw unusable(cause, {
      file: folder,
      problem: 'The ledger is damaged and cannot be opened.',
      mend: 'Run "sitrep restore", which puts the last snapshot in its place and keeps the remains.',
    });
  }
}

async function writeSnapshot(pglite: PGlite, folder: string): Promise<void> {
  const dump = await pglite.dumpDataDir('gzip');
  const fresh = join(folder, `snapshot-${randomUUID()}`);
  await mkdir(folder, { recursive: true });
  const file = await openFile(fresh, 'w');
  try {
    await file.writeFile(new Uint8Array(await dump.arrayBuffer()));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, join(folder, 'snapshot.tar.gz'));
  const directory = await openFile(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

const unusable = (cause: unknown, fault: { file?: string; problem: string; mend: string }): AppError =>
  new AppError('ledger-unusable', [fault], { cause });
