import { type FSWatcher, watch } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { posix } from 'node:path';

/** Editors write a file in several steps; a quiet period of this length ends one change. */
const QUIET_MS = 25;

interface Watched {
  readonly watcher: FSWatcher;
  readonly inode: number;
}

/**
 * Reports files that are written, replaced, added or removed anywhere in the folders, several in one call. Watches
 * folders, never files: an editor that writes a new file and renames it leaves a watch on the old file behind (Node's
 * own recursive watch does this on Linux). A replaced folder is watched again. A missing folder is ignored.
 */
export async function watchFolders(
  folders: readonly string[],
  onChange: (paths: ReadonlySet<string>) => void,
): Promise<Disposable> {
  const watched = new Map<string, Watched>();
  let changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  /** Scans run one after another, since two at once would watch a new folder twice. */
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
        // A name that appeared or disappeared may be a folder's.
        if (event === 'rename') void rescan(posix.join(folder, name));
      });
      // The folder no longer exists; the watch on its parent reports that.
      watcher.on('error', () => forget(folder));
      watched.set(folder, { watcher, inode: found.ino });
    }
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) await scan(path, { isNew });
      // The file was written before its new folder was watched.
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

/** Temporary files that editors leave beside a file while they work on it. */
const isScratch = (name: string): boolean => /^\.|~$|^4913$/.test(name);
