import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type Sessions, SESSION_SECONDS } from '../editions/access.ts';

const form = z.object({ token: z.string().max(500), next: z.string().max(2000).default('/') });
const link = z.object({ once: z.string().max(500).default('') });

/** The URL of a link that logs one browser in. */
export const linkTo = (address: string, secret: string): string => `${address}/open?once=${secret}`;

/** Restricts a redirect to paths on this server. */
export const ownPath = (path: string): string => (/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(path) ? path : '/');

/** Logs in with a token or with a link that works once, by setting a cookie, and logs out by clearing it. */
export function login(
  app: FastifyInstance,
  {
    sessions,
    cookie: name,
    secure,
    attemptsPerMinute,
  }: { sessions: Sessions; cookie: string; secure: boolean; attemptsPerMinute: number },
): void {
  // Lax, so that a reader who follows a link in webmail is still logged in. Changes are not made by links, and they
  // also require this service's origin (`refuseForeignOrigin`).
  const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure } as const;
  const session = { ...cookie, signed: true, maxAge: SESSION_SECONDS };
  const config = { open: true, rateLimit: { max: attemptsPerMinute, timeWindow: '1 minute' } };
  const hidden = { schema: { hide: true } };
  app.post('/login', { config, ...hidden }, async (request, reply) => {
    const { token, next } = form.parse(request.body);
    const value = await sessions.sessionOf(token.trim());
    if (value === undefined)
      return reply.redirect(`/login?refused=token&next=${encodeURIComponent(ownPath(next))}`, 303);
    return reply.setCookie(name, value, session).redirect(ownPath(next), 303);
  });
  // No HEAD route, because a link checker would use up the link.
  app.get('/open', { config: { open: true }, exposeHeadRoute: false, ...hidden }, (request, reply) => {
    const value = sessions.sessionByLink(link.parse(request.query).once);
    if (value !== undefined) return reply.setCookie(name, value, session).redirect('/', 303);
    return reply.redirect(request.caller === null ? '/login?refused=link' : '/', 303);
  });
  app.post('/logout', { config: { open: true }, ...hidden }, (_request, reply) =>
    reply.clearCookie(name, cookie).redirect('/login', 303),
  );
}
