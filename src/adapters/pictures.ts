import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashOf } from '../model/manifest.ts';
import type { OpenFile } from '../runtime/desk-files.ts';
import { readEditionFile } from './editions.ts';

/** Longer than any page takes to draw, the start of the browser included. */
const DRAW_MS = 30_000;

/**
 * Gives the first page of an edition as a PNG; undefined where its HTML is gone or another. Drawn when it is first asked for and
 * kept by the hash of the HTML, one at a time, so that editions hardly notice.
 */
export function openPictures({
  cacheFolder,
  draw,
}: {
  cacheFolder: string;
  draw: (html: string, options: { readonly signal: AbortSignal }) => Promise<Uint8Array>;
}): (html: OpenFile) => Promise<Uint8Array | undefined> {
  const folder = join(cacheFolder, 'pictures');
  const drawing = new Map<string, Promise<Uint8Array | undefined>>();
  let last: Promise<unknown> = Promise.resolve();

  const make = async ({ folder: from, name, sha256 }: OpenFile, file: string) => {
    const text = await readEditionFile(from, name);
    // It may have been written anew meanwhile: a picture is kept for good under its hash.
    if (text === undefined || hashOf(text) !== sha256) return undefined;
    const png = await draw(new TextDecoder().decode(text), { signal: AbortSignal.timeout(DRAW_MS) });
    await mkdir(folder, { recursive: true });
    const fresh = `${file}.${randomUUID()}`;
    await writeFile(fresh, png);
    await rename(fresh, file);
    return png;
  };

  return async (html) => {
    const file = join(folder, `${html.sha256}.png`);
    const kept = await readFile(file).catch(() => undefined);
    if (kept) return kept;
    const present = drawing.get(file);
    if (present) return present;
    const made = last.then(() => make(html, file)).finally(() => drawing.delete(file));
    drawing.set(file, made);
    last = made.catch(() => undefined);
    return made;
  };
}
