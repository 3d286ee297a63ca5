import { z } from 'zod';
import { editionRequest } from '../../editions/request.ts';
import type { EditionService } from '../../editions/service.ts';
import { editionPath } from '../../ledger/edition-id.ts';
import { briefDetail, briefView, editionView } from '../../ledger/views.ts';
import { callerOf } from '../auth.ts';
import { answers, type Api, briefNamed, json } from './schemas.ts';

/** Routes for briefs and for requesting their editions. */
export function briefs(app: Api, service: EditionService): void {
  app.get(
    '/api/briefs',
    {
      schema: {
        tags: ['Briefs'],
        summary: 'List the briefs, each with its latest edition and its next slot',
        response: answers({ 200: json(z.array(briefView), 'The briefs') }),
      },
    },
    (request) => service.briefs(callerOf(request)),
  );

  app.get(
    '/api/briefs/:brief',
    {
      schema: {
        tags: ['Briefs'],
        summary: 'Get a brief, with its parameters and targets',
        params: briefNamed,
        response: answers({ 200: json(briefDetail, 'The brief') }),
      },
    },
    (request) => service.brief(callerOf(request), request.params.brief),
  );

  app.post(
    '/api/briefs/:brief/editions',
    {
      schema: {
        tags: ['Briefs'],
        summary: 'Request an edition',
        description:
          'Brief, day, paper and parameters identify an edition. If it already exists, it stays unchanged, even with `deliver`; to send an existing edition, post to its deliveries. If the brief has `forEach` and you give no parameters, all its editions are generated.',
        params: briefNamed,
        body: editionRequest,
        response: answers({
          200: json(editionView, 'The edition already exists'),
          202: json(editionView, 'The edition will be generated; its address is in Location'),
        }),
      },
    },
    async (request, reply) => {
      const { params, body } = request;
      const { edition, isNew } = await service.request(callerOf(request), params.brief, body);
      return reply
        .code(isNew ? 202 : 200)
        .header('location', `/api/editions/${editionPath(edition.id)}`)
        .type('application/json')
        .send(edition);
    },
  );
}
