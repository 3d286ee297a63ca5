import { isForRecipients } from '../../ledger/edition.ts';
import type { Caller } from '../../ledger/principal.ts';
import type { BriefDetail, DeliveryView, EditionView } from '../../ledger/views.ts';
import type { Locale } from '../../locale.ts';
import { deliveryActions, resendTo } from './actions.ts';
import { channelName, instant, named } from './format.ts';

/** The deliveries of an edition, and those of its brief's targets that it can still be sent to. */
export function deliveriesOf(
  {
    caller,
    locale,
    edition,
    deliveries,
    targets,
    replacedBy,
  }: {
    caller: Caller;
    locale: Locale;
    edition: EditionView;
    deliveries: readonly DeliveryView[];
    targets: BriefDetail['targets'];
    replacedBy: EditionView | null;
  },
  href: string,
) {
  const isReplaced = replacedBy !== null;
  const rows = deliveries.map((each) => deliveryRow(each, { caller, locale, back: href, isReplaced }));
  const reached = new Set(deliveries.map(({ address }) => address));
  const more = targets.filter(({ address }) => !reached.has(address));
  const isGenerated = edition.renderedAt !== null && edition.files.length > 0;
  const canSend = caller.may === 'operate' && isGenerated && !isReplaced;
  const rest = canSend
    ? more.map(({ address, channel }) => ({
        to: address,
        how: channelName(locale, channel),
        state: named(locale, 'unsent'),
        since: null,
        why: '',
        edition: null,
        actions: [
          resendTo(locale, edition.id, { address, label: locale.text('web.action.send'), back: href }),
        ],
      }))
    : [];
  return [...rows, ...rest];
}

/** One row of the table of deliveries. For callers with read access, the addresses are already shortened. */
export function deliveryRow(
  delivery: DeliveryView,
  { caller, locale, ...leading }: { caller: Caller; locale: Locale; back: string; isReplaced?: boolean },
) {
  const { address, copy, content, state, reason, createdAt, sendingAt, settledAt } = delivery;
  const channel = channelName(locale, delivery.channel);
  return {
    to: caller.may === 'operate' ? address : channel,
    how: locale.list([
      ...(caller.may === 'operate' ? [channel] : []),
      ...(copy > 0 ? [locale.text('web.deliveries.copy', { number: copy + 1 })] : []),
      ...(content === 'notice' ? [locale.text('web.deliveries.notice')] : []),
      ...(isForRecipients(content) ? [] : [locale.text('web.deliveries.alert')]),
    ]),
    state: named(locale, state),
    since: instant(locale, settledAt ?? sendingAt ?? createdAt),
    why: reason ?? '',
    edition: null,
    actions: deliveryActions({ caller, locale }, delivery, leading),
  };
}
