import { isForRecipients, type DeliveryRecord, type EditionRecord } from '../model/edition.ts';
import type { Ledger } from './ledger.ts';
import { editionOf, refused, type Office } from './office.ts';

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

/** Throws for an edition, or a delivery of one, in whose place a later revision is or will be. */
export async function refuseReplaced(
  office: Office,
  found: { edition: EditionRecord } | { delivery: DeliveryRecord },
): Promise<void> {
  if ('delivery' in found && !isForRecipients(found.delivery.content)) return;
  const edition = 'edition' in found ? found.edition : await editionOf(office, found.delivery.edition);
  const later = await replacementOf(edition, office.ledger);
  if (later) throw refused(`${edition.id} is replaced by ${later.id}.`, 'Name that one.');
}
