import type { FastifyInstance, HTTPMethods } from 'fastify';
import { problemOf } from './problem.ts';

const methods: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
type Routes = ReadonlyMap<string, ReadonlySet<string>>;

/** Collects the methods of each path as routes are added from now on. */
export function collectRoutes(app: FastifyInstance): Routes {
  const routes = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = routes.get(url) ?? new Set();
    for (const each of [method].flat()) known.add(each);
    routes.set(url, known);
  });
  return routes;
}

/** Responds to other methods on known paths with 405 instead of 404. */
export function refuseOtherMethods(app: FastifyInstance, routes: Routes): void {
  for (const [url, known] of new Map(routes)) {
    // Fastify reports only part of a path that ends in a slash.
    if (url.includes('*') || /.\/$/.test(url)) continue;
    const allow = methods.filter((method) => known.has(method));
    const others = methods.filter((method) => !known.has(method));
    if (others.length === 0) continue;
    const refuse = () => {
      throw problemOf('method-not-allowed', {
        detail: `This address supports only ${allow.join(', ')}.`,
        hint: 'See /docs for the API.',
        allow,
      });
    };
    app.route({ method: others, url, schema: { hide: true }, preParsing: refuse, handler: refuse });
  }
}
