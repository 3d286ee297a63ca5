import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hashOf } from '../hash.ts';
import { keepPicture, readEditionFile, readPicture } from '../production/store.ts';
import type { OpenFile } from './files.ts';

/** Longer than any page takes to draw, including the start of the browser. */
const DRAW_MS = 30_000;

/**
 * Returns the first page of an edition as a PNG; undefined if its HTML is missing or has changed. Pictures are drawn on
 * first request, one at a time so that they hardly delay editions. They are stored in the edition's folder, so that
 * they share its permissions and its removal. Earlier versions kept pictures in the cache folder for ever; those are
 * removed.
 */
export function openPictures({
  cacheFolder,
  draw,
}: {
  cacheFolder: string;
  draw: (html: string, options: { readonly signal: AbortSignal }) => Promise<Uint8Array>;
}): (html: OpenFile) => Promise<Uint8Array | undefined> {
  rm(join(cacheFolder, 'pictures'), { recursive: true, force: true }).catch(() => {});
  const drawing = new Map<string, Promise<Uint8Array | undefined>>();
  let last: Promise<unknown> = Promise.resolve();

  const make = async ({ folder, name, sha256 }: OpenFile) => {
    const text = await readEditionFile(folder, name);
    // The file may have been rewritten meanwhile.
    if (text === undefined || hashOf(text) !== sha256) return undefined;
    const png = await draw(new TextDecoder().decode(text), { signal: AbortSignal.timeout(DRAW_MS) });
    // If the folder is not writable, the picture is drawn again next time.
    await keepPicture(folder, { name, sha256, png }).catch(() => {});
    return png;
  };

  return async (html) => {
    const kept = await readPicture(html.folder, html.sha256);
    if (kept) return kept;
    const key = `${html.folder} ${html.sha256}`;
    const present = drawing.get(key);
    if (present) return present;
    const made = last.then(() => make(html)).finally(() => drawing.delete(key));
    drawing.set(key, made);
    last = made.catch(() => undefined);
    return made;
  };
}
