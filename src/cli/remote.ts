import { request } from 'node:http';
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
const code = z.enum(errorCodes);

/**
 * The service of the process that has the ledger open, through the HTTP API on its socket. That process knows the
 * caller by the socket. Throws the service's errors and `ledger-unusable`.
 */
export function remoteService(socket: string): OperatorService {
  const call = async <T extends z.ZodType>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    { answer, body }: { answer: T; body?: object },
  ): Promise<z.output<T>> => {
    const { status, json } = await send(socket, { method, path, body });
    if (status < 400) return answer.parse(json);
    const { detail, hint, faults, ...details } = problemDetails.parse(json);
    const known = code.safeParse(details.code);
    if (known.success)
      throw new AppError(known.data, faults.length > 0 ? faults : [{ problem: detail, hint }]);
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

function send(
  socketPath: string,
  { method, path, body }: { method: string; path: string; body: object | undefined },
): Promise<{ status: number; json: unknown }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; json: unknown }>();
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = text === undefined ? {} : { 'content-type': 'application/json' };
  const call = request({ socketPath, path, method, headers, timeout: ANSWER_MS }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => {
      try {
        const json: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
        resolve({ status: response.statusCode ?? 500, json });
      } catch (error) {
        reject(silent(error));
      }
    });
  });
  call.on('timeout', () => call.destroy(new Error('no answer in time')));
  call.on('error', (error) => reject(silent(error)));
  call.end(text);
  return promise;
}

const silent = (cause: unknown): AppError =>
  new AppError(
    'ledger-unusable',
    {
      problem: 'The process that has the ledger open does not answer.',
      hint: 'Try again, because it may just have stopped; otherwise see its log.',
    },
    { cause },
  );
