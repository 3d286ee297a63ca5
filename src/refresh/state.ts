import { access, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { INCIDENTS_FOLDER } from '../dataset/incidents.ts';
import { CHECKS_FILE, readChecks, type SourceCheck } from '../dataset/reading/checks.ts';
import { lockDataset } from '../importers/store.ts';

/** What the last successful refresh of a source fetched. It only saves work: without it, everything is fetched again. */
const sourceState = z.object({
  /** The hash of the source's settings and mapping. */
  settings: z.string(),
  /** The hash of its files. */
  content: z.string(),
  /** For conditional requests. */
  etag: z.string().optional(),
  lastModified: z.string().optional(),
});
export type SourceState = z.output<typeof sourceState>;

const STATE_FILE = 'sources.json';
const states = z.record(z.string(), sourceState);

/** The state of each source of the dataset in `folder`, by name; empty if it is missing or cannot be read. */
export async function readStates(folder: string): Promise<{ readonly [source: string]: SourceState }> {
  return readFile(join(folder, INCIDENTS_FOLDER, STATE_FILE), 'utf8')
    .then((text) => states.parse(JSON.parse(text)))
    .catch(() => ({}));
}

/**
 * Records a successful check, each file by one rename. Before the first import there is nothing to record. A second
 * check on one day adds no row.
 */
export async function recordCheck(folder: string, check: SourceCheck, state: SourceState): Promise<void> {
  const place = join(folder, INCIDENTS_FOLDER);
  if (!(await exists(place))) return;
  const { source, checkedOn, import: number } = check;
  const checks = await readChecks(place, folder);
  const isNew = !checks.some((each) => each.source === source && each.checkedOn === checkedOn);
  const before = await readStates(folder);
  const after = Object.entries({ ...before, [source]: state }).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const text = `${JSON.stringify(Object.fromEntries(after), null, 2)}\n`;
  const isChanged = text !== (await readFile(join(place, STATE_FILE), 'utf8').catch(() => ''));
  if (!isNew && !isChanged) return;
  await using lock = await lockDataset(folder);
  const put = async (name: string, content: string): Promise<void> => {
    const file = await open(join(lock.staging, name), 'w');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(join(lock.staging, name), join(place, name));
  };
  if (isNew) {
    const rows = [...checks, { source, checkedOn, import: number }].map(
      (each) => `${each.source},${each.checkedOn},${each.import ?? ''}\n`,
    );
    await put(CHECKS_FILE, `source,checked_on,import\n${rows.join('')}`);
  }
  if (isChanged) await put(STATE_FILE, text);
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
