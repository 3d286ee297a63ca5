import { readEditionFile } from '../adapters/editions.ts';
import { openPictures } from '../adapters/pictures.ts';
import { openAdmission, sessionKey } from '../runtime/admission.ts';
import { openDesk } from '../runtime/desk.ts';
import { explain } from '../runtime/explain.ts';
import type { Office } from '../runtime/office.ts';
import type { Health } from '../shells/http/health.ts';
import { linkTo } from '../shells/http/login.ts';
import { serve } from '../shells/http/server.ts';
import { openPages } from '../shells/pages/pages.ts';
import type { PagesWorld } from '../shells/pages/world.ts';
import { now, type Parts } from './parts.ts';

/** Serves the API and the pages of a ledger. `newLink` gives a link that lets one browser in. */
export async function openHttp({
  office,
  health,
  parts,
}: {
  office: Office;
  health: Health;
  parts: Parts;
}): Promise<AsyncDisposable & { port: number; newLink: () => string }> {
  const { ledger } = office;
  const { publicUrl } = parts.delivery;
  const admission = openAdmission(ledger, { now });
  const server = await serve(
    {
      desk: openDesk(office),
      admission,
      key: await sessionKey(ledger),
      health,
      readAsset: parts.readAsset,
      pages: (desk) => openPages(desk, worldOf(parts)),
      log: parts.log,
    },
    { ...parts.http, publicUrl },
  );
  // Where the cookie is for https alone, only that address can set it.
  const address = publicUrl ?? addressOf(parts.http.host, server.port);
  return { ...server, newLink: () => linkTo(address, admission.newLink()) };
}

/** How a browser on this machine reaches a server that listens on a host: every address includes its own. */
const addressOf = (host: string, port: number): string => {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
};

const worldOf = (parts: Parts): PagesWorld => ({
  ...parts,
  picture: openPictures({ cacheFolder: parts.cacheFolder, draw: parts.drawPicture }),
  readFile: readEditionFile,
  explain: (pdf, phrase) => explain(pdf, { phrase, repository: parts }),
  now,
});
