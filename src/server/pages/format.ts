import { type Day, periodEnding } from '../../calendar.ts';
import { shownState } from '../../editions/format.ts';
import { editionPath } from '../../ledger/edition-id.ts';
import type { DeliveryState, EditionState, Recipients } from '../../ledger/records.ts';
import type { DeliveryView, EditionView } from '../../ledger/views.ts';
import type { Locale } from '../../locale.ts';

/** An instant for pages: in UTC, and in a form for programs. */
export interface Instant {
  readonly iso: string;
  readonly text: string;
}

/** A time such as `22 Aug 2021, 05:00 UTC`; with `seconds`, `05:00:09`. */
export function instant(
  { moment }: Locale,
  at: Date,
  { seconds = false }: { seconds?: boolean } = {},
): Instant {
  const iso = at.toISOString();
  return { iso: seconds ? iso : `${iso.slice(0, 16)}Z`, text: moment(at, { seconds }) };
}

/** Keys of the names of all states that pages show. */
const stateKeys = {
  bounced: 'web.state.bounced',
  cancelled: 'web.state.cancelled',
  delivering: 'web.state.delivering',
  done: 'web.state.done',
  failed: 'web.state.failed',
  held: 'web.state.held',
  incomplete: 'web.state.incomplete',
  pending: 'web.state.pending',
  queued: 'web.state.queued',
  rendered: 'web.state.rendered',
  rendering: 'web.state.rendering',
  sending: 'web.state.sending',
  sent: 'web.state.sent',
  skipped: 'web.state.skipped',
  unreadable: 'web.state.unreadable',
  unsent: 'web.state.unsent',
  waiting: 'web.state.waiting',
} as const satisfies {
  readonly [state in EditionState | DeliveryState | 'incomplete' | 'unreadable' | 'unsent']: string;
};
export type ShownState = keyof typeof stateKeys;

/** A state with its name, such as `On hold`. */
export const named = (locale: Locale, id: ShownState): { id: ShownState; name: string } => ({
  id,
  name: locale.text(stateKeys[id]),
});

/** The state of an edition for lists. */
export const stateOf = (locale: Locale, edition: Pick<EditionView, 'state' | 'recipients'>) =>
  named(locale, shownState(edition));

const tallyKeys = {
  cancelled: 'web.tally.cancelled',
  delivering: 'web.tally.delivering',
  done: 'web.tally.done',
  failed: 'web.tally.failed',
  held: 'web.tally.held',
  incomplete: 'web.tally.incomplete',
  queued: 'web.tally.queued',
  rendered: 'web.tally.rendered',
  rendering: 'web.tally.rendering',
  skipped: 'web.tally.skipped',
} as const satisfies { readonly [state in EditionState | 'incomplete']: string };

/** Counts such as `3 delivered, 1 on hold`. */
export const tally = (locale: Locale, editions: readonly EditionView[]): string =>
  locale.list(
    [...Map.groupBy(editions, shownState)].map(([state, { length: count }]) =>
      locale.text(tallyKeys[state], { count }),
    ),
  );

const saysKeys = {
  queued: 'web.edition.says.queued',
  rendering: 'web.edition.says.rendering',
  rendered: 'web.edition.says.rendered',
  delivering: 'web.edition.says.delivering',
  done: 'web.edition.says.done',
  held: 'web.edition.says.held',
  failed: 'web.edition.says.failed',
  cancelled: 'web.edition.says.cancelled',
  skipped: 'web.edition.says.skipped',
} as const satisfies { readonly [state in EditionState]: string };

/** A sentence on an edition's state, such as `Received by 2 of 3 recipients, 1 failed.` */
export function saysOf(
  locale: Locale,
  { state, toApprove, recipients }: Pick<EditionView, 'state' | 'toApprove' | 'recipients'>,
): string {
  if (toApprove !== null) return locale.text('web.edition.says.to_approve');
  const isOut = (state === 'done' || state === 'delivering') && recipients.total > 0;
  return isOut ? receivedText(locale, recipients) : locale.text(saysKeys[state]);
}

const receivedText = (locale: Locale, { total, received, failed, waiting }: Recipients): string =>
  received === total
    ? locale.text('web.edition.says.delivered', { total })
    : locale.text('web.edition.says.partly', { total, received, failed, waiting });

export const isOpen = (state: EditionState): boolean => state === 'queued' || state === 'rendering';

export const briefHref = (brief: string): string => `/briefs/${encodeURIComponent(brief)}`;
export const editionHref = (id: string): string => `/editions/${editionPath(id)}`;

/** A period such as `16–22 August 2021`, or only the last day if the period's length is unknown. */
export const periodOf = (locale: Locale, asOf: Day, period: string | undefined): string =>
  period === undefined
    ? locale.text('web.through', { day: locale.shortDay(asOf) })
    : locale.daySpan(periodEnding(asOf, period).start, asOf);

/**
 * The properties that differ between editions of one day, such as `Letter, region north, revision 2`; empty for the
 * plain edition.
 */
export function differences(
  locale: Locale,
  { paper, parameters, correction }: Pick<EditionView, 'paper' | 'parameters' | 'correction'>,
  ownPaper: string | null,
): string {
  const values = Object.entries(parameters).map(([name, value]) =>
    locale.text('web.parameter', { name, value }),
  );
  const revision =
    correction === null ? [] : [locale.text('web.revision', { revision: String(correction.revision) })];
  return locale.list([...(paper === ownPaper ? [] : [paper]), ...values, ...revision]);
}

const channelKeys = {
  email: 'web.channel.email',
  webhook: 'web.channel.webhook',
  folder: 'web.channel.folder',
} as const satisfies { readonly [channel in DeliveryView['channel']]: string };

export const channelName = (locale: Locale, channel: DeliveryView['channel']): string =>
  locale.text(channelKeys[channel]);

/** The ledger's reasons, one per line. */
export const reasonsOf = (reason: string | null): string[] =>
  reason === null ? [] : reason.split('\n').filter((line) => line.trim() !== '');
