import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Parts } from './parts.ts';
import type { Reached } from '../cli/context.ts';
import { remoteService } from '../cli/remote.ts';
import { refused } from '../editions/context.ts';
import type { EditionService } from '../editions/service.ts';
import { AppError } from '../errors.ts';
import type { EmbeddedLedger } from '../ledger/open.ts';
import { commandLine } from '../ledger/principal.ts';
import type { EditionNames } from '../production/verify.ts';
import type { Recorded } from '../provenance/alterations.ts';

/** See `CommandContext.withLedger`. */
export async function withLedger<T>(
  { out, work, parts }: { out: string; work: boolean; parts: Parts },
  use: (reached: Reached) => Promise<T>,
): Promise<T> {
  const stopped = (): Promise<never> => aborted(parts.stop).then(() => Promise.reject(parts.stop.reason));
  const caller = commandLine(parts.systemUser);
  await using opened = new AsyncDisposableStack();
  const ledger =
    parts.databaseUrl === undefined
      ? await openUnlessServed(out, parts)
      : await (await import('../ledger/open.ts')).openServerLedger(parts.databaseUrl, ledgerOptions(parts));
  if (ledger === 'served') {
    const service = remoteService(socketPath(out));
    return await Promise.race([use({ service, caller, isServed: true }), stopped()]);
  }
  opened.use(ledger);
  // A command that another process answers needs neither the ledger's database nor the rest of the service.
  const { assemble } = await import('./parts.ts');
  const { openEditionService } = await import('../editions/service.ts');
  const { context, work: startWork, delivery } = assemble(ledger, { out, parts });
  opened.use(delivery);
  const service = openEditionService(context);
  // With a ledger on a server, the workers do the work: they have the delivery settings.
  if (work && parts.databaseUrl === undefined) {
    opened.use(await serveOthers(service, { out, parts }));
    opened.use(await startWork());
  }
  const isServed = parts.databaseUrl !== undefined;
  return await Promise.race([use({ service, caller, isServed }), stopped()]);
}

/** Background errors of a ledger are logged and do not end the program. */
export const ledgerOptions = ({ log }: Pick<Parts, 'log'>) => ({
  onError: (error: Error) => log.error({ error: error.message }, 'The ledger reports an error.'),
});

export const ledgerFolder = (out: string): string => join(out, '.ledger');

/** The relative path if it is shorter, because the system limits socket paths to about a hundred bytes. */
function socketPath(out: string): string {
  const path = join(ledgerFolder(out), 'socket');
  const short = relative(process.cwd(), path);
  return short.length < path.length ? short : path;
}

/** Gives other commands access to this process's embedded ledger. */
export async function serveOthers(
  service: EditionService,
  { out, parts: { systemUser, log } }: { out: string; parts: Parts },
): Promise<AsyncDisposable> {
  const path = socketPath(out);
  await rm(path, { force: true });
  const { serveSocket } = await import('../server/socket.ts');
  return serveSocket(service, { path, caller: commandLine(systemUser), log });
}

/** A link from the process that serves the embedded ledger. Throws `operation-refused` if there is none. */
export async function askForLink(out: string, { databaseUrl, systemUser }: Parts): Promise<string> {
  if (databaseUrl === undefined && (await answers(socketPath(out))))
    return remoteService(socketPath(out)).link(commandLine(systemUser));
  if (databaseUrl !== undefined)
    throw refused(
      'A server whose ledger is on PostgreSQL gives out no links.',
      'Run "sitrep token add NAME --may operate --clearance TLP:RED", and log in with that token at /login.',
    );
  throw new AppError('operation-refused', {
    file: ledgerFolder(out),
    problem: 'No sitrep that serves pages runs on this ledger.',
    hint: 'Run "sitrep start" first, or name its folder with --out.',
  });
}

/**
 * Opens a folder's ledger for exclusive use, waiting up to `waitMs` for a process that is ending. Throws
 * `ledger-in-use` if another process keeps it.
 */
export async function holdLedger(
  out: string,
  parts: Pick<Parts, 'log' | 'stop'>,
  { waitMs }: { waitMs?: number } = {},
): Promise<EmbeddedLedger> {
  const ledger = await openUnlessServed(out, parts, waitMs);
  if (ledger === 'served')
    throw new AppError('ledger-in-use', {
      file: ledgerFolder(out),
      problem: 'Another sitrep, a "start" or a "backfill", uses this ledger.',
      hint: 'Stop that one first, or let it end, or give another folder with --out. All other commands reach it by themselves.',
    });
  return ledger;
}

/** Longer than a process takes to start, to end, or to run a command after a crash. */
const MOST_WAIT_MS = 30_000;
const LOOK_MS = 1_000;

/** Opens the embedded ledger unless a process serves it. Waits for one that is starting or ending. */
async function openUnlessServed(
  out: string,
  parts: Pick<Parts, 'log' | 'stop'>,
  waitMs = MOST_WAIT_MS,
): Promise<EmbeddedLedger | 'served'> {
  const deadlineMs = performance.now() + waitMs;
  for (;;) {
    if (await answers(socketPath(out))) return 'served';
    const { openEmbeddedLedger } = await import('../ledger/open.ts');
    try {
      return await openEmbeddedLedger(ledgerFolder(out), { ...ledgerOptions(parts), waitMs: LOOK_MS });
    } catch (error) {
      const isInUse = error instanceof AppError && error.code === 'ledger-in-use';
      if (!isInUse || parts.stop.aborted || performance.now() >= deadlineMs) throw error;
    }
  }
}

/** Whether a process listens on the socket, since a killed process leaves its socket behind. */
function answers(socket: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const call = connect(socket);
  call.once('connect', () => resolve(true));
  call.once('error', () => resolve(false));
  return promise.finally(() => call.destroy());
}

export const aborted = async (signal: AbortSignal): Promise<void> => {
  if (!signal.aborted) await once(signal, 'abort');
};

/** A short wait that rejects if the program is stopped. */
export const pause = (signal: AbortSignal): Promise<void> => delay(100, undefined, { signal });

/** The hash of an edition's PDF according to an output folder's ledger, if the ledger and the edition exist. */
export async function recordedIn(
  out: string,
  { named: { ids, paper }, readParts }: { named: EditionNames; readParts: () => Promise<Parts> },
): Promise<Recorded[]> {
  const own = await readParts();
  // A query must not create a ledger.
  if (own.databaseUrl === undefined && !existsSync(ledgerFolder(out))) return [];
  return withLedger({ out, work: false, parts: own }, async ({ service, caller }) => {
    const found = ids.map(async (id): Promise<Recorded[]> => {
      try {
        const edition = await service.edition(caller, id);
        return edition.paper === paper && edition.sha256 !== null
          ? [{ where: 'the ledger', sha256: edition.sha256 }]
          : [];
      } catch (error) {
        if (error instanceof AppError && error.code === 'edition-unknown') return [];
        throw error;
      }
    });
    return (await Promise.all(found)).flat();
  });
}
