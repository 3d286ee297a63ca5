import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { z } from 'zod';
import { hashOf } from '../hash.ts';

/** How an import is followed and stopped. */
export interface Running {
  readonly signal?: AbortSignal;
  /** Called at the start of a step, and while it runs with the share done, from 0 to 1, if that is known. */
  readonly onStep?: (step: Step, share?: number) => void;
}
export type Step = 'read' | 'compare' | 'write' | 'put in place';

/** Leaves room for the rest of the process within 600 MB. */
export const MEMORY_LIMIT = '300MB';

/** A database in the folder `scratch`, because an import may be larger than memory. The folder disappears with it. */
export async function openDatabase(scratch: string, { signal, onStep }: Running) {
  // A process that was killed may have left it behind.
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  await using opening = new AsyncDisposableStack();
  opening.defer(() => rm(scratch, { recursive: true, force: true }));
  const instance = await DuckDBInstance.create(join(scratch, 'import.duckdb'), {
    threads: '2',
    memory_limit: MEMORY_LIMIT,
    // Every result that needs an order asks for it, and keeping one takes memory.
    preserve_insertion_order: 'false',
    temp_directory: join(scratch, 'temp'),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  opening.defer(() => instance.closeSync());
  const connection = await instance.connect();
  opening.defer(() => connection.closeSync());
  /** For questions, which can be asked while a statement runs. */
  const questions = await instance.connect();
  opening.defer(() => questions.closeSync());
  const interrupt = (): void => {
    connection.interrupt();
    questions.interrupt();
  };
  signal?.addEventListener('abort', interrupt);
  const running = new Set<Promise<unknown>>();
  // Closing a database under a statement ends the process.
  opening.defer(async () => {
    signal?.removeEventListener('abort', interrupt);
    if (running.size > 0) interrupt();
    await Promise.allSettled(running);
  });
  const tracked = async <T>(statement: Promise<T>): Promise<T> => {
    running.add(statement);
    try {
      return await statement;
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      running.delete(statement);
    }
  };
  await connection.run(
    `SET TimeZone='UTC'; SET enable_progress_bar=true; SET enable_progress_bar_print=false`,
  );
  const opened = opening.move();
  return {
    scratch,
    connection,
    run: async (sql: string, step?: Step): Promise<void> => {
      signal?.throwIfAborted();
      const report = (): void => {
        const { percentage } = connection.progress;
        if (step !== undefined && percentage >= 0) onStep?.(step, percentage / 100);
      };
      const timer = onStep && setInterval(report, 200);
      try {
        await tracked(connection.run(sql));
      } finally {
        clearInterval(timer);
      }
    },
    /** Runs a statement while another runs. */
    runBeside: async (sql: string): Promise<void> => {
      signal?.throwIfAborted();
      await tracked(questions.run(sql));
    },
    rows: async <S extends z.ZodObject>(sql: string, row: S): Promise<z.output<S>[]> => {
      const reader = await tracked(questions.runAndReadAll(sql));
      return z.array(row).parse(reader.getRowObjectsJson());
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

export type Database = Awaited<ReturnType<typeof openDatabase>>;

/** A database for the process that has the lock of the dataset in `folder`. No other uses its folder. */
export const openScratch = (
  folder: string,
  context: Running & { readonly cacheFolder: string },
): Promise<Database> =>
  openDatabase(join(context.cacheFolder, 'imports', hashOf(folder).slice(0, 16)), context);
