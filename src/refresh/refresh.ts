import { glob, mkdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Day } from '../calendar.ts';
import type { ImportRecord } from '../dataset/incidents.ts';
import { readIncidentStore } from '../dataset/reading/incident-store.ts';
import { parsePackage } from '../dataset/reading/package.ts';
import { hashOfFile } from '../dataset/reading/stored-files.ts';
import type { SourceSettings } from '../dataset/sources.ts';
import { AppError, type Fault } from '../errors.ts';
import { tryLock } from '../file-lock.ts';
import { hashOf } from '../hash.ts';
import { refuse } from '../importers/format.ts';
import { importerFor } from '../importers/formats.ts';
import { type ImportContext, importIncidents, OLDER } from '../importers/import.ts';
import { download, type DownloadContext, type FailureReason, shownUrl, SourceFailure } from './download.ts';
import { readStates, recordCheck, type SourceState } from './state.ts';

export interface RefreshContext extends ImportContext, DownloadContext {}

/** What the refresh of one source came to. */
export interface SourceOutcome {
  readonly source: string;
  readonly outcome: 'imported' | 'unchanged' | 'failed';
  /** The day of the refresh, in UTC. */
  readonly checkedOn: Day;
  /** The import, if there was one. */
  readonly record?: ImportRecord;
  /** Absent if nothing was read. */
  readonly counts?: ImportRecord['counts'];
  /** Why it failed. The dataset is then as it was. */
  readonly reason?: FailureReason;
  readonly faults?: readonly Fault[];
  /** When a source that failed asks for the next try. */
  readonly retryAfterSeconds?: number | undefined;
}

/**
 * Fetches and imports every source of the dataset in `folder`, one after the other; a source that fails hinders no
 * other. Two refreshes of one dataset run one after the other. None without sources. Throws `dataset-invalid` if
 * datapackage.json or an import cannot be read, and `import-failed` if another refresh does not end.
 */
export async function refreshDataset(
  folder: string,
  context: RefreshContext,
): Promise<readonly SourceOutcome[]> {
  const dataset = resolve(folder);
  const sources = await sourcesOf(dataset, folder);
  if (sources.length === 0) return [];
  await using opened = new AsyncDisposableStack();
  opened.use(await lockRefresh(dataset, context.signal));
  const scratch = join(context.cacheFolder, 'refresh', hashOf(dataset).slice(0, 16));
  opened.defer(() => rm(scratch, { recursive: true, force: true }));
  const outcomes: SourceOutcome[] = [];
  for (const source of sources) {
    // The lock makes this the only refresh that uses the folder, and a killed one may have left it behind.
    await rm(scratch, { recursive: true, force: true });
    await mkdir(scratch, { recursive: true });
    outcomes.push(await refreshSource(source, { dataset, displayPath: folder, scratch, context }));
  }
  return outcomes;
}

/** The sources that the dataset declares. Throws `dataset-invalid`. */
export async function sourcesOf(folder: string, displayPath: string): Promise<readonly SourceSettings[]> {
  const file = `${displayPath.replace(/\/+$/, '')}/datapackage.json`;
  const descriptor = await readFile(join(folder, 'datapackage.json'), 'utf8')
    .then((text): unknown => JSON.parse(text))
    .catch((cause: unknown) => {
      const problem = 'is missing or is not JSON.';
      const hint = 'Name the folder of a dataset.';
      throw new AppError('dataset-invalid', { file, problem, hint }, { cause });
    });
  const { declared, faults } = parsePackage(descriptor);
  if (faults.length > 0)
    throw new AppError(
      'dataset-invalid',
      faults.map((fault) => ({ file, ...fault })),
    );
  return declared.sources;
}

const WAIT_MS = 30 * 60_000;
const RETRY_MS = 50;

/** Beside the dataset, so that the dataset has only what an import put there. */
async function lockRefresh(dataset: string, signal: AbortSignal | undefined): Promise<Disposable> {
  const file = join(dirname(dataset), `.${basename(dataset)}.refresh.lock`);
  for (const startMs = performance.now(); performance.now() - startMs < WAIT_MS;) {
    const lock = tryLock(file);
    if (lock) return lock;
    await delay(RETRY_MS, undefined, signal && { signal });
  }
  const problem = 'has been refreshed by another process for half an hour.';
  throw refuse(dataset, problem, 'Wait for it to end, or stop it.');
}

/** An error of the system, such as a file that this user may not read, is a failure of the source. */
function fromSystem(error: unknown, source: SourceSettings): unknown {
  const code =
    error instanceof Error && !(error instanceof AppError) ? Reflect.get(error, 'code') : undefined;
  if (typeof code !== 'string' || !/^E[A-Z]+$/.test(code)) return error;
  const problem = `cannot be read or kept (${code}).`;
  const hint = 'Check the permissions of its files and the free space of this machine.';
  return new SourceFailure('down', { file: shownPlace(source), problem, hint }, { cause: error });
}

interface Place {
  /** The dataset's folder. */
  readonly dataset: string;
  /** The same for messages. */
  readonly displayPath: string;
  /** For files that were fetched. */
  readonly scratch: string;
  readonly context: RefreshContext;
}

async function refreshSource(source: SourceSettings, place: Place): Promise<SourceOutcome> {
  const { knownOn: checkedOn, signal } = place.context;
  const done = { source: source.name, checkedOn };
  try {
    return { ...done, ...(await fetchAndImport(source, place)) };
  } catch (error) {
    signal?.throwIfAborted();
    const failed = { ...done, outcome: 'failed' } as const;
    const failure = fromSystem(error, source);
    if (failure instanceof SourceFailure) {
      const { reason, fault, retryAfterSeconds } = failure;
      return { ...failed, reason, faults: [fault], retryAfterSeconds };
    }
    if (!(error instanceof AppError) || error.code !== 'import-failed') throw error;
    // Faults of a file that was fetched name its address.
    const faults = error.faults.map((each) =>
      each.file?.startsWith(place.scratch) === true ? { ...each, file: shownPlace(source) } : each,
    );
    return { ...failed, reason: 'wrong-shape', faults };
  }
}

async function fetchAndImport(
  source: SourceSettings,
  place: Place,
): Promise<Pick<SourceOutcome, 'outcome' | 'record' | 'counts'>> {
  const { dataset, displayPath, context } = place;
  const { name, format, complete, lagDays, path, url, shrink } = source;
  const mapping = await mappingOf(source, dataset);
  const { importer, options } = importerFor(format, mapping);
  const settings = hashOf(JSON.stringify([format, path ?? url, mapping?.text, complete, lagDays]));
  const state = (await readStates(dataset))[name];
  const before = state?.settings === settings ? state : undefined;
  const { imports } = await readIncidentStore(dataset, displayPath);
  const last = imports.findLast(({ feed }) => feed === name);
  const finish = (record: ImportRecord | undefined, after: SourceState): Promise<void> =>
    recordCheck(dataset, { source: name, checkedOn: context.knownOn, import: record?.number ?? null }, after);

  const fetched = await fetchFiles(source, before, place);
  if (before !== undefined && (fetched === null || fetched.state.content === before.content)) {
    await finish(last, { ...before, ...fetched?.state });
    return { outcome: 'unchanged' };
  }
  if (fetched === null) throw new Error('Nothing was fetched.');
  const accept = (counts: ImportRecord['counts']): void => {
    if (last === undefined) return;
    const [had, has] = [usableRows(last.counts), usableRows(counts)];
    if (has >= had * shrink) return;
    throw new SourceFailure('shrunk', {
      file: shownPlace(source),
      problem: `has ${inWords(has)} rows that can be imported, and the last import of this source had ${inWords(had)}.`,
      hint: 'Look at the source. If it is right, lower "shrink" of this source in datapackage.json.',
    });
  };
  const { record, counts } = await importIncidents(
    { importer, files: fetched.files, options, into: dataset, complete, lagDays, feed: name, accept },
    context,
  );
  await finish(record ?? last, { settings, ...fetched.state });
  return record === null ? { outcome: 'unchanged', counts } : { outcome: 'imported', record, counts };
}

/** The path or address of a source, for messages. */
const shownPlace = ({ path, url }: SourceSettings): string => path ?? shownUrl(url ?? '');

const inWords = (count: number): string => count.toLocaleString('en-GB');

/** The files of a source; null if its address says that they have not changed. Throws `SourceFailure`. */
async function fetchFiles(
  source: SourceSettings,
  before: SourceState | undefined,
  { dataset, scratch, context }: Place,
): Promise<{ files: readonly string[]; state: Omit<SourceState, 'settings'> } | null> {
  const { name, path = '', url } = source;
  if (url === undefined) {
    const files = await filesAt(path, dataset);
    return { files, state: { content: await contentOf(files) } };
  }
  // The format of a table follows from the ending of its name.
  const to = join(scratch, `${name}${/\.[a-z0-9]{1,8}$/i.exec(new URL(url).pathname)?.[0] ?? ''}`);
  const fetched = await download({ ...source, url }, { to, last: before, context });
  if (fetched === null) return null;
  const { sha256: content, ...headers } = fetched;
  return { files: [to], state: { content, ...headers } };
}

/** The rows that could be read, whether or not they are news. */
const usableRows = ({ read, skipped }: ImportRecord['counts']): number =>
  Object.entries(skipped).reduce((rest, [reason, count]) => (reason === OLDER ? rest : rest - count), read);

async function mappingOf(
  { name, mapping }: SourceSettings,
  dataset: string,
): Promise<{ text: string; file: string } | undefined> {
  if (mapping === undefined) return undefined;
  const text = await readFile(resolve(dataset, mapping), 'utf8').catch((cause: unknown) => {
    const problem = `the mapping of the source "${name}" cannot be read.`;
    throw refuse(mapping, problem, 'Correct its path.', cause);
  });
  return { text, file: mapping };
}

/** The files at a path or glob, sorted. Throws `SourceFailure`. */
async function filesAt(path: string, dataset: string): Promise<string[]> {
  const own = resolve(dataset, path);
  if ((await stat(own).catch(() => undefined))?.isFile() === true) return [own];
  const files: string[] = [];
  for await (const found of glob(path, { cwd: dataset })) files.push(resolve(dataset, found));
  if (files.length > 0) return files.toSorted();
  throw new SourceFailure('down', {
    file: path,
    problem: 'there is no such file.',
    hint: 'Put the file there, or correct "path" of this source in datapackage.json.',
  });
}

const contentOf = async (files: readonly string[]): Promise<string> =>
  hashOf(
    JSON.stringify(await Promise.all(files.map(async (file) => [basename(file), await hashOfFile(file)]))),
  );
