import { transitionNames } from '../../editions/transitions.ts';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { briefPage } from './brief-page.ts';
import { editionPage } from './edition-page.ts';
import { explainPage, rowsFor } from './evidence.ts';
import { editionHref, periodOf } from './format.ts';
import { overviewPage } from './overview.ts';
import { gatherBrief, gatherEdition, gatherOverview, type PageDependencies } from './queries.ts';
import type { Show } from './templates.ts';
import { day } from '../../calendar.ts';
import { decisions } from '../../editions/approvals.ts';
import type { EditionService } from '../../editions/service.ts';
import { AppError } from '../../errors.ts';
import { editionPath } from '../../ledger/edition-id.ts';
import { papers } from '../../project/brief.ts';
import { callerOf, ownPath } from '../auth.ts';

const yearQuery = z.object({ year: z.coerce.number().int().min(1970).max(2999).optional() });
const phraseQuery = z.object({ phrase: z.string().trim().min(1).max(200).optional() });
/** Browsers may cache a picture, because its URL contains the hash. */
const KEEP_PICTURE = 'private, max-age=86400';

/** The routes for reading: the overview, briefs and editions. */
export function readerRoutes(
  app: FastifyInstance,
  { service, dependencies, show }: { service: EditionService; dependencies: PageDependencies; show: Show },
): void {
  const { locale } = dependencies;
  app.get('/', async (request, reply) => {
    const data = await gatherOverview(service, dependencies, callerOf(request));
    return show({ request, reply }, 'overview', overviewPage(data));
  });

  app.get('/briefs/:brief', async (request, reply) => {
    const { brief: id } = briefParams.parse(request.params);
    const { year } = yearQuery.parse(request.query);
    const data = await gatherBrief(service, dependencies, { caller: callerOf(request), id, year });
    return show({ request, reply }, 'brief', briefPage(data));
  });

  app.get('/editions/:brief/:edition', async (request, reply) => {
    const id = editionIn(request.params);
    const data = await gatherEdition(service, dependencies, { caller: callerOf(request), id });
    // Browsers show an embedded PDF as an object.
    const policy = String(reply.getHeader('content-security-policy'));
    reply.header('content-security-policy', `${policy};object-src 'self'`);
    return show({ request, reply }, 'edition', editionPage(data));
  });

  app.get('/editions/:brief/:edition/explain', async (request, reply) => {
    const [caller, id] = [callerOf(request), editionIn(request.params)];
    const { title, asOf, brief: name } = await service.edition(caller, id);
    const { phrase } = phraseQuery.parse(request.query);
    const file = await service.file(caller, id, 'pdf');
    const pdf = file && (await dependencies.readFile(file.folder, file.name));
    if (!pdf) throw notMade(id);
    // The explanation uses today's brief and data, whose marking may be higher than the edition's.
    const brief = await service.brief(caller, name);
    const { config } = await dependencies.loadBrief(name);
    const maySeeRow = rowsFor(caller, await dependencies.loadDataset(config.dataset));
    const found = phrase === undefined ? null : await dependencies.explain(pdf, phrase);
    const period = periodOf(locale, asOf, config.period);
    const page = explainPage(id, { brief, title: title ?? brief.title, period, found, maySeeRow, locale });
    return show({ request, reply }, 'explain', page);
  });

  // The URL in messages.
  app.get('/editions/:brief/:edition/pdf', (request, reply) =>
    reply.redirect(`/api/editions/${editionPath(editionIn(request.params))}/pdf`, 303),
  );

  app.get('/editions/:brief/:edition/page-1.png', async (request, reply) => {
    const id = editionIn(request.params);
    const html = await service.file(callerOf(request), id, 'html');
    const png = html && (await dependencies.picture(html));
    if (png) return reply.type('image/png').header('cache-control', KEEP_PICTURE).send(Buffer.from(png));
    throw notMade(id);
  });
}

const notMade = (id: string): AppError =>
  new AppError('edition-unknown', {
    problem: `${id} has no pages to show.`,
    hint: 'It has not been generated, or its files were removed.',
  });

const briefParams = z.object({ brief: z.string() });
const editionParams = z.object({ brief: z.string(), edition: z.string() });
const PARAMETER = 'parameter.';
const editionForm = z.looseObject({
  asOf: day,
  paper: z.enum(papers).optional(),
  deliver: z.enum(['yes', 'no']).default('no'),
});
const change = z.object({ change: z.enum(transitionNames) });
const approval = z.object({ sha256: z.string() });
const back = z.object({ back: z.string().default('/') });
const resend = back.extend({ to: z.string() });

/** The id of an edition from the two halves in the URL. */
function editionIn(params: unknown): string {
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
