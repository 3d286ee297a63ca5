import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { commandsOn, type House } from './house.ts';
import { hashOfToken, newToken, openSessions, sessionKey } from '../../src/editions/access.ts';
import { type EditionService, openEditionService } from '../../src/editions/service.ts';
import type { Caller } from '../../src/ledger/principal.ts';
import { linkTo } from '../../src/server/auth.ts';
import type { Pages } from '../../src/server/problem.ts';
import { serve, type ServerOptions } from '../../src/server/server.ts';
import { assetsOf } from '../../src/wiring/project.ts';

const root = join(import.meta.dirname, '../..');

/** What came as JSON: a test says what it should be. */
type Json = ReturnType<typeof JSON.parse>;

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  /** The body as JSON. */
  readonly json: Json;
}

interface Ask {
  readonly method?: string;
  readonly headers?: { readonly [name: string]: string };
  /** Sent as JSON, but for text. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** A real server on a free port, until it is disposed of. */
export interface Web extends AsyncDisposable {
  readonly port: number;
  /** Of the browser that all requests come from, but for those that bring a cookie or a token. */
  readonly cookie: string;
  /** The path of a link that lets in once. */
  newLink(): string;
  readonly service: EditionService;
  ask(path: string, ask?: Ask): Promise<Answer>;
  /** The same, without waiting for the end of the answer. */
  begin(path: string, ask?: Ask): Promise<IncomingMessage>;
  /** Makes a token, as the command does. */
  token(caller: Caller): Promise<string>;
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** `host` is loopback by default; nobody is logged in for a `stranger`; health never ails. */
export async function openWeb(
  { context }: House,
  {
    pages = null,
    stranger = false,
    ...options
  }: Partial<ServerOptions> & {
    pages?: ((service: EditionService) => Promise<Pages>) | null;
    stranger?: boolean;
  } = {},
): Promise<Web> {
  const service = openEditionService(context);
  const faults: object[] = [];
  const sessions = openSessions(context.ledger, context);
  const served = await serve(
    {
      service,
      sessions,
      key: await sessionKey(context.ledger),
      health: {
        condition: () => Promise.resolve({ reason: null, problems: [] }),
        metrics: { read: () => Promise.resolve('sitrep_editions 1\n'), contentType: 'text/plain' },
      },
      readAsset: assetsOf({ sitrep: root }),
      pages: (await pages?.(service)) ?? null,
      log: { info: () => {}, warn: () => {}, error: (fields) => void faults.push(fields) },
    },
    { host: '127.0.0.1', port: 0, publicUrl: null, requestsPerMinute: 100_000, ...options },
  );
  const newLink = () => linkTo('', sessions.newLink());
  let cookie = '';
  const begin = async (
    path: string,
    { method = 'GET', headers = {}, body, signal }: Ask = {},
  ): Promise<IncomingMessage> => {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const call = request({
      host: '127.0.0.1',
      port: served.port,
      path,
      method,
      headers: {
        ...(text !== undefined && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(text),
        }),
        ...(cookie !== '' && !('authorization' in headers) && { cookie, 'sec-fetch-site': 'same-origin' }),
        ...headers,
      },
      ...(signal && { signal }),
    });
    call.end(text);
    const [answer] = (await once(call, 'response')) as [IncomingMessage];
    return answer;
  };
  if (!stranger) {
    const answer = await begin(newLink());
    answer.resume();
    [cookie = ''] = answer.headers['set-cookie']?.[0]?.split(';') ?? [];
  }
  return {
    port: served.port,
    cookie,
    newLink,
    service,
    begin,
    async ask(path, ask) {
      const answer = await begin(path, ask);
      const bytes = Buffer.concat(await answer.toArray());
      const text = bytes.toString();
      return {
        status: answer.statusCode ?? 0,
        headers: answer.headers,
        bytes,
        text,
        get json() {
          return JSON.parse(text);
        },
      };
    },
    async token(caller) {
      const token = newToken();
      await commandsOn(context).addToken({ ...caller, sha256: hashOfToken(token) });
      return token;
    },
    async [Symbol.asyncDispose]() {
      await served[Symbol.asyncDispose]();
      if (faults.length > 0) throw new Error(`Requests failed: ${JSON.stringify(faults)}`);
    },
  };
}

interface Told {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: Json;
}

/** All events until the server ends them. */
export async function allEvents(answer: IncomingMessage): Promise<Told[]> {
  const events: Told[] = [];
  for await (const event of readEvents(answer)) events.push(event);
  return events;
}

/** Events as they come: each with its name, id and data. */
export async function* readEvents(answer: IncomingMessage): AsyncGenerator<Told> {
  let text = '';
  for await (const chunk of answer) {
    text += String(chunk);
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = new Map(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const),
      );
      text = text.slice(end + 2);
      const event = fields.get('event');
      if (event !== undefined)
        yield { event, id: fields.get('id'), data: JSON.parse(fields.get('data') ?? 'null') };
    }
  }
}
