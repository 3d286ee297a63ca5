import { z } from 'zod';
import type { EditionService } from '../../editions/service.ts';
import { transitionNames } from '../../editions/transitions.ts';
import { auditQuery, deliveriesQuery } from '../../editions/visibility.ts';
import { auditRecord } from '../../ledger/principal.ts';
import { deliveryView, pageOf } from '../../ledger/views.ts';
import { callerOf } from '../auth.ts';
import { answers, type Api, editionNamed, idOf, json, name } from './schemas.ts';

const deliveryNamed = z.object({
  delivery: name.describe('The id of a delivery, or at least its first six characters'),
});
const changeOf = {
  retry: 'Send a delivery again that was not sent',
  cancel: 'Cancel a delivery that is not sent yet, or record that a delivery which may have arrived did not',
  hold: 'Put a delivery on hold',
  release: 'Release a delivery that is on hold',
} as const;

/** Routes for deliveries and the audit of changes. */
export function records(app: Api, service: EditionService): void {
  app.get(
    '/api/deliveries',
    {
      schema: {
        tags: ['Deliveries'],
        summary: 'List deliveries, newest first',
        description: 'Callers with read access see shortened addresses.',
        querystring: deliveriesQuery,
        response: answers({ 200: json(pageOf(deliveryView), 'One page of the list') }),
      },
    },
    (request) => service.deliveries(callerOf(request), request.query),
  );

  app.post(
    '/api/editions/:brief/:edition/deliveries',
    {
      schema: {
        tags: ['Deliveries'],
        summary: 'Send an edition to one of its brief’s targets again, as a copy',
        params: editionNamed,
        body: z.strictObject({ to: z.string().max(2000).describe('The address as in brief.yaml') }),
        response: answers({ 202: json(deliveryView, 'The copy will be sent') }),
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
          response: answers({ 200: json(deliveryView, 'The delivery after the change') }),
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
        summary: 'List the audit log, newest first',
        description:
          'Changes to editions that the caller may see. Changes without an edition, such as to tokens, are only for operators with the highest clearance.',
        querystring: auditQuery,
        response: answers({ 200: json(pageOf(auditRecord), 'One page of the list') }),
      },
    },
    (request) => service.audit(callerOf(request), request.query),
  );
}
