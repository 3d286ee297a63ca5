import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { z } from 'zod';
import { hashOf } from '../hash.ts';

const steps = ['read', 'compare', 'write', 'put in place'] as const;
export type Step = (typeof steps)[number];

/** How an import is followed and stopped. */
export interface Running {
  readonly signal?: AbortSignal;
  /** Called at the start of a step, and while it runs with the share done, from 0 to 1, if that is known. */
  readonly onStep?: (step: Step, share?: number) => void;
}

/** Leaves room for the rest of the process within 600 MB. */
export const MEMORY_LIMIT = '300MB';

/** A database in `scratch`, because an import may be larger than memory. */
export async function openDatabase(scratch: string, { signal, onStep }: Running) {
  const instance = await DuckDBInstance.create(join(scratch, 'import.duckdb'), {
    threads: '2',
    memory_limit: MEMORY_LIMIT,
    // Every result that needs an order asks for it, and keeping one takes memory.
    preserve_insertion_order: 'false',
    temp_directory: join(scratch, 'temp'),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  /** For questions, which can be asked while a statement runs. */
  const questions = await instance.connect();
  const interrupt = (): void => {
    connection.interrupt();
    questions.interrupt();
  };
  signal?.addEventListener('abort', interrupt);
  await connection.run(
    `SET TimeZone='UTC'; SET enable_progress_bar=true; SET enable_progress_bar_print=false`,
  );
  const running = new Set<Promise<unknown>>();
  /** Closing a database under a statement ends the process. */
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
  return {
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
    rowNumbers: async (sql: string): Promise<number[]> => {
      const reader = await tracked(questions.runAndReadAll(sql));
      return reader.getRows().map(([value]) => Number(value));
    },
    async [Symbol.asyncDispose]() {
      signal?.removeEventListener('abort', interrupt);
      if (running.size > 0) interrupt();
      await Promise.allSettled(running);
      questions.closeSync();
      connection.closeSync();
      instance.closeSync();
    },
  };
}

export type Database = Awaited<ReturnType<typeof openDatabase>>;

/**
 * A folder for temporary files and a database in it, for the process that has the lock of the dataset in `folder`. Both
 * disappear when it is disposed of.
 */
export async function openScratch(
  folder: string,
  context: Running & { readonly cacheFolder: string },
): Promise<AsyncDisposable & { readonly scratch: string; readonly database: Database }> {
  const scratch = join(context.cacheFolder, 'imports', hashOf(folder).slice(0, 16));
  // The lock makes this the only process that uses the folder, and a killed one may have left it behind.
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  await using opening = new AsyncDisposableStack();
  opening.defer(() => rm(scratch, { recursive: true, force: true }));
  const database = opening.use(await openDatabase(scratch, context));
  const opened = opening.move();
  return { scratch, database, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
