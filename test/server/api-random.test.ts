import { Ajv2020 } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeEdition } from '../../src/scheduler/make-edition.ts';
import { deliverTo, openHouse } from '../support/house.ts';
import { delivering, mailTo } from '../support/ledger-samples.ts';
import { useLedgers } from '../support/ledger.ts';
import { openWeb, type Web } from '../support/web.ts';

/**
 * The API asked, from its own document, for whatever may be asked and much that may not: no answer is a fault of the
 * server, each comes, and each is as the document says.
 */
const ledgers = useLedgers();
const RUNS_EACH = 25;
/** An answer that takes longer hangs. */
const HANG_MS = 20_000;

type Schema = { readonly [key: string]: unknown };
interface Operation {
  readonly parameters?: readonly { name: string; in: string; required?: boolean; schema: Schema }[];
  readonly requestBody?: { content: { [type: string]: { schema: Schema } } };
  readonly responses: { [status: string]: { content?: { [type: string]: { schema: Schema } } } };
}
interface Document {
  readonly paths: { [path: string]: { [method: string]: Operation } };
}

/** Names of what there is, so that not every question ends at what there is not. */
const known = [
  'weekly',
  'celebrations',
  'actor-sheet',
  'isis-quieting',
  '2021-08-22',
  '2021-08-15',
  '2021-08-15-Letter',
  '2021-08-15-actor=A-isis-k',
  'weekly/2021-08-22',
  'ana@example.org',
  'archive',
  'A-isis-k',
];
const anyText = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...known) },
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    '\0',
    '..',
    '../../etc/passwd',
    '%2e%2e',
    '%',
    "'; DROP TABLE sitrep.edition",
    '💥',
    'a'.repeat(600),
  ),
);

/** Values for a schema, and some for none. */
function valuesOf(schema: Schema): fc.Arbitrary<unknown> {
  const fitting = fittingOf(schema);
  return fc.oneof({ weight: 6, arbitrary: fitting }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) });
}
function fittingOf({
  type,
  enum: values,
  properties,
  additionalProperties,
  anyOf,
  items,
  ...rest
}: Schema): fc.Arbitrary<unknown> {
  if (Array.isArray(values)) return fc.constantFrom(...values);
  if (Array.isArray(anyOf)) return fc.oneof(...anyOf.map((each: Schema) => fittingOf(each)));
  if (rest['format'] === 'date')
    return fc.oneof(
      fc.constantFrom('2021-08-15', '2021-08-22', '0000-01-01', '9999-12-31'),
      fc
        .date({ min: new Date('2021-06-01'), max: new Date('2021-09-01'), noInvalidDate: true })
        .map((at) => at.toISOString().slice(0, 10)),
    );
  switch (type) {
    case 'integer':
    case 'number':
      return fc.oneof(fc.integer({ min: -2, max: 300 }), fc.double());
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(fittingOf((items ?? {}) as Schema), { maxLength: 3 });
    case 'object':
      return properties === undefined
        ? fc.dictionary(
            fc.oneof(
              fc.constant('actor'),
              anyText.filter((name) => name !== '__proto__'),
            ),
            fittingOf((additionalProperties ?? {}) as Schema),
            { maxKeys: 2 },
          )
        : fc.record(
            Object.fromEntries(
              Object.entries(properties as { [name: string]: Schema }).map(([name, each]) => [
                name,
                valuesOf(each),
              ]),
            ),
            { requiredKeys: [] },
          );
    default:
      return anyText;
  }
}

interface Question {
  readonly path: string;
  readonly method: string;
  readonly headers: { [name: string]: string };
  readonly body?: string;
}

function questionsFor(
  path: string,
  method: string,
  { parameters = [], requestBody }: Operation,
): fc.Arbitrary<Question> {
  const inPath = parameters.filter((each) => each.in === 'path');
  const inQuery = parameters.filter((each) => each.in === 'query');
  const body = requestBody?.content['application/json']?.schema;
  return fc
    .record({
      names: fc.tuple(...inPath.map(() => anyText)),
      query: fc.record(Object.fromEntries(inQuery.map(({ name, schema }) => [name, valuesOf(schema)])), {
        requiredKeys: [],
      }),
      body:
        body === undefined
          ? fc.constant(undefined)
          : fc.oneof(
              { weight: 8, arbitrary: valuesOf(body).map((value) => JSON.stringify(value)) },
              fc.constantFrom('', '{', 'null', '{"__proto__":{"a":1}}'),
            ),
      headers: fc.record(
        {
          range: fc.constantFrom('bytes=0-3', 'bytes=-1', 'bytes=9-1', 'lines=1-2', 'bytes=0-1,4-5'),
          'last-event-id': fc.constantFrom('end', '1.1', '999999999.1', 'x', '-1.-1'),
          'if-none-match': fc.constantFrom('*', '"x"', ',', 'W/'),
        },
        { requiredKeys: [] },
      ),
    })
    .map(({ names, query, body: text, headers }) => {
      const filled = inPath.reduce(
        (url, { name }, index) =>
          url.replace(`{${name}}`, encodeURIComponent(String(names[index]).toWellFormed())),
        path,
      );
      const asked = new URLSearchParams(
        Object.entries(query).map(([key, value]) => [
          key,
          typeof value === 'string' ? value : JSON.stringify(value),
        ]),
      );
      return {
        path: asked.size > 0 ? `${filled}?${asked}` : filled,
        method: method.toUpperCase(),
        headers,
        ...(text !== undefined && { body: text }),
      };
    });
}

/** One that is right, so that each route is also seen to answer. */
const plainQuestion = (path: string, method: string, { requestBody }: Operation): Question => ({
  path: path.replace('{brief}', 'celebrations').replace('{edition}', '2021-08-15'),
  method: method.toUpperCase(),
  headers: {},
  ...(requestBody && { body: JSON.stringify({ asOf: '2021-08-08' }) }),
});

test(
  'no question makes the server fail, hang, or answer otherwise than its document says',
  { timeout: 300_000 },
  async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const house = await openHouse(ledger, { weekly: deliverTo('email: ana@example.org', 'folder: archive') });
    // Nobody makes what is asked for here: the queue must not fill up.
    Object.assign(house.context, { mostQueued: 100_000 });
    await using web = await openWeb(house);
    await delivering(ledger, mailTo('ana@example.org'));
    await web.ask('/api/briefs/celebrations/editions', { method: 'POST', body: { asOf: '2021-08-15' } });
    await makeEdition(
      { id: 'celebrations/2021-08-15', job: 'job', signal: new AbortController().signal },
      house.forEditions,
    );

    const { json: document } = (await web.ask('/openapi.json')) as { json: Document };
    const ajv = new Ajv2020({ strict: false, formats: { 'date-time': true, date: true } });
    const seen = new Map<string, Set<number>>();
    for (const [path, methods] of Object.entries(document.paths))
      for (const [method, operation] of Object.entries(methods)) {
        const statuses = new Set<number>();
        seen.set(`${method} ${path}`, statuses);
        await fc.assert(
          fc.asyncProperty(questionsFor(path, method, operation), async (question) => {
            statuses.add(await answered(web, question, { operation, ajv }));
          }),
          { numRuns: RUNS_EACH, endOnFailure: true, examples: [[plainQuestion(path, method, operation)]] },
        );
      }
    const answers = (question: string) => [...(seen.get(question) ?? [])];
    const reading = [...seen.keys()].filter((question) => question.startsWith('get '));
    expect(reading.length).toBeGreaterThan(5);
    for (const question of reading) expect(answers(question), question).toContain(200);
    expect(answers('post /api/briefs/{brief}/editions')).toContain(202);
  },
);

async function answered(
  web: Web,
  question: Question,
  { operation, ajv }: { operation: Operation; ajv: Ajv2020 },
): Promise<number> {
  const signal = AbortSignal.timeout(HANG_MS);
  const { path, ...ask } = question;
  const answer = await web.begin(path, { ...ask, signal });
  const status = answer.statusCode ?? 0;
  expect(status, path).toBeLessThan(500);
  const type = answer.headers['content-type']?.split(';')[0] ?? '';
  if (type === 'text/event-stream') {
    answer.destroy();
    return status;
  }
  const text = Buffer.concat(await answer.toArray()).toString();
  if (status === 304) return status;
  const response = operation.responses[String(status)] ?? operation.responses['default'];
  if (status === 204) return status;
  const schema = response?.content?.[type]?.schema;
  expect(schema, `${status} ${type} of ${path}`).toBeDefined();
  if (type.endsWith('json') && status !== 206) {
    const validate = ajv.compile(schema ?? {});
    const told: unknown = schema?.['type'] === 'string' ? text : JSON.parse(text);
    expect(validate(told), `${ajv.errorsText(validate.errors)} in ${text}`).toBe(true);
  }
  return status;
}
