import { openPictures } from '../editions/files.ts';
import type { EditionService } from '../editions/service.ts';
import type { Ledger } from '../ledger/types.ts';
import { openSessions, sessionKey } from '../editions/access.ts';
import { readEditionFile } from '../production/store.ts';
import type { Health } from '../server/health.ts';
import { linkTo } from '../server/login.ts';
import type { PageDependencies } from '../server/pages/queries.ts';
import { openPages } from '../server/pages/pages.ts';
import { serve } from '../server/server.ts';
import { now, type Parts } from './parts.ts';

/** Serves the API and the pages of a ledger. `newLink` creates a link that logs one browser in. */
export async function openHttp({
  ledger,
  service,
  health,
  parts,
}: {
  ledger: Ledger;
  service: EditionService;
  health: Health;
  parts: Parts;
}): Promise<AsyncDisposable & { port: number; newLink: () => string }> {
  const { publicUrl } = parts.delivery;
  const sessions = openSessions(ledger, { now });
  const server = await serve(
    {
      service,
      sessions,
      key: await sessionKey(ledger),
      health,
      readAsset: parts.readAsset,
      pages: await openPages(service, worldOf(parts)),
      log: parts.log,
    },
    { ...parts.http, publicUrl },
  );
  // If the cookie is limited to https, it works only at the public address.
  const address = publicUrl ?? addressOf(parts.http.host, server.port);
  return { ...server, newLink: () => linkTo(address, sessions.newLink()) };
}

/**
 * The address of a server for a browser on this machine. A host that stands for all addresses includes the loopback
 * address.
 */
const addressOf = (host: string, port: number): string => {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
};

const worldOf = (parts: Parts): PageDependencies => ({
  ...parts,
  picture: openPictures({ cacheFolder: parts.cacheFolder, draw: parts.drawPicture }),
  readFile: readEditionFile,
  explain: async (pdf, phrase) => {
    const { explain } = await import('../production/explain.ts');
    return explain(pdf, { phrase, repository: parts });
  },
  now,
});
