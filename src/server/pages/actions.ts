import type { TransitionName } from '../../editions/transitions.ts';
import { channelName, editionHref, instant, named } from './format.ts';
import type { EditionPageData } from './queries.ts';
import type { Caller } from '../../ledger/principal.ts';
import { type EditionState, isForRecipients } from '../../ledger/records.ts';
import type { DeliveryView, EditionView } from '../../ledger/views.ts';
import type { Locale } from '../../locale.ts';

export interface Action {
  readonly action: string;
  readonly label: string;
  /** What the button applies to, for users of screen readers. */
  readonly about: string;
  readonly fields: readonly { readonly name: string; readonly value: string }[];
}

/** An edition with a corrected revision is no longer sent. */
const isRefusedOnceReplaced = (change: TransitionName): boolean => change === 'retry' || change === 'release';

const ofGenerated = ({ deliveries }: EditionView): TransitionName[] => {
  const { waiting = 0, held = 0, bounced = 0, failed = 0 } = deliveries;
  const pending = (deliveries.pending ?? 0) + waiting;
  return [
    // An edition that waits for approval can also be generated again.
    ...(bounced + failed + waiting > 0 ? (['retry'] as const) : []),
    ...(pending > 0 ? (['hold'] as const) : []),
    ...(held > 0 ? (['release'] as const) : []),
    ...(pending + held > 0 ? (['cancel'] as const) : []),
  ];
};
const ofEdition: { readonly [state in EditionState]: (edition: EditionView) => readonly TransitionName[] } = {
  queued: () => ['hold', 'cancel'],
  rendering: () => ['cancel'],
  // A blocked edition that was started needs a retry. One that was not started was put on hold by an operator.
  held: ({ startedAt }) => [startedAt === null ? 'release' : 'retry', 'cancel'],
  failed: () => ['retry', 'cancel'],
  cancelled: () => ['retry'],
  skipped: () => ['retry'],
  rendered: ofGenerated,
  delivering: ofGenerated,
  done: ofGenerated,
};

/** The key of the label for a change to an edition. */
function labelOf(
  change: TransitionName,
  { state, deliveries: { bounced = 0, failed = 0 } }: EditionView,
): string {
  if (ofEdition[state] !== ofGenerated) return `web.action.${change}`;
  // The changes to a generated edition are changes to its deliveries.
  if (change !== 'retry') return `web.action.${change}_deliveries`;
  return bounced + failed === 0 ? 'web.action.generate_again' : 'web.action.resend_failed';
}

/** The actions for an edition in its state; none for callers with read access. */
export function editionActions(
  { caller, locale }: { caller: Caller; locale: Locale },
  edition: EditionView,
  { isReplaced = false }: { isReplaced?: boolean } = {},
): Action[] {
  if (caller.may === 'read') return [];
  const { id, toApprove, approvedSha256 } = edition;
  const action = (name: string, label: string, fields: Action['fields'] = []): Action => ({
    action: `${editionHref(id)}/${name}`,
    label: locale.text(label),
    about: id,
    fields,
  });
  const { waiting = 0, pending = 0 } = edition.deliveries;
  // A decision applies to the content shown on this page, even if the edition has changed when the button is pressed.
  const decision = (name: string, label: string, sha256: string | null) =>
    sha256 === null ? [] : [action(name, label, [{ name: 'sha256', value: sha256 }])];
  return [
    ...decision('approve', 'web.action.approve', toApprove),
    ...decision('disapprove', 'web.action.disapprove', waiting + pending === 0 ? null : approvedSha256),
    ...ofEdition[edition.state](edition)
      .filter((change) => !(isReplaced && isRefusedOnceReplaced(change)))
      .map((change) => action(change, labelOf(change, edition))),
  ];
}

const ofDelivery: { readonly [state in DeliveryView['state']]: readonly TransitionName[] } = {
  waiting: ['hold', 'cancel'],
  pending: ['hold', 'cancel'],
  sending: [],
  sent: [],
  bounced: ['retry'],
  failed: ['retry'],
  held: ['release', 'cancel'],
  cancelled: ['retry'],
};

/** The actions for a delivery; `back` is the page to return to. */
export function deliveryActions(
  { caller, locale }: { caller: Caller; locale: Locale },
  { id, state, address, edition, content, mayHaveArrived }: DeliveryView,
  { back, isReplaced = false }: { back: string; isReplaced?: boolean },
): Action[] {
  if (caller.may === 'read') return [];
  const atRest = state === 'bounced' || state === 'failed' || state === 'held' || state === 'cancelled';
  // Cancelling such a delivery records that it did not arrive, and the button must say so.
  const isUnsure = mayHaveArrived && atRest;
  const changes = [...new Set([...ofDelivery[state], ...(isUnsure ? (['cancel'] as const) : [])])]
    .filter((change) => !(isReplaced && isRefusedOnceReplaced(change)))
    .map((change) => ({
      action: `/deliveries/${encodeURIComponent(id)}/${change}`,
      label: locale.text(
        isUnsure && change === 'cancel' ? 'web.action.did_not_arrive' : `web.action.${change}`,
      ),
      about: locale.text('web.action.about_delivery', { edition, address }),
      fields: [{ name: 'back', value: back }],
    }));
  const isFinal = state === 'sent' || state === 'bounced';
  // Alerts to the operator are not sent again.
  if (!isFinal || isReplaced || (content !== 'edition' && content !== 'notice')) return changes;
  return [...changes, resendTo(locale, edition, { address, label: locale.text('web.action.resend'), back })];
}

const resendTo = (
  locale: Locale,
  edition: string,
  { address, label, back }: { address: string; label: string; back: string },
): Action => ({
  action: `${editionHref(edition)}/deliveries`,
  label,
  about: locale.text('web.action.about_delivery', { edition, address }),
  fields: [
    { name: 'to', value: address },
    { name: 'back', value: back },
  ],
});

export const generateAction = (locale: Locale, brief: string, asOf: string): Action => ({
  action: `/briefs/${encodeURIComponent(brief)}/editions`,
  label: locale.text('web.action.generate'),
  about: locale.text('web.action.about_day', { day: locale.longDay(asOf) }),
  fields: [{ name: 'asOf', value: asOf }],
});

/** The deliveries of an edition, and those of its brief's targets that it can still be sent to. */
export function deliveriesOf(
  { caller, locale, edition, deliveries, view: { targets }, replacedBy }: EditionPageData,
  back: string,
) {
  const isReplaced = replacedBy !== null;
  const rows = deliveries.map((each) => deliveryRow(each, { caller, locale, back, isReplaced }));
  const isGenerated = edition.renderedAt !== null && edition.files.length > 0;
  if (caller.may !== 'operate' || !isGenerated || isReplaced) return rows;
  const reached = new Set(deliveries.map(({ address }) => address));
  const label = locale.text('web.action.send');
  const rest = targets.filter(({ address }) => !reached.has(address));
  return [
    ...rows,
    ...rest.map(({ address, channel }) => ({
      to: address,
      how: channelName(locale, channel),
      state: named(locale, 'unsent'),
      since: null,
      why: '',
      edition: null,
      actions: [resendTo(locale, edition.id, { address, label, back })],
    })),
  ];
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
