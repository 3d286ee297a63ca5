import { readEditionFile } from '../adapters/editions.ts';
import { openPictures } from '../adapters/pictures.ts';
import { AppError } from '../model/fault.ts';
import { isLoopback } from '../model/delivery-settings.ts';
import { openAdmission, sessionKey } from '../runtime/admission.ts';
import { openDesk } from '../runtime/desk.ts';
import { explain } from '../runtime/explain.ts';
import type { Office } from '../runtime/office.ts';
import type { Health } from '../shells/http/health.ts';
import { serve } from '../shells/http/server.ts';
import { openPages } from '../shells/pages/pages.ts';
import type { PagesWorld } from '../shells/pages/world.ts';
import { now, type Parts } from './parts.ts';

/** Serves the API and the pages of a ledger. Throws `settings-invalid` where strangers could come in. */
export async function openHttp({
  office,
  health,
  parts,
}: {
  office: Office;
  health: Health;
  parts: Parts;
}): Promise<AsyncDisposable & { port: number }> {
  const { ledger } = office;
  const { host } = parts.http;
  if (!isLoopback(host) && (await ledger.tokens()).length === 0)
    throw new AppError('settings-invalid', [
      {
        field: 'SITREP_HOST',
        problem: `${host} can be reached from elsewhere, and there is no token to let anybody in by.`,
        mend: 'Make one first: sitrep token add NAME --may operate --clearance TLP:AMBER.',
      },
    ]);
  return serve(
    {
      desk: openDesk(office),
      admission: openAdmission(ledger, { now }),
      key: await sessionKey(ledger),
      health,
      readAsset: parts.readAsset,
      pages: (desk) => openPages(desk, worldOf(parts)),
      log: parts.log,
    },
    { ...parts.http, publicUrl: parts.delivery.publicUrl },
  );
}

const worldOf = (parts: Parts): PagesWorld => ({
  ...parts,
  picture: openPictures({ cacheFolder: parts.cacheFolder, draw: parts.drawPicture }),
  readFile: readEditionFile,
  explain: (pdf, phrase) => explain(pdf, { phrase, repository: parts }),
  now,
});
