import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { openProject } from '../support/cli.ts';
import { operatorCookie } from '../support/login.ts';
import { mailServer } from '../support/mail-server.ts';
import { copyNewLedger } from '../support/new-ledger.ts';
import { listProcesses } from '../support/processes.ts';
import { type Service, startService } from '../support/service.ts';

const project = await openProject();
afterAll(() => project[Symbol.asyncDispose]());

/** An output folder whose ledger is there already: the first test below sees one being made. */
const withLedger = (out: string) => copyNewLedger(join(project.folder, out, '.ledger'));
const isReady = ({ msg }: { msg: string }) => msg === 'ready';

describe('sitrep start', () => {
  test('prints the coming slots and how to see the past, answers on its port, and stops on SIGTERM', async () => {
    await using service = startService(project, 'start --out one');
    const { port } = await service.line(isReady);
    expect(service.stdout()).toMatch(/Next slots:[^]*weekly +Mon, /);
    expect(service.stdout()).toContain('backfill weekly --from 2021-08-02 --to 2021-08-30');
    const get = (path: string) => fetch(`http://127.0.0.1:${String(port)}${path}`);
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/readyz')).status).toBe(200);
    expect((await get('/metrics')).status).toBe(401);
    const cookie = await operatorCookie(project, '--out one');
    const metrics = await (
      await fetch(`http://127.0.0.1:${String(port)}/metrics`, { headers: { cookie } })
    ).text();
    for (const name of [
      'editions',
      'deliveries',
      'oldest_due_seconds',
      'render_seconds_bucket',
      'browser_memory_bytes',
    ])
      expect(metrics).toContain(`sitrep_${name}`);

    service.process.kill('SIGTERM');
    expect(await service.ended).toBe(0);
    expect(existsSync(join(project.folder, 'one/.ledger/snapshot.tar.gz'))).toBe(true);
    await expect(get('/healthz')).rejects.toThrow('fetch failed');
  });

  test(
    'gives back or finishes its work when told to stop, and another start goes on with it',
    { timeout: 300_000 },
    async () => {
      await withLedger('three');
      await using service = startService(project, 'start --out three');
      await service.line(isReady);
      const backfill = project.sitrep('backfill celebrations --from 2021-07-25 --to 2021-08-08 --out three');
      await service.line(({ step }) => step === 'print');
      service.process.kill('SIGTERM');
      expect(await service.ended).toBe(0);
      // The command fails, because the process that had the ledger open is gone. Its request stays in the ledger.
      expect((await backfill).status).toBe(1);
      const states = async () => {
        const { stdout } = await project.call('runs --json --out three');
        return (JSON.parse(stdout) as { id: string; state: string }[]).map(({ state }) => state);
      };
      expect(new Set(await states())).not.toContain('rendering');
      const left = await project.call('backfill celebrations --from 2021-07-25 --to 2021-08-08 --out three');
      expect(left.stderr).toBe('');
      expect(await states()).toEqual(['rendered', 'rendered', 'rendered']);
    },
  );

  test('a mail server that falls silent does not keep it from stopping', { timeout: 300_000 }, async () => {
    await withLedger('silent');
    const had = Promise.withResolvers<void>();
    const mail = await mailServer({
      onData: (stream) => void stream.on('end', () => had.resolve()).resume(),
    });
    const brief = await readFile(join(project.folder, 'templates/celebrations/brief.yaml'), 'utf8');
    await project.write(
      'templates/celebrations/brief.yaml',
      `${brief}deliver: [{ email: ana@example.org }]\n`,
    );
    await using service = startService(project, 'start --out silent', {
      SITREP_SMTP_URL: `smtp://127.0.0.1:${mail.port}`,
      SITREP_MAIL_FROM: 'briefs@example.org',
      SITREP_MAIL_DOMAINS: 'example.org',
    });
    await service.line(isReady);
    const backfill = project.sitrep(
      'backfill celebrations --from 2021-08-22 --to 2021-08-22 --deliver --out silent',
    );
    await had.promise;
    service.process.kill('SIGTERM');
    expect(await service.ended).toBe(0);
    await backfill;
    await project.write('templates/celebrations/brief.yaml', brief);
    const { stdout } = await project.sitrep('deliveries --json --out silent');
    expect(JSON.parse(stdout)).toMatchObject([{ state: 'pending', mayHaveArrived: true }]);
  });

  test('outlives a backfill that is stopped, and leaves no browser after kill -9 and another start', async () => {
    await withLedger('four');
    await using service = startService(project, 'start --out four');
    await service.line(isReady);
    const asked = 'backfill celebrations --from 2021-05-01 --to 2021-08-22 --out four';
    await using backfill = startService(project, asked);
    await service.line(({ msg }) => msg === 'rendering');
    await vi.waitFor(() => expect(backfill.stdout()).toMatch(/\d+ editions from/), { timeout: 60_000 });
    backfill.process.kill('SIGTERM');
    expect(await backfill.ended).toBe(143);
    expect(service.process.exitCode).toBeNull();

    await service.line(({ step }) => step === 'seal');
    const profiles = join(project.folder, '.cache/sitrep/profiles');
    const found = listProcesses(`--user-data-dir=${profiles}/`).map(
      ({ command }) => /--user-data-dir=(\S+?\/profiles\/[\w-]+)/.exec(command)?.[1] ?? '',
    );
    const [own = ''] = found;
    expect(new Set(found)).toEqual(new Set([own]));
    expect(own).not.toBe('');
    await service.kill();
    await using next = startService(project, 'start --out four');
    await next.line(isReady);
    expect(listProcesses(own)).toEqual([]);
    expect(existsSync(own)).toBe(false);
  });

  test('settings that cannot be are all named, and none is repeated', async () => {
    const { status, stderr } = await project.call('start --out five', {
      SITREP_PORT: '99999',
      SITREP_LOG_LEVEL: 'loud',
      DATABASE_URL: 'mysql://root:hunter2@host/db',
      SITREP_SMTP_URL: 'imap://me:hunter2@host',
    });
    expect(status).toBe(1);
    expect(stderr).toContain('SITREP_PORT is not a port');
    expect(stderr).toContain('SITREP_LOG_LEVEL is not one of debug, info, warn, error, silent');
    expect(stderr).toContain('DATABASE_URL is not an address');
    expect(stderr).toContain('SITREP_SMTP_URL');
    expect(stderr).not.toContain('hunter2');
    expect(existsSync(join(project.folder, 'five'))).toBe(false);
  });

  test.each(['scheduler', 'worker', 'serve', 'migrate'])(
    '%s alone needs a server, and says so',
    async (command) => {
      const { status, stderr } = await project.call(command);
      expect(status).toBe(1);
      expect(stderr).toMatch(/needs a PostgreSQL server[^]*DATABASE_URL/);
    },
  );
});

describe('a ledger', () => {
  let service: Service;
  afterAll(() => service[Symbol.asyncDispose]());

  test('that nobody runs keeps what is asked for the next start, and the command says so', async () => {
    await withLedger('two');
    const asked = await project.call('backfill weekly --from 2021-08-15 --to 2021-08-15 --out two');
    expect(asked.stderr).toBe('');
    const refused = await project.call('retry weekly/2021-08-15 --out two');
    expect(refused.stderr).toContain('No delivery is failed or bounced.');
    const resent = await project.call('resend weekly/2021-08-15 --to archive --out two');
    expect(resent.stdout).toMatch(
      /^resend: delivery [0-9a-f]{8}\nNo process is working on this ledger now: "sitrep start"/,
    );
    service = startService(project, 'start --out two');
    await service.line(({ msg, channel }) => msg === 'sent' && channel === 'folder');
  });

  test('that a start runs is refused to another start; other commands reach it through the first', async () => {
    const second = await project.sitrep('start --out two', { SITREP_PORT: '0' });
    expect(second).toMatchObject({ status: 1 });
    expect(second.stderr).toMatch(
      /two\/\.ledger: Another sitrep, a "start" or a "backfill", uses this ledger[^]*Stop that one first/,
    );

    const backfill = await project.call(
      'backfill celebrations --from 2021-08-15 --to 2021-08-22 --out two --deliver',
    );
    expect(backfill.stderr).toBe('');
    expect(backfill.stdout).toContain('2 editions from 2021-08-15 to 2021-08-22');
    expect(backfill.stdout).toContain(
      '"deliver" in templates/celebrations/brief.yaml names no target for it.',
    );
    expect(service.lines.filter(({ msg }) => msg === 'rendering')).toHaveLength(2);

    const runs = await project.call('runs --json --out two');
    const ofBackfill = (JSON.parse(runs.stdout) as { id: string }[]).filter(
      ({ id }) => !id.startsWith('weekly'),
    );
    expect(ofBackfill).toMatchObject([
      { id: 'celebrations/2021-08-22', origin: 'backfill', slot: '2021-08-23T05:00:00.000Z', pages: 1 },
      { id: 'celebrations/2021-08-15', origin: 'backfill' },
    ]);
    const again = await project.call('backfill celebrations --from 2021-08-15 --to 2021-08-22 --out two');
    expect(again.stdout).toContain('2 of them already in the ledger, which are left as they are:');
    expect(service.lines.filter(({ msg }) => msg === 'rendering')).toHaveLength(2);
    const unknown = await project.call('retry weekly/1999-01-03 --out two');
    expect(unknown).toMatchObject({ status: 1 });
    expect(unknown.stderr).toContain('There is no edition or delivery "weekly/1999-01-03"');
  });
});

test('a backfill alone can be reached, delivers to a folder, and keeps what was delivered from being overwritten', async () => {
  await withLedger('six');
  const brief = join(project.folder, 'templates/celebrations/brief.yaml');
  const before = await readFile(brief, 'utf8');
  await project.write('templates/celebrations/brief.yaml', `${before}deliver: [{ folder: archive }]\n`);
  const backfill = project.sitrep('backfill celebrations --from 2021-08-01 --to 2021-08-22 --out six');
  const socket = join(project.folder, 'six/.ledger/socket');
  await vi.waitFor(() => expect(existsSync(socket)).toBe(true), { timeout: 300_000 });
  expect(await project.call('runs --json --out six')).toMatchObject({ status: 0, stderr: '' });
  const { status, stdout, stderr } = await backfill;
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain('celebrations/2021-08-22: done');
  const delivered = 'six/delivered/archive/celebrations/celebrations-2021-08-22.pdf';
  const made = 'six/celebrations/2021-08-22/celebrations-2021-08-22.pdf';
  const bytes = await readFile(join(project.folder, made));
  expect((await readFile(join(project.folder, delivered))).equals(bytes)).toBe(true);

  await project.write(
    'templates/celebrations/brief.yaml',
    before.replace(/^title: .*$/m, 'title: Another title'),
  );
  const forced = await project.call('generate celebrations --as-of 2021-08-22 --force --out six');
  expect(forced.status).toBe(1);
  expect(forced.stderr).toMatch(/This edition was delivered, and the new version differs from it/);
  expect((await readFile(join(project.folder, made))).equals(bytes)).toBe(true);
  await project.write('templates/celebrations/brief.yaml', before);
});
