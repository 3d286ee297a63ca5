import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Client } from 'pg';
import type { Project } from './cli.ts';
import { copyNewLedger } from './new-ledger.ts';
import { migrateServer, openEmbeddedLedger, openServerLedger } from '../../src/ledger/open.ts';
import type { DeliveryRecord, EditionRecord } from '../../src/ledger/records.ts';
import type { Ledger } from '../../src/ledger/types.ts';

/** A ledger for programs that the test starts and kills: embedded, or on the server of `TEST_DATABASE_URL`. */
export interface ProgramLedger extends AsyncDisposable {
  /** The programs that work on it together. */
  readonly roles: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Has the schedule of a brief looked at from then on. */
  setCursor(brief: string, slot: Date): Promise<void>;
  read(): Promise<{ editions: EditionRecord[]; deliveries: DeliveryRecord[] }>;
}

export async function openProgramLedger(project: Project): Promise<ProgramLedger> {
  const server = process.env['TEST_DATABASE_URL'] || undefined;
  const onError = (error: Error) => console.error(error);
  const url = server === undefined ? undefined : await createDatabase(server);
  if (url !== undefined) await migrateServer(url, { onError });
  else await copyNewLedger(join(project.folder, 'output/.ledger'));
  const withLedger = async <T>(use: (ledger: Ledger) => Promise<T>): Promise<T> => {
    await using ledger =
      url === undefined
        ? await openEmbeddedLedger(join(project.folder, 'output/.ledger'), { onError })
        : await openServerLedger(url, { onError });
    return await use(ledger);
  };
  const limit = 100_000;
  return {
    roles: url === undefined ? ['start'] : ['scheduler', 'worker', 'worker'],
    env: url === undefined ? {} : { DATABASE_URL: url },
    setCursor: (brief, slot) =>
      withLedger(async (ledger) => {
        const plan = (cursor: Date) => ({ cursor, due: [], skipped: [] });
        await ledger.openSlots(brief, { now: slot, plan });
      }),
    read: () =>
      withLedger(async (ledger) => ({
        editions: await ledger.editions({ limit }),
        deliveries: await ledger.deliveries({ limit }),
      })),
    async [Symbol.asyncDispose]() {
      if (server !== undefined && url !== undefined)
        await onServer(server, `DROP DATABASE "${nameOf(url)}" WITH (FORCE)`);
    },
  };
}

const nameOf = (url: string): string => new URL(url).pathname.slice(1);

async function createDatabase(server: string): Promise<string> {
  const name = `sitrep_${randomUUID().replaceAll('-', '')}`;
  await onServer(server, `CREATE DATABASE "${name}"`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

async function onServer(server: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
