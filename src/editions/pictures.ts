import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hashOf } from '../hash.ts';
import { keepPicture, readEditionFile, readPicture } from '../production/store.ts';
import type { OpenFile } from './files.ts';

/** Longer than any page takes to draw, the start of the browser included. */
const DRAW_MS = 30_000;

/**
 * Gives the first page of an edition as a PNG; undefined where its HTML is gone or another. It is drawn when it is first
 * asked for, one at a time, so that editions hardly notice, and kept in the folder of the edition: who may not read that,
 * or removes it, has no picture of it either. Earlier versions kept pictures in the cache folder for ever: those are removed.
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
    // It may have been written anew meanwhile.
    if (text === undefined || hashOf(text) !== sha256) return undefined;
    const png = await draw(new TextDecoder().decode(text), { signal: AbortSignal.timeout(DRAW_MS) });
    // Where the folder cannot be written it is drawn again the next time.
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
