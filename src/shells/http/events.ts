import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EditionDetail } from '../../model/view.ts';
import type { Desk } from '../../runtime/desk.ts';
import { callerOf } from './access.ts';
import { problemOf } from './problem.ts';

/** How often the ledger is looked at: steps of a rendering take about so long. */
const LOOK_MS = 250;
/** A connection on which nothing comes is taken for dead, here and by proxies. */
const ALIVE_MS = 15_000;
/** Then the browser asks again, and goes on where it was. */
const LONGEST_MS = 10 * 60_000;
const RETRY_MS = 1_000;
const MOST_STREAMS = 100;
/** Somebody who reads no more is not written to any longer. */
const MOST_UNREAD_BYTES = 64_000;

/** Nothing more happens by itself. */
const isSettled = ({ state, deliveries }: EditionDetail): boolean =>
  state === 'delivering'
    ? (deliveries.pending ?? 0) + (deliveries.sending ?? 0) === 0
    : state !== 'queued' && state !== 'rendering';

/** Where each event stands; the last says that there are no more. */
const END = 'end';
const readPosition = (text: unknown) => {
  const [, run, number] = /^(\d{1,9})\.(\d{1,9})$/.exec(String(text)) ?? [];
  return run === undefined ? { run: 0, number: 0 } : { run: Number(run), number: Number(number) };
};

/** See `eventStreams`. */
export type SendEvents = ReturnType<typeof eventStreams>;

/** The streams of a server. `mayStill` is asked now and then whether the caller is let in yet. */
export function eventStreams(
  desk: Desk,
  { mayStill }: { mayStill: (request: FastifyRequest) => Promise<boolean> },
) {
  let open = 0;
  /**
   * Sends what happens to an edition as server-sent events: `step` for each step of its runs, `state` when its state
   * changes, and `settled` at the end, all with JSON. Asked with Last-Event-ID, it goes on behind that step; behind the
   * end it answers 204, which browsers take for the end.
   */
  return async function sendEvents({
    request,
    reply,
    id,
  }: {
    request: FastifyRequest;
    reply: FastifyReply;
    id: string;
  }): Promise<void> {
    const caller = callerOf(request);
    const first = await desk.edition(caller, id);
    const last = request.headers['last-event-id'];
    if (last === END && isSettled(first)) return void (await reply.code(204).send());
    if (open >= MOST_STREAMS)
      throw problemOf('too-busy', {
        detail: `${open} streams of events are open, and no more may be.`,
        mend: 'Ask for the edition itself now and then.',
        retryAfterSeconds: 10,
      });
    const headers = {
      ...reply.getHeaders(),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    };
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(
      200,
      Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    );
    raw.write(`retry: ${RETRY_MS}\n\n`);
    open += 1;
    try {
      await follow(desk, { raw, request, id, position: readPosition(last), mayStill });
    } catch (error) {
      // The browser asks again, and then is told what it is.
      request.log.error(error);
    } finally {
      open -= 1;
      raw.end();
    }
  };
}

async function follow(
  desk: Desk,
  {
    raw,
    request,
    id,
    position,
    mayStill,
  }: {
    raw: ServerResponse;
    request: FastifyRequest;
    id: string;
    position: { run: number; number: number };
    mayStill: (request: FastifyRequest) => Promise<boolean>;
  },
): Promise<void> {
  const caller = callerOf(request);
  const startedMs = performance.now();
  let at = position;
  let told = '';
  let spokeMs = startedMs;
  const send = (event: string, data: object, eventId?: string) => {
    raw.write(
      `event: ${event}\n${eventId === undefined ? '' : `id: ${eventId}\n`}data: ${JSON.stringify(data)}\n\n`,
    );
    spokeMs = performance.now();
  };
  while (!raw.destroyed && raw.writableLength < MOST_UNREAD_BYTES) {
    // The edition first: what it says of its end comes after all its steps were written.
    const edition = await desk.edition(caller, id);
    for (const { run, number, step, at: when } of await desk.steps(caller, id, at)) {
      at = { run, number };
      send('step', { run, number, step, at: when }, `${run}.${number}`);
    }
    const { runs: _, ...state } = edition;
    const now = JSON.stringify(state);
    if (now !== told && !isSettled(edition)) send('state', state);
    told = now;
    if (isSettled(edition)) return send('settled', state, END);
    if (performance.now() - startedMs > LONGEST_MS) return;
    if (performance.now() - spokeMs > ALIVE_MS) {
      if (!(await mayStill(request))) return;
      raw.write(': alive\n\n');
      spokeMs = performance.now();
    }
    await delay(LOOK_MS);
  }
}
