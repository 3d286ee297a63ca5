import { z } from 'zod';
import { type Database, given, type Session, visibleOf, where } from './database.ts';
import { auditRecord, tokenRecord } from '../principal.ts';
import type { Ledger } from '../types.ts';
import { type StepRecord, stepRecord } from '../views.ts';

/** Records other than editions: steps of runs, tokens and the audit of changes. */
export function recordCalls(
  database: Database,
): Pick<
  Ledger,
  | 'addSteps'
  | 'steps'
  | 'tokens'
  | 'addToken'
  | 'removeToken'
  | 'secret'
  | 'recordChange'
  | 'closeChange'
  | 'audit'
> {
  return {
    addSteps: (steps) => insertSteps(database, steps),

    steps: async (edition) =>
      z
        .array(stepRecord)
        .parse(
          await database.query(
            'SELECT edition, run, number, step, at FROM sitrep.step WHERE edition = $1 ORDER BY run, number',
            [edition],
          ),
        ),

    tokens: async () =>
      z
        .array(tokenRecord)
        .parse(
          await database.query(
            'SELECT name, sha256, may, clearance, created_at AS "createdAt" FROM sitrep.token ORDER BY name',
          ),
        ),
    addToken: async ({ name, sha256, may, clearance, createdAt }) =>
      (
        await database.query(
          'INSERT INTO sitrep.token VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING name',
          [name, sha256, may, clearance, createdAt],
        )
      ).length > 0,
    removeToken: async (name) =>
      (await database.query('DELETE FROM sitrep.token WHERE name = $1 RETURNING name', [name])).length > 0,
    async secret(name, offered) {
      await database.query('INSERT INTO sitrep.secret VALUES ($1, $2) ON CONFLICT DO NOTHING', [
        name,
        offered,
      ]);
      const rows = await database.query('SELECT value FROM sitrep.secret WHERE name = $1', [name]);
      return z.tuple([z.object({ value: z.string() })]).parse(rows)[0].value;
    },

    async recordChange({ at, who, what, edition, details }) {
      const rows = await database.query(
        `INSERT INTO sitrep.audit (at, who, what, edition, details, outcome)
         VALUES ($1, $2, $3, $4, $5, 'begun') RETURNING id`,
        [at, who, what, edition, JSON.stringify(details)],
      );
      return z.tuple([z.object({ id: z.coerce.number() })]).parse(rows)[0].id;
    },
    async closeChange(id, outcome) {
      await database.query('UPDATE sitrep.audit SET outcome = $2 WHERE id = $1', [id, outcome]);
    },
    async audit({ edition, who, limit = 1000, visibility, after }) {
      const { sql, values } = where([
        given('edition = $?', edition),
        given('who = $?', who),
        given('id < $?', after),
        visibility && visibleOf(visibility),
      ]);
      return z
        .array(auditRecord)
        .parse(
          await database.query(
            `SELECT id, at, who, what, edition, details, outcome FROM sitrep.audit ${sql} ORDER BY id DESC LIMIT ${limit}`,
            values,
          ),
        );
    },
  };
}

export async function insertSteps(session: Session, steps: readonly StepRecord[]): Promise<void> {
  if (steps.length === 0) return;
  // The edition may have been removed meanwhile, and its steps are no longer needed.
  await session.query(
    `INSERT INTO sitrep.step (edition, run, number, step, at)
     SELECT given.* FROM jsonb_to_recordset($1) AS given (edition text, run integer, number integer, step text, at timestamptz)
     JOIN sitrep.edition ON id = given.edition ON CONFLICT DO NOTHING`,
    [JSON.stringify(steps)],
  );
}
