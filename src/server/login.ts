import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type Admission, SESSION_SECONDS } from '../editions/sessions.ts';

const form = z.object({ token: z.string().max(500), next: z.string().max(2000).default('/') });
const link = z.object({ once: z.string().max(500).default('') });

/** Where the link leads that lets one browser in. */
export const linkTo = (address: string, secret: string): string => `${address}/open?once=${secret}`;

/** A place on this server, and nowhere else. */
export const ownPath = (path: string): string => (/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(path) ? path : '/');

/** Turns a token, or the secret of a link that works once, into a cookie, and the cookie back into nothing. */
export function login(
  app: FastifyInstance,
  {
    admission,
    cookie: name,
    secure,
    attemptsPerMinute,
  }: { admission: Admission; cookie: string; secure: boolean; attemptsPerMinute: number },
): void {
  // Lax, so that a link in a mail that is read on another site finds its reader logged in. A change is not asked for by
  // a link, and needs the origin of this service besides (`refuseForeignOrigin`).
  const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure } as const;
  const session = { ...cookie, signed: true, maxAge: SESSION_SECONDS };
  const config = { open: true, rateLimit: { max: attemptsPerMinute, timeWindow: '1 minute' } };
  const hidden = { schema: { hide: true } };
  app.post('/login', { config, ...hidden }, async (request, reply) => {
    const { token, next } = form.parse(request.body);
    const value = await admission.sessionOf(token.trim());
    if (value === undefined)
      return reply.redirect(`/login?refused=token&next=${encodeURIComponent(ownPath(next))}`, 303);
    return reply.setCookie(name, value, session).redirect(ownPath(next), 303);
  });
  // Not for HEAD: what checks whether a link works would use it up.
  app.get('/open', { config: { open: true }, exposeHeadRoute: false, ...hidden }, (request, reply) => {
    const value = admission.sessionByLink(link.parse(request.query).once);
    if (value !== undefined) return reply.setCookie(name, value, session).redirect('/', 303);
    return reply.redirect(request.caller === null ? '/login?refused=link' : '/', 303);
  });
  app.post('/logout', { config: { open: true }, ...hidden }, (_request, reply) =>
    reply.clearCookie(name, cookie).redirect('/login', 303),
  );
}
