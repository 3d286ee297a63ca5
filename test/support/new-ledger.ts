import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openEmbeddedLedger } from '../../src/ledger/open.ts';
import { testCacheFolder } from './cache.ts';
import { copyFolder } from './copy.ts';

const root = join(import.meta.dirname, '../..');

/** Puts an empty ledger, as its first holder leaves it, into `folder`: making one takes twenty times as long. */
export async function copyNewLedger(folder: string): Promise<void> {
  const made = join(testCacheFolder, `ledger-${madeOf()}`);
  if (!existsSync(made)) {
    const own = join(testCacheFolder, `making-${randomUUID()}`);
    const onError = (error: Error) => console.error(error);
    await (await openEmbeddedLedger(own, { onError }))[Symbol.asyncDispose]();
    // Another file's tests may have been as quick.
    await rename(own, made).catch(() => rm(own, { recursive: true }));
  }
  copyFolder(made, folder);
}

/** What an empty ledger depends on. */
function madeOf(): string {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  const sources = join(root, 'src/ledger');
  const names = readdirSync(sources, { recursive: true, encoding: 'utf8' });
  for (const name of names.filter((each) => each.endsWith('.ts')).toSorted())
    hash.update(readFileSync(join(sources, name)));
  return hash.digest('hex').slice(0, 16);
}
