import { existsSync } from 'node:fs';
import { z } from 'zod';
import type { Recorded } from '../pipeline/alterations.ts';
import type { Parts } from './parts.ts';
import { ledgerFolder, withLedger } from './reach.ts';

const made = z.array(z.looseObject({ id: z.string(), sha256: z.string().nullable() }));

/** The hash of an edition's PDF in the ledger of an output folder, if there is a ledger and it holds one. */
export async function recordedIn(
  out: string,
  { edition, parts }: { edition: string; parts: () => Parts },
): Promise<Recorded[]> {
  const own = parts();
  // To ask is not to begin one.
  if (own.databaseUrl === undefined && !existsSync(ledgerFolder(out))) return [];
  const found = await withLedger({ out, work: false, parts: own }, (operate) => operate('runs', { edition }));
  return made
    .parse(JSON.parse(JSON.stringify(found)))
    .flatMap(({ id, sha256 }) =>
      id === edition && sha256 !== null ? [{ where: 'the ledger', sha256 }] : [],
    );
}
