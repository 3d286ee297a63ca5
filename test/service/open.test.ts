import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openProject, type Project } from '../support/cli.ts';
import { cookieFrom, operatorCookie } from '../support/login.ts';
import { copyNewLedger } from '../support/new-ledger.ts';
import { type Service, startService } from '../support/service.ts';

/** How the user who runs the real program gets in, and nobody else does. */
let project: Project;
let service: Service;
let origin: string;
const main = join(import.meta.dirname, '../../src/main.ts');
const isReady = ({ msg }: { msg: string }) => msg === 'ready';
const secret = /[\w-]{43}/;

beforeAll(async () => {
  project = await openProject();
  await copyNewLedger(join(project.folder, 'output/.ledger'));
  // As an installation may have left it.
  await chmod(join(project.folder, 'output/.ledger'), 0o755);
  service = startService(project, 'start');
  origin = `http://127.0.0.1:${String((await service.line(isReady))['port'])}`;
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await project[Symbol.asyncDispose]();
});

const modeOf = async (file: string) => ((await stat(join(project.folder, file))).mode & 0o777).toString(8);

test('other users of the machine can reach neither the socket nor what lies beside it', async () => {
  expect(await modeOf('output/.ledger')).toBe('700');
  expect(await modeOf('output/.ledger/socket')).toBe('600');
});

describe('sitrep open', () => {
  test('prints a link that lets one browser in, once', async () => {
    const { stdout, status } = await project.call('open --print');
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`^${origin}/open\\?once=${secret.source}\n$`));
    const link = stdout.trim();
    const first = await fetch(link, { redirect: 'manual' });
    expect(first.headers.get('location')).toBe('/');
    const headers = { cookie: cookieFrom(first) };
    const page = await fetch(origin, { headers: { ...headers, accept: 'text/html' } });
    expect(await page.text()).toContain('this machine');
    const again = await fetch(link, { headers: { accept: 'text/html' } });
    expect(again.url).toBe(`${origin}/login?refused=link`);
    expect(await again.text()).toContain('This link has expired or was already used');
  });

  test('gives the browser a file that leads there, which only this user can read', async () => {
    const bin = join(project.folder, 'bin');
    await mkdir(bin);
    await writeFile(join(bin, 'xdg-open'), '#!/bin/sh\necho "$@" > "$(dirname "$0")/asked"\n', {
      mode: 0o755,
    });
    const env = { DISPLAY: ':9', PATH: `${bin}:${process.env['PATH']}` };
    expect((await project.sitrep('open', env)).stdout).toMatch(/^The pages open in the browser\./);
    const asked = (await readFile(join(bin, 'asked'), 'utf8')).trim();
    expect(asked).toBe(join(project.folder, 'output/.ledger/open.html'));
    expect(await modeOf('output/.ledger/open.html')).toBe('600');
    const [link = ''] = /http:[^"]*/.exec(await readFile(asked, 'utf8')) ?? [];
    expect((await fetch(link, { redirect: 'manual' })).headers.get('location')).toBe('/');

    await writeFile(join(bin, 'xdg-open'), '#!/bin/sh\nexit 3\n');
    expect((await project.call('open', env)).stdout).toMatch(secret);
  });

  test('prints the link where there is no display', async () => {
    const { stdout } = await project.call('open', { DISPLAY: '', WAYLAND_DISPLAY: '' });
    expect(stdout).toMatch(secret);
  });

  test('says what to do where nothing is served, or where the ledger is on a server', async () => {
    const idle = await project.call('open --out nothing');
    expect(idle).toMatchObject({ status: 1, stdout: '' });
    expect(idle.stderr).toMatch(/nothing\/\.ledger: No sitrep that serves pages runs[^]*sitrep start/);
    const server = await project.call('open', { DATABASE_URL: 'postgres://127.0.0.1:1/none' });
    expect(server).toMatchObject({ status: 1, stdout: '' });
    expect(server.stderr).toMatch(/on PostgreSQL[^]*sitrep token add NAME[^]*\/login/);
  });
});

test('no link goes into a pipe, a journal or the log', async () => {
  expect(service.stdout()).toContain('npx sitrep open');
  await operatorCookie(project);
  expect(service.stdout()).not.toMatch(secret);
  expect(service.stderr()).not.toMatch(secret);
});

test('on a terminal the program prints a link as it starts, and not into its log', async () => {
  await copyNewLedger(join(project.folder, 'tty/.ledger'));
  const log = join(project.folder, 'tty.log');
  // "script" gives it a terminal.
  const child = spawn(
    'script',
    ['-qec', `'${process.execPath}' '${main}' start --out tty 2>'${log}'`, '/dev/null'],
    {
      cwd: project.folder,
      env: { ...process.env, XDG_CACHE_HOME: join(project.folder, '.cache'), SITREP_PORT: '0' },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const closed = once(child, 'close');
  try {
    let printed = '';
    // Read to the end: "script" would end with the program if nobody read what it prints.
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        printed += chunk.toString();
        if (printed.includes('Ctrl-C to stop')) resolve();
      });
      void closed.then(() => resolve());
    });
    const [link = ''] =
      new RegExp(`http://127\\.0\\.0\\.1:\\d+/open\\?once=${secret.source}`).exec(printed) ?? [];
    expect((await fetch(link, { redirect: 'manual' })).headers.get('location')).toBe('/');
    await expect.poll(() => readFile(log, 'utf8'), { timeout: 300_000 }).toContain('"ready"');
    expect(await readFile(log, 'utf8')).not.toMatch(secret);
  } finally {
    child.stdin.write('\u0003');
    await closed;
  }
});

// CI installs it.
const hasNginx = Boolean(process.env['CI']) || spawnSync('nginx', ['-v']).error === undefined;
test.skipIf(!hasNginx)('nginx with no settings but proxy_pass shows strangers the login alone', async () => {
  const socketPath = join(project.folder, 'nginx.sock');
  const config = `
    daemon off; master_process off; pid ${project.folder}/nginx.pid; error_log stderr;
    events {}
    http {
      access_log off;
      client_body_temp_path 1; proxy_temp_path 2; fastcgi_temp_path 3; uwsgi_temp_path 4; scgi_temp_path 5;
      server { listen unix:${socketPath}; location / { proxy_pass ${origin}; } }
    }`;
  await writeFile(join(project.folder, 'nginx.conf'), config);
  const nginx = spawn('nginx', ['-p', project.folder, '-c', 'nginx.conf'], { stdio: 'ignore' });
  const closed = once(nginx, 'close');
  const ask = async (path: string, method = 'GET', accept = '*/*') => {
    const call = request({ socketPath, path, method, headers: { host: 'sitrep.example', accept } });
    call.end();
    const [answer] = await once(call, 'response');
    answer.resume();
    return { status: answer.statusCode, location: answer.headers.location };
  };
  try {
    await expect.poll(() => ask('/healthz').catch(() => null)).toMatchObject({ status: 200 });
    for (const path of [
      '/',
      '/api/briefs',
      '/api/audit',
      '/docs',
      '/openapi.json',
      '/metrics',
      '/deliveries',
    ])
      expect(await ask(path), path).toMatchObject({ status: 401 });
    expect(await ask('/api/briefs/weekly/editions', 'POST')).toMatchObject({ status: 401 });
    const login = { status: 303, location: expect.stringMatching(/\/login\?next=%2F$/) };
    expect(await ask('/', 'GET', 'text/html')).toEqual(login);
    expect((await ask('/login', 'GET', 'text/html')).status).toBe(200);
  } finally {
    nginx.kill();
    await closed;
  }
});
