import { z } from 'zod';
import { decisions } from '../../editions/approvals.ts';
import type { EditionService } from '../../editions/service.ts';
import { transitionNames } from '../../editions/transitions.ts';
import { editionsQuery } from '../../editions/visibility.ts';
import { editionDetail, editionView, fileKinds, moved, pageOf } from '../../ledger/views.ts';
import { callerOf } from '../auth.ts';
import type { SendEvents } from '../events.ts';
import { sendEditionFile } from '../files.ts';
import { answers, type Api, editionNamed, file, idOf, json, sha256 } from './schemas.ts';

/** Enough for a PDF on a slow connection. */
const FILE_MS = 10 * 60_000;

const fileOf = {
  pdf: ['application/pdf', 'The PDF'],
  html: ['text/html', 'The HTML from which the PDF was printed'],
  manifest: ['application/json', 'The manifest: the inputs of the edition, with hashes'],
} as const;

const changeOf = {
  retry: 'Generate the edition again if that failed, or resend its failed deliveries',
  cancel: 'Cancel the edition, or its deliveries that are not sent yet; generation in progress is stopped',
  hold: 'Put the edition on hold, or its deliveries that are not sent yet',
  release: 'Release an edition or deliveries that are on hold',
} as const;

const decisionOf = {
  approve: 'Approve the content with this SHA-256, so that its deliveries are sent',
  disapprove: 'Withdraw an approval, for deliveries that are not sent yet',
} as const;

/** Routes for editions, their files, events and changes. */
export function editions(
  app: Api,
  service: EditionService,
  { sendEvents }: { sendEvents: SendEvents },
): void {
  const common = { tags: ['Editions'], params: editionNamed };
  app.get(
    '/api/editions',
    {
      schema: {
        tags: ['Editions'],
        summary: 'List editions, latest period first',
        querystring: editionsQuery,
        response: answers({ 200: json(pageOf(editionView), 'One page of the list') }),
      },
    },
    (request) => service.editions(callerOf(request), request.query),
  );

  app.get(
    '/api/editions/:brief/:edition',
    {
      schema: {
        ...common,
        summary: 'Get an edition, with all attempts to generate it',
        response: answers({ 200: json(editionDetail, 'The edition') }),
      },
    },
    (request) => service.edition(callerOf(request), idOf(request.params)),
  );

  for (const kind of fileKinds) {
    const [type, what] = fileOf[kind];
    app.get(
      `/api/editions/:brief/:edition/${kind}`,
      {
        handlerTimeout: FILE_MS,
        schema: {
          ...common,
          summary: what,
          description:
            'The ETag is the hash from the manifest. If-None-Match, Range and If-Range are supported.',
          response: answers({ 200: file(type, what), 206: file(type, 'The requested range') }),
        },
      },
      (request, reply) => sendEditionFile(service, { request, reply, id: idOf(request.params), kind }),
    );
  }

  app.get(
    '/api/editions/:brief/:edition/events',
    {
      schema: {
        ...common,
        summary: 'Follow an edition with server-sent events',
        description:
          '`step` for each step of a run, with its time; `state` when the edition changes; `settled` when nothing more will happen unless a person acts. With Last-Event-ID, the stream continues after that step; after the end, the answer is 204.',
        response: answers({
          200: file('text/event-stream', 'Events, until the edition is settled'),
          204: z.undefined().describe('The edition is settled, and all events were sent'),
        }),
      },
    },
    (request, reply) => sendEvents({ request, reply, id: idOf(request.params) }),
  );

  for (const change of transitionNames) {
    app.post(
      `/api/editions/:brief/:edition/${change}`,
      {
        schema: {
          ...common,
          summary: changeOf[change],
          response: answers({
            200: json(
              editionDetail.extend({ moved }),
              'The edition after the change, and the ids of all changed editions and deliveries',
            ),
          }),
        },
      },
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
      {
        schema: {
          ...common,
          summary: decisionOf[decision],
          body: z.strictObject({
            sha256: sha256.describe('The hash of the reviewed content: `toApprove` of the edition'),
          }),
          response: answers({ 200: json(editionDetail, 'The edition after the decision') }),
        },
      },
      async (request) => {
        const [caller, id] = [callerOf(request), idOf(request.params)];
        await service.decide(caller, decision, { ids: [id], sha256: request.body.sha256 });
        return service.edition(caller, id);
      },
    );
  }
}
