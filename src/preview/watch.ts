import { type FSWatcher, watch } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { posix } from 'node:path';

/** Editors write a file in several steps: this long after the last of them it is one change. */
const QUIET_MS = 25;

interface Watched {
  readonly watcher: FSWatcher;
  readonly inode: number;
}

/**
 * Tells of files that are written, replaced, added or removed anywhere in the folders, many at once as one call.
 * It watches folders and never files, since an editor that writes a new file and renames it leaves a watch of the old
 * one behind (Node's own recursive watch does so on Linux). A folder that is replaced is watched anew. A folder that is
 * not there is left out.
 */
export async function watchFolders(
  folders: readonly string[],
  onChange: (paths: ReadonlySet<string>) => void,
): Promise<Disposable> {
  const watched = new Map<string, Watched>();
  let changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  /** One scan after the other: two at once would watch a new folder twice. */
  let scans: Promise<void> = Promise.resolve();

  const tell = (): void => {
    const paths = changed;
    changed = new Set();
    if (!isClosed) onChange(paths);
  };
  const note = (path: string): void => {
    changed.add(path);
    clearTimeout(timer);
    timer = setTimeout(tell, QUIET_MS);
  };
  const forget = (folder: string): void => {
    watched.get(folder)?.watcher.close();
    watched.delete(folder);
  };
  const rescan = (folder: string): Promise<void> => (scans = scans.then(() => scan(folder, { isNew: true })));

  async function scan(folder: string, { isNew = false } = {}): Promise<void> {
    const found = await stat(folder).catch(() => undefined);
    const before = watched.get(folder);
    if (isClosed) return;
    if (!found?.isDirectory()) {
      for (const each of watched.keys()) if (each === folder || each.startsWith(`${folder}/`)) forget(each);
      return;
    }
    if (before?.inode !== found.ino) {
      forget(folder);
      const watcher = watch(folder, (event, name) => {
        if (name === null || isScratch(name)) return;
        note(posix.join(folder, name));
        // A name that came or went may be a folder's.
        if (event === 'rename') void rescan(posix.join(folder, name));
      });
      // The folder is gone: its parent tells of that.
      watcher.on('error', () => forget(folder));
      watched.set(folder, { watcher, inode: found.ino });
    }
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) await scan(path, { isNew });
      // Written before its new folder was watched.
      else if (isNew && before === undefined && !isScratch(entry.name)) note(path);
    }
  }

  for (const folder of folders) await scan(folder.split('\\').join('/'));
  return {
    [Symbol.dispose]() {
      isClosed = true;
      clearTimeout(timer);
      for (const folder of watched.keys()) forget(folder);
    },
  };
}

/** What editors leave beside a file while they work on it. */
const isScratch = (name: string): boolean => /^\.|~$|^4913$/.test(name);
