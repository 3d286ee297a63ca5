import { fromPglite, type Db } from 'pg-boss';
import type { Pool, PoolClient } from 'pg';
import type { PGlite, Transaction } from '@electric-sql/pglite';

/** One connection, or one transaction. */
export interface Session {
  query(sql: string, values?: readonly unknown[]): Promise<unknown[]>;
  /** The same for the queue: what it does becomes part of the transaction. */
  readonly queue: Db;
}

export interface Database extends Session, AsyncDisposable {
  readonly backend: 'pglite' | 'postgres';
  /** Runs `work` whole or not at all. Within it, only the session that it is given may be used. */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>;
}

export function embeddedDatabase(pglite: PGlite): Database {
  const sessionOf = (on: PGlite | Transaction): Session => ({
    query: async (sql, values = []) => (await on.query(sql, [...values])).rows,
    queue: fromPglite(on),
  });
  return {
    ...sessionOf(pglite),
    backend: 'pglite',
    transaction: (work) => pglite.transaction((transaction) => work(sessionOf(transaction))),
    [Symbol.asyncDispose]: () => pglite.close(),
  };
}

export function serverDatabase(pool: Pool): Database {
  const sessionOf = (on: Pool | PoolClient): Session => ({
    query: async (sql, values = []) => (await on.query(sql, [...values])).rows,
    queue: { executeSql: (sql, values) => on.query(sql, values) },
  });
  return {
    ...sessionOf(pool),
    backend: 'postgres',
    async transaction(work) {
      const client = await pool.connect();
      let broken: Error | undefined;
      try {
        await client.query('BEGIN');
        const result = await work(sessionOf(client));
        await client.query('COMMIT');
        return result;
      } catch (error) {
        await client.query('ROLLBACK').catch((cause: Error) => {
          broken = cause;
        });
        throw error;
      } finally {
        client.release(broken);
      }
    },
    [Symbol.asyncDispose]: () => pool.end(),
  };
}
