import type { Tables } from '../dataset/schema.ts';
import type { SourceFile } from '../project/brief.ts';
import type { Queries } from './query.ts';
import type { OpenQueries } from './select.ts';

type Options = Parameters<OpenQueries>[1];

interface Shared {
  readonly known: Tables;
  readonly options: Options;
  readonly opened: Promise<Queries>;
  users: number;
}

/**
 * Shares one database between editions with the same cut-off, even of different briefs in one language, because briefs can only read.
 * The newest database stays open after its last user is done, and closes when another replaces it or at the end.
 */
export function shareQueries(open: OpenQueries): AsyncDisposable & { readonly open: OpenQueries } {
  let newest: Shared | undefined;
  const close = async (shared: Shared): Promise<void> => {
    await (await shared.opened)[Symbol.asyncDispose]();
  };
  return {
    async open(known, options) {
      const before = newest;
      const isSame = before?.known === known && isAlike(before.options, options);
      const shared = isSame ? before : { known, options, opened: open(known, options), users: 0 };
      // No await between choosing a database and counting its user, so nothing can close it in between.
      newest = shared;
      shared.users += 1;
      try {
        if (before !== undefined && before !== shared && before.users === 0) await close(before);
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

const isAlike = (one: Options, other: Options): boolean =>
  isSameText(one.macros, other.macros) &&
  one.settings === other.settings &&
  one.locale === other.locale &&
  // Imports never change, so the same view has the same rows.
  one.incidents?.sql === other.incidents?.sql;

/** Compares texts, because each brief is loaded separately and has its own objects. */
const isSameText = (one: readonly SourceFile[], other: readonly SourceFile[]): boolean =>
  one.length === other.length && one.every(({ text }, index) => text === other[index]?.text);
