import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** A file that was written beside a record, with its size in bytes. */
const storedFile = z.object({ name: z.string(), bytes: z.number().int().nonnegative(), sha256: z.string() });
/** The files beside a record; absent in records of earlier versions of the program. */
export const storedFiles = z.array(storedFile).optional();

/** Describes every file in `folder` and in its folders. */
export async function describeStored(folder: string): Promise<z.output<typeof storedFile>[]> {
  const entries = await readdir(folder, { recursive: true });
  const described: z.output<typeof storedFile>[] = [];
  for (const name of entries.toSorted()) {
    const found = await stat(join(folder, name));
    if (found.isFile())
      described.push({ name, bytes: found.size, sha256: await hashOfFile(join(folder, name)) });
  }
  return described;
}

/** The SHA-256 of a file of any size. Throws the system's error. */
export async function hashOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  const chunks: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: 1 << 20 });
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

/**
 * The first file in `folder` that is not as it was written, and what is wrong with it. `names` are the files if `stored`
 * does not describe them: then they must exist, and a Parquet file must have its first and last bytes.
 *
 * A hash costs about 0.1 s of CPU for 100 MB. So unless `isThorough`, a file is hashed only if it changed after its
 * `record`, which is written last.
 */
export async function damagedFile(
  folder: string,
  {
    record,
    stored,
    names,
    isThorough,
  }: {
    record: string;
    stored: z.output<typeof storedFiles>;
    names: readonly string[];
    isThorough: boolean;
  },
): Promise<{ readonly name: string; readonly problem: string } | undefined> {
  const written = await stat(join(folder, record));
  for (const { name, bytes, sha256 } of stored ?? names.map((each) => ({ name: each, ...unknown }))) {
    const path = join(folder, name);
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
      throw error;
    });
    if (found === undefined) return { name, problem: 'is missing.' };
    const isSame =
      sha256 === undefined
        ? !name.endsWith('.parquet') || (await isParquet(path, found.size))
        : found.size === bytes &&
          ((!isThorough && found.mtimeMs <= written.mtimeMs) || (await hashOfFile(path)) === sha256);
    if (!isSame) return { name, problem: 'was changed or damaged after it was written.' };
  }
  return undefined;
}
const unknown = { bytes: undefined, sha256: undefined };

const MAGIC = 'PAR1';
async function isParquet(path: string, size: number): Promise<boolean> {
  const file = await open(path);
  try {
    const ends = Buffer.alloc(2 * MAGIC.length);
    await file.read(ends, 0, MAGIC.length, 0);
    await file.read(ends, MAGIC.length, MAGIC.length, Math.max(0, size - MAGIC.length));
    return ends.toString('latin1') === MAGIC + MAGIC;
  } finally {
    await file.close();
  }
}
