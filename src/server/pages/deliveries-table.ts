import type { Caller } from '../../ledger/principal.ts';
import type { BriefDetail, DeliveryView, EditionView } from '../../ledger/views.ts';
import { deliveryActions, resendTo } from './actions.ts';
import { instant } from './format.ts';

/** The deliveries of an edition, and those of its brief's targets that it can still be sent to. */
export function deliveriesOf(
  {
    caller,
    edition,
    deliveries,
    targets,
    replacedBy,
  }: {
    caller: Caller;
    edition: EditionView;
    deliveries: readonly DeliveryView[];
    targets: BriefDetail['targets'];
    replacedBy: EditionView | null;
  },
  href: string,
) {
  const isReplaced = replacedBy !== null;
  const rows = deliveries.map((each) => deliveryRow(each, { caller, back: href, isReplaced }));
  const reached = new Set(deliveries.map(({ address }) => address));
  const more = targets.filter(({ address }) => !reached.has(address));
  const isMade = edition.renderedAt !== null && edition.files.length > 0;
  const canSend = caller.may === 'operate' && isMade && !isReplaced;
  const rest = canSend
    ? more.map(({ address, channel }) => ({
        to: address,
        how: channel,
        state: 'not sent',
        since: null,
        why: '',
        edition: null,
        actions: [resendTo(edition.id, { address, label: 'Send', back: href })],
      }))
    : [];
  return [...rows, ...rest];
}

const contents: { readonly [content in DeliveryView['content']]: string } = {
  edition: '',
  notice: 'notice that nothing is new',
  held: 'word to the operator',
  failed: 'word to the operator',
  late: 'word to the operator',
  'left-out': 'word to the operator',
  undelivered: 'word to the operator',
  approval: 'word to the operator',
};

/** One row of the table of deliveries. For callers with read access, the addresses are already shortened. */
export function deliveryRow(
  delivery: DeliveryView,
  { caller, ...leading }: { caller: Caller; back: string; isReplaced?: boolean },
) {
  const { address, channel, copy, content, state, reason, createdAt, sendingAt, settledAt } = delivery;
  return {
    to: caller.may === 'operate' ? address : channel,
    how: [caller.may === 'operate' ? channel : '', copy > 0 ? `copy ${copy + 1}` : '', contents[content]]
      .filter((part) => part !== '')
      .join(', '),
    state,
    since: instant(settledAt ?? sendingAt ?? createdAt),
    why: reason ?? '',
    edition: null,
    actions: deliveryActions(caller, delivery, leading),
  };
}
