import { type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { z } from 'zod';
import { unknownEdition } from '../editions/context.ts';
import type { EditionService } from '../editions/service.ts';
import { AppError, errorCodes } from '../errors.ts';
import { editionPath } from '../ledger/edition-id.ts';
import { auditRecord } from '../ledger/principal.ts';
import {
  backfilled,
  correctable,
  deliveryView,
  editionDetail,
  editionView,
  moved,
  pageOf,
  progress,
  pruned,
  reissued,
  tokenView,
} from '../ledger/views.ts';
import { link } from '../server/api/local.ts';
import { problemDetails } from '../server/problem.ts';

/** The part of the service that the operator's commands use. */
export type OperatorService = Omit<
  EditionService,
  'briefs' | 'brief' | 'steps' | 'file' | 'delivery' | 'counts' | 'sources' | 'request'
>;

const ANSWER_MS = 60_000;

/**
 * The service of the process that has the ledger open, through the HTTP API on its socket. That process knows the
 * caller by the socket. Throws the service's errors and `ledger-unusable`.
 */
export function remoteService(socket: string): OperatorService {
  const call = async <T extends z.ZodType>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    { answer: schema, body }: { answer: T; body?: object },
  ): Promise<z.output<T>> => {
    const { status, answer } = await send(socket, { method, path, body });
    if (status < 400) return schema.parse(answer);
    const { detail, hint, faults, code } = problemDetails.parse(answer);
    const known = errorCodes.find((each) => each === code);
    if (known) throw new AppError(known, faults.length > 0 ? faults : { problem: detail, hint });
    throw new AppError('ledger-unusable', {
      problem: `The process that has the ledger open failed: ${detail}`,
      hint: `${hint} Its /readyz may say more.`,
    });
  };
  const ofEdition = (id: string) => {
    if (id.includes('/')) return `/api/editions/${editionPath(id)}`;
    throw unknownEdition(id);
  };
  return {
    editions: (_, query) => call('GET', `/api/editions${search(query)}`, { answer: pageOf(editionView) }),
    edition: async (_, id) => call('GET', ofEdition(id), { answer: editionDetail }),
    deliveries: (_, query) =>
      call('GET', `/api/deliveries${search(query)}`, { answer: pageOf(deliveryView) }),
    audit: (_, query) => call('GET', `/api/audit${search(query)}`, { answer: pageOf(auditRecord) }),
    async change(_, name, id) {
      if (id.includes('/'))
        return (await call('POST', `${ofEdition(id)}/${name}`, { answer: editionDetail.extend({ moved }) }))
          .moved;
      const path = `/api/deliveries/${encodeURIComponent(id)}/${name}`;
      return [(await call('POST', path, { answer: deliveryView })).id];
    },
    decide: (_, name, body) => call('POST', `/api/decisions/${name}`, { body, answer: moved }),
    resend: async (_, id, to) =>
      call('POST', `${ofEdition(id)}/deliveries`, { body: { to }, answer: deliveryView }),
    reissue: async (_, id, asOf) =>
      call('POST', `${ofEdition(id)}/reissue`, { body: { asOf }, answer: reissued }),
    correctable: (_, asOf) =>
      call('GET', `/api/corrections${search({ asOf })}`, { answer: z.array(correctable) }),
    backfill: (_, brief, body) =>
      call('POST', `/api/briefs/${encodeURIComponent(brief)}/backfill`, { body, answer: backfilled }),
    progress: (_, brief, days) =>
      call('GET', `/api/briefs/${encodeURIComponent(brief)}/progress${search({ ...days })}`, {
        answer: progress,
      }),
    tokens: () => call('GET', '/api/tokens', { answer: z.array(tokenView) }),
    addToken: async (_, body) => void (await call('POST', '/api/tokens', { body, answer: z.unknown() })),
    revokeToken: async (_, name) =>
      void (await call('DELETE', `/api/tokens/${encodeURIComponent(name)}`, { answer: z.unknown() })),
    prune: (_, body) => call('POST', '/api/prune', { body, answer: pruned }),
    link: async () => (await call('POST', '/api/links', { answer: link })).url,
  };
}

const search = (query: { readonly [name: string]: unknown }): string => {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return `?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString()}`;
};

async function send(
  socketPath: string,
  { method, path, body }: { method: string; path: string; body: object | undefined },
): Promise<{ status: number; answer: unknown }> {
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const call = request({ socketPath, path, method, headers, timeout: ANSWER_MS }, resolve);
  call.on('timeout', () => call.destroy(new Error('no answer in time')));
  call.on('error', reject);
  call.end(body && JSON.stringify(body));
  try {
    const response = await promise;
    return { status: response.statusCode ?? 500, answer: await json(response) };
  } catch (cause) {
    const problem = 'The process that has the ledger open does not answer.';
    const hint = 'Try again, because it may just have stopped; otherwise see its log.';
    throw new AppError('ledger-unusable', { problem, hint }, { cause });
  }
}
