import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { importFolder, type ImportRecord, INCIDENTS_FOLDER } from '../dataset/incidents.ts';
import { compactFolder, compactFolders } from '../dataset/reading/newest-rows.ts';
import { AppError } from '../errors.ts';
import { waitForLock } from '../file-lock.ts';
import { refuse } from './format.ts';

const WAIT_MS = 60_000;

/**
 * Locks the dataset in `folder` for one import or compaction, and removes what killed imports left behind. `exists` says
 * whether the dataset does already; `staging` is an empty folder for new files, which disappears with the lock. Lock and
 * staging are beside the dataset and not in it, so that an import that fails or is killed leaves it byte for byte as it was.
 * Throws `import-failed`.
 */
export async function lockDataset(folder: string) {
  const [parent, name] = [dirname(folder), basename(folder)];
  if (!/^[a-z0-9_-][a-z0-9._-]*$/.test(name))
    throw refuse(
      folder,
      `cannot be the folder of a dataset: "${name}" is not its name.`,
      'Use small letters, digits, dots, hyphens and underscores, such as data/acled.',
    );
  await using opening = new AsyncDisposableStack();
  try {
    await mkdir(parent, { recursive: true });
    opening.use(await waitForLock(join(parent, `.${name}.lock`), { waitMs: WAIT_MS }));
    const exists = (await stat(folder).catch(() => undefined)) !== undefined;
    const prefix = `.new-${name}-`;
    for (const entry of await readdir(parent))
      if (entry.startsWith(prefix) && /^\d+$/.test(entry.slice(prefix.length)))
        await rm(join(parent, entry), { recursive: true, force: true });
    const staging = join(parent, `${prefix}${process.pid}`);
    await mkdir(staging);
    opening.defer(() => rm(staging, { recursive: true, force: true }));
    const opened = opening.move();
    return { exists, staging, [Symbol.asyncDispose]: () => opened.disposeAsync() };
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const problem = `cannot be written: ${cause instanceof Error ? cause.message : String(cause)}.`;
    throw refuse(folder, problem, 'Wait for another import to end, or make the folder writable.', cause);
  }
}

/**
 * Puts an import in place by one rename: of its folder, of `incidents/` if it is the first, or of the whole dataset if
 * that is new; `descriptor` is then the text of its datapackage.json. The import's files are in `staging`.
 */
export async function putInPlace(
  folder: string,
  { staging, number, descriptor }: { staging: string; number: number; descriptor: string | undefined },
): Promise<void> {
  const path = [INCIDENTS_FOLDER, importFolder(number)];
  const existing = descriptor !== undefined ? 0 : number === 1 ? 1 : 2;
  const root = join(staging, 'new');
  const place = join(root, ...path.slice(existing));
  await mkdir(dirname(place), { recursive: true });
  await rename(join(staging, 'import'), place);
  if (descriptor !== undefined) await writeFile(join(root, 'datapackage.json'), descriptor);
  await move(root, join(folder, ...path.slice(0, existing)));
  await removeReplaced(folder);
}

/** Replaces the files of a damaged import by those in `prepared`, its record last. */
export async function putBack(
  folder: string,
  { prepared, number }: { prepared: string; number: number },
): Promise<void> {
  await syncAll(prepared);
  const place = join(folder, INCIDENTS_FOLDER, importFolder(number));
  const names = await readdir(prepared);
  const isRecord = (name: string): boolean => name === 'import.json';
  for (const name of names.toSorted((a, b) => Number(isRecord(a)) - Number(isRecord(b))))
    await rename(join(prepared, name), join(place, name));
  await sync(place);
}

/** Puts a compaction in place by one rename. Its files are in the folder `prepared`. */
export async function putCompactionInPlace(
  folder: string,
  { prepared, upTo }: { prepared: string; upTo: number },
): Promise<void> {
  await move(prepared, join(folder, INCIDENTS_FOLDER, compactFolder(upTo)));
  await removeReplaced(folder);
}

/** Moves a folder by one rename, once everything in it is on disk. */
async function move(from: string, to: string): Promise<void> {
  await syncAll(from);
  await rename(from, to);
  await sync(dirname(to));
}

/** No edition takes longer, so that none still reads a compaction that was replaced this long ago. */
const STILL_READ_MS = 3_600_000;

/** Removes the compactions that a newer one has replaced, if no edition can still be reading them. */
export async function removeReplaced(folder: string): Promise<void> {
  const place = join(folder, INCIDENTS_FOLDER);
  const [newest, ...replaced] = compactFolders(await readdir(place));
  if (newest === undefined || replaced.length === 0) return;
  const { mtimeMs } = await stat(join(place, newest, 'compact.json'));
  if (Date.now() - mtimeMs < STILL_READ_MS) return;
  for (const name of replaced) await rm(join(place, name), { recursive: true, force: true });
}

/** Writes a folder and everything in it to disk. */
export async function syncAll(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true })) await sync(join(folder, entry));
  await sync(folder);
}

async function sync(path: string): Promise<void> {
  await using file = await open(path, 'r');
  await file.sync();
}

/** The datapackage.json of a dataset that begins with this import, whose rows are in `rowFiles`. */
export function descriptorOf(
  name: string,
  { source, licence }: ImportRecord,
  rowFiles: readonly string[],
): string {
  const paths = rowFiles.map((each) => `${INCIDENTS_FOLDER}/${importFolder(1)}/${each}`);
  const descriptor = {
    $schema: 'https://datapackage.org/profiles/2.0/datapackage.json',
    name,
    title: `Incidents from ${source}`,
    licenses: [
      { name: licence.name, title: licence.name, ...(licence.url !== null && { path: licence.url }) },
    ],
    sources: [{ title: licence.attribution }],
    resources: [
      {
        name: 'incidents',
        title: 'The first import; each later one is a folder beside it',
        path: paths.length === 1 ? paths[0] : paths,
        format: 'parquet',
        mediatype: 'application/vnd.apache.parquet',
      },
    ],
  };
  return `${JSON.stringify(descriptor, null, 2)}\n`;
}
