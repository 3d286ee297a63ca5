import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { briefDetail, briefView } from '../../model/view.ts';
import type { Desk } from '../../runtime/desk.ts';
import { callerOf } from './access.ts';

/** The HTTP API: what the desk knows and does, as JSON. */
export async function api(instance: FastifyInstance, desk: Desk): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>();
  app.get('/api/briefs', { schema: { response: { 200: z.array(briefView) } } }, (request) =>
    desk.briefs(callerOf(request)),
  );
  app.get(
    '/api/briefs/:brief',
    { schema: { params: z.object({ brief: z.string() }), response: { 200: briefDetail } } },
    (request) => desk.brief(callerOf(request), request.params.brief),
  );
}
