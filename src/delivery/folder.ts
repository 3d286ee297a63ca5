import { randomUUID } from 'node:crypto';
import { link, lstat, mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import type { Locale } from '../locale.ts';
import type { Deliver, Message, Receipt } from './message.ts';

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
      return await put(place, content, { shown: join(target.folder, message.brief, name), locale });
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

/** The file's path for the receipt, and the words. */
interface Report {
  readonly shown: string;
  readonly locale: Locale;
}

async function put(place: string, content: Uint8Array, report: Report): Promise<Receipt> {
  if (await isTaken(place)) return compare(place, content, report);

  const folder = dirname(place);
  const made = await mkdir(folder, { recursive: true });
  await sweep(folder);
  const fresh = join(folder, `.new-${randomUUID()}`);
  try {
    await writeToDisk(fresh, content);
    await claim(fresh, place);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    return await compare(place, content, report);
  } finally {
    await unlink(fresh).catch(unless('ENOENT'));
  }
  // A new name survives a power cut only after its folder is flushed too. The same applies to new parent folders.
  for (let each = folder; ; each = dirname(each)) {
    await using handle = await open(each);
    await handle.sync();
    if (made === undefined || each === dirname(made)) break;
  }
  return { outcome: 'sent', detail: report.shown };
}

/** No file takes longer to write. */
const LEFT_MS = 3_600_000;

/** Removes partial files left by killed processes. A failure here must not fail the delivery. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (!/^\.new-[0-9a-f-]{36}$/.test(name)) continue;
    const file = join(folder, name);
    const { mtimeMs } = await lstat(file).catch(() => ({ mtimeMs: Infinity }));
    if (Date.now() - mtimeMs > LEFT_MS) await unlink(file).catch(() => {});
  }
}

const isTaken = async (place: string): Promise<boolean> =>
  (await lstat(place).catch(unless('ENOENT'))) !== undefined;

/** `place` may be anything, such as a link to an endless device, so only regular files are read. */
async function compare(
  place: string,
  content: Uint8Array,
  { shown: file, locale: { text } }: Report,
): Promise<Receipt> {
  const there = await lstat(place);
  const isSame =
    there.isFile() && there.size === content.length && Buffer.compare(await readFile(place), content) === 0;
  return isSame
    ? { outcome: 'sent', detail: text('mail.reason.file_same', { file }) }
    : { outcome: 'held', reason: text('mail.reason.file_different', { file }) };
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

const unless =
  (code: string) =>
  (error: unknown): undefined => {
    if (codeOf(error) !== code) throw error;
  };
