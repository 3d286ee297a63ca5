import { spawn } from 'node:child_process';
import { openScratch } from '../../src/pdf/browser/scratch.ts';

// Run by the tests of scratch folders in a process of its own: opens one, has a program work in it as a browser would,
// says where, and goes on until its standard input ends.
const [, , parent = ''] = process.argv;
await using scratch = await openScratch(parent);
const idle = 'setInterval(() => {}, 1e6)';
const program = spawn(process.execPath, ['-e', idle, '--', `--user-data-dir=${scratch.path}/user-data`], {
  detached: true,
  stdio: 'ignore',
});
program.unref();
console.log(JSON.stringify({ path: scratch.path, pid: process.pid }));
for await (const _ of process.stdin);
program.kill('SIGKILL');
