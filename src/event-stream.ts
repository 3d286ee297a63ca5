import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

/** Begins a stream of server-sent events (HTML standard, 9.2). A browser that loses it asks again after `retryMs`. */
export function openEventStream(reply: FastifyReply, { retryMs }: { retryMs: number }): ServerResponse {
  reply.headers({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  // What hooks set on the reply would be lost when it is hijacked.
  for (const [name, value] of Object.entries(reply.getHeaders())) reply.raw.setHeader(name, String(value));
  reply.hijack();
  reply.raw.write(`retry: ${retryMs}\n\n`);
  return reply.raw;
}

/** Sends `data` as JSON. A browser names the last `id` when it asks again. */
export const sendEvent = (raw: ServerResponse, event: string, data: object, id?: string): boolean =>
  raw.write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
