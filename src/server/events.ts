import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EditionService } from '../editions/service.ts';
import { openEventStream, sendEvent } from '../event-stream.ts';
import type { Caller } from '../ledger/principal.ts';
import type { EditionDetail } from '../ledger/views.ts';
import type { Log } from '../log.ts';
import { callerOf } from './auth.ts';
import { problemOf } from './problem.ts';

/** How often to read the ledger. A rendering step takes about this long; other changes are less urgent. */
const LOOK_MS = 250;
const IDLE_LOOK_MS = 750;
/** Without data for longer, this server and proxies consider a connection dead. */
const ALIVE_MS = 15_000;
/** After this, the stream ends and the browser reconnects where it stopped. */
const LONGEST_MS = 10 * 60_000;
const RETRY_MS = 1_000;
const MOST_STREAMS = 100;
/** The stream ends if the client leaves more than this unread. */
const MOST_UNREAD_BYTES = 64_000;

/** Whether nothing more happens without a person: each delivery is finished, on hold or waiting for approval. */
export const isSettled = ({ state, deliveries }: Pick<EditionDetail, 'state' | 'deliveries'>): boolean =>
  state === 'delivering'
    ? (deliveries.pending ?? 0) + (deliveries.sending ?? 0) === 0
    : state !== 'queued' && state !== 'rendering';

/** Event ids are positions in the steps; this one marks the end. */
const END = 'end';
const readPosition = (text: unknown): { run: number; number: number } => {
  const [, run, number] = /^(\d{1,9})\.(\d{1,9})$/.exec(String(text)) ?? [];
  return run === undefined ? { run: 0, number: 0 } : { run: Number(run), number: Number(number) };
};

/** Reads an edition once for all streams whose callers have the same access. */
function openLooks(service: EditionService) {
  // The edition is read first: if it has ended by then, all its steps are already stored.
  const look = async (caller: Caller, id: string) => {
    const edition = await service.edition(caller, id);
    return { edition, steps: await service.steps(caller, id) };
  };
  const recent = new Map<string, ReturnType<typeof look>>();
  return (caller: Caller, id: string) => {
    const key = `${caller.may} ${caller.clearance} ${id}`;
    const known = recent.get(key);
    if (known) return known;
    const looked = look(caller, id);
    recent.set(key, looked);
    setTimeout(() => recent.delete(key), LOOK_MS / 2).unref();
    return looked;
  };
}

interface Streamed {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly id: string;
}

export type SendEvents = ReturnType<typeof eventStreams>;

/** The event streams of a server. `mayStill` is called at intervals to check that the caller still has access. */
export function eventStreams(
  service: EditionService,
  {
    mayStill,
    log,
    longestMs = LONGEST_MS,
  }: { mayStill: (request: FastifyRequest) => Promise<boolean>; log: Log; longestMs?: number | undefined },
) {
  let open = 0;
  const look = openLooks(service);

  async function follow(raw: ServerResponse, { request, id }: Streamed): Promise<void> {
    const startedMs = performance.now();
    let checkedMs = startedMs;
    let last = readPosition(request.headers['last-event-id']);
    let sent = '';
    while (!raw.destroyed && raw.writableLength < MOST_UNREAD_BYTES) {
      const { edition, steps } = await look(callerOf(request), id);
      for (const { run, number, step, at } of steps) {
        if (run < last.run || (run === last.run && number <= last.number)) continue;
        last = { run, number };
        sendEvent(raw, 'step', { run, number, step, at }, `${run}.${number}`);
      }
      const { runs: _, ...state } = edition;
      if (isSettled(edition)) return void sendEvent(raw, 'settled', state, END);
      const now = JSON.stringify(state);
      if (now !== sent) sendEvent(raw, 'state', state);
      sent = now;
      if (performance.now() - startedMs > longestMs) return;
      if (performance.now() - checkedMs > ALIVE_MS) {
        if (!(await mayStill(request))) return;
        raw.write(': alive\n\n');
        checkedMs = performance.now();
      }
      await delay(edition.state === 'rendering' ? LOOK_MS : IDLE_LOOK_MS);
    }
  }

  /**
   * Sends an edition's progress as server-sent events with JSON: `step` for each step of its runs, `state` when its
   * state changes, and `settled` at the end. With Last-Event-ID, it continues after that step. After the end, it
   * responds with 204, which tells browsers not to reconnect.
   */
  return async function sendEvents(streamed: Streamed): Promise<void> {
    const { request, reply, id } = streamed;
    const first = await service.edition(callerOf(request), id);
    if (request.headers['last-event-id'] === END && isSettled(first))
      return void (await reply.code(204).send());
    if (open >= MOST_STREAMS)
      throw problemOf('too-busy', {
        detail: `${open} event streams are already open, which is the maximum.`,
        hint: 'Request the edition itself from time to time instead.',
      });
    const raw = openEventStream(reply, { retryMs: RETRY_MS });
    open += 1;
    try {
      await follow(raw, streamed);
    } catch (error) {
      // The browser reconnects and then receives the error as a response.
      const fault = error instanceof Error ? error.message : String(error);
      log.error({ error: fault, edition: id }, 'An event stream failed.');
    } finally {
      open -= 1;
      raw.end();
    }
  };
}
