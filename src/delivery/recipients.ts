import type { Marking } from '../dataset/fields.ts';
import { type DeliveryRecord, type EditionRecord, type NewDelivery, revisionOf } from '../ledger/records.ts';
import type { Ledger } from '../ledger/types.ts';
import type { Locale } from '../locale.ts';
import type { Brief } from '../project/brief.ts';
import { hasValues } from '../project/parameters.ts';
import { addressOf, beyondClearance, type Target, target } from '../project/target.ts';

/** One delivery for each target that matches the edition and is within its reach. */
export function targetsOf(
  { reach, parameters }: EditionRecord,
  {
    brief,
    content,
    isExample = () => false,
  }: {
    brief: Brief;
    content: 'edition' | 'notice';
    /** Example targets receive nothing. */
    isExample?: ((to: Target) => boolean) | undefined;
  },
): NewDelivery[] {
  const { deliver, marking } = brief.config;
  return deliver
    .filter((to) => !isExample(to) && hasValues(parameters, to.only))
    .filter((to) => reach === 'all' || (reach === 'folders' && 'folder' in to))
    .map((to) => ({
      ...addressOf(to),
      content,
      copy: 0,
      target: to,
      heldBecause: beyondClearance(to, marking),
    }));
}

/**
 * The deliveries of a revision. They go to exactly the recipients of earlier revisions, at the same addresses and
 * terms, even if the brief has changed. A recipient whose address was forgotten gets a blocked delivery, so that the
 * operator notices.
 */
export async function targetsOfReplaced(
  edition: EditionRecord,
  marking: Marking,
  { ledger, locale }: { ledger: Ledger; locale: Locale },
): Promise<NewDelivery[]> {
  const gone = await goneBefore(edition, ledger);
  const latest = new Map(gone.map((each) => [placeOf(each), each]));
  return [...latest.values()].map(({ channel, address, target: to }) => {
    const known = target.safeParse(to);
    return {
      channel,
      address,
      content: 'edition',
      copy: 0,
      target: to,
      heldBecause: known.success
        ? beyondClearance(known.data, marking)
        : locale.text('mail.reason.recipient_forgotten', { edition: edition.id }),
    };
  });
}

/** Deliveries of the edition's earlier revisions that went out, the earliest first. */
export async function goneBefore(edition: EditionRecord, ledger: Ledger): Promise<DeliveryRecord[]> {
  const revisions = await ledger.revisions(edition.id);
  const earlier = revisions.filter((each) => revisionOf(each) < revisionOf(edition));
  return goneOf(earlier, ledger);
}

/** Deliveries that arrived or may have, the earliest first: all who may have an error must hear of its correction. */
export async function goneOf(revisions: readonly EditionRecord[], ledger: Ledger): Promise<DeliveryRecord[]> {
  const gone: DeliveryRecord[] = [];
  for (const { id } of revisions) {
    const deliveries = await ledger.deliveries({ edition: id });
    gone.push(
      ...deliveries
        .filter(({ content }) => content === 'edition')
        .filter(({ state, mayHaveArrived }) => state === 'sent' || state === 'sending' || mayHaveArrived)
        .toReversed(),
    );
  }
  return gone;
}

/** Deliveries with an unknown outcome, at addresses with no confirmed delivery. */
export function unsureOf(gone: readonly DeliveryRecord[]): DeliveryRecord[] {
  const sure = new Set(gone.filter(({ state }) => state === 'sent').map(placeOf));
  return gone.filter((each) => each.state !== 'sent' && !sure.has(placeOf(each)));
}

/** The delivery's channel and address as one key. */
export const placeOf = ({ channel, address }: DeliveryRecord): string => `${channel} ${address}`;
