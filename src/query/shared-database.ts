import { isDeepStrictEqual } from 'node:util';
import type { Tables } from '../dataset/schema.ts';
import type { DatasetSettings } from '../dataset/settings.ts';
import type { SourceFile } from '../project/brief.ts';
import type { OpenQueries, Queries } from './select.ts';

interface Shared {
  readonly known: Tables;
  readonly macros: readonly SourceFile[];
  readonly settings: DatasetSettings;
  readonly opened: Promise<Queries>;
  users: number;
}

/**
 * Lets editions of one cut-off share one database, since briefs can only read: the newest stays open after its last
 * user is done, and is closed when another takes its place or at the end.
 */
export function shareQueries(open: OpenQueries): AsyncDisposable & { readonly open: OpenQueries } {
  let newest: Shared | undefined;
  const close = async (shared: Shared): Promise<void> => {
    await (await shared.opened)[Symbol.asyncDispose]();
  };
  return {
    async open(known, { macros, settings }) {
      const isSame =
        newest?.known === known &&
        newest.settings === settings &&
        // A brief that was loaded again, since another of its files changed, has equal macros.
        isDeepStrictEqual(newest.macros, macros);
      const replaced = isSame ? undefined : newest;
      const shared =
        newest === undefined || replaced
          ? { known, macros, settings, opened: open(known, { macros, settings }), users: 0 }
          : newest;
      // No turn of the event loop lies between choosing a database and counting its user.
      newest = shared;
      shared.users += 1;
      try {
        if (replaced?.users === 0) await close(replaced);
        const opened = await shared.opened;
        return {
          query: (...query) => opened.query(...query),
          columns: (...query) => opened.columns(...query),
          async [Symbol.asyncDispose]() {
            shared.users -= 1;
            if (shared.users === 0 && shared !== newest) await close(shared);
          },
        };
      } catch (error) {
        if (newest === shared) newest = undefined;
        throw error;
      }
    },
    async [Symbol.asyncDispose]() {
      const last = newest;
      newest = undefined;
      if (last?.users === 0) await close(last);
    },
  };
}
