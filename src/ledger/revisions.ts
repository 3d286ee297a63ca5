import type { EditionRecord } from './edition.ts';
import type { Ledger } from './types.ts';

export const revisionOf = ({ correction }: Pick<EditionRecord, 'correction'>): number =>
  correction?.revision ?? 1;

/** Whether a revision replaces the earlier ones: it does unless cancelled, even before it is generated. */
export const isIssued = ({ state }: EditionRecord): boolean => state !== 'cancelled';

/** The later revision that replaces or will replace an edition; undefined if there is none. */
export async function replacementOf(
  edition: EditionRecord,
  ledger: Ledger,
): Promise<EditionRecord | undefined> {
  const revisions = await ledger.revisions(edition.id);
  return revisions.findLast((each) => revisionOf(each) > revisionOf(edition) && isIssued(each));
}
