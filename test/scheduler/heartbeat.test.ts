import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';

test('a beat that takes longer than a second leaves no line in the log, and the next one comes', async () => {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../support/beating.ts')]);
  const ended = once(child, 'close');
  expect(await Promise.all([text(child.stdout), text(child.stderr)])).toEqual(['', '']);
  expect(await ended).toEqual([0, null]);
});
