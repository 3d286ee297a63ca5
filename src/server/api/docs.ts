import Handlebars from 'handlebars';
import { z } from 'zod';
import { problemCodes } from '../problem.ts';
import type { Api } from './schemas.ts';

/** What the page shows of a document by OpenAPI. */
const parameter = z.object({
  name: z.string(),
  in: z.string(),
  description: z.string().default(''),
  schema: z.record(z.string(), z.unknown()).default({}),
});
const content = z.record(z.string(), z.object({ schema: z.record(z.string(), z.unknown()).optional() }));
const operation = z.object({
  tags: z.array(z.string()).default([]),
  summary: z.string().default(''),
  description: z.string().default(''),
  parameters: z.array(parameter).default([]),
  requestBody: z.object({ content }).optional(),
  responses: z.record(z.string(), z.object({ description: z.string(), content: content.default({}) })),
});
const document = z.object({
  info: z.object({ title: z.string(), description: z.string() }),
  tags: z.array(z.object({ name: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), operation)),
});

/** `/openapi.json`, and the same for people at `/docs`: a page without scripts. */
export async function docs(
  app: Api,
  { readAsset }: { readAsset: (name: string) => Promise<string> },
): Promise<void> {
  const page = Handlebars.compile(await readAsset('docs/docs.hbs'), { strict: true });
  const css = await readAsset('docs/docs.css');
  const hidden = { schema: { hide: true } };
  let written: string | undefined;
  app.get('/openapi.json', hidden, () => app.swagger());
  app.get('/docs', hidden, (_request, reply) => {
    written ??= page(shown(document.parse(app.swagger())));
    return reply.type('text/html; charset=utf-8').send(written);
  });
  app.get('/docs/docs.css', { ...hidden, config: { open: true } }, (_request, reply) =>
    reply.type('text/css; charset=utf-8').send(css),
  );
}

function shown({ info, tags, paths }: z.output<typeof document>) {
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, each]) => ({ path, method: method.toUpperCase(), ...each })),
  );
  return {
    ...info,
    codes: problemCodes,
    groups: tags.map(({ name }) => ({
      name,
      operations: all
        .filter((each) => each.tags.includes(name))
        .map(({ path, method, summary, description, parameters, requestBody, responses }) => ({
          anchor: `${method.toLowerCase()}${path.replaceAll(/[^a-z]+/gi, '-')}`,
          path,
          method,
          summary,
          // What OpenAPI takes for Markdown is plain text here.
          description: description.replaceAll('`', ''),
          parameters: parameters.map((each) => ({
            ...each,
            kind: kindOf(each.schema),
          })),
          body: requestBody ? schemaText(requestBody.content) : '',
          responses: Object.entries(responses)
            .filter(([status]) => status !== 'default')
            .map(([status, response]) => ({
              status,
              description: response.description,
              type: Object.keys(response.content).join(', '),
              schema: schemaText(response.content),
            })),
        })),
    })),
  };
}

const schemaText = (of: z.output<typeof content>): string => {
  const schema = of['application/json']?.schema;
  return schema === undefined ? '' : JSON.stringify(schema, null, 2);
};

/** A word or two for what may be given. */
function kindOf({
  type,
  enum: values,
  format,
  default: fallback,
}: {
  readonly [key: string]: unknown;
}): string {
  const kind = Array.isArray(values) ? values.join(' | ') : [type, format].filter(Boolean).join(', ');
  return fallback === undefined ? kind : `${kind}; ${JSON.stringify(fallback)} if not given`;
}
