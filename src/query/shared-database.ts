import type { Tables } from '../dataset/schema.ts';
import type { DatasetSettings } from '../dataset/settings.ts';
import type { SourceFile } from '../project/brief.ts';
import type { Locale } from '../locale.ts';
import type { KnownIncidents } from './incidents.ts';
import type { OpenQueries, Queries } from './select.ts';

interface Shared {
  readonly known: Tables;
  readonly macros: readonly SourceFile[];
  readonly settings: DatasetSettings;
  readonly incidents: KnownIncidents | undefined;
  readonly locale: Locale | undefined;
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
    async open(known, { macros, settings, incidents, locale }) {
      const isSame =
        newest?.known === known &&
        isSameText(newest.macros, macros) &&
        newest.settings === settings &&
        newest.locale === locale &&
        // Imports never change, so the same view has the same rows.
        newest.incidents?.sql === incidents?.sql;
      const replaced = isSame ? undefined : newest;
      const shared =
        newest === undefined || replaced
          ? {
              known,
              macros,
              settings,
              incidents,
              locale,
              opened: open(known, { macros, settings, incidents, locale }),
              users: 0,
            }
          : newest;
      // No await between choosing a database and counting its user, so nothing can close it in between.
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

/** Compares texts, because each brief is loaded separately and has its own objects. */
const isSameText = (one: readonly SourceFile[], other: readonly SourceFile[]): boolean =>
  one.length === other.length && one.every(({ text }, index) => text === other[index]?.text);
