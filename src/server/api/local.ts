import { z } from 'zod';
import { type Api, briefNamed, editionNamed, idOf, sha256 } from './schemas.ts';
import { day } from '../../calendar.ts';
import { decisions } from '../../editions/approvals.ts';
import type { EditionService } from '../../editions/service.ts';
import { tokenName, tokenRecord } from '../../ledger/principal.ts';
import { personName } from '../../ledger/records.ts';
import {
  backfilled,
  correctable,
  moved,
  progress,
  pruned,
  pruneRequest,
  reissued,
  tokenView,
} from '../../ledger/views.ts';
import { callerOf } from '../auth.ts';

const byDay = z.strictObject({ asOf: day.optional() });
const days = z.strictObject({ from: day, to: day });
const done = z.strictObject({});
export const link = z.strictObject({ url: z.url() });

/** Routes for the command line only, on the ledger's socket. The network server does not have them. */
export function localRoutes(app: Api, service: EditionService): void {
  app.post(
    '/api/decisions/:name',
    {
      schema: {
        params: z.object({ name: z.enum(decisions) }),
        body: z.strictObject({
          ids: z.array(z.string()).min(1),
          sha256: sha256.optional(),
          as: personName.optional(),
        }),
        response: { 200: moved },
      },
    },
    (request) => service.decide(callerOf(request), request.params.name, request.body),
  );
  app.post(
    '/api/editions/:brief/:edition/reissue',
    { schema: { params: editionNamed, body: byDay, response: { 200: reissued } } },
    (request) => service.reissue(callerOf(request), idOf(request.params), request.body.asOf),
  );
  app.get(
    '/api/corrections',
    { schema: { querystring: byDay, response: { 200: z.array(correctable) } } },
    (request) => service.correctable(callerOf(request), request.query.asOf),
  );
  app.post(
    '/api/briefs/:brief/backfill',
    {
      schema: {
        params: briefNamed,
        body: days.extend({ deliver: z.boolean() }),
        response: { 200: backfilled },
      },
    },
    (request) => service.backfill(callerOf(request), request.params.brief, request.body),
  );
  app.get(
    '/api/briefs/:brief/progress',
    { schema: { params: briefNamed, querystring: days, response: { 200: progress } } },
    (request) => service.progress(callerOf(request), request.params.brief, request.query),
  );
  app.get('/api/tokens', { schema: { response: { 200: z.array(tokenView) } } }, (request) =>
    service.tokens(callerOf(request)),
  );
  app.post(
    '/api/tokens',
    { schema: { body: tokenRecord.omit({ createdAt: true }), response: { 200: done } } },
    (request) => service.addToken(callerOf(request), request.body).then(() => ({})),
  );
  app.delete(
    '/api/tokens/:name',
    { schema: { params: z.object({ name: tokenName }), response: { 200: done } } },
    (request) => service.revokeToken(callerOf(request), request.params.name).then(() => ({})),
  );
  app.post('/api/prune', { schema: { body: pruneRequest, response: { 200: pruned } } }, (request) =>
    service.prune(callerOf(request), request.body),
  );
  app.post('/api/links', { schema: { response: { 200: link } } }, (request) =>
    service.link(callerOf(request)).then((url) => ({ url })),
  );
}
