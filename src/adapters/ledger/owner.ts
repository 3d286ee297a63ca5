import { lchownSync, lstatSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Where root works in a folder of another user, gives that user what root has made there: the service, which runs as
 * that user, could not open the ledger again otherwise.
 */
export function giveToOwner(path: string): void {
  if (process.getuid?.() !== 0) return;
  const own = lstatSync(path);
  const { uid, gid } = own.uid === 0 ? lstatSync(dirname(path)) : own;
  if (uid === 0) return;
  const entries = own.isDirectory() ? readdirSync(path, { recursive: true, encoding: 'utf8' }) : [];
  for (const entry of [path, ...entries.map((name) => join(path, name))])
    if (lstatSync(entry).uid === 0) lchownSync(entry, uid, gid);
}
