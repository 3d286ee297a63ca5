import type { FastifyReply, FastifyRequest } from 'fastify';

/** What a page is told: its parts as HTML by their ids, and the address of what it frames. */
export interface Told {
  readonly parts: { readonly [id: string]: string };
  readonly version: string;
  readonly src: string;
  readonly stamp: string;
}

/** A browser that lost the connection tries again this soon. */
const RETRY_MS = 500;

/** Sends what `look` gives as server-sent events: at once, since a change may lie between, and after every change. */
export function openStream(
  reply: FastifyReply,
  { request, listeners }: { request: FastifyRequest; listeners: Set<() => void> },
  look: () => Promise<Told>,
): void {
  // What hooks set on the reply would be lost with it.
  const headers = { ...reply.getHeaders(), 'content-type': 'text/event-stream; charset=utf-8' };
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(
    200,
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
  );
  raw.write(`retry: ${RETRY_MS}\n\n`);
  let isLooking = false;
  let isStale = false;
  const send = async (): Promise<void> => {
    isStale = true;
    if (isLooking) return;
    isLooking = true;
    try {
      while (isStale) {
        isStale = false;
        const told = await look();
        if (!raw.destroyed) raw.write(`event: view\ndata: ${JSON.stringify(told)}\n\n`);
      }
    } catch (error) {
      // The browser asks again, and then for the page, which says what it is.
      request.log.error(error);
      raw.end();
    } finally {
      isLooking = false;
    }
  };
  const listener = (): void => void send();
  listeners.add(listener);
  raw.on('close', () => listeners.delete(listener));
  listener();
}
