import type { Operate } from '../editions/operations.ts';
import type { Brief } from '../project/brief.ts';

/** What the operator's commands need of the world. */
export interface Operations {
  readonly now: Date;
  /** Who runs this process, as the system says. */
  readonly systemUser: string;
  briefIds(): Promise<string[]>;
  loadBriefs(ids: readonly string[]): Promise<Brief[]>;
  /**
   * Reaches the ledger of an output folder: in the process that holds it, or by opening it; or the one on a server. With
   * `work`, a process that opens the folder makes and delivers meanwhile what is asked for: no other does. Otherwise
   * that waits until somebody runs, unless the ledger `isServed`.
   */
  withLedger<T>(
    options: { out: string; work: boolean },
    use: (operate: Operate, ledger: { isServed: boolean }) => Promise<T>,
  ): Promise<T>;
  /** Resolves when some time has passed in which editions may have moved on. */
  wait(): Promise<void>;
  print(line: string): void;
}

export interface Where {
  readonly out: string;
  readonly json: boolean;
}
