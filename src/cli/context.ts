import type { Caller } from '../ledger/principal.ts';
import type { Page } from '../ledger/views.ts';
import type { Catalogue } from '../project/load.ts';
import type { OperatorService } from './remote.ts';

/** What every command knows of its run, and how it reports. */
export interface Shell {
  readonly now: Date;
  /** Aborted when the program is stopped. */
  readonly signal: AbortSignal;
  /** Prints a line on standard output. */
  print(line: string): void;
  /** Prints a line on standard error. */
  warn(line: string): void;
  /** Sets the exit status to 1. */
  fail(): void;
  /** Replaces the line of progress on the terminal, if there is one; empty text removes it. */
  progress?(line: string): void;
}

/** A ledger that a command has access to. */
export interface Reached {
  readonly service: OperatorService;
  readonly caller: Caller;
  /** Whether another process does the work that this command requests. */
  readonly isServed: boolean;
}

export interface CommandContext
  extends Pick<Shell, 'now' | 'print'>, Pick<Catalogue, 'briefIds' | 'loadBrief'> {
  /**
   * Gives access to an output folder's ledger, by opening it or through the process that has it open, or to the ledger
   * on a server. With `work`, a process that opens the folder also generates and delivers what was requested. Otherwise
   * this waits for another process, unless the ledger already `isServed`.
   */
  withLedger<T>(options: { out: string; work: boolean }, use: (reached: Reached) => Promise<T>): Promise<T>;
  /** Waits long enough for editions to make progress. Rejects if the program is stopped. */
  wait(): Promise<void>;
}

export interface Where {
  readonly out: string;
  readonly json: boolean;
}

/** Maximum length of a page in the service's lists. */
const MOST_AT_ONCE = 200;

/** The first `limit` entries of a list. */
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

/** `1,234` */
export const inDigits = (count: number): string => count.toLocaleString('en-GB');
/** `1 row`, `1,234 rows` */
export const counted = (count: number, what: string): string =>
  `${inDigits(count)} ${what}${count === 1 ? '' : 's'}`;
