import type { Brief } from '../model/brief.ts';
import type { DeliveryRecord, EditionRecord, NewDelivery } from '../model/edition.ts';
import type { Marking } from '../model/marking.ts';
import { hasValues } from '../model/parameters.ts';
import { addressOf, beyondClearance, target } from '../model/target.ts';
import type { Ledger } from './ledger.ts';

export const revisionOf = ({ correction }: Pick<EditionRecord, 'correction'>): number =>
  correction?.revision ?? 1;

/** One delivery for each target that the edition is for and that it may reach. */
export function targetsOf(
  { reach, parameters }: EditionRecord,
  { brief, content }: { brief: Brief; content: 'edition' | 'notice' },
): NewDelivery[] {
  const { deliver, marking } = brief.config;
  return deliver
    .filter(({ only }) => hasValues(parameters, only))
    .map((to) => ({ to, ...addressOf(to) }))
    .filter(({ channel }) => reach === 'all' || (reach === 'folders' && channel === 'folder'))
    .map(({ to, channel, address }) => ({
      channel,
      address,
      content,
      copy: 0,
      target: to,
      heldBecause: beyondClearance(to, marking),
    }));
}

/**
 * A delivery of a revision for exactly those to whom any earlier one was sent, at the address and under the terms of
 * then, whatever the brief says by now. One whose address was forgotten since is held, so that it is not lost unseen.
 */
export async function receiversOf(
  edition: EditionRecord,
  { ledger, marking }: { ledger: Ledger; marking: Marking },
): Promise<NewDelivery[]> {
  const sent = await sentBefore(edition, ledger);
  const latest = new Map(sent.map((each) => [`${each.channel} ${each.address}`, each]));
  return [...latest.values()].map(({ channel, address, target: to }) => {
    const known = target.safeParse(to);
    return {
      channel,
      address,
      content: 'edition',
      copy: 0,
      target: to,
      heldBecause: known.success ? beyondClearance(known.data, marking) : forgotten(edition.id),
    };
  });
}

const forgotten = (edition: string): string =>
  `An earlier revision went there, and the address was forgotten since. Tell them otherwise: "sitrep resend ${edition} --to …".`;

/** What of the earlier revisions of an edition was sent, the earliest first. */
export async function sentBefore(edition: EditionRecord, ledger: Ledger): Promise<DeliveryRecord[]> {
  const revisions = await ledger.revisions(edition.id);
  const earlier = revisions.filter((each) => revisionOf(each) < revisionOf(edition));
  const sent: DeliveryRecord[] = [];
  for (const { id } of earlier) sent.push(...(await sentOf(id, ledger)));
  return sent;
}

/** What of one edition was sent, the earliest first. */
export async function sentOf(id: string, ledger: Ledger): Promise<DeliveryRecord[]> {
  const deliveries = await ledger.deliveries({ edition: id, state: 'sent', limit: 100_000 });
  return deliveries.filter(({ content }) => content === 'edition').toReversed();
}
