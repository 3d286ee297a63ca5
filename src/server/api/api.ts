import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { routes } from './routes.ts';
import { docsFolder } from '../../errors.ts';
import type { EditionService } from '../../editions/service.ts';
import type { SendEvents } from '../events.ts';
import { problemCodes } from '../problem.ts';

const description = `[All briefs](/)

Briefs, their editions, and the deliveries of those editions. In a browser, log in first. A program sends the header \`Authorization: Bearer <token>\`. Data above the token’s clearance are treated as if they did not exist. The OpenAPI document is at [/openapi.json](/openapi.json).

## Problems

Errors are problem details (RFC 9457) of the type \`application/problem+json\`: a stable \`code\`, a \`detail\`, a \`hint\` on how to fix it, and the list of faults. [api.md](/docs/api.md) explains the codes: ${problemCodes.map((code) => `\`${code}\``).join(', ')}.
`;

/** The documentation page runs the scripts of Swagger UI, which come from this server and call only it. */
const docsPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/** All data and operations of the service as JSON, with an OpenAPI document from the same schemas. */
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
        description,
      },
      tags: ['Briefs', 'Editions', 'Deliveries', 'Record'].map((tag) => ({ name: tag })),
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }, {}],
    },
    transform: jsonSchemaTransform,
  });
  const app = instance.withTypeProvider<ZodTypeProvider>();
  routes(app, service, { sendEvents });
  app.get(
    '/docs/:page(^[a-z-]+\\.md$)',
    { schema: { hide: true, params: z.object({ page: z.string() }) } },
    (request, reply) =>
      reply
        .type('text/plain; charset=utf-8')
        .sendFile(request.params.page, docsFolder, { contentType: false }),
  );
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  await instance.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: docsPolicy,
    theme: {
      title: 'Sitrep: the HTTP API',
      css: [{ filename: 'docs.css', content: await readAsset('docs.css') }],
    },
    // Deep links are links inside buttons, which keyboards cannot reach.
    uiConfig: {
      layout: 'BaseLayout',
      deepLinking: false,
      supportedSubmitMethods: ['get'],
      syntaxHighlight: false,
    },
  });
}
