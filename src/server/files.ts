import { resolve } from 'node:path';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EditionService } from '../editions/service.ts';
import type { FileKind } from '../ledger/views.ts';
import { callerOf } from './auth.ts';
import { problemOf } from './problem.ts';

const types: { readonly [kind in FileKind]: string } = {
  pdf: 'application/pdf',
  html: 'text/html; charset=utf-8',
  manifest: 'application/json; charset=utf-8',
};
/** A brief's HTML may only display itself, and only pages of this service may frame it. */
const policy =
  "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; frame-ancestors 'self'";

/** Sends a file of an edition or a range of it. The path comes from the ledger, never from the request. */
export async function sendEditionFile(
  service: EditionService,
  { request, reply, id, kind }: { request: FastifyRequest; reply: FastifyReply; id: string; kind: FileKind },
): Promise<void> {
  const file = await service.file(callerOf(request), id, kind);
  if (file === undefined)
    throw problemOf('not-found', {
      detail: `${id} has no ${kind === 'manifest' ? 'manifest' : kind.toUpperCase()}.`,
      hint: 'It may not be generated yet: check its state.',
    });
  const etag = `"${file.sha256}"`;
  const { headers } = request.raw;
  reply.header('etag', etag).header('cache-control', 'private, no-cache');
  // A browser's PDF viewer is a page of its own, which needs to load its resources.
  reply.header('content-security-policy', kind === 'html' ? policy : "frame-ancestors 'self'");
  if (headers['if-none-match'] !== undefined && holds(headers['if-none-match'], etag))
    return void (await reply.code(304).send());
  // If the client's copy is outdated, it needs the whole file.
  if (headers['if-range'] !== undefined && headers['if-range'] !== etag) delete headers.range;
  // The library would evaluate these headers without knowing the hash.
  for (const name of ['if-range', 'if-none-match', 'if-match', 'if-modified-since', 'if-unmodified-since'])
    delete headers[name];
  reply.header('content-disposition', `inline; filename="${file.name.replaceAll(/["\\]/g, '')}"`);
  return reply.type(types[kind]).sendFile(file.name, resolve(file.folder), {
    etag: false,
    lastModified: false,
    cacheControl: false,
    contentType: false,
    dotfiles: 'deny',
  });
}

const holds = (list: string, etag: string): boolean =>
  list === '*' || list.split(',').some((each) => each.trim().replace(/^W\//, '') === etag);
