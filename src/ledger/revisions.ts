import type { EditionRecord } from './edition.ts';
import type { Ledger } from './types.ts';

export const revisionOf = ({ correction }: Pick<EditionRecord, 'correction'>): number =>
  correction?.revision ?? 1;

/** Not given up: it takes the place of those before it, be it made yet or not. */
export const isIssued = ({ state }: EditionRecord): boolean => state !== 'cancelled';

/** The revision that is or will be in the place of an edition; undefined while that is the last. */
export async function replacementOf(
  edition: EditionRecord,
  ledger: Ledger,
): Promise<EditionRecord | undefined> {
  const revisions = await ledger.revisions(edition.id);
  return revisions.findLast((each) => revisionOf(each) > revisionOf(edition) && isIssued(each));
}
