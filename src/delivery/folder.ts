import { randomUUID } from 'node:crypto';
import { link, lstat, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import type { Locale } from '../locale.ts';
import type { Deliver, Message } from './message.ts';

/**
 * Writes the PDF, or a notice as a text file, to `<root>/<folder>/<brief>/<name>`. The write is atomic and flushed to
 * disk before it is reported. Existing files are never overwritten.
 */
export function folderDelivery(root: string, locale: Locale): Deliver {
  return async (message, { target, signal }) => {
    if (!('folder' in target)) throw new TypeError('The target is no folder.');
    const { name, content } = fileOf(message);
    const folder = resolve(root, target.folder);
    const place = resolve(folder, message.brief, name);
    if (!folder.startsWith(resolve(root) + sep) || dirname(dirname(place)) !== folder) {
      return { outcome: 'held', reason: locale.text('mail.reason.file_outside', { file: name }) };
    }
    signal.throwIfAborted();
    try {
      const isSame = await put(place, content);
      const file = join(target.folder, message.brief, name);
      if (isSame === undefined) return { outcome: 'sent', reason: file };
      return isSame
        ? { outcome: 'sent', reason: locale.text('mail.reason.file_same', { file }) }
        : { outcome: 'held', reason: locale.text('mail.reason.file_different', { file }) };
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined) throw error;
      const values = { folder: target.folder, code };
      return { outcome: 'deferred', reason: locale.text('mail.reason.file_unwritable', values) };
    }
  };
}

function fileOf({ id, kind, edition, title, issue, marking, paragraphs, pdf }: Message): {
  name: string;
  content: Uint8Array;
} {
  if (pdf !== null) return { name: pdf.name, content: pdf.content };
  const text = [marking, `${title}, ${issue}`, ...paragraphs, marking].join('\n\n');
  // The id is in the name because an edition can cause several alerts.
  const stem = kind === 'alert' ? `alert-${id}` : `${edition}-${kind}`;
  return { name: `${stem.replaceAll(/[^\w.-]+/g, '-')}.txt`, content: Buffer.from(`${text}\n`) };
}

/** Writes the file. If there is one already, returns whether it is the same. */
async function put(place: string, content: Uint8Array): Promise<boolean | undefined> {
  const before = await isSameAt(place, content);
  if (before !== undefined) return before;
  const folder = dirname(place);
  const made = await mkdir(folder, { recursive: true });
  await sweep(folder);
  const fresh = join(folder, `.new-${randomUUID()}`);
  try {
    await writeToDisk(fresh, content);
    await claim(fresh, place);
  } catch (error) {
    const there = codeOf(error) === 'EEXIST' ? await isSameAt(place, content) : undefined;
    if (there === undefined) throw error;
    return there;
  } finally {
    await rm(fresh, { force: true });
  }
  // A new name survives a power cut only after its folder is flushed too. The same applies to new parent folders.
  for (let each = folder; ; each = dirname(each)) {
    await using handle = await open(each);
    await handle.sync();
    if (made === undefined || each === dirname(made)) break;
  }
  return undefined;
}

/** No file takes longer to write. */
const LEFT_MS = 3_600_000;

/** Removes partial files left by killed processes. A failure here must not fail the delivery. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (!/^\.new-[0-9a-f-]{36}$/.test(name)) continue;
    const file = join(folder, name);
    const { mtimeMs } = await lstat(file).catch(() => ({ mtimeMs: Infinity }));
    if (Date.now() - mtimeMs > LEFT_MS) await rm(file).catch(() => {});
  }
}

/** Undefined if there is nothing. `place` may be anything, such as a link to an endless device: only files are read. */
async function isSameAt(place: string, content: Uint8Array): Promise<boolean | undefined> {
  const there = await lstat(place).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
  });
  if (there === undefined) return undefined;
  return (
    there.isFile() && there.size === content.length && Buffer.compare(await readFile(place), content) === 0
  );
}

async function writeToDisk(file: string, content: Uint8Array): Promise<void> {
  await using handle = await open(file, 'wx');
  await handle.writeFile(content);
  await handle.sync();
}

/** Moves `fresh` to its final name with a hard link, because a rename would overwrite an existing file. */
async function claim(fresh: string, place: string): Promise<void> {
  try {
    await link(fresh, place);
  } catch (error) {
    // Some file systems, such as exFAT, have no hard links.
    if (!['EPERM', 'ENOTSUP', 'ENOSYS'].includes(codeOf(error) ?? '')) throw error;
    await rename(fresh, place);
  }
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined;
