import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Day } from '../calendar.ts';
import type { ImportRecord } from '../dataset/incidents.ts';
import { type Damage, readIncidentStore } from '../dataset/reading/incident-store.ts';
import { hashOfFile } from '../dataset/reading/stored-files.ts';
import { AppError } from '../errors.ts';
import { type Importer, refuse } from './format.ts';

/**
 * What an import into the dataset in `folder` is compared with, and how it is made. All files of the earlier imports are
 * compared with their hashes. If one is damaged, and `files` are those of the first damaged import, that is `repaired`: made
 * again from the imports before it, on its own day. Throws `dataset-invalid` for other files, because an import is compared
 * with all before it, and `import-failed`.
 */
export async function openEarlier(
  folder: string,
  request: { into: string; importer: Importer; files: readonly string[]; knownOn: Day; complete: boolean },
) {
  const { into, importer, files, ...given } = request;
  await access(join(folder, 'datapackage.json')).catch((cause: unknown) => {
    const problem = 'is there, and is not a dataset: it has no datapackage.json.';
    throw refuse(into, problem, 'Name another folder.', cause);
  });
  const damaged: Damage[] = [];
  const store = await readIncidentStore(folder, into, damaged);
  if (damaged.length === 0) {
    const last = store.imports.at(-1)?.known_on ?? '';
    if (last <= given.knownOn) return { store, ...given, repaired: undefined };
    const problem = `its last import is of ${last}, and today is ${given.knownOn}.`;
    throw refuse(into, problem, 'Set the clock of this machine right.');
  }
  const repaired = damaged[0]?.import;
  const hashes = await Promise.all(files.map((file) => hashOfFile(file).catch(() => '')));
  const recorded = repaired?.files.map(({ sha256 }) => sha256) ?? [];
  if (!repaired || identityOf(importer.origin, hashes) !== identityOf(repaired, recorded))
    throw new AppError(
      'dataset-invalid',
      damaged.map(({ fault }) => fault),
    );
  const imports = store.imports.filter(({ number }) => number < repaired.number);
  const { known_on: knownOn, complete } = repaired;
  return { store: { ...store, imports, compaction: undefined }, knownOn, complete, repaired };
}

const identityOf = (
  { format, prefix, mapping }: Pick<ImportRecord, 'format' | 'prefix' | 'mapping'>,
  hashes: readonly string[],
): string => JSON.stringify([format, prefix, mapping, hashes.toSorted()]);

/** Throws `import-failed` if the files no longer give what the record says: later imports rely on it. */
export function checkRepaired(repaired: ImportRecord, counts: ImportRecord['counts'], into: string): void {
  if (JSON.stringify(counts) === JSON.stringify(repaired.counts)) return;
  const problem = `import ${repaired.number} is damaged, and this version of the program reads other rows from its files.`;
  const hint = 'Restore its folder from a backup, or delete the dataset and import its files again.';
  throw refuse(into, problem, hint);
}
