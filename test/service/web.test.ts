import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openProject } from '../support/cli.ts';
import { newTokenOf } from '../support/login.ts';
import { openProgramLedger } from '../support/program-ledger.ts';
import { startService } from '../support/service.ts';
import { allEvents, bearer } from '../support/web.ts';

/** The real program: on PostgreSQL the server and the worker are two processes. */
const project = await openProject();
const ledger = await openProgramLedger(project);
afterAll(async () => {
  await ledger[Symbol.asyncDispose]();
  await project[Symbol.asyncDispose]();
});
const sitrep = (args: string) => project.sitrep(args, ledger.env);
const isReady = ({ msg }: { msg: string }) => msg === 'ready';
const isServer = ledger.roles.length > 1;

test(
  'an edition is asked for over HTTP, made by the worker, watched and read',
  { timeout: 300_000 },
  async () => {
    await using server = startService(project, isServer ? 'serve' : 'start', ledger.env);
    await using worker = isServer ? startService(project, 'worker', ledger.env) : server;
    const { port } = await server.line(isReady);
    await worker.line(isReady);
    const at = `http://127.0.0.1:${String(port)}`;
    const headers = bearer(await newTokenOf(project, 'otto --may operate --clearance TLP:RED', ledger.env));
    const asked = await fetch(`${at}/api/briefs/celebrations/editions`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ asOf: '2021-08-22' }),
    });
    expect(asked.status).toBe(202);
    const edition = `${at}${asked.headers.get('location') ?? ''}`;
    const call = request(`${edition}/events`, { headers });
    call.end();
    const [answer] = (await once(call, 'response')) as [IncomingMessage];
    const events = await allEvents(answer);
    expect(events.filter(({ event }) => event === 'step').map(({ data }) => data.step)).toContain('print');
    expect(events.at(-1)).toMatchObject({ event: 'settled', data: { state: 'rendered', pages: 2 } });
    const pdf = new Uint8Array(await (await fetch(`${edition}/pdf`, { headers })).arrayBuffer());
    const stored = await readFile(
      join(project.folder, 'output/celebrations/2021-08-22/celebrations-2021-08-22.pdf'),
    );
    expect(stored.equals(pdf)).toBe(true);
    const audit = await sitrep('audit');
    expect(audit.stdout).toMatch(/otto +request +celebrations\/2021-08-22 +done +asOf=2021-08-22/);
  },
);

describe('on an address that others reach', () => {
  test(
    'a token lets in while it is not revoked, also in a service that runs',
    { timeout: 300_000 },
    async () => {
      const added = await sitrep('token add ann --may read --clearance TLP:GREEN');
      expect(added.stderr).toBe('');
      const [, token = ''] = /^(sitrep_[\w-]{43})$/m.exec(added.stdout) ?? [];
      expect(await sitrep('token add ann --may read --clearance TLP:RED')).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('There is a token "ann" already'),
      });
      const listed = await sitrep('token list');
      expect(listed.stdout).toMatch(/ann +read +TLP:GREEN/);
      expect(listed.stdout).not.toContain(token);

      await using server = startService(project, isServer ? 'serve' : 'start', {
        ...ledger.env,
        SITREP_HOST: '0.0.0.0',
      });
      const { port } = await server.line(isReady);
      const get = async () =>
        (await fetch(`http://127.0.0.1:${String(port)}/api/briefs`, { headers: bearer(token) })).status;
      expect((await fetch(`http://127.0.0.1:${String(port)}/api/briefs`)).status).toBe(401);
      expect(await get()).toBe(200);
      expect((await sitrep('token revoke ann')).stdout).toContain('ann is not let in any more');
      expect(await get()).toBe(401);
      expect(await sitrep('token revoke ann')).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('There is no token "ann"'),
      });
      expect((await sitrep('audit --who ann')).stdout).toBe('Nobody changed anything.\n');
      const all = JSON.parse((await sitrep('audit --json')).stdout) as { what: string; outcome: string }[];
      expect(all.slice(0, 4).map(({ what, outcome }) => `${what} ${outcome}`)).toEqual([
        'token revoke refused',
        'token revoke done',
        'token add refused',
        'token add done',
      ]);
      expect(JSON.stringify(all)).not.toContain(token);
    },
  );
});

test('the server alone needs PostgreSQL, and says so', async () => {
  const { status, stderr } = await project.sitrep('serve');
  expect(status).toBe(1);
  expect(stderr).toMatch(/"sitrep serve" needs a PostgreSQL server[^]*DATABASE_URL/);
});
