import type { EditionRecord } from '../model/edition.ts';
import { hashOf } from '../model/manifest.ts';
import type { FileKind } from '../model/view.ts';
import type { Office } from './office.ts';

/** A file of an edition: where it lies, and a hash of what is in it. */
export interface OpenFile {
  readonly folder: string;
  readonly name: string;
  readonly sha256: string;
}

/** A file of an edition by its kind; undefined when it has none, or it is gone. No name comes from who asks. */
export async function openFile(
  { folder }: EditionRecord,
  kind: FileKind,
  { readManifest }: Pick<Office, 'readManifest'>,
): Promise<OpenFile | undefined> {
  if (folder === null) return undefined;
  const manifest = await readManifest(folder);
  if (manifest === undefined) return undefined;
  // It names the hash of every other file, and so its own changes when one of them does.
  if (kind === 'manifest') return { folder, name: 'manifest.json', sha256: hashOf(JSON.stringify(manifest)) };
  const file = manifest.files.find(({ name }) => name.endsWith(`.${kind}`));
  return file && { folder, name: file.name, sha256: file.sha256 };
}
