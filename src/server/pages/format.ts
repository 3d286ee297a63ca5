import { Temporal } from 'temporal-polyfill';
import { type Day, periodEnding } from '../../calendar.ts';
import { daySpan, shortDay } from '../../dataset/wording.ts';
import { receivedText, utcTime } from '../../editions/format.ts';
import { editionPath } from '../../ledger/edition-id.ts';
import type { EditionState } from '../../ledger/edition.ts';
import type { EditionView } from '../../ledger/views.ts';

/** An instant for pages: in UTC, and in a form for programs. */
export interface Instant {
  readonly iso: string;
  readonly text: string;
}

/** A time such as `22 Aug 2021, 05:00 UTC`; with `seconds`, `05:00:09`. */
export function instant(at: Date, { seconds = false }: { seconds?: boolean } = {}): Instant {
  const iso = at.toISOString();
  return {
    iso: seconds ? iso : utcTime(new Date(Math.floor(at.getTime() / 60_000) * 60_000)),
    text: `${shortDay(iso.slice(0, 10))}, ${iso.slice(11, seconds ? 19 : 16)} UTC`,
  };
}

/** A short text for each state of an edition. */
const stateSays: { readonly [state in EditionState]: string } = {
  queued: 'It waits to be made.',
  rendering: 'It is being made.',
  rendered: 'It is made, and nothing is to be delivered.',
  delivering: 'It is made, and some deliveries wait or are on hold.',
  done: 'It is made and delivered.',
  held: 'It is not made until somebody mends what is wrong or lets it go on.',
  failed: 'It could not be made.',
  cancelled: 'It was called off.',
  skipped: 'It was left out.',
};

/** The text for an edition, including what it waits for. */
export function saysOf({
  state,
  toApprove,
  recipients,
}: Pick<EditionView, 'state' | 'toApprove' | 'recipients'>): string {
  if (toApprove !== null) return 'It is made, and waits for approval.';
  const received = state === 'done' || state === 'delivering' ? receivedText(recipients) : '';
  return received === '' ? stateSays[state] : `${received}.`;
}

export const isOpen = (state: EditionState): boolean => state === 'queued' || state === 'rendering';

export const briefHref = (brief: string): string => `/briefs/${encodeURIComponent(brief)}`;
export const editionHref = (id: string): string => `/editions/${editionPath(id)}`;

/** A period such as `16–22 August 2021`, or only the last day if the period's length is unknown. */
export const periodOf = (asOf: Day, period: string | undefined): string =>
  period === undefined ? `to ${shortDay(asOf)}` : daySpan(periodEnding(asOf, period).start, asOf);

/** A length such as `7 days`, from `P7D`. */
export const lengthOf = (period: string): string =>
  Temporal.Duration.from(period).toLocaleString('en-GB', { style: 'long' });

/**
 * The properties that differ between editions of one day, such as `Letter, region north, revision 2`; empty for the
 * plain edition.
 */
export function differences(
  { paper, parameters, correction }: Pick<EditionView, 'paper' | 'parameters' | 'correction'>,
  ownPaper: string | null,
): string {
  const values = Object.entries(parameters).map(([name, value]) => `${name} ${value}`);
  const revision = correction === null ? [] : [`revision ${correction.revision}`];
  return [...(paper === ownPaper ? [] : [paper]), ...values, ...revision].join(', ');
}

/** The ledger's reasons, one per line. */
export const reasonsOf = (reason: string | null): string[] =>
  reason === null ? [] : reason.split('\n').filter((line) => line.trim() !== '');

/** Counts such as `3 new, 1 revised`, without zeros. */
export const counted = (counts: { readonly [name: string]: number | undefined }): string =>
  Object.entries(counts)
    .flatMap(([name, count]) => (count ? [`${count} ${name}`] : []))
    .join(', ');

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count === 1 ? 'one' : count} ${count === 1 ? one : many}`;
