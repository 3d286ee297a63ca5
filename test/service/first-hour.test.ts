import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, onTestFinished, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { minimalConfig } from '../support/brief-of.ts';
import { openProject, type Project } from '../support/cli.ts';
import { operatorCookie } from '../support/login.ts';
import { bareServer, mailServer } from '../support/mail-server.ts';
import { copyNewLedger } from '../support/new-ledger.ts';
import { startService } from '../support/service.ts';

const secret = `whsec_${Buffer.from('a secret of at least 24 bytes').toString('base64')}`;
const broken = 'templates/celebrations/brief.yaml';

async function newcomer(): Promise<Project> {
  const project = await openProject();
  onTestFinished(() => project[Symbol.asyncDispose]());
  await copyNewLedger(join(project.folder, 'output/.ledger'));
  const text = await readFile(join(project.folder, broken), 'utf8');
  await project.write(broken, text.replace('P7D', 'P7X'));
  return project;
}

test(
  'a broken brief stops only itself, a broken dataset only its briefs, and the first start names everything that needs a look',
  { timeout: 300_000 },
  async () => {
    const project = await newcomer();
    const mail = await mailServer();
    await project.write('data/broken/datapackage.json', '{');
    await project.write('templates/on-broken/brief.yaml', stringify({ ...minimalConfig, dataset: 'broken' }));
    await project.write('templates/on-broken/brief.hbs', 'x');
    await project.write(
      '.env',
      [
        `SITREP_SMTP_URL=smtp://127.0.0.1:${mail.port}`,
        'SITREP_MAIL_FROM="Sitrep <briefs@sitrep.example>"',
        'SITREP_MAIL_DOMAINS=sitrep.example',
        'SITREP_OPERATER=me@sitrep.example',
        'SITREP_PORT=1',
        'PUPPETEER_EXECUTABLE_PATH=/nowhere',
      ].join('\n'),
    );
    // The environment, which sets the port, counts before the file.
    await using service = startService(project, 'start');
    const { port } = await service.line(({ msg }) => msg === 'ready');
    const said = service.stdout();
    expect(said).toContain(
      'SITREP_OPERATER is no setting of Sitrep and is ignored. Do you mean SITREP_OPERATOR?',
    );
    expect(said).toMatch(
      /Not made until this is fixed: templates\/celebrations\/brief\.yaml, line \d+, field period/,
    );
    expect(said).toContain(
      'analyst@example.org in templates/weekly/brief.yaml is an example and gets nothing.',
    );
    expect(said).toContain('No operator is set');
    expect(said).not.toContain('Mail is not set up');
    expect(said).toMatch(/Next slots:[^]*weekly +Mon, /);

    const get = (path: string) => fetch(`http://127.0.0.1:${String(port)}${path}`);
    const problems = [{ code: 'brief-unreadable', count: 2 }];
    await vi.waitFor(
      async () => expect(await (await get('/readyz')).json()).toEqual({ status: 'ready', problems }),
      {
        timeout: 300_000,
      },
    );
    const headers = { cookie: await operatorCookie(project) };
    const metrics = await (await fetch(`http://127.0.0.1:${String(port)}/metrics`, { headers })).text();
    expect(metrics).toContain('sitrep_briefs_unreadable 2');

    const backfill = await project.call('backfill weekly --from 2021-08-22 --to 2021-08-22 --deliver');
    expect(backfill.stderr).toBe('');
    const { stdout } = await project.call('runs');
    expect(stdout).toMatch(/weekly\/2021-08-22 +done .* 1 of 1 received/);
    expect(mail.arrived).toEqual([]);
  },
);

test(
  'with a dead mail server, the operator hears of a broken brief by webhook and in a file, once',
  { timeout: 300_000 },
  async () => {
    const project = await newcomer();
    const calls: { title: string; paragraphs: string[] }[] = [];
    const hook = createServer((request, response) => {
      void read(request);
      response.end();
    });
    const read = async (request: IncomingMessage) =>
      calls.push(JSON.parse((await buffer(request)).toString()));
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void hook.close());
    // It hangs up before it says a word.
    const dead = await bareServer((socket) => socket.destroy());
    const env = {
      SITREP_SMTP_URL: `smtp://127.0.0.1:${dead.port}`,
      SITREP_MAIL_FROM: 'briefs@sitrep.example',
      SITREP_MAIL_DOMAINS: 'sitrep.example',
      SITREP_OPERATOR: 'me@sitrep.example',
      SITREP_OPERATOR_WEBHOOK: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/alerts`,
      SITREP_WEBHOOK_SECRET: secret,
    };
    // That it stays at once after another start: test/editions/problems.test.ts.
    await using service = startService(project, 'start', env);
    await vi.waitFor(() => expect(calls).toHaveLength(1), { timeout: 300_000 });
    const { port } = await service.line(({ msg }) => msg === 'ready');
    await vi.waitFor(
      async () => {
        const ready = await (await fetch(`http://127.0.0.1:${String(port)}/readyz`)).json();
        expect(ready).toMatchObject({ problems: [{ code: 'brief-unreadable' }] });
      },
      { timeout: 300_000 },
    );
    expect(calls).toMatchObject([
      {
        kind: 'alert',
        title: 'Sitrep: there is a problem',
        paragraphs: [
          expect.stringMatching(/The brief celebrations is not generated until this is fixed/),
          expect.anything(),
        ],
      },
    ]);
    const lines = (await readFile(join(project.folder, 'output/alerts.log'), 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { title: 'Sitrep: there is a problem', notMailed: expect.stringContaining('could not be reached') },
    ]);
  },
);
