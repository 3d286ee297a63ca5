import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

/**
 * Starts a stream of server-sent events (HTML standard, 9.2). A browser that loses the connection retries after
 * `retryMs`.
 */
export function openEventStream(reply: FastifyReply, { retryMs }: { retryMs: number }): ServerResponse {
  reply.headers({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  // Copied because hijacking the reply drops the headers that hooks set.
  for (const [name, value] of Object.entries(reply.getHeaders())) reply.raw.setHeader(name, String(value));
  reply.hijack();
  reply.raw.write(`retry: ${retryMs}\n\n`);
  return reply.raw;
}

/** Sends `data` as JSON. A browser that reconnects sends the last `id`. */
export const sendEvent = (raw: ServerResponse, event: string, data: object, id?: string): boolean =>
  raw.write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
