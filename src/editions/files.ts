import { hashOf } from '../hash.ts';
import type { EditionRecord } from '../ledger/edition.ts';
import type { FileKind } from '../ledger/views.ts';
import type { OperatorContext } from './context.ts';

/** A file of an edition: where it lies, and a hash of what is in it. */
export interface OpenFile {
  readonly folder: string;
  readonly name: string;
  readonly sha256: string;
}

/**
 * A file of an edition by its kind; undefined when it has none, it is gone, or what lies there is another edition than
 * the ledger knows: who may see this one may not be cleared for that. No name comes from who asks.
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
  // It names the hash of every other file, and so its own changes when one of them does.
  if (kind === 'manifest') return { folder, name: 'manifest.json', sha256: hashOf(JSON.stringify(manifest)) };
  const file = manifest.files.find(({ name }) => name.endsWith(`.${kind}`));
  return file && { folder, name: file.name, sha256: file.sha256 };
}
