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
        summary: 'All briefs, with the newest edition and the next slot of each',
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
        summary: 'A brief, with its parameters and targets',
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
        summary: 'Ask for an edition',
        description:
          'Brief, day, paper and parameters are its identity. Asked for again, it stays as it is, with `deliver` too: to send what is made, post to its deliveries. A brief of many editions fans out when no parameters are given.',
        params: briefNamed,
        body: editionRequest,
        response: answers({
          200: json(editionView, 'It was there already'),
          202: json(editionView, 'It will be made; Location says where to look'),
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
