import { z } from 'zod';
import type { EditionService } from '../../editions/service.ts';
import { transitionNames } from '../../editions/transitions.ts';
import { auditQuery, deliveriesQuery } from '../../editions/visibility.ts';
import { auditRecord } from '../../ledger/principal.ts';
import { deliveryView, pageOf } from '../../ledger/views.ts';
import { callerOf } from '../auth.ts';
import { answers, type Api, editionNamed, idOf, json, name } from './schemas.ts';

const deliveryNamed = z.object({
  delivery: name.describe('The id of a delivery, or its first six letters or more'),
});
const changeOf = {
  retry: 'Send it again where it was not sent',
  cancel: 'End it before it is out; or say of one that may have arrived that it did not',
  hold: 'Keep it from going out',
  release: 'Let go what is held',
} as const;

/** Routes for deliveries and the audit of changes. */
export function records(app: Api, service: EditionService): void {
  app.get(
    '/api/deliveries',
    {
      schema: {
        tags: ['Deliveries'],
        summary: 'Deliveries, the newest first',
        description: 'Whoever may only read sees addresses shortened.',
        querystring: deliveriesQuery,
        response: answers({ 200: json(pageOf(deliveryView), 'A part of the list') }),
      },
    },
    (request) => service.deliveries(callerOf(request), request.query),
  );

  app.post(
    '/api/editions/:brief/:edition/deliveries',
    {
      schema: {
        tags: ['Deliveries'],
        summary: 'Send an edition again to one of the targets of its brief, as a copy',
        params: editionNamed,
        body: z.strictObject({ to: z.string().max(2000).describe('The address as in brief.yaml') }),
        response: answers({ 202: json(deliveryView, 'It will be sent') }),
      },
    },
    async (request, reply) => {
      const { params, body } = request;
      const delivery = await service.resend(callerOf(request), idOf(params), body.to);
      return reply.code(202).type('application/json').send(delivery);
    },
  );

  for (const change of transitionNames) {
    app.post(
      `/api/deliveries/:delivery/${change}`,
      {
        schema: {
          tags: ['Deliveries'],
          summary: changeOf[change],
          params: deliveryNamed,
          response: answers({ 200: json(deliveryView, 'The delivery as it is now') }),
        },
      },
      async (request) => {
        const [caller, { delivery }] = [callerOf(request), request.params];
        const { id } = await service.delivery(caller, delivery);
        await service.change(caller, change, id);
        return service.delivery(caller, id);
      },
    );
  }

  app.get(
    '/api/audit',
    {
      schema: {
        tags: ['Record'],
        summary: 'Who changed what and when, the newest first',
        description:
          'Changes to editions that the caller may see. Those to no edition, such as to tokens, are shown to whoever may operate and see all.',
        querystring: auditQuery,
        response: answers({ 200: json(pageOf(auditRecord), 'A part of the list') }),
      },
    },
    (request) => service.audit(callerOf(request), request.query),
  );
}
