import type { Caller } from '../ledger/principal.ts';
import type { Page } from '../ledger/views.ts';
import type { Brief } from '../project/brief.ts';
import type { OperatorService } from './remote.ts';

/** A ledger that a command reached. */
export interface Reached {
  readonly service: OperatorService;
  readonly caller: Caller;
  /** Whether another process works on what this command asks for. */
  readonly isServed: boolean;
}

/** What the operator's commands need. */
export interface CommandContext {
  readonly now: Date;
  briefIds(): Promise<string[]>;
  loadBriefs(ids: readonly string[]): Promise<Brief[]>;
  /**
   * Reaches the ledger of an output folder: through the process that holds it, or by opening it; or the one on a server.
   * With `work`, a process that opens the folder also makes and delivers what is asked for, since no other does.
   * Otherwise that waits until a process runs, unless the ledger `isServed`.
   */
  withLedger<T>(options: { out: string; work: boolean }, use: (reached: Reached) => Promise<T>): Promise<T>;
  /** Resolves after a while in which editions may have moved on. Rejects when the program is told to stop. */
  wait(): Promise<void>;
  print(line: string): void;
}

export interface Where {
  readonly out: string;
  readonly json: boolean;
}

/** The service gives lists in parts of at most so many. */
const MOST_AT_ONCE = 200;

/** The first entries of a list, `limit` at most. */
export async function listed<T>(
  limit: number,
  part: (query: { limit: number; after: string | undefined }) => Promise<Page<T>>,
): Promise<T[]> {
  const all: T[] = [];
  let after: string | undefined;
  do {
    const { items, next } = await part({ limit: Math.min(limit - all.length, MOST_AT_ONCE), after });
    all.push(...items);
    after = next ?? undefined;
  } while (after !== undefined && all.length < limit);
  return all;
}

/** Prints rows as JSON, or as text. */
export const show = (
  { print }: Pick<CommandContext, 'print'>,
  { json, rows, text }: { json: boolean; rows: unknown; text: () => string },
): void => print(json ? JSON.stringify(rows, null, 2) : text());
