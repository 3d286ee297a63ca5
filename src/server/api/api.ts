import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { EditionService } from '../../editions/service.ts';
import type { SendEvents } from '../events.ts';
import { briefs } from './briefs.ts';
import { docs } from './docs.ts';
import { editions } from './editions.ts';
import { records } from './records.ts';
import type { Api } from './schemas.ts';

/** The HTTP API: what the service knows and does, as JSON, with a document of it made from the same schemas. */
export async function api(
  instance: FastifyInstance,
  service: EditionService,
  { sendEvents, readAsset }: { sendEvents: SendEvents; readAsset: (name: string) => Promise<string> },
): Promise<void> {
  await instance.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Sitrep',
        version: '1',
        description:
          'Briefs, their editions and who got them. On the machine of the service no login is needed; from elsewhere send the header "Authorization: Bearer <token>". What is above the clearance of a token is as if it did not exist.',
      },
      tags: ['Briefs', 'Editions', 'Deliveries', 'Record'].map((tag) => ({ name: tag })),
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }, {}],
    },
    transform: jsonSchemaTransform,
  });
  const app = instance.withTypeProvider<ZodTypeProvider>();
  routes(app, service, { sendEvents });
  await docs(app, { readAsset });
}

/** The routes that the network and the command line share. */
export function routes(app: Api, service: EditionService, { sendEvents }: { sendEvents: SendEvents }): void {
  briefs(app, service);
  editions(app, service, { sendEvents });
  records(app, service);
}
