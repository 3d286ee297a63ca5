import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A PostgreSQL server of its own: Debian's, in a temporary folder that is gone afterwards. */
export interface PostgresServer extends AsyncDisposable {
  /** Of its database `postgres`. */
  readonly url: string;
  start(): Promise<void>;
  /** `fast` ends the sessions, `immediate` is a crash. */
  stop(how: 'fast' | 'immediate'): Promise<void>;
}

const debian = '/usr/lib/postgresql';

export async function startPostgres(): Promise<PostgresServer> {
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
  const data = join(folder, 'data');
  const runAsOwner = (program: string, args: readonly string[], { tries = 1 } = {}): void => {
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
  };
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
  let running: { server: ChildProcess; ended: Promise<unknown> } | undefined;
  const stop = async (how: 'fast' | 'immediate'): Promise<void> => {
    running?.server.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await running?.ended;
    running = undefined;
  };
  const start = (): Promise<void> => {
    const server = spawn(join(bin, 'postgres'), ['-D', data, ...settings], {
      ...owner,
      cwd: folder,
      stdio: 'ignore',
    });
    running = { server, ended: once(server, 'exit') };
    const where = ['--host=127.0.0.1', `--port=${port}`, '--username=test', '--dbname=postgres'];
    runAsOwner('pg_isready', [...where, '--timeout=0', '--quiet'], { tries: 400 });
    return Promise.resolve();
  };
  await start();
  return {
    url: `postgres://test@127.0.0.1:${port}/postgres`,
    start,
    stop,
    async [Symbol.asyncDispose]() {
      // Nobody needs what is in it.
      await stop('immediate');
      await rm(folder, { recursive: true, force: true });
    },
  };
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
