import type { EditionState } from '../../ledger/edition.ts';
import type { Caller } from '../../ledger/principal.ts';
import type { DeliveryView, EditionView } from '../../ledger/views.ts';
import { editionHref } from './format.ts';

/** A button in a form of its own. */
export interface Action {
  readonly action: string;
  readonly label: string;
  /** What it is about, for those who hear the button without what stands around it. */
  readonly about: string;
  readonly fields: readonly { readonly name: string; readonly value: string }[];
}

type Change = 'retry' | 'cancel' | 'hold' | 'release';
const labels: { readonly [change in Change]: string } = {
  retry: 'Retry',
  cancel: 'Cancel',
  hold: 'Hold',
  release: 'Release',
};
/** Of what is made: it is its deliveries that are changed. */
const labelsOfMade: { readonly [change in Change]: string } = {
  retry: 'Send again what failed',
  cancel: 'Cancel deliveries',
  hold: 'Hold deliveries',
  release: 'Release deliveries',
};
/** What was replaced by a corrected revision is not sent any more. */
const isRefusedOnceReplaced = (change: Change): boolean => change === 'retry' || change === 'release';

const ofMade = ({ deliveries }: EditionView): Change[] => {
  const { waiting = 0, held = 0, bounced = 0, failed = 0 } = deliveries;
  const pending = (deliveries.pending ?? 0) + waiting;
  return [
    // What waits for approval can also be made anew.
    ...(bounced + failed + waiting > 0 ? (['retry'] as const) : []),
    ...(pending > 0 ? (['hold'] as const) : []),
    ...(held > 0 ? (['release'] as const) : []),
    ...(pending + held > 0 ? (['cancel'] as const) : []),
  ];
};
const ofEdition: { readonly [state in EditionState]: (edition: EditionView) => readonly Change[] } = {
  queued: () => ['hold', 'cancel'],
  rendering: () => ['cancel'],
  // What was begun needs another attempt; what was not was held by somebody.
  held: ({ startedAt }) => [startedAt === null ? 'release' : 'retry', 'cancel'],
  failed: () => ['retry', 'cancel'],
  cancelled: () => ['retry'],
  skipped: () => ['retry'],
  rendered: ofMade,
  delivering: ofMade,
  done: ofMade,
};

function labelOf(change: Change, { state, deliveries: { bounced = 0, failed = 0 } }: EditionView): string {
  if (ofEdition[state] !== ofMade) return labels[change];
  return change === 'retry' && bounced + failed === 0 ? 'Make again' : labelsOfMade[change];
}

/** What can be done about an edition as it is; nothing for those who may only read. */
export function editionActions(
  caller: Caller,
  edition: EditionView,
  { isReplaced = false }: { isReplaced?: boolean } = {},
): Action[] {
  if (caller.may === 'read') return [];
  const { id, toApprove, approvedSha256 } = edition;
  const changes = ofEdition[edition.state](edition)
    .filter((change) => !(isReplaced && isRefusedOnceReplaced(change)))
    .map((change) => ({
      action: `${editionHref(id)}/${change}`,
      label: labelOf(change, edition),
      about: id,
      fields: [],
    }));
  // What is decided on is what this page shows, whatever the edition is by the time that somebody presses.
  const decision = (name: string, label: string, sha256: string): Action => ({
    action: `${editionHref(id)}/${name}`,
    label,
    about: id,
    fields: [{ name: 'sha256', value: sha256 }],
  });
  const { waiting = 0, pending = 0 } = edition.deliveries;
  return [
    ...(toApprove === null ? [] : [decision('approve', 'Approve', toApprove)]),
    ...(approvedSha256 === null || waiting + pending === 0
      ? []
      : [decision('disapprove', 'Disapprove', approvedSha256)]),
    ...changes,
  ];
}

const ofDelivery: { readonly [state in DeliveryView['state']]: readonly Change[] } = {
  waiting: ['hold', 'cancel'],
  pending: ['hold', 'cancel'],
  sending: [],
  sent: [],
  bounced: ['retry'],
  failed: ['retry'],
  held: ['release', 'cancel'],
  cancelled: ['retry'],
};

/** What can be done about a delivery; `back` is the page to return to. */
export function deliveryActions(
  caller: Caller,
  { id, state, address, edition, content, mayHaveArrived }: DeliveryView,
  { back, isReplaced = false }: { back: string; isReplaced?: boolean },
): Action[] {
  if (caller.may === 'read') return [];
  const atRest = state === 'bounced' || state === 'failed' || state === 'held' || state === 'cancelled';
  // To cancel it then says that it did not arrive, and that is what the button must say.
  const isUnsure = mayHaveArrived && atRest;
  const changes = [...new Set([...ofDelivery[state], ...(isUnsure ? (['cancel'] as const) : [])])]
    .filter((change) => !(isReplaced && isRefusedOnceReplaced(change)))
    .map((change) => ({
      action: `/deliveries/${encodeURIComponent(id)}/${change}`,
      label: isUnsure && change === 'cancel' ? 'Did not arrive' : labels[change],
      about: `${edition} to ${address}`,
      fields: [{ name: 'back', value: back }],
    }));
  const settled = state === 'sent' || state === 'bounced';
  // Word to the operator is no edition, and is not sent again.
  if (!settled || isReplaced || (content !== 'edition' && content !== 'notice')) return changes;
  return [...changes, resendTo(edition, { address, label: 'Resend', back })];
}

export const resendTo = (
  edition: string,
  { address, label, back }: { address: string; label: string; back: string },
): Action => ({
  action: `${editionHref(edition)}/deliveries`,
  label,
  about: `${edition} to ${address}`,
  fields: [
    { name: 'to', value: address },
    { name: 'back', value: back },
  ],
});

export const makeAction = (brief: string, asOf: string): Action => ({
  action: `/briefs/${encodeURIComponent(brief)}/editions`,
  label: 'Make',
  about: `the edition to ${asOf}`,
  fields: [{ name: 'asOf', value: asOf }],
});
