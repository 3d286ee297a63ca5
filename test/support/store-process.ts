import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';
import { readEdition, removeEditions, storeEdition } from '../../src/production/store.ts';
import { sampleEdition } from './sample-edition.ts';

// Run by the tests of editions in a process of its own. `store` and `remove` kill the process right before its n-th change
// to the disk; `sync` stores, and prints which files it flushed; `store-each` stores into a folder each time it is sent one, and answers what came of it.
const [, , task = '', folder = '', text = '', killAt = 'never'] = process.argv;

let changes = 0;
function countChanges(): void {
  for (const name of ['rename', 'rm', 'writeFile', 'mkdir'] as const) {
    const counted = new Proxy(fs.promises[name], {
      apply(change, on, values) {
        changes += 1;
        if (changes === Number(killAt)) process.kill(process.pid, 'SIGKILL');
        return Reflect.apply(change, on, values);
      },
    });
    Reflect.set(fs.promises, name, counted);
  }
  syncBuiltinESMExports();
}

const store = async (into: string, durable: boolean): Promise<void> => {
  const { files, description } = sampleEdition(text);
  await storeEdition(into, files, description, { durable });
};

/** The files that are flushed to the disk from now on. */
function noteSynced(): string[] {
  const synced: string[] = [];
  const noted = new Proxy(fs.promises.open, {
    async apply(open, on, values: Parameters<typeof fs.promises.open>) {
      const file: fs.promises.FileHandle = await Reflect.apply(open, on, values);
      const { sync } = file;
      file.sync = () => {
        synced.push(basename(String(values[0])));
        return sync.call(file);
      };
      return file;
    },
  });
  Reflect.set(fs.promises, 'open', noted);
  syncBuiltinESMExports();
  return synced;
}

if (task === 'sync') {
  const synced = noteSynced();
  await store(folder, true);
  console.log(JSON.stringify(synced));
} else if (task === 'store') {
  countChanges();
  await store(folder, true);
} else if (task === 'remove') {
  countChanges();
  await removeEditions([folder], async () => {
    await fs.promises.rm(`${folder}.row`);
    return true;
  });
} else {
  process.on('message', (into: string) => {
    store(into, false)
      .then(
        () => 'stored',
        (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
      )
      .then((answer) => process.send?.(answer))
      .catch(() => process.exit(1));
  });
  // Whatever is to be loaded is loaded.
  await readEdition(folder);
  process.send?.('ready');
}
if (task === 'store' || task === 'remove') console.log(changes);
