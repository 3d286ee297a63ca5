import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { basename } from 'node:path';
import cookie from '@fastify/cookie';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { addressOf, openPages, type PagesWorld } from './pages.ts';
import { openPreview, type PreviewWorld, type Wanted } from './session.ts';
import { type DayName, dayName } from '../calendar.ts';
import { hashOfToken, tokenWith } from '../editions/access.ts';
import { AppError } from '../errors.ts';
import { openEventStream, sendEvent } from '../event-stream.ts';
import { hashOf } from '../hash.ts';
import type { Locale } from '../locale.ts';
import { type Format, formats } from '../project/brief.ts';

export interface PreviewOptions {
  readonly brief: string | undefined;
  readonly asOf: DayName | undefined;
  readonly port: number;
  readonly now: Date;
  readonly signal: AbortSignal;
  readonly onReady: (address: string) => void;
}

export interface Surroundings extends PreviewWorld, PagesWorld {
  readonly watched: readonly string[];
  watch(folders: readonly string[], onChange: (paths: ReadonlySet<string>) => void): Promise<Disposable>;
}

/** Unpublished work must stay private from the network and from other users of the machine. */
const HOST = '127.0.0.1';
const allowedHosts = new Set(['127.0.0.1', 'localhost', '[::1]']);

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  'font-src data:',
  "connect-src 'self'",
  "frame-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');
/** A brief has its own policy; this one keeps scripts off even if the brief is opened outside the frame. */
const pagePolicy = "sandbox allow-same-origin; frame-ancestors 'self'";

const query = z.object({
  'as-of': z.preprocess((value) => (value === '' ? undefined : value), dayName.optional()),
  edition: z.string().max(2000).optional(),
  view: z.enum(formats).default('html'),
});
type Ask = { Params: { id: string }; Querystring: unknown };

/** Serves the preview until the signal is aborted. Throws `settings-invalid` if the port cannot be used. */
export async function servePreview(options: PreviewOptions, world: Surroundings): Promise<void> {
  const { signal } = options;
  const preview = openPreview(world, options);
  const listeners = new Set<() => void>();
  using resources = new DisposableStack();
  const onChange = (): void => {
    for (const listener of listeners) listener();
  };
  resources.use(await world.watch(world.watched, onChange));
  const pages = await openPages(world);
  const server = Fastify({ forceCloseConnections: true });
  const key = randomBytes(32).toString('base64url');
  await server.register(cookie);
  guard(server, hashOfToken(key), world.locale);
  await serveAssets(server, world);

  /** What a page shows of a view, and a version that tells the page whether it is up to date. */
  const seen = async (wanted: Wanted, format: Format) => {
    const view = await preview(wanted, format);
    const version = view.page === undefined ? 'none' : hashOf(view.page).slice(0, 16);
    const [bar, faults] = [pages.bar(view, wanted, format), await pages.faults(view)];
    const src = addressOf(wanted, { file: `/page.${format}` });
    return {
      title: view.brief?.config.title ?? wanted.brief,
      parts: { bar, faults },
      version,
      src: `${src}${src.includes('?') ? '&' : '?'}version=${version}`,
      stamp: hashOf(JSON.stringify([version, bar, faults])).slice(0, 16),
    };
  };
  const wantedOf = ({ id }: Ask['Params'], asked: unknown): { wanted: Wanted; format: Format } => {
    const { 'as-of': asOf = options.asOf, edition = '', view } = query.parse(asked);
    return {
      wanted: { brief: id, asOf, given: Object.fromEntries(new URLSearchParams(edition)) },
      format: view,
    };
  };

  server.get('/', async (_, reply) => html(reply, await pages.index()));
  server.get('/events', (request, reply) =>
    openStream(reply, { request, listeners }, async () => {
      const list = await pages.list();
      return { parts: { list }, version: '', src: '', stamp: hashOf(list) };
    }),
  );
  server.get<Ask>('/briefs/:id', async (request, reply) => {
    if (!(await world.briefIds()).includes(request.params.id))
      return html(reply.code(404), await pages.index());
    const { wanted, format } = wantedOf(request.params, request.query);
    const { title, parts, ...data } = await seen(wanted, format);
    const events = addressOf(wanted, { format, file: '/events' });
    return html(reply, pages.shell({ title, ...parts, data: { ...data, events, isPdf: format === 'pdf' } }));
  });
  server.get<Ask>('/briefs/:id/events', (request, reply) => {
    const { wanted, format } = wantedOf(request.params, request.query);
    return openStream(reply, { request, listeners }, () => seen(wanted, format));
  });
  server.get<Ask>('/briefs/:id/page.html', async (request, reply) => {
    const { page } = await preview(wantedOf(request.params, request.query).wanted, 'html');
    return html(reply.header('content-security-policy', pagePolicy), page ?? pages.empty());
  });
  server.get<Ask>('/briefs/:id/page.pdf', async (request, reply) => {
    const { page } = await preview(wantedOf(request.params, request.query).wanted, 'pdf');
    reply.header('content-security-policy', "frame-ancestors 'self'");
    if (page === undefined) return html(reply.code(404), pages.empty());
    return reply.type('application/pdf').send(page);
  });

  const address = await server.listen({ host: HOST, port: options.port }).catch((cause: unknown) => {
    const problem = `The port ${options.port} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}.`;
    const hint = 'Choose another port with --port, or 0 for any free port.';
    throw new AppError('settings-invalid', { problem, hint }, { cause });
  });
  const { brief, asOf } = options;
  const start = new URL(brief === undefined ? '/' : addressOf({ brief, asOf, given: {} }), address);
  start.searchParams.set('key', key);
  options.onReady(start.href);
  if (!signal.aborted) await once(signal, 'abort');
  await server.close();
}

/**
 * Answers only requests with the key, either from the printed address or from the cookie that replaces it. The Host
 * header is checked too, since a site whose name resolves to this machine (DNS rebinding) still sends its own name.
 */
function guard(server: FastifyInstance, sha256: string, { text }: Locale): void {
  // Another preview on this machine, on another port, receives this cookie too.
  const name = `sitrep_preview_${sha256.slice(0, 8)}`;
  const isKey = (given: string | undefined) =>
    given !== undefined && tokenWith([{ sha256 }], hashOfToken(given)) !== undefined;
  server.addHook('onRequest', async ({ headers, cookies, url }, reply) => {
    reply
      .header('content-security-policy', policy)
      .header('cross-origin-resource-policy', 'same-origin')
      .header('cross-origin-opener-policy', 'same-origin')
      .header('x-content-type-options', 'nosniff')
      .header('referrer-policy', 'no-referrer')
      .header('cache-control', 'no-store');
    if (!allowedHosts.has((headers.host ?? '').replace(/:\d+$/, '')))
      return plain(reply.code(421), text('web.preview.wrong_host'));
    const [path = '', search] = url.split('?');
    const asked = new URLSearchParams(search);
    const given = asked.get('key') ?? undefined;
    if (isKey(given)) {
      asked.delete('key');
      return reply
        .setCookie(name, given ?? '', { path: '/', httpOnly: true, sameSite: 'lax' })
        .redirect(asked.size > 0 ? `${path}?${asked.toString()}` : path, 303);
    }
    return isKey(cookies[name]) ? undefined : plain(reply.code(401), text('web.preview.no_key'));
  });
  server.setErrorHandler((error, _, reply) => {
    const isAsked = error instanceof z.ZodError;
    const problem = isAsked
      ? error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ')
      : error instanceof Error
        ? error.message
        : String(error);
    return plain(reply.code(isAsked ? 400 : 500), problem);
  });
}

async function serveAssets(server: FastifyInstance, world: Surroundings): Promise<void> {
  const { fontFaces } = await world.loadMaterial();
  server.get('/assets/fonts.css', (_, reply) =>
    reply.type('text/css').header('cache-control', 'max-age=3600').send(fontFaces),
  );
  for (const [file, type] of [
    ['base.css', 'text/css'],
    ['preview/preview.css', 'text/css'],
    ['preview/preview.js', 'text/javascript'],
  ] as const) {
    const content = await world.readAsset(file);
    server.get(`/assets/${basename(file)}`, (_, reply) => reply.type(type).send(content));
  }
}

const plain = (reply: FastifyReply, text: string) =>
  reply.type('text/plain; charset=utf-8').send(`${text}\n`);
const html = (reply: FastifyReply, page: string | Uint8Array) =>
  reply.type('text/html; charset=utf-8').send(page);

/** A browser that loses the connection retries after this time. */
const RETRY_MS = 500;

/**
 * Sends the result of `look`, the parts of a page as HTML by id and the address in its frame, as server-sent events: at
 * once, in case something changed before the connection, and after every change.
 */
function openStream(
  reply: FastifyReply,
  { request, listeners }: { request: FastifyRequest; listeners: Set<() => void> },
  look: () => Promise<object>,
): void {
  const raw = openEventStream(reply, { retryMs: RETRY_MS });
  const send = async (): Promise<void> => {
    const view = await look();
    if (!raw.destroyed && !raw.writableEnded) sendEvent(raw, 'view', view);
  };
  // One after another, so that an older view never follows a newer one. Without a change in between, the next is the same.
  let sent = Promise.resolve();
  const listener = (): void => {
    sent = sent.then(send).catch((error: unknown) => {
      // The browser reconnects and then loads the page, which shows the fault.
      request.log.error(error);
      raw.end();
    });
  };
  listeners.add(listener);
  raw.on('close', () => listeners.delete(listener));
  listener();
}
