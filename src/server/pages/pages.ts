import { z } from 'zod';
import { operatorRoutes } from './operator-page.ts';
import type { PageDependencies } from './queries.ts';
import { changeRoutes, readerRoutes } from './routes.ts';
import { openTemplates, type Show } from './templates.ts';
import type { EditionService } from '../../editions/service.ts';
import { AppError, withServedDocs } from '../../errors.ts';
import { type Caller, thisMachine } from '../../ledger/principal.ts';
import { familiesOf, ownFontFaces } from '../../project/fonts.ts';
import { ownPath } from '../auth.ts';
import { describeOnPage, type Pages, problemOf } from '../problem.ts';

const loginQuery = z.object({
  next: z.string().default('/'),
  refused: z.enum(['token', 'link']).optional().catch(undefined),
});

/** The HTML pages: all data and operations of the service, without a need for scripts. */
export async function openPages(service: EditionService, dependencies: PageDependencies): Promise<Pages> {
  const { locale } = dependencies;
  const frame = (caller: Caller | null, path: string) => frameOf(dependencies, caller, path);
  const render = await openTemplates(dependencies.readAsset, locale);
  const assets = await readAssets(dependencies);
  const show: Show = ({ request, reply }, page, context) =>
    reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      // Without a referrer, browsers also hide a form's origin, which changes require.
      .header('referrer-policy', 'same-origin')
      .send(render(page, { ...frame(request.caller, request.url.split('?')[0] ?? '/'), ...context }));

  return {
    routes(app) {
      // Names never contain a zero byte, and the database would reject the query.
      app.addHook('onRequest', async ({ url }) => {
        if (/%00/.test(url))
          throw problemOf('not-found', {
            detail: 'The address contains a zero byte.',
            hint: 'Follow a link on the pages instead.',
          });
      });
      // Open to strangers, because the login page needs them.
      for (const [name, type, text] of assets)
        app.get(`/assets/${name}`, { config: { open: true } }, (_, reply) =>
          reply.type(type).header('cache-control', 'max-age=600').send(text),
        );
      const explain = oneByOne(dependencies.explain);
      readerRoutes(app, { service, dependencies: { ...dependencies, explain }, show });
      operatorRoutes(app, { service, locale, show });
      changeRoutes(app, service);
      app.get('/login', { config: { open: true } }, (request, reply) => {
        const { next, refused } = loginQuery.parse(request.query);
        return show({ request, reply }, 'login', {
          title: locale.text('web.login.title'),
          next: ownPath(next),
          refused: refused === undefined ? null : locale.text(`web.login.refused.${refused}`),
        });
      });
    },
    problemPage: ({ status, detail, hint, faults, code }, caller) =>
      render('problem', {
        ...frame(caller, ''),
        title: locale.text('web.problem.title', { status: String(status) }),
        reasons: faults.length > 0 ? faults.map(describeOnPage) : [withServedDocs(`${detail} ${hint}`)],
        back:
          caller === null
            ? { href: '/login', label: locale.text('web.login.title') }
            : { href: '/', label: locale.text('web.problem.all_briefs') },
        code: `${status}, ${code}`,
      }),
  };
}

/** The files of the pages: their name, type and text. */
async function readAssets({ readAsset, loadMaterial, identity }: PageDependencies) {
  const { ink, accent } = identity.colours;
  const { serif, sans } = familiesOf(identity.fonts);
  const own = `:root { --blue: ${ink}; --rust: ${accent}; --serif: ${serif}, serif; --sans: ${sans}, sans-serif; }\n`;
  const fonts = [(await loadMaterial()).fontFaces, ownFontFaces(identity.fonts)].join('\n');
  return [
    ['base.css', 'text/css', `${await readAsset('base.css')}${own}`],
    ['fonts.css', 'text/css', fonts],
    ['sitrep.css', 'text/css', await readAsset('pages/sitrep.css')],
    ['sitrep.js', 'text/javascript', await readAsset('pages/sitrep.js')],
  ] as const;
}

/** The frame of every page: the caller, and the links that the caller may follow. */
function frameOf(
  {
    publisher,
    identity: { logo },
    locale: { tag, direction, text },
  }: Pick<PageDependencies, 'publisher' | 'identity' | 'locale'>,
  caller: Caller | null,
  path: string,
) {
  const program = text('web.name');
  const link = (href: string, label: string) => ({ href, label, current: href === path });
  const nav = [
    link('/', text('web.nav.briefs')),
    ...(caller?.may === 'operate'
      ? [link('/deliveries', text('web.nav.deliveries')), link('/record', text('web.nav.record'))]
      : []),
    link('/docs', text('web.nav.api')),
  ];
  return {
    lang: tag,
    direction,
    publisher: publisher?.shortName ?? publisher?.name ?? program,
    logo: logo && { src: logo.src, alt: publisher?.name ?? '' },
    imprint:
      publisher === null || publisher.name === program
        ? null
        : { name: publisher.name, corrections: publisher.corrections ?? null, program },
    nav: caller === null ? [] : nav,
    who: caller && {
      name: caller.name,
      limits:
        caller === thisMachine ? null : text('web.limits', { may: caller.may, clearance: caller.clearance }),
    },
    trail: null,
  };
}

/** More simultaneous requests than this are not normal reading. */
const MOST_EXPLAINING = 10;

/**
 * Runs explanations one at a time, because each composes a page, which is as much work as generating an edition. The
 * queue is limited, including the one in progress. Throws `queue-full`.
 */
function oneByOne<A extends unknown[], T>(work: (...given: A) => Promise<T>): (...given: A) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let running = 0;
  return async (...given) => {
    if (running >= MOST_EXPLAINING)
      throw new AppError('queue-full', {
        problem: 'Too many explanations are requested at once.',
        hint: 'Try again in a few seconds.',
      });
    running += 1;
    const turn = last.then(() => work(...given)).finally(() => (running -= 1));
    last = turn.catch(() => {});
    return turn;
  };
}
