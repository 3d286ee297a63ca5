import { z } from 'zod';
import { about, type Api, briefNamed, editionNamed, file, idOf, json, name, sha256 } from './schemas.ts';
import { decisions } from '../../editions/approvals.ts';
import { editionRequest } from '../../editions/request.ts';
import type { EditionService } from '../../editions/service.ts';
import { transitionNames } from '../../editions/transitions.ts';
import { auditQuery, deliveriesQuery, editionsQuery } from '../../editions/visibility.ts';
import { editionPath } from '../../ledger/edition-id.ts';
import { auditRecord } from '../../ledger/principal.ts';
import {
  briefDetail,
  briefView,
  deliveryView,
  editionDetail,
  editionView,
  fileKinds,
  moved,
  pageOf,
} from '../../ledger/views.ts';
import { callerOf } from '../auth.ts';
import type { SendEvents } from '../events.ts';
import { sendEditionFile } from '../files.ts';

/** The routes shared by the network and the command line. */
export function routes(app: Api, service: EditionService, { sendEvents }: { sendEvents: SendEvents }): void {
  briefs(app, service);
  editions(app, service, { sendEvents });
  records(app, service);
}

function briefs(app: Api, service: EditionService): void {
  app.get(
    '/api/briefs',
    about('Briefs', {
      summary: 'List the briefs, each with its latest edition and its next slot',
      response: { 200: json(z.array(briefView), 'The briefs') },
    }),
    (request) => service.briefs(callerOf(request)),
  );

  app.get(
    '/api/briefs/:brief',
    about('Briefs', {
      summary: 'Get a brief, with its parameters and targets',
      params: briefNamed,
      response: { 200: json(briefDetail, 'The brief') },
    }),
    (request) => service.brief(callerOf(request), request.params.brief),
  );

  app.post(
    '/api/briefs/:brief/editions',
    about('Briefs', {
      summary: 'Request an edition',
      description:
        'Brief, day, paper and parameters identify an edition. If it already exists, it stays unchanged, even with `deliver`; to send an existing edition, post to its deliveries. If the brief has `forEach` and you give no parameters, all its editions are generated.',
      params: briefNamed,
      body: editionRequest,
      response: {
        200: json(editionView, 'The edition already exists'),
        202: json(editionView, 'The edition will be generated; its address is in Location'),
      },
    }),
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

/** Enough for a PDF on a slow connection. */
const FILE_MS = 10 * 60_000;

const fileOf = {
  pdf: ['application/pdf', 'The PDF'],
  html: ['text/html', 'The HTML from which the PDF was printed'],
  manifest: ['application/json', 'The manifest: the inputs of the edition, with hashes'],
} as const;

const editionChanges = {
  retry: 'Generate the edition again if that failed, or resend its failed deliveries',
  cancel: 'Cancel the edition, or its deliveries that are not sent yet; generation in progress is stopped',
  hold: 'Put the edition on hold, or its deliveries that are not sent yet',
  release: 'Release an edition or deliveries that are on hold',
} as const;

const decisionOf = {
  approve: 'Approve the content with this SHA-256, so that its deliveries are sent',
  disapprove: 'Withdraw an approval, for deliveries that are not sent yet',
} as const;

function editions(app: Api, service: EditionService, { sendEvents }: { sendEvents: SendEvents }): void {
  app.get(
    '/api/editions',
    about('Editions', {
      summary: 'List editions, latest period first',
      querystring: editionsQuery,
      response: { 200: json(pageOf(editionView), 'One page of the list') },
    }),
    (request) => service.editions(callerOf(request), request.query),
  );

  app.get(
    '/api/editions/:brief/:edition',
    about('Editions', {
      params: editionNamed,
      summary: 'Get an edition, with all attempts to generate it',
      response: { 200: json(editionDetail, 'The edition') },
    }),
    (request) => service.edition(callerOf(request), idOf(request.params)),
  );

  for (const kind of fileKinds) {
    const [type, what] = fileOf[kind];
    app.get(
      `/api/editions/:brief/:edition/${kind}`,
      {
        handlerTimeout: FILE_MS,
        ...about('Editions', {
          params: editionNamed,
          summary: what,
          description:
            'The ETag is the hash from the manifest. If-None-Match, Range and If-Range are supported.',
          response: { 200: file(type, what), 206: file(type, 'The requested range') },
        }),
      },
      (request, reply) => sendEditionFile(service, { request, reply, id: idOf(request.params), kind }),
    );
  }

  app.get(
    '/api/editions/:brief/:edition/events',
    about('Editions', {
      params: editionNamed,
      summary: 'Follow an edition with server-sent events',
      description:
        '`step` for each step of a run, with its time; `state` when the edition changes; `settled` when nothing more will happen unless a person acts. With Last-Event-ID, the stream continues after that step; after the end, the answer is 204.',
      response: {
        200: file('text/event-stream', 'Events, until the edition is settled'),
        204: z.undefined().describe('The edition is settled, and all events were sent'),
      },
    }),
    (request, reply) => sendEvents({ request, reply, id: idOf(request.params) }),
  );

  for (const change of transitionNames) {
    app.post(
      `/api/editions/:brief/:edition/${change}`,
      about('Editions', {
        params: editionNamed,
        summary: editionChanges[change],
        response: {
          200: json(
            editionDetail.extend({ moved }),
            'The edition after the change, and the ids of all changed editions and deliveries',
          ),
        },
      }),
      async (request) => {
        const [caller, id] = [callerOf(request), idOf(request.params)];
        const ids = await service.change(caller, change, id);
        return { ...(await service.edition(caller, id)), moved: ids };
      },
    );
  }

  for (const decision of decisions) {
    app.post(
      `/api/editions/:brief/:edition/${decision}`,
      about('Editions', {
        params: editionNamed,
        summary: decisionOf[decision],
        body: z.strictObject({
          sha256: sha256.describe('The hash of the reviewed content: `toApprove` of the edition'),
        }),
        response: { 200: json(editionDetail, 'The edition after the decision') },
      }),
      async (request) => {
        const [caller, id] = [callerOf(request), idOf(request.params)];
        await service.decide(caller, decision, { ids: [id], sha256: request.body.sha256 });
        return service.edition(caller, id);
      },
    );
  }
}

const deliveryNamed = z.object({
  delivery: name.describe('The id of a delivery, or at least its first six characters'),
});
const deliveryChanges = {
  retry: 'Send a delivery again that was not sent',
  cancel: 'Cancel a delivery that is not sent yet, or record that a delivery which may have arrived did not',
  hold: 'Put a delivery on hold',
  release: 'Release a delivery that is on hold',
} as const;

function records(app: Api, service: EditionService): void {
  app.get(
    '/api/deliveries',
    about('Deliveries', {
      summary: 'List deliveries, newest first',
      description: 'Callers with read access see shortened addresses.',
      querystring: deliveriesQuery,
      response: { 200: json(pageOf(deliveryView), 'One page of the list') },
    }),
    (request) => service.deliveries(callerOf(request), request.query),
  );

  app.post(
    '/api/editions/:brief/:edition/deliveries',
    about('Deliveries', {
      summary: 'Send an edition to one of its brief’s targets again, as a copy',
      params: editionNamed,
      body: z.strictObject({ to: z.string().max(2000).describe('The address as in brief.yaml') }),
      response: { 202: json(deliveryView, 'The copy will be sent') },
    }),
    async (request, reply) => {
      const { params, body } = request;
      const delivery = await service.resend(callerOf(request), idOf(params), body.to);
      return reply.code(202).type('application/json').send(delivery);
    },
  );

  for (const change of transitionNames) {
    app.post(
      `/api/deliveries/:delivery/${change}`,
      about('Deliveries', {
        summary: deliveryChanges[change],
        params: deliveryNamed,
        response: { 200: json(deliveryView, 'The delivery after the change') },
      }),
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
    about('Record', {
      summary: 'List the audit log, newest first',
      description:
        'Changes to editions that the caller may see. Changes without an edition, such as to tokens, are only for operators with the highest clearance.',
      querystring: auditQuery,
      response: { 200: json(pageOf(auditRecord), 'One page of the list') },
    }),
    (request) => service.audit(callerOf(request), request.query),
  );
}
