import { existsSync } from 'node:fs';
import { AppError } from '../errors.ts';
import type { EditionNames } from '../production/verify.ts';
import type { Recorded } from '../provenance/alterations.ts';
import { ledgerFolder, withLedger } from './ledger-client.ts';
import type { Parts } from './parts.ts';

/** The hash of an edition's PDF according to an output folder's ledger, if the ledger and the edition exist. */
export async function recordedIn(
  out: string,
  { named: { ids, paper }, readParts }: { named: EditionNames; readParts: () => Promise<Parts> },
): Promise<Recorded[]> {
  const own = await readParts();
  // A query must not create a ledger.
  if (own.databaseUrl === undefined && !existsSync(ledgerFolder(out))) return [];
  return withLedger({ out, work: false, parts: own }, async ({ service, caller }) => {
    const found = await Promise.all(
      ids.map((id) =>
        service.edition(caller, id).catch((error: unknown) => {
          if (error instanceof AppError && error.code === 'edition-unknown') return null;
          throw error;
        }),
      ),
    );
    return found.flatMap((edition) =>
      edition !== null && edition.paper === paper && edition.sha256 !== null
        ? [{ where: 'the ledger', sha256: edition.sha256 }]
        : [],
    );
  });
}
