import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { OperatorContext } from './context.ts';
import { hashOf } from '../hash.ts';
import type { EditionRecord } from '../ledger/records.ts';
import type { FileKind } from '../ledger/views.ts';
import { keepPicture, readEditionFile, readPicture } from '../production/store.ts';

/** A file of an edition: its path and the hash of its content. */
export interface OpenFile {
  readonly folder: string;
  readonly name: string;
  readonly sha256: string;
}

/**
 * A file of an edition by its kind. Undefined if there is no such file or if the files belong to another edition than
 * the ledger's: the caller may not be cleared for that one. No file name comes from the caller.
 */
export async function openFile(
  { folder, sha256, card }: Pick<EditionRecord, 'folder' | 'sha256' | 'card'>,
  kind: FileKind,
  { readManifest }: Pick<OperatorContext, 'readManifest'>,
): Promise<OpenFile | undefined> {
  if (folder === null) return undefined;
  const manifest = await readManifest(folder);
  if (manifest === undefined || manifest.marking !== card?.marking) return undefined;
  if (manifest.files.find(({ name }) => name.endsWith('.pdf'))?.sha256 !== sha256) return undefined;
  // The manifest contains the hash of every other file, so its own hash changes with any of them.
  if (kind === 'manifest') return { folder, name: 'manifest.json', sha256: hashOf(JSON.stringify(manifest)) };
  const file = manifest.files.find(({ name }) => name.endsWith(`.${kind}`));
  return file && { folder, name: file.name, sha256: file.sha256 };
}

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
