import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Day } from '../calendar.ts';
import type { ImportRecord, IncidentStore } from '../dataset/incidents.ts';
import { type Damage, readIncidentStore } from '../dataset/reading/incident-store.ts';
import { hashOfFile } from '../dataset/reading/stored-files.ts';
import { AppError } from '../errors.ts';
import type { Importer } from './format.ts';

/** What an import is compared with, and how it is made. */
interface Earlier {
  readonly store: IncidentStore;
  readonly knownOn: Day;
  readonly complete: boolean;
  /** The damaged import that is made again; undefined for a further import. */
  readonly repaired: ImportRecord | undefined;
}

/**
 * The earlier imports of the dataset in `folder`; all its files are compared with their hashes. If one is damaged, and
 * `files` are those of the first damaged import, it is made again from the imports before it, on its own day. Throws
 * `dataset-invalid` for other files, because an import is compared with all before it, and `import-failed`.
 */
export async function openEarlier(
  folder: string,
  {
    into,
    isNew,
    importer,
    files,
    ...given
  }: {
    into: string;
    isNew: boolean;
    importer: Importer;
    files: readonly string[];
    knownOn: Day;
    complete: boolean;
  },
): Promise<Earlier> {
  if (isNew) return { store: { folder: '', imports: [], checks: [] }, ...given, repaired: undefined };
  await access(join(folder, 'datapackage.json')).catch((cause: unknown) => {
    const problem = 'is there, and is not a dataset: it has no datapackage.json.';
    throw new AppError('import-failed', [{ file: into, problem, hint: 'Name another folder.' }], { cause });
  });
  const damaged: Damage[] = [];
  const store = await readIncidentStore(folder, into, damaged);
  if (damaged.length === 0) {
    checkOrder(store, { into, knownOn: given.knownOn });
    return { store, ...given, repaired: undefined };
  }
  const repaired = damaged[0]?.import;
  const { format, prefix, mapping } = importer.origin;
  const hashes = await Promise.all(files.map((file) => hashOfFile(file).catch(() => '')));
  if (!repaired || identityOf({ format, prefix, mapping, hashes }) !== identityOf(withHashes(repaired)))
    throw new AppError(
      'dataset-invalid',
      damaged.map(({ fault }) => fault),
    );
  const imports = store.imports.filter(({ number }) => number < repaired.number);
  const { known_on: knownOn, complete } = repaired;
  return { store: { ...store, imports, compaction: undefined }, knownOn, complete, repaired };
}

type Identity = Pick<ImportRecord, 'format' | 'prefix' | 'mapping'> & { readonly hashes: readonly string[] };
const withHashes = ({ files, ...of }: ImportRecord): Identity => ({
  ...of,
  hashes: files.map(({ sha256 }) => sha256),
});
const identityOf = ({ format, prefix, mapping, hashes }: Identity): string =>
  JSON.stringify([format, prefix, mapping, hashes.toSorted()]);

function checkOrder({ imports }: IncidentStore, { into, knownOn }: { into: string; knownOn: Day }): void {
  const last = imports.at(-1);
  if (last !== undefined && last.known_on > knownOn)
    throw new AppError('import-failed', [
      {
        file: into,
        problem: `its last import is of ${last.known_on}, and today is ${knownOn}.`,
        hint: 'Set the clock of this machine right.',
      },
    ]);
}

/** Throws `import-failed` if the files no longer give what the record says: later imports rely on it. */
export function checkRepaired(repaired: ImportRecord, counts: ImportRecord['counts'], into: string): void {
  if (JSON.stringify(counts) === JSON.stringify(repaired.counts)) return;
  const problem = `import ${repaired.number} is damaged, and this version of the program reads other rows from its files.`;
  const hint = 'Restore its folder from a backup, or delete the dataset and import its files again.';
  throw new AppError('import-failed', [{ file: into, problem, hint }]);
}
