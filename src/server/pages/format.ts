import { type Day, periodEnding } from '../../calendar.ts';
import { shownState } from '../../editions/format.ts';
import { editionPath } from '../../ledger/edition-id.ts';
import type { DeliveryState, EditionState } from '../../ledger/records.ts';
import type { DeliveryView, EditionView } from '../../ledger/views.ts';
import type { Locale } from '../../locale.ts';

/** For pages and for programs, a time such as `22 Aug 2021, 05:00 UTC`; with `seconds`, `05:00:09`. */
export function instant({ moment }: Locale, at: Date, { seconds = false }: { seconds?: boolean } = {}) {
  const iso = at.toISOString();
  return { iso: seconds ? iso : `${iso.slice(0, 16)}Z`, text: moment(at, { seconds }) };
}

/** A fact in words, with its instant if it has one; none if there is nothing to say. */
export const factIn =
  (locale: Locale) =>
  (label: string, words: string | null | undefined, at: Date | null = null) =>
    words == null && at === null ? [] : [{ label, text: words ?? '', at: at && instant(locale, at) }];

export type ShownState = EditionState | DeliveryState | 'incomplete' | 'unreadable' | 'unsent';

/** A state with its name, such as `On hold`. */
export const named = (locale: Locale, id: ShownState): { id: ShownState; name: string } => ({
  id,
  name: locale.text(`web.state.${id}`),
});

export const stateOf = (locale: Locale, edition: Pick<EditionView, 'state' | 'recipients'>) =>
  named(locale, shownState(edition));

/** Counts such as `3 delivered, 1 on hold`. */
export const tally = (locale: Locale, editions: readonly EditionView[]): string =>
  locale.list(
    [...Map.groupBy(editions, shownState)].map(([state, { length: count }]) =>
      locale.text(`web.tally.${state}`, { count }),
    ),
  );

/** A sentence on an edition's state, such as `Received by 2 of 3 recipients, 1 failed.` */
export function saysOf(
  locale: Locale,
  { state, toApprove, recipients }: Pick<EditionView, 'state' | 'toApprove' | 'recipients'>,
): string {
  if (toApprove !== null) return locale.text('web.edition.says.to_approve');
  const isOut = (state === 'done' || state === 'delivering') && recipients.total > 0;
  if (!isOut) return locale.text(`web.edition.says.${state}`);
  return recipients.received === recipients.total
    ? locale.text('web.edition.says.delivered', { total: recipients.total })
    : locale.text('web.edition.says.partly', recipients);
}

export const isOpen = (state: EditionState): boolean => state === 'queued' || state === 'rendering';

export const briefHref = (brief: string): string => `/briefs/${encodeURIComponent(brief)}`;
export const editionHref = (id: string): string => `/editions/${editionPath(id)}`;

/** A period such as `16–22 August 2021`, or only the last day if the period's length is unknown. */
export const periodOf = (locale: Locale, asOf: Day, period: string | undefined): string =>
  period === undefined
    ? locale.text('web.through', { day: locale.shortDay(asOf) })
    : locale.daySpan(periodEnding(asOf, period).start, asOf);

/** What differs between editions of one day, such as `Letter, revision 2`; empty for the plain edition. */
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

export const channelName = (locale: Locale, channel: DeliveryView['channel']): string =>
  locale.text(`web.channel.${channel}`);

/** The ledger's reasons, one per line. */
export const reasonsOf = (reason: string | null): string[] =>
  reason === null ? [] : reason.split('\n').filter((line) => line.trim() !== '');
