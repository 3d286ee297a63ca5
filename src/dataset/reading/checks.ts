import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { day } from '../../calendar.ts';
import { AppError } from '../../errors.ts';

/** A file beside the imports: one row for each source and day with a successful check. Rows are only ever added. */
export const CHECKS_FILE = 'checks.csv';

/** Which source was successfully checked on which day, in UTC. */
const sourceCheck = z
  .object({ source: z.string(), checked_on: day, import: z.string().regex(/^\d*$/) })
  .transform(({ source, checked_on: checkedOn, import: number }) => ({
    source,
    checkedOn,
    /** The number of the last import that the source had brought by then; null if none. */
    import: number === '' ? null : Number(number),
  }));
export type SourceCheck = Readonly<z.output<typeof sourceCheck>>;

/**
 * Reads the checks of the imports' folder `folder`, oldest first; `displayPath` is the dataset's path for messages.
 * Throws `dataset-invalid`.
 */
export async function readChecks(folder: string, displayPath: string): Promise<SourceCheck[]> {
  const text = await readFile(join(folder, CHECKS_FILE), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  try {
    return z.array(sourceCheck).parse(parse(text, { columns: true }));
  } catch (cause) {
    const file = `${displayPath.replace(/\/+$/, '')}/incidents/${CHECKS_FILE}`;
    const problem = 'is not a list of checks.';
    const hint = 'Restore it from a backup, or remove it.';
    throw new AppError('dataset-invalid', { file, problem, hint }, { cause });
  }
}
