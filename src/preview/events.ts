import type { FastifyReply, FastifyRequest } from 'fastify';
import { openEventStream, sendEvent } from '../event-stream.ts';

/** An event for a page: its parts as HTML by id, and the address in its frame. */
export interface ViewEvent {
  readonly parts: { readonly [id: string]: string };
  readonly version: string;
  readonly src: string;
  readonly stamp: string;
}

/** A browser that loses the connection retries after this time. */
const RETRY_MS = 500;

/**
 * Sends the result of `look` as server-sent events: at once, in case something changed before the connection, and after
 * every change.
 */
export function openStream(
  reply: FastifyReply,
  { request, listeners }: { request: FastifyRequest; listeners: Set<() => void> },
  look: () => Promise<ViewEvent>,
): void {
  const raw = openEventStream(reply, { retryMs: RETRY_MS });
  let isLooking = false;
  let isStale = false;
  const send = async (): Promise<void> => {
    isStale = true;
    if (isLooking) return;
    isLooking = true;
    try {
      while (isStale) {
        isStale = false;
        const view = await look();
        if (!raw.destroyed) sendEvent(raw, 'view', view);
      }
    } catch (error) {
      // The browser reconnects and then loads the page, which shows the fault.
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
