import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Runs the tests that touch the ledger on a PostgreSQL server of their own (`npm run test:postgres`): Debian's, in a
 * temporary folder, gone afterwards. What is given on the command line goes to vitest. Exits with the tests' status.
 */
const suites = ['test/adapters/ledger', 'test/runtime', 'test/service'];
/** They open no ledger, or ask of it what `test/runtime/api.test.ts` asks too, or start programs on an embedded one. */
const without = [
  ...['explain', 'verify', 'api-limits', 'api-random'].map((name) => `test/runtime/${name}.test.ts`),
  'test/service/service.test.ts',
  'test/service/first-hour.test.ts',
];
const debian = '/usr/lib/postgresql';

const versions = (await readdir(debian).catch(() => []))
  .filter((version) => existsSync(join(debian, version, 'bin/initdb')))
  .toSorted((one, other) => Number(one) - Number(other));
const newest = versions.at(-1);
if (newest === undefined)
  throw new Error(`There is no PostgreSQL in ${debian}. Install the Debian package "postgresql".`);
const bin = join(debian, newest, 'bin');

// PostgreSQL refuses to run as root: the package has made a user for it.
const owner = process.getuid?.() === 0 ? await userOf('postgres') : undefined;
const folder = await mkdtemp(join(tmpdir(), 'sitrep-postgres-'));
if (owner) await chown(folder, owner.uid, owner.gid);
try {
  process.exitCode = await testOn(join(folder, 'data'));
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function testOn(data: string): Promise<number> {
  runAsOwner('initdb', ['--pgdata', data, '--username=test', '--auth=trust', '--encoding=UTF8', '--no-sync']);
  const port = await freePort();
  const settings = [
    ['listen_addresses', '127.0.0.1'],
    ['port', String(port)],
    ['unix_socket_directories', folder],
    ['fsync', 'off'],
    ['max_connections', '200'],
    // What the tests provoke on purpose is no news.
    ['log_min_messages', 'fatal'],
  ].flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(join(bin, 'postgres'), ['-D', data, ...settings], {
    ...owner,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(server, 'exit');
  // The tests are told to stop by the terminal itself; the server ends after them.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
  try {
    runAsOwner(
      'pg_isready',
      [
        '--host=127.0.0.1',
        `--port=${port}`,
        '--username=test',
        '--dbname=postgres',
        '--timeout=0',
        '--quiet',
      ],
      {
        tries: 100,
      },
    );
    const existing = suites.filter((suite) => existsSync(suite) || suite.endsWith('ledger'));
    const excluded = without.flatMap((file) => ['--exclude', file]);
    const vitest = spawn('npx', ['vitest', 'run', ...existing, ...excluded, ...process.argv.slice(2)], {
      stdio: 'inherit',
      env: { ...process.env, TEST_DATABASE_URL: `postgres://test@127.0.0.1:${port}/postgres` },
    });
    const [status] = (await once(vitest, 'exit')) as [number | null];
    return status ?? 1;
  } finally {
    // Immediate: nobody needs what is in it.
    server.kill('SIGQUIT');
    await ended;
  }
}

function runAsOwner(program: string, args: readonly string[], { tries = 1 } = {}): void {
  for (let left = tries; left > 0; left -= 1) {
    const { status, stderr } = spawnSync(join(bin, program), args, {
      ...owner,
      cwd: folder,
      encoding: 'utf8',
    });
    if (status === 0) return;
    if (left === 1) throw new Error(`${program} failed: ${stderr}`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  }
}

async function userOf(name: string): Promise<{ uid: number; gid: number }> {
  const line = (await readFile('/etc/passwd', 'utf8'))
    .split('\n')
    .find((each) => each.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined)
    throw new Error(`There is no user "${name}" to run PostgreSQL as.`);
  return { uid: Number(uid), gid: Number(gid) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
