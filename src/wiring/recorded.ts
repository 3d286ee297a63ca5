import { existsSync } from 'node:fs';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import type { EditionNames } from '../production/verify.ts';
import type { Recorded } from '../provenance/alterations.ts';
import { ledgerFolder, withLedger } from './ledger-client.ts';
import type { Parts } from './parts.ts';

const made = z.array(z.looseObject({ paper: z.string(), sha256: z.string().nullable() }));

/** The hash of an edition's PDF in the ledger of an output folder, if there is a ledger and it has one. */
export async function recordedIn(
  out: string,
  { named: { ids, paper }, parts }: { named: EditionNames; parts: () => Parts },
): Promise<Recorded[]> {
  const own = parts();
  // To ask is not to begin one.
  if (own.databaseUrl === undefined && !existsSync(ledgerFolder(out))) return [];
  const found = await withLedger({ out, work: false, parts: own }, async (operate) => {
    const rows: unknown[] = [];
    for (const edition of ids)
      rows.push(
        await operate('runs', { edition }).catch((error: unknown) => {
          if (error instanceof AppError && error.code === 'edition-unknown') return [];
          throw error;
        }),
      );
    return rows.flat();
  });
  return made
    .parse(JSON.parse(JSON.stringify(found)))
    .flatMap((row) =>
      row.paper === paper && row.sha256 !== null ? [{ where: 'the ledger', sha256: row.sha256 }] : [],
    );
}
