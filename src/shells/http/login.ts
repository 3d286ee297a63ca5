import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { SESSION_SECONDS, type Admission } from '../../runtime/admission.ts';
import { SESSION } from './access.ts';

const form = z.object({ token: z.string().max(500), next: z.string().max(2000).default('/') });

/** A place on this server, and nowhere else. */
export const ownPath = (path: string): string => (/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(path) ? path : '/');

/** Turns a token into a cookie and back into nothing: what a browser needs to come in from elsewhere. */
export function login(
  app: FastifyInstance,
  {
    admission,
    secure,
    attemptsPerMinute,
  }: { admission: Admission; secure: boolean; attemptsPerMinute: number },
): void {
  const cookie = { path: '/', httpOnly: true, sameSite: 'strict', secure } as const;
  const config = { open: true, rateLimit: { max: attemptsPerMinute, timeWindow: '1 minute' } };
  app.post('/login', { config, schema: { hide: true } }, async (request, reply) => {
    const { token, next } = form.parse(request.body);
    const session = await admission.sessionOf(token.trim());
    if (session === undefined)
      return reply.redirect(`/login?refused=1&next=${encodeURIComponent(ownPath(next))}`, 303);
    return reply
      .setCookie(SESSION, session, { ...cookie, signed: true, maxAge: SESSION_SECONDS })
      .redirect(ownPath(next), 303);
  });
  app.post('/logout', { config: { open: true }, schema: { hide: true } }, (_request, reply) =>
    reply.clearCookie(SESSION, cookie).redirect('/login', 303),
  );
}
