import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { dayAfter } from '../src/calendar.ts';
import { openProject } from './support/cli.ts';
import { newTokenOf } from './support/login.ts';
import { quantile, spread, verdict } from './support/numbers.ts';
import { startService } from './support/service.ts';
import { bearer } from './support/web.ts';

/** Between two requests, as of a person or a page that looks now and then. */
const PAUSE_MS = 5;
const WARM_UPS = 50;
/** Each time asked for at once, so that the worker has something in hand throughout. */
const WAITING = 40;

/**
 * How long a list takes while the same process makes editions, against while it makes none: the real program on an
 * embedded ledger, or on PostgreSQL with server and worker apart. The two take turns in one run.
 */
export async function benchApi({
  requests,
  turns,
  limitRatio,
  databaseUrl,
}: {
  requests: number;
  turns: number;
  limitRatio: number;
  databaseUrl?: string | undefined;
}): Promise<void> {
  await using project = await openProject();
  await mkdir(`${project.folder}/.cache`, { recursive: true });
  const env = {
    SITREP_REQUESTS_PER_MINUTE: '1000000',
    ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
  };
  if (databaseUrl !== undefined) await project.sitrep('migrate', env);
  const token = await newTokenOf(project, 'bench --may operate --clearance TLP:RED', env);
  await using server = startService(project, databaseUrl === undefined ? 'start' : 'serve', env);
  await using worker = databaseUrl === undefined ? server : startService(project, 'worker', env);
  const { port } = await server.line(({ msg }) => msg === 'ready');
  await worker.line(({ msg }) => msg === 'ready');
  const agent = new Agent({ keepAlive: true });
  const ask = async (path: string, body?: object): Promise<string> => {
    const call = request({
      host: '127.0.0.1',
      port: Number(port),
      path,
      agent,
      method: body ? 'POST' : 'GET',
      headers: { ...bearer(token), ...(body && { 'content-type': 'application/json' }) },
    });
    call.end(body && JSON.stringify(body));
    const [answer] = (await once(call, 'response')) as [IncomingMessage];
    return Buffer.concat(await answer.toArray()).toString();
  };
  let day = '2019-01-01';
  const askFor = async (count: number) => {
    for (let each = 0; each < count; each += 1)
      await ask('/api/briefs/celebrations/editions', { asOf: (day = dayAfter(day)) });
  };
  const waiting = async () => {
    const parts = await Promise.all(
      ['queued', 'rendering'].map((state) => ask(`/api/editions?state=${state}&limit=200`)),
    );
    return parts.reduce((sum, part) => sum + (JSON.parse(part) as { items: object[] }).items.length, 0);
  };
  const untilIdle = async () => {
    while ((await waiting()) > 0) await delay(200);
  };
  const list = async (): Promise<number> => {
    const startedMs = performance.now();
    await ask('/api/editions?limit=50');
    const tookMs = performance.now() - startedMs;
    await delay(PAUSE_MS);
    return tookMs;
  };
  const measure = async (count: number, before: (round: number) => Promise<void>) => {
    const times: number[] = [];
    for (let each = 0; each < count; each += 1) {
      await before(each);
      times.push(await list());
    }
    return times;
  };

  await askFor(60);
  await untilIdle();
  for (let each = 0; each < WARM_UPS; each += 1) await list();
  const [idle, busy] = [Array<number>(), Array<number>()];
  const each = Math.ceil(requests / turns);
  for (let turn = 0; turn < turns; turn += 1) {
    idle.push(...(await measure(each, () => Promise.resolve())));
    const refill = async (round: number) => {
      if (round % 25 === 0 && (await waiting()) < WAITING / 2) await askFor(WAITING);
    };
    busy.push(...(await measure(each, refill)));
    await untilIdle();
  }
  agent.destroy();
  const [p99Idle, p99Busy] = [idle, busy].map((times) => quantile(times, 0.99)) as [number, number];
  const where = databaseUrl === undefined ? 'in one process' : 'server and worker apart, on PostgreSQL';
  console.log(`\n  A list of 50 editions over HTTP, ${where} (${idle.length} requests each)`);
  console.log(`    idle                  ${spread(idle, 'ms', 1)}, p99 ${p99Idle.toFixed(1)} ms`);
  console.log(`    while it makes editions ${spread(busy, 'ms', 1)}, p99 ${p99Busy.toFixed(1)} ms`);
  const ratio = p99Busy / p99Idle;
  console.log(
    `    p99, busy to idle: ${ratio.toFixed(1)}; limit ${limitRatio}: ${verdict(ratio, limitRatio)}`,
  );
}
