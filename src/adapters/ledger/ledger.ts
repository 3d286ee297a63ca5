import type { PgBoss } from 'pg-boss';
import type { Ledger } from '../../runtime/ledger.ts';
import { alertCalls } from './alerts.ts';
import { approvalCalls } from './approvals.ts';
import type { Database } from './database.ts';
import { deliveryCalls } from './deliveries.ts';
import { editionCalls } from './editions.ts';
import { takeJobs } from './jobs.ts';
import { queryCalls } from './queries.ts';
import { recordCalls } from './records.ts';
import { upkeepCalls } from './upkeep.ts';

/** The ledger in a database that is migrated, with a queue that is started. Whoever opened the two closes them. */
export function openLedger(database: Database, boss: PgBoss): Omit<Ledger, typeof Symbol.asyncDispose> {
  return {
    ...editionCalls(database, boss),
    ...deliveryCalls(database, boss),
    ...alertCalls(database, boss),
    ...approvalCalls(database, boss),
    ...queryCalls(database),
    ...recordCalls(database),
    ...upkeepCalls(database, boss),
    work: (handlers) => takeJobs(boss, handlers),
  };
}
