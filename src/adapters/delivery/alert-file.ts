import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Parcel } from '../../runtime/parcel.ts';

/** Appends an alert to a file, a JSON object on one line, for when nobody can be reached. Alerts hold no addresses. */
export async function appendAlert(
  file: string,
  { at, parcel, reason }: { at: Date; parcel: Pick<Parcel, 'title' | 'paragraphs'>; reason: string },
): Promise<void> {
  const { title, paragraphs } = parcel;
  await mkdir(dirname(file), { recursive: true });
  await appendFile(
    file,
    `${JSON.stringify({ time: at.toISOString(), title, paragraphs, notMailed: reason })}\n`,
  );
}
