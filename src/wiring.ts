import { connect } from 'node:net';
import { rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { everySecond } from './adapters/heartbeat.ts';
import { openDelivery } from './adapters/delivery/deliver.ts';
import { markDelivered, readEdition, readEditionFile, storeEdition } from './adapters/editions.ts';
import { sweepScratch } from './adapters/chromium/scratch.ts';
import {
  migrateServer,
  openEmbeddedLedger,
  openServerLedger,
  restoreSnapshot,
} from './adapters/ledger/open.ts';
import { openMetrics } from './adapters/metrics.ts';
import { operateBy } from './adapters/remote.ts';
import type { Brief } from './model/brief.ts';
import type { Dataset } from './model/dataset.ts';
import type { DeliverySettings } from './model/delivery-settings.ts';
import { AppError, type Fault } from './model/fault.ts';
import { targetFaults } from './model/target-faults.ts';
import type { Effects, Material } from './pipeline/produce.ts';
import type { Ledger } from './runtime/ledger.ts';
import type { Log } from './runtime/log.ts';
import { operations, type Office, type Operate } from './runtime/operations.ts';
import { startScheduler, startWorker, type Role } from './runtime/service.ts';
import type { ServiceCommands } from './shells/cli-service.ts';
import { greeting } from './shells/greeting.ts';
import { serveHealth, serveOperations } from './shells/http.ts';

/** What the service and the operator's commands are put together from. */
export interface Parts {
  readonly databaseUrl: string | undefined;
  readonly delivery: DeliverySettings;
  readonly http: { readonly host: string; readonly port: number };
  /** Where the browser and its profiles are kept. */
  readonly cacheFolder: string;
  readonly engine: string;
  readonly effects: Effects;
  readonly log: Log;
  readonly loadMaterial: () => Promise<Material>;
  readonly briefIds: () => Promise<string[]>;
  readonly loadBrief: (id: string) => Promise<Brief>;
  readonly loadDataset: (name: string) => Promise<Dataset>;
  /** Aborted when the program is told to stop. */
  readonly stop: AbortSignal;
  /** Ends what is in hand, the browser included. */
  readonly end: AbortController;
}

const SNAPSHOT_MS = 15 * 60_000;
/** Longer than any channel takes for itself. */
const DELIVERY_TIMEOUT_MS = 6 * 60_000;
/** What is in hand at a stop may take this long to finish; then it is given back. */
const GRACE_MS = 15_000;

const now = (): Date => new Date();

function assemble(
  ledger: Ledger,
  { out, onRendered, parts }: { out: string; onRendered: (seconds: number) => void; parts: Parts },
) {
  const { operator, publicUrl } = parts.delivery;
  const { log, briefIds, loadBrief } = parts;
  const delivery = openDelivery({ settings: parts.delivery, foldersRoot: join(out, 'delivered'), now });
  const office: Office = {
    ledger,
    briefIds,
    loadBrief,
    removeFiles: (folder) => rm(folder, { recursive: true, force: true }),
    now,
  };
  const workshop = {
    ledger,
    loadBrief,
    loadDataset: parts.loadDataset,
    loadMaterial: parts.loadMaterial,
    effects: parts.effects,
    store: {
      read: readEdition,
      write: (...[folder, files, description]: Parameters<typeof storeEdition>) =>
        storeEdition(folder, files, description, { durable: true }),
    },
    engine: parts.engine,
    out,
    operator,
    log,
    now,
    elapsedMs: () => performance.now(),
    random: Math.random,
    onRendered,
  };
  const dispatch = {
    ledger,
    deliver: delivery.deliver,
    readPdf: readEditionFile,
    markDelivered,
    operator,
    log,
    timeoutMs: DELIVERY_TIMEOUT_MS,
    urlOf: (edition: string) => (publicUrl === null ? null : `${publicUrl}/editions/${edition}.pdf`),
    now,
    random: Math.random,
  };
  return { office, workshop, dispatch, delivery };
}

/** Runs until told to stop: finds what is due, or makes and delivers it, or both. `onReady` is told where it listens. */
async function runService({
  out,
  roles,
  parts,
  onReady,
}: {
  out: string;
  roles: readonly Role[];
  parts: Parts;
  onReady: (port: number) => Promise<void>;
}): Promise<void> {
  const { log, stop, end } = parts;
  const onError = (error: Error) => log.error({ error: error.message }, 'The ledger reports a fault.');
  await using service = new AsyncDisposableStack();
  const embedded = parts.databaseUrl === undefined ? await openFolder(out, onError) : undefined;
  const ledger = embedded ?? (await openServerLedger(parts.databaseUrl ?? '', { onError }));
  service.use(ledger);
  const metrics = openMetrics(ledger, { now });
  const { office, workshop, dispatch, delivery } = assemble(ledger, {
    out,
    onRendered: metrics.rendered,
    parts,
  });
  service.use(delivery);
  if (embedded) {
    const socket = socketPath(out);
    await rm(socket, { force: true });
    service.use(await serveOperations(office, socket));
  }
  let beaten = now();
  const health = await serveHealth(
    {
      metrics,
      ailment: async () => {
        await ledger.counts();
        const silentMs = now().getTime() - beaten.getTime();
        const isLate = roles.includes('scheduler') && silentMs > 60_000;
        return isLate ? `The schedule was last looked at ${Math.round(silentMs / 1000)} s ago.` : null;
      },
    },
    parts.http,
  );
  service.use(health);
  if (embedded) service.use(keepSnapshots(embedded, log));
  if (roles.includes('worker')) {
    const worker = await startWorker({ workshop, dispatch, heartbeat: everySecond });
    service.defer(async () => {
      const timer = setTimeout(() => end.abort(new Error('The process was stopped.')), GRACE_MS);
      await worker[Symbol.asyncDispose]();
      clearTimeout(timer);
    });
  }
  if (roles.includes('scheduler')) {
    const { operator } = parts.delivery;
    const schedules = { ledger, briefIds: parts.briefIds, loadBrief: parts.loadBrief, operator, log };
    const onBeat = (at: Date) => {
      beaten = at;
      metrics.beat(at);
    };
    service.use(startScheduler({ schedules, heartbeat: everySecond, now, onBeat }));
  }
  await onReady(health.port);
  log.info({ roles, port: health.port }, 'ready');
  await aborted(stop);
  log.info({}, 'stopping');
}

/** See `Operations.withLedger`. */
export async function withLedger<T>(
  { out, work, parts }: { out: string; work: boolean; parts: Parts },
  use: (operate: Operate) => Promise<T>,
): Promise<T> {
  const { log } = parts;
  const onError = (error: Error) => log.error({ error: error.message }, 'The ledger reports a fault.');
  if (parts.databaseUrl === undefined && (await answers(socketPath(out))))
    return use(operateBy(socketPath(out)));
  await using opened = new AsyncDisposableStack();
  const ledger =
    parts.databaseUrl === undefined
      ? await openEmbeddedLedger(ledgerFolder(out), { onError })
      : await openServerLedger(parts.databaseUrl, { onError });
  opened.use(ledger);
  const { office, workshop, dispatch, delivery } = assemble(ledger, { out, onRendered: () => {}, parts });
  opened.use(delivery);
  // On a server the workers do it, which have the settings of delivery.
  if (work && parts.databaseUrl === undefined)
    opened.use(await startWorker({ workshop, dispatch, heartbeat: everySecond }));
  return await Promise.race([
    use((name, input) => operations[name].run(office, input)),
    aborted(parts.stop).then(() => Promise.reject(parts.stop.reason)),
  ]);
}

/** The folder of the embedded ledger. */
const ledgerFolder = (out: string): string => join(out, '.ledger');

/** Relative where that is shorter: the system allows about a hundred bytes. */
function socketPath(out: string): string {
  const path = join(ledgerFolder(out), 'socket');
  const short = relative(process.cwd(), path);
  return short.length < path.length ? short : path;
}

async function openFolder(out: string, onError: (error: Error) => void) {
  if (await answers(socketPath(out)))
    throw new AppError('ledger-in-use', [
      {
        file: ledgerFolder(out),
        problem: 'Another "sitrep start" holds this ledger and is at work.',
        mend: 'Stop that one first, or give another folder with --out. All other commands reach it by themselves.',
      },
    ]);
  return openEmbeddedLedger(ledgerFolder(out), { onError });
}

/** Whether a process listens there: what was killed leaves its socket behind. */
function answers(socket: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const call = connect(socket);
  call.once('connect', () => resolve(true));
  call.once('error', () => resolve(false));
  return promise.finally(() => call.destroy());
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

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}

export const pause = (): Promise<void> => delay(100);

/** The commands that run the service. */
export function serviceOf({
  parts,
  catalogue,
  print,
}: {
  parts: () => Parts;
  catalogue: { briefIds(): Promise<string[]>; loadBriefs(ids: readonly string[]): Promise<Brief[]> };
  print: (line: string) => void;
}): ServiceCommands {
  return {
    async start({ out, roles }) {
      const own = parts();
      if (own.databaseUrl === undefined && roles.length === 1) throw needsDatabase(roles[0] ?? 'worker');
      const briefs = await catalogue.loadBriefs(await catalogue.briefIds());
      const faults = briefs.flatMap((brief) => faultsOfTargets(brief, own.delivery));
      if (faults.length > 0) throw new AppError('brief-invalid', faults);
      await sweepScratch(join(own.cacheFolder, 'profiles'));
      await runService({
        out,
        roles,
        parts: own,
        onReady: async (port) => {
          for (const line of greeting(briefs, { now: now(), port, roles, settings: own.delivery }))
            print(line);
        },
      });
    },
    async migrate() {
      const { databaseUrl, log } = parts();
      if (databaseUrl === undefined) throw needsDatabase('migrate');
      await migrateServer(databaseUrl, {
        onError: (error) => log.error({ error: error.message }, 'The ledger reports a fault.'),
      });
      print('The tables are up to date.');
    },
    async restore({ out }) {
      const remains = await restoreSnapshot(ledgerFolder(out));
      print(
        `The last snapshot is in place.${remains === null ? '' : ` What was there before is kept in ${remains}.`}`,
      );
    },
    async checkMail(address) {
      const { delivery: settings, stop } = parts();
      const to = address ?? settings.operator;
      if (to === null)
        throw new AppError('settings-invalid', [
          {
            problem: 'There is nobody to write to.',
            mend: 'Give an address after --mail, or set SITREP_OPERATOR.',
          },
        ]);
      await using delivery = openDelivery({ settings, foldersRoot: '', now });
      const receipt = await delivery.testMail({
        address: to,
        signal: AbortSignal.any([stop, AbortSignal.timeout(60_000)]),
      });
      if (receipt.outcome !== 'sent')
        throw new AppError('settings-invalid', [
          {
            problem: `The test message was not sent (${receipt.outcome}): ${receipt.reason}`,
            mend: 'See docs/operating.md, "Delivery".',
          },
        ]);
      print(`The test message was accepted: ${receipt.detail}`);
    },
  };
}

/** What is wrong with the targets of a brief as the settings are. */
export const faultsOfTargets = ({ definition, config }: Brief, settings: DeliverySettings): Fault[] =>
  targetFaults({ file: definition.file, marking: config.marking, deliver: config.deliver }, settings);

const needsDatabase = (command: string): AppError =>
  new AppError('settings-invalid', [
    {
      problem: `"sitrep ${command}" needs a PostgreSQL server.`,
      mend: 'Set DATABASE_URL, or use "sitrep start", which needs no server.',
    },
  ]);
