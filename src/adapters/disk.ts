import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** Bytes that this user may still write to the disk of a folder. Neither it nor the folders above it need exist yet. */
export async function freeBytesAt(folder: string): Promise<number> {
  const place = resolve(folder);
  try {
    const { bavail, bsize } = await statfs(place);
    return bavail * bsize;
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isMissing && dirname(place) !== place) return freeBytesAt(dirname(place));
    throw error;
  }
}
