import { setTimeout as delay } from 'node:timers/promises';
import type { PGlite, Transaction } from '@electric-sql/pglite';
import { DatabaseError, Pool, type PoolClient, type PoolConfig } from 'pg';
import { type Db, fromPglite } from 'pg-boss';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { hashOf } from '../../hash.ts';
import {
  type DeliveryRecord,
  deliveryRecord,
  type EditionRecord,
  editionRecord,
  type NewDelivery,
} from '../records.ts';
import type { Visibility } from '../types.ts';

/** A connection or a transaction, and queries on it with parsed rows. */
export interface Session {
  query(sql: string, values?: readonly unknown[]): Promise<unknown[]>;
  rows<Row extends z.ZodType>(row: Row, sql: string, values?: readonly unknown[]): Promise<z.output<Row>[]>;
  /** The first row of a query that always has one. */
  one<Row extends z.ZodType>(row: Row, sql: string, values?: readonly unknown[]): Promise<z.output<Row>>;
  /** Editions, by what follows the name of their table. */
  editions(sql: string, values?: readonly unknown[]): Promise<EditionRecord[]>;
  deliveries(sql: string, values?: readonly unknown[]): Promise<DeliveryRecord[]>;
  /** The session for the queue, whose changes become part of the same transaction. */
  readonly queue: Db;
}

function sessionOn(query: Session['query'], queue: Db): Session {
  const rows: Session['rows'] = async (row, ...given) => z.array(row).parse(await query(...given));
  return {
    query,
    rows,
    one: async (row, ...given) => row.parse((await query(...given))[0]),
    editions: (sql, ...given) =>
      rows(editionRecord, `SELECT ${editionColumns} FROM sitrep.edition ${sql}`, ...given),
    deliveries: (sql, ...given) =>
      rows(deliveryRecord, `SELECT ${deliveryColumns} FROM sitrep.delivery ${sql}`, ...given),
    queue,
  };
}

export interface Database extends Session, AsyncDisposable {
  /**
   * Runs `work` atomically. `work` may use only the session that it receives. On a server, `work` runs again after a
   * conflict with another transaction, so it must not change anything outside the session.
   */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>;
}

/** `explain` turns a database error into one that says how to fix it. */
export function embeddedDatabase(
  pglite: PGlite,
  explain: (error: unknown) => unknown = (error) => error,
): Database {
  const explained = <T>(work: Promise<T>): Promise<T> =>
    work.catch(async (error: unknown) => {
      throw await explain(error);
    });
  const sessionOf = (on: PGlite | Transaction): Session =>
    sessionOn(async (sql, values = []) => (await explained(on.query(sql, [...values]))).rows, fromPglite(on));
  return {
    ...sessionOf(pglite),
    transaction: (work) => explained(pglite.transaction((transaction) => work(sessionOf(transaction)))),
    [Symbol.asyncDispose]: () => pglite.close(),
  };
}

/** Throws `ledger-unavailable` if the server cannot be reached or does not answer in time. */
export function serverDatabase(
  config: PoolConfig,
  { onError }: { onError: (error: Error) => void },
): Database {
  const pool = new Pool(config);
  pool.on('error', onError);
  // A client in use also emits an error when it loses its connection, and an error event without a listener ends the
  // process. The current or next query fails with the same error. The pool is created here so that its first client has
  // the listener too.
  pool.on('connect', (client) => client.on('error', () => {}));
  const sessionOf = (on: Pool | PoolClient, again: typeof retried = (work) => work()): Session => {
    const query: Session['query'] = (sql, values = []) =>
      again(async () => (await reached(() => on.query(sql, [...values]))).rows);
    return sessionOn(query, { executeSql: (sql, values) => reached(() => on.query(sql, values)) });
  };
  const runOnce = async <T>(work: (session: Session) => Promise<T>): Promise<T> => {
    const client = await reached(() => pool.connect());
    let isBroken = false;
    try {
      const session = sessionOf(client);
      await session.query('BEGIN');
      const result = await work(session);
      await session.query('COMMIT');
      return result;
    } catch (error) {
      // ROLLBACK would hang on a silent connection. Closing the connection has the same effect.
      isBroken =
        isUnavailable(error) ||
        (await client.query('ROLLBACK').then(
          () => false,
          () => true,
        ));
      throw error;
    } finally {
      client.release(isBroken);
    }
  };
  return {
    ...sessionOf(pool, retried),
    transaction: (work) => retried(() => runOnce(work)),
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

const codeOf = (error: unknown): unknown => Reflect.get(Object(error), 'code');
const isUnavailable = (error: unknown): boolean => codeOf(error) === 'ledger-unavailable';

/** Serialization failure and deadlock: the server rolled the transaction back, so it can run again. */
const conflicts: ReadonlySet<unknown> = new Set(['40001', '40P01']);
const MOST_TRIES = 8;
const RETRY_MS = 10;

async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!conflicts.has(codeOf(error)) || tries === MOST_TRIES) throw error;
      // The delay is random so that two conflicting transactions do not conflict again.
      await delay(Math.random() * RETRY_MS * 2 ** tries);
    }
  }
}

/**
 * SQLSTATEs of temporary failures that the query did not cause: a lost connection (08), too few resources (53), a
 * server that stops or starts (57P), a query or transaction that took too long, and a server that only reads (25006):
 * during a failover, a connection may lead to a standby, and would do so for ever if it were kept.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const passing = /^(?:08|53|57P|57014|25006|25P03|55P03)/;

async function reached<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    // An error that the server did not report comes from the connection: refused, lost or silent.
    const isPassing =
      cause instanceof DatabaseError ? passing.test(cause.code ?? '') : !(cause instanceof TypeError);
    if (!isPassing) throw cause;
    throw new AppError(
      'ledger-unavailable',
      {
        problem: `The database of DATABASE_URL does not answer: ${reasonOf(cause)}.`,
        hint: 'Try again. If it fails again, check the PostgreSQL server and the network.',
      },
      { cause },
    );
  }
}

/** A short reason. It contains the host and user at most, never the password. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A refused connection to a name with several addresses has a code and no message.
  const text = error.message === '' ? String(codeOf(error)) : error.message;
  return (text.split('\n')[0] ?? '').slice(0, 200).replace(/\.$/, '');
}

/** The columns of a record, named as in the model, such as `requested_at AS "requestedAt"`. */
export const columnsOf = (record: z.ZodObject): string =>
  Object.keys(record.shape)
    .map((name) => `${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)} AS "${name}"`)
    .join(', ');
export const editionColumns = columnsOf(editionRecord);
export const deliveryColumns = columnsOf(deliveryRecord);

/** SQL condition: a delivery to recipients, not an alert to the operator. */
export const toRecipients = `content IN ('edition', 'notice')`;
/** SQL condition: the edition is not generated before a refresh of its dataset has ended. */
export const waitsForRefresh = `EXISTS (SELECT 1 FROM sitrep.refresh
  WHERE refresh.id = edition.refresh AND refresh.state <> 'ended')`;

/** The permanent id of a delivery: a hash of its identity that does not reveal the address. */
export function deliveryId(
  edition: string,
  { channel, address, content, copy }: Pick<NewDelivery, 'channel' | 'address' | 'content' | 'copy'>,
): string {
  return hashOf(JSON.stringify([edition, channel, address, content, copy])).slice(0, 32);
}

/** A query condition with its values. Each `$?` stands for the next value. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/**
 * Whether a caller may see an edition. Its marking at the time of generation counts. In any other state the brief
 * counts too, because the card may come from an earlier run, and the reasons from a later one.
 */
export const visible = ({ markings, briefs }: Visibility): Condition => ({
  sql: `(card->>'marking' IS NULL OR card->>'marking' = ANY($?::text[]))
    AND ((card->>'marking' IS NOT NULL AND state IN ('rendered', 'delivering', 'done')) OR brief = ANY($?::text[]))`,
  values: [[...markings], [...briefs]],
});

/** The same for a table whose column `edition` contains the edition's id. */
export function visibleOf(visibility: Visibility): Condition {
  const { sql, values } = visible(visibility);
  return { sql: `edition IN (SELECT id FROM sitrep.edition WHERE ${sql})`, values };
}

/** Joins the conditions and numbers their values. */
export function where(conditions: readonly (Condition | undefined)[]): Condition {
  const given = conditions.filter((condition) => condition !== undefined);
  let number = 0;
  const sql = given.map((each) => `(${each.sql.replaceAll('$?', () => `$${(number += 1)}`)})`).join(' AND ');
  return { sql: sql === '' ? '' : `WHERE ${sql}`, values: given.flatMap(({ values }) => values) };
}

/** A condition that applies only if there is a value to compare with. */
export const given = (sql: string, ...values: readonly unknown[]): Condition | undefined =>
  values.every((value) => value !== undefined) ? { sql, values } : undefined;
