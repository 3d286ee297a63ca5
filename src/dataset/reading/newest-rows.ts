import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { quote } from '../sql.ts';
import { storedFiles } from './stored-files.ts';

/** Columns of a compaction that often have the same value in every row, with their types. */
export const uniformColumns = {
  status: 'VARCHAR',
  known_on: 'DATE',
  number: 'BIGINT',
  marking: 'VARCHAR',
  import: 'BIGINT',
} as const;

/** What `compact.json` says about one compaction. */
const compactRecord = z.object({
  /** The number of the last import that it covers. It covers all before it too. */
  up_to: z.number().int().positive(),
  /**
   * Its files, each with incidents that began in some years. Those in a folder such as `country=YE` have one country,
   * and all of its incidents.
   */
  files: z.array(z.string().regex(/^(?:country=[A-Z]{2}\/)?\d+\.parquet$/)).min(1),
  rows: z.number().int().nonnegative(),
  /** The value, as text, of each of `uniformColumns` that has the same in every row. */
  same: z.record(z.string(), z.string().nullable()).optional(),
  /** The version of the program. */
  program: z.string(),
  stored: storedFiles,
});
export type CompactRecord = Readonly<z.output<typeof compactRecord>>;

/** A copy of the newest row of each incident after some imports, sorted, in a few files. */
export interface Compaction extends CompactRecord {
  /** The absolute path of its folder. */
  readonly folder: string;
}

/** The name of the folder of a compaction that covers the imports up to a number: `compact-0012`. */
export const compactFolder = (upTo: number): string => `compact-${importFolder(upTo)}`;

/** The name of an import's folder: `0001`. */
export const importFolder = (number: number): string => String(number).padStart(4, '0');

/** The folders of compactions among `names`, the newest first. */
export const compactFolders = (names: readonly string[]): string[] =>
  names
    .filter((name) => /^compact-\d{4,}$/.test(name))
    .toSorted((a, b) => Number(b.slice('compact-'.length)) - Number(a.slice('compact-'.length)));

/**
 * Reads the newest compaction among the folders `names` in `place`; `displayPath` is the path of `place` for messages.
 * Undefined if there is none. Throws `dataset-invalid` if its record is missing or damaged.
 */
export async function readCompaction(
  place: string,
  { names, displayPath }: { names: readonly string[]; displayPath: string },
): Promise<Compaction | undefined> {
  const [newest] = compactFolders(names);
  if (newest === undefined) return undefined;
  const folder = join(place, newest);
  try {
    const text = await readFile(join(folder, 'compact.json'), 'utf8');
    return { ...compactRecord.parse(JSON.parse(text)), folder };
  } catch (cause) {
    const problem = 'is missing or is not the record of a compaction.';
    const hint = `Delete the folder ${newest}: the imports beside it have every row.`;
    const file = `${displayPath}/${newest}/compact.json`;
    throw new AppError('dataset-invalid', { file, problem, hint }, { cause });
  }
}

/** What records say about imports, in so far as it tells where their rows are. */
interface Import {
  readonly number: number;
  readonly counts: { readonly revised: number; readonly withdrawn: number };
  readonly stored?: readonly { readonly name: string }[] | undefined;
}

/** The paths, below the store, of the files with the rows of an import. */
export const rowFiles = ({ number, stored = [{ name: 'rows.parquet' }] }: Import): string[] =>
  stored.flatMap(({ name }) =>
    /^rows(?:-\d+)?\.parquet$/.test(name) ? [join(importFolder(number), name)] : [],
  );

/**
 * SQL for the newest row of each incident after `imports`, the first ones of a store and at least one; rows that say that
 * an incident was withdrawn are included. It reads a compaction and the imports after it, or, if the compaction covers
 * later imports too, the imports alone. `columns` are SQL for columns of `stored`.
 */
export function newestRows(
  { folder, compaction }: { folder: string; compaction?: Compaction | undefined },
  { imports, columns }: { imports: readonly Import[]; columns: string },
): string {
  const last = imports.at(-1)?.number ?? 0;
  const base = compaction !== undefined && compaction.up_to <= last ? compaction : undefined;
  const later = imports.filter(({ number }) => number > (base?.up_to ?? 0));
  const compacted = Object.groupBy(base?.files ?? [], (name) =>
    name.includes('/') ? 'byCountry' : 'shared',
  );
  const inBase = (names: readonly string[] = []): string[] =>
    names.map((name) => join(base?.folder ?? '', name));
  // Every query on incidents has conditions on some of these columns, and DuckDB then has nothing to read or compare.
  const constants = Object.entries(uniformColumns).flatMap(([name, type]) => {
    const value = base?.same?.[name];
    return value === undefined
      ? []
      : `CAST(${value === null ? 'NULL' : quote(value)} AS ${type}) AS "${name}"`;
  });
  const replacing = later.flatMap(({ number, counts }) =>
    counts.revised + counts.withdrawn > 0 ? [join(folder, importFolder(number), 'superseded.parquet')] : [],
  );
  const parts = [
    // DuckDB then leaves out the files of other countries before it looks into any. A path with a further "=" would give
    // the rows a column more.
    reading(inBase(compacted.byCountry), { byCountry: !folder.includes('='), constants }),
    reading(inBase(compacted.shared), { constants }),
    reading(later.flatMap(rowFiles).map((name) => join(folder, name))),
  ].filter((part) => part !== '');
  return (
    `SELECT ${columns} FROM (FROM ${parts.join(' UNION ALL BY NAME FROM ')}) AS stored` +
    (replacing.length === 0
      ? ''
      : ` ANTI JOIN ${reading(replacing)} AS replaced ON stored.id = replaced.id AND stored."import" = replaced."import"`)
  );
}

const reading = (
  files: readonly string[],
  { byCountry = false, constants = [] }: { byCountry?: boolean; constants?: readonly string[] } = {},
): string => {
  if (files.length === 0) return '';
  const rows = `read_parquet([${files.map(quote).join(', ')}],
    hive_partitioning = ${byCountry}, hive_types_autocast = false)`;
  return constants.length === 0 ? rows : `(SELECT * REPLACE (${constants.join(', ')}) FROM ${rows})`;
};
