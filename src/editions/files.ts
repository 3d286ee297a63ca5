import { hashOf } from '../hash.ts';
import type { EditionRecord } from '../ledger/edition.ts';
import type { FileKind } from '../ledger/views.ts';
import type { OperatorContext } from './context.ts';

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
