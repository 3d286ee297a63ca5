import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { day } from '../../calendar.ts';
import { decisions } from '../../editions/approvals.ts';
import type { EditionService } from '../../editions/service.ts';
import { papers } from '../../project/brief.ts';
import { callerOf } from '../auth.ts';
import { ownPath } from '../login.ts';
import { editionHref } from './format.ts';

export const briefParams = z.object({ brief: z.string() });
const editionParams = z.object({ brief: z.string(), edition: z.string() });
const PARAMETER = 'parameter.';
const editionForm = z.looseObject({
  asOf: day,
  paper: z.enum(papers).optional(),
  deliver: z.enum(['yes', 'no']).default('no'),
});
const change = z.object({ change: z.enum(['retry', 'cancel', 'hold', 'release']) });
const approval = z.object({ sha256: z.string() });
const back = z.object({ back: z.string().default('/') });
const resend = back.extend({ to: z.string() });

/** The id of an edition from the two halves in the URL. */
export function editionIn(params: unknown): string {
  const { brief, edition } = editionParams.parse(params);
  return `${brief}/${edition}`;
}

/** The routes for the pages' forms. Each redirects to a page, so that reloading does not repeat the change. */
export function changeRoutes(app: FastifyInstance, service: EditionService): void {
  app.post('/briefs/:brief/editions', async (request, reply) => {
    const { brief } = briefParams.parse(request.params);
    const { asOf, paper, deliver, ...rest } = editionForm.parse(request.body);
    const { edition } = await service.request(callerOf(request), brief, {
      asOf,
      ...(paper && { paper }),
      deliver: deliver === 'yes',
      parameters: parametersIn(rest),
    });
    return reply.redirect(editionHref(edition.id), 303);
  });

  app.post('/editions/:brief/:edition/deliveries', async (request, reply) => {
    const { to, back: path } = resend.parse(request.body);
    await service.resend(callerOf(request), editionIn(request.params), to);
    return reply.redirect(ownPath(path), 303);
  });

  for (const decision of decisions)
    app.post(`/editions/:brief/:edition/${decision}`, async (request, reply) => {
      const id = editionIn(request.params);
      const { sha256 } = approval.parse(request.body);
      await service.decide(callerOf(request), decision, { ids: [id], sha256 });
      return reply.redirect(editionHref(id), 303);
    });

  app.post('/editions/:brief/:edition/:change', async (request, reply) => {
    const id = editionIn(request.params);
    await service.change(callerOf(request), change.parse(request.params).change, id);
    return reply.redirect(editionHref(id), 303);
  });

  app.post('/deliveries/:delivery/:change', async (request, reply) => {
    const { delivery } = z.object({ delivery: z.string() }).parse(request.params);
    await service.change(callerOf(request), change.parse(request.params).change, delivery);
    return reply.redirect(ownPath(back.parse(request.body ?? {}).back), 303);
  });
}

/** The values of the parameter fields, without empty ones. */
const parametersIn = (form: { readonly [field: string]: unknown }): { [name: string]: string } =>
  Object.fromEntries(
    Object.entries(form).flatMap(([field, value]) =>
      field.startsWith(PARAMETER) && typeof value === 'string' && value.trim() !== ''
        ? [[field.slice(PARAMETER.length), value]]
        : [],
    ),
  );
