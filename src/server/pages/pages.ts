import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { EditionService } from '../../editions/service.ts';
import { describeFault } from '../../errors.ts';
import type { Pages } from '../error-handler.ts';
import { ownPath } from '../login.ts';
import { problemOf } from '../problem.ts';
import type { PageDependencies } from './context.ts';
import { changeRoutes } from './forms.ts';
import { frameOf, oneByOne } from './frame.ts';
import { operatorRoutes } from './operator-routes.ts';
import { readerRoutes } from './routes.ts';
import { openTemplates, type Show } from './templates.ts';

const refusals = {
  token: 'That token lets nobody in: it was mistyped, or revoked.',
  link: 'That link has been used, or is too old. “npx sitrep open” makes another.',
} as const;
const loginQuery = z.object({
  next: z.string().default('/'),
  refused: z.enum(['token', 'link']).optional().catch(undefined),
});

/** The HTML pages: all data and operations of the service, without a need for scripts. */
export async function openPages(service: EditionService, dependencies: PageDependencies): Promise<Pages> {
  const render = await openTemplates(dependencies.readAsset);
  const assets = await readAssets(dependencies);
  const show: Show = ({ request, reply }, page, context) =>
    reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      // Without a referrer, browsers also hide a form's origin, which changes require.
      .header('referrer-policy', 'same-origin')
      .send(render(page, { ...frameOf(request.caller, request.url.split('?')[0] ?? '/'), ...context }));

  return {
    routes(app) {
      // Names never contain a zero byte, and the database would reject the query.
      app.addHook('onRequest', async ({ url }) => {
        if (/%00/.test(url))
          throw problemOf('not-found', {
            detail: 'The address holds a character that no name has.',
            hint: 'Go to it by the links of the pages.',
          });
      });
      assetRoutes(app, assets);
      readerRoutes(app, {
        service,
        dependencies: { ...dependencies, explain: oneByOne(dependencies.explain) },
        show,
      });
      operatorRoutes(app, { service, show });
      changeRoutes(app, service);
      app.get('/login', { config: { open: true } }, (request, reply) => {
        const { next, refused } = loginQuery.parse(request.query);
        return show({ request, reply }, 'login', {
          title: 'Log in',
          next: ownPath(next),
          refused: refused === undefined ? null : refusals[refused],
        });
      });
    },
    problemPage: ({ title, status, detail, hint, faults, code }, caller) =>
      render('problem', {
        ...frameOf(caller, ''),
        title,
        reasons: faults.length > 0 ? faults.map((fault) => describeFault(fault)) : [`${detail} ${hint}`],
        back: caller === null ? { href: '/login', label: 'Log in' } : { href: '/', label: 'All briefs' },
        code: `${status}, ${code}`,
      }),
  };
}

interface Asset {
  readonly path: string;
  readonly type: string;
  readonly text: string;
}

async function readAssets({ readAsset, loadMaterial }: PageDependencies): Promise<Asset[]> {
  const read = async (path: string, type: string, name: string): Promise<Asset> => ({
    path,
    type,
    text: await readAsset(name),
  });
  return [
    await read('/assets/base.css', 'text/css', 'base.css'),
    await read('/assets/sitrep.css', 'text/css', 'pages/sitrep.css'),
    await read('/assets/sitrep.js', 'text/javascript', 'pages/sitrep.js'),
    { path: '/assets/fonts.css', type: 'text/css', text: (await loadMaterial()).fontFaces },
  ];
}

/** Open to strangers, because the login page needs them. */
function assetRoutes(app: FastifyInstance, assets: readonly Asset[]): void {
  for (const { path, type, text } of assets)
    app.get(path, { config: { open: true } }, (_, reply) =>
      reply.type(type).header('cache-control', 'max-age=600').send(text),
    );
}
