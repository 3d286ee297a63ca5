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
  html: ['text/html', 'The page that the PDF was printed from'],
  manifest: ['application/json', 'What the edition was made from'],
} as const;

const changeOf = {
  retry: 'Make it again where it was not made, or send again what of it failed',
  cancel: 'End it, or what of it is not out; one that is being made is stopped',
  hold: 'Keep it from being made, or its deliveries from going out',
  release: 'Let go on what is held',
} as const;

const decisionOf = {
  approve: 'Let out what has this SHA-256, of a brief that waits for approval',
  disapprove: 'Take an approval back, for what is not out yet',
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
        summary: 'Editions, the newest period first',
        querystring: editionsQuery,
        response: answers({ 200: json(pageOf(editionView), 'A part of the list') }),
      },
    },
    (request) => service.editions(callerOf(request), request.query),
  );

  app.get(
    '/api/editions/:brief/:edition',
    {
      schema: {
        ...common,
        summary: 'An edition, with each attempt at it',
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
            'With an ETag, which is the hash in the manifest; takes If-None-Match, Range and If-Range.',
          response: answers({ 200: file(type, what), 206: file(type, 'The range') }),
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
        summary: 'What happens to it, as server-sent events',
        description:
          '`step` for each step of a run with its time, `state` when the edition changes, `settled` at the end, after which nothing comes by itself; with Last-Event-ID it goes on behind that step, and behind the end it answers 204.',
        response: answers({
          200: file('text/event-stream', 'Events, until it is settled'),
          204: z.undefined().describe('It is settled, and all was told'),
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
            200: json(editionDetail.extend({ moved }), 'The edition as it is now, and the ids of what moved'),
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
            sha256: sha256.describe('Of what was looked at: `toApprove` of the edition'),
          }),
          response: answers({ 200: json(editionDetail, 'The edition as it is now') }),
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
