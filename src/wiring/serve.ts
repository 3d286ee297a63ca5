import { aborted, holdLedger, ledgerOptions, serveOthers } from './ledger-client.ts';
import { assemble, now, type Parts } from './parts.ts';
import { openSessions, sessionKey } from '../editions/access.ts';
import { openPictures } from '../editions/files.ts';
import {
  countProblems,
  findProblems,
  type Problem,
  stopsWork,
  unreadableBriefs,
  type Watched,
} from '../editions/problems.ts';
import { type EditionService, openEditionService } from '../editions/service.ts';
import { openServerLedger } from '../ledger/open.ts';
import type { Ledger } from '../ledger/types.ts';
import type { Log } from '../log.ts';
import { readEditionFile } from '../production/store.ts';
import { freeBytesAt } from '../project/source-files.ts';
import { everySecond } from '../scheduler/heartbeat.ts';
import { startScheduler } from '../scheduler/scheduler.ts';
import { type Role, startWatch } from '../scheduler/worker.ts';
import { linkTo } from '../server/auth.ts';
import { type Health, serveHealth } from '../server/health.ts';
import { openMetrics } from '../server/metrics.ts';
import { openPages } from '../server/pages/pages.ts';
import { serve } from '../server/server.ts';

const SNAPSHOT_MS = 15 * 60_000;

/** Runs the service in its roles until stopped. Calls `onReady` after it starts listening. */
export async function runService({
  out,
  roles,
  parts,
  onReady,
}: {
  out: string;
  roles: readonly Role[];
  parts: Parts;
  onReady: (listening: { port: number; newLink?: () => string }) => void;
}): Promise<void> {
  const { log, stop } = parts;
  await using service = new AsyncDisposableStack();
  const embedded = parts.databaseUrl === undefined ? await holdLedger(out, parts) : undefined;
  const ledger = embedded ?? (await openServerLedger(parts.databaseUrl ?? '', ledgerOptions(parts)));
  service.use(ledger);
  let unreadable: readonly Problem[] = [];
  const freeBytes = () => freeBytesAt(out);
  const metrics = openMetrics(ledger, { now, freeBytes, unreadableBriefs: () => unreadable.length });
  let newLink: (() => string) | undefined;
  const { context, work, delivery, alertOf } = assemble(ledger, {
    out,
    onRendered: metrics.rendered,
    newLink: () => newLink?.(),
    parts,
  });
  const watched: Watched = { ...context, freeBytes };
  service.use(delivery);
  await context.tidyEditions();
  const editions = openEditionService(context);
  if (embedded) service.use(await serveOthers(editions, { out, parts }));
  let beaten = now();
  const health: Health = {
    metrics,
    condition: async () => {
      await ledger.counts();
      const found = await findProblems(watched, unreadable);
      const silentMs = now().getTime() - beaten.getTime();
      const isLate = roles.includes('scheduler') && silentMs > 60_000;
      const reason = isLate
        ? `The schedule was last checked ${Math.round(silentMs / 1000)} s ago.`
        : (found.find(stopsWork)?.says ?? null);
      return { reason, problems: countProblems(found) };
    },
  };
  let port: number;
  if (roles.includes('server'))
    ({ port, newLink } = service.use(await openHttp(editions, { ledger, health, parts })));
  else ({ port } = service.use(await serveHealth(health, parts.http)));
  if (embedded) service.use(keepSnapshots(embedded, log));
  if (roles.includes('worker')) service.use(await work());
  if (roles.includes('scheduler')) {
    const { operator } = parts.delivery;
    const { briefIds, loadBrief, refreshesFirst } = parts;
    const schedules = { ledger, briefIds, loadBrief, refreshesFirst, operator, log };
    const onBeat = (at: Date) => {
      beaten = at;
      metrics.beat(at);
    };
    service.use(startScheduler({ schedules, heartbeat: everySecond, now, onBeat }));
  }
  service.use(
    startWatch(log, async (signal) => {
      const isWorker = roles.includes('worker');
      // A scheduler alone needs no dataset. It leaves alerts to the workers, which have the delivery settings.
      const needsData = isWorker || roles.includes('server');
      const loadDataset = needsData ? watched.loadDataset : () => Promise.resolve();
      unreadable = await unreadableBriefs({ ...watched, loadDataset });
      if (isWorker) await alertOf(await findProblems(watched, unreadable), signal);
    }),
  );
  onReady({ port, ...(newLink && { newLink }) });
  log.info({ roles, port }, 'ready');
  await aborted(stop);
  log.info({}, 'stopping');
}

function keepSnapshots(ledger: { snapshot(): Promise<void> }, log: Log): AsyncDisposable {
  const take = () =>
    ledger
      .snapshot()
      .catch((error: unknown) => log.error({ error: String(error) }, 'No snapshot was written.'));
  const timer = setInterval(() => void take(), SNAPSHOT_MS);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await take();
    },
  };
}

/** Serves the API and the pages of a ledger. `newLink` creates a link that logs one browser in. */
async function openHttp(
  service: EditionService,
  { ledger, health, parts }: { ledger: Ledger; health: Health; parts: Parts },
) {
  const { log, readAsset, http } = parts;
  const { publicUrl } = parts.delivery;
  const sessions = openSessions(ledger, { now });
  const key = await sessionKey(ledger);
  const pages = await openPages(service, {
    ...parts,
    picture: openPictures({ cacheFolder: parts.cacheFolder, draw: parts.drawPicture }),
    readFile: readEditionFile,
    explain: async (pdf, phrase) => {
      const { explain } = await import('../production/explain.ts');
      return explain(pdf, { phrase, repository: parts });
    },
    now,
  });
  const server = await serve(
    { service, sessions, key, health, readAsset, pages, log },
    { ...http, publicUrl },
  );
  // A host that stands for all addresses includes the loopback address.
  const host = http.host === '0.0.0.0' ? '127.0.0.1' : http.host === '::' ? '::1' : http.host;
  // If the cookie is limited to https, it works only at the public address.
  const address = publicUrl ?? `http://${host.includes(':') ? `[${host}]` : host}:${server.port}`;
  return { ...server, newLink: () => linkTo(address, sessions.newLink()) };
}
