import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { INCIDENTS_FOLDER } from '../dataset/incidents.ts';
import { CHECKS_FILE, readChecks, type SourceCheck } from '../dataset/reading/checks.ts';
import { lockDataset, syncAll } from '../importers/store.ts';

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
  if (!existsSync(place)) return;
  const { source, checkedOn } = check;
  const checks = await readChecks(place, folder);
  const isNew = !checks.some((each) => each.source === source && each.checkedOn === checkedOn);
  const rows = [...checks, check].map((each) => `${each.source},${each.checkedOn},${each.import ?? ''}\n`);
  const after = Object.entries({ ...(await readStates(folder)), [source]: state });
  const sorted = Object.fromEntries(after.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const text = `${JSON.stringify(sorted, null, 2)}\n`;
  const before = await readFile(join(place, STATE_FILE), 'utf8').catch(() => '');
  const files = [
    ...(isNew ? [{ name: CHECKS_FILE, content: `source,checked_on,import\n${rows.join('')}` }] : []),
    ...(text === before ? [] : [{ name: STATE_FILE, content: text }]),
  ];
  if (files.length === 0) return;
  await using lock = await lockDataset(folder);
  for (const { name, content } of files) await writeFile(join(lock.staging, name), content);
  await syncAll(lock.staging);
  for (const { name } of files) await rename(join(lock.staging, name), join(place, name));
}
