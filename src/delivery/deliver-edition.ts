import { setTimeout as delay } from 'node:timers/promises';
import { approvalAlertTo, undeliveredAlertTo } from './alert.ts';
import type { Deliver, EnclosedHighlights, Message, Receipt } from './message.ts';
import { goneBefore } from './recipients.ts';
import { backoffSeconds, type RetryPolicy } from './settings.ts';
import { AppError } from '../errors.ts';
import { roundSpan } from '../formats.ts';
import { hashOf } from '../hash.ts';
import {
  type DeliveryRecord,
  type EditionRecord,
  isForRecipients,
  replacementOf,
  waitReason,
  waitsForApproval,
} from '../ledger/records.ts';
import type { Job, Ledger, Settlement } from '../ledger/types.ts';
import type { Locale } from '../locale.ts';
import type { Log } from '../log.ts';
import { beyondClearance, holdsWhenUnknown, target } from '../project/target.ts';
import type { Highlights, Picture } from '../render/manifest.ts';

/** Effects and settings for all work on editions. */
export interface WorkDependencies {
  readonly ledger: Ledger;
  /** The operator's mailbox for alerts, or the operator's webhook if there is no mailbox; null for none. */
  readonly operator: string | null;
  readonly log: Log;
  /** The words of alerts, and of the reasons that the ledger records. */
  readonly locale: Locale;
  now(): Date;
  random(): number;
}

/** Effects and settings for deliveries. */
export interface DeliveryDependencies extends WorkDependencies {
  readonly deliver: Deliver;
  /** The bytes of a file of an edition: the PDF or a picture; undefined if the file is missing. */
  readonly readEditionFile: (folder: string, name: string) => Promise<Uint8Array | undefined>;
  /** Records durably that an edition is being delivered, so that nothing overwrites it; false if its PDF changed. */
  markDelivered(folder: string, pdf: { readonly name: string; readonly sha256: string }): Promise<boolean>;
  /** Minimum time between two messages of alerts. Alerts within it go out together. */
  readonly alertEverySeconds: number;
  /** Reaches the operator by another channel than the one that failed, and returns the outcome. */
  readonly alertOtherwise: (
    message: Message,
    options: { reason: string; isFirstTry: boolean; signal: AbortSignal },
  ) => Promise<Receipt | null>;
  /** The words of a language, by its BCP 47 tag; undefined if there are none. */
  readonly localeFor: (tag: string) => Promise<Locale | undefined>;
  /** Time limit of one attempt. */
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  /** The URL of an edition, if editions are served. */
  readonly urlOf: (edition: string) => string | null;
}

/** Limited, because each attempt without an answer may have left a copy with the recipient. */
const MOST_UNANSWERED = 8;
/** Limited, because each interrupted attempt may have reached the recipient or be crashing its process. */
const MOST_INTERRUPTIONS = 20;

/** Makes one attempt to deliver to a recipient. The ledger has the outcome before the next attempt. */
export async function deliverEdition(
  { id, job, signal }: Job,
  dependencies: DeliveryDependencies,
): Promise<void> {
  const { ledger, log, operator } = dependencies;
  const claim = await ledger.claimDelivery(id, { job, now: dependencies.now() });
  if (claim === undefined) return;
  const { delivery, edition } = claim;
  const fields = { edition: edition.id, delivery: id, channel: delivery.channel, content: delivery.content };
  log.info({ ...fields, attempt: delivery.attempt }, 'sending');
  const settlement = settle(await attempt(claim, dependencies, signal), delivery, dependencies);
  const wrong = !['sent', 'retried', 'given-back'].includes(settlement.state);
  // A failed alert must not cause another alert.
  const alert =
    wrong && operator !== null && isForRecipients(delivery.content)
      ? settlement.state === 'waiting'
        ? await approvalAlertTo(operator, { edition: edition.id, ledger })
        : await undeliveredAlertTo(operator, { edition: edition.id, ledger })
      : null;
  const settled = await keepTrying(signal, () =>
    ledger.settleDelivery(delivery, settlement, { now: dependencies.now(), alert }),
  );
  const outcome = { ...fields, outcome: settlement.state, reason: settlement.reason };
  if (!settled) log.warn(outcome, 'The delivery was cancelled or taken over meanwhile.');
  else if (wrong) log.error(outcome, 'The delivery did not go out.');
  else log.info(outcome, settlement.state);
}

const AGAIN_MS = 500;

/** Records an outcome, however long the ledger is unavailable: only this process knows that the message went out. */
export async function keepTrying<T>(signal: AbortSignal, record: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await record();
    } catch (error) {
      const isPassing = error instanceof AppError && error.code === 'ledger-unavailable';
      if (!isPassing || signal.aborted) throw error;
      await delay(AGAIN_MS, undefined, { signal }).catch(() => {});
    }
  }
}

type Claimed = NonNullable<Awaited<ReturnType<Ledger['claimDelivery']>>>;

const attempt = (
  { delivery, edition, interrupted }: Claimed,
  dependencies: DeliveryDependencies,
  stop: AbortSignal,
): Promise<Attempted> =>
  inTime(stop, dependencies, async (signal) => {
    const { locale } = dependencies;
    // Unless the target says otherwise, an interrupted delivery is sent again with the same id.
    const known = target.safeParse(delivery.target);
    if (interrupted && known.success && holdsWhenUnknown(known.data))
      return { outcome: 'unknown', reason: locale.text('mail.reason.interrupted') };
    const tooOften = interruptedTooOften(delivery.interruptions, locale);
    if (tooOften) return tooOften;
    const message = await pack({ delivery, edition }, dependencies);
    if ('outcome' in message) return message;
    if (!known.success) return held(locale.text('mail.reason.address_forgotten'));
    const beyond = beyondClearance(known.data, message.marking);
    if (beyond !== null) return held(beyond);
    if (message.pdf !== null && edition.folder !== null) {
      const marked = await dependencies.markDelivered(edition.folder, message.pdf);
      if (!marked) return notAsGenerated(edition, { isThere: true, locale });
    }
    signal.throwIfAborted();
    return dependencies.deliver(message, { target: known.data, signal });
  });

/** Makes one attempt within its time limit, until `stop` aborts. */
export async function inTime(
  stop: AbortSignal,
  { timeoutMs, locale: { text } }: Pick<DeliveryDependencies, 'timeoutMs' | 'locale'>,
  work: (signal: AbortSignal) => Promise<Attempted>,
): Promise<Attempted> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    return await work(AbortSignal.any([stop, timeout]));
  } catch (error) {
    // A channel rejects only if nothing was sent. If something may have been sent, it returns a receipt.
    if (stop.aborted) return { outcome: 'given-back', reason: text('mail.reason.stopped') };
    if (timeout.aborted) return { outcome: 'deferred', reason: text('mail.reason.timeout') };
    return { outcome: 'deferred', reason: error instanceof Error ? error.message : String(error) };
  }
}

export const interruptedTooOften = (interruptions: number, { text }: Locale): Receipt | undefined =>
  interruptions > MOST_INTERRUPTIONS
    ? held(text('mail.reason.interrupted_often', { count: interruptions }))
    : undefined;

const held = (reason: string): Receipt => ({ outcome: 'held', reason });

/** A receipt, or the reason why nothing was sent: the process was stopped, or approval is missing. */
export type Attempted =
  | Receipt
  | { readonly outcome: 'given-back'; readonly reason: string }
  | { readonly outcome: 'waiting'; readonly reason: string; readonly approvedSha256: string | null };

/** Returns the message, or the reason why it cannot be sent. */
async function pack(
  { delivery, edition }: { delivery: DeliveryRecord; edition: EditionRecord },
  dependencies: DeliveryDependencies,
): Promise<Message | Attempted> {
  const { ledger, readEditionFile, urlOf, locale } = dependencies;
  const common = {
    id: delivery.id,
    edition: edition.id,
    brief: edition.brief,
    asOf: edition.asOf,
    correction: null,
  };
  const { card, folder } = edition;
  if (card === null) return held(locale.text('mail.reason.never_generated'));
  // This delivery was requested at the same time as a correction. The correction goes only to recipients of earlier
  // deliveries, so this copy would stay uncorrected.
  const later = await replacementOf(edition, ledger);
  if (later) return held(locale.text('mail.reason.replaced', { edition: edition.id, later: later.id }));
  const { title, issue, marking, paragraphs } = card;
  const highlights = card.highlights && (await enclose(card.highlights, edition, dependencies));
  if (waitsForApproval(edition)) {
    const why = edition.approvedSha256 === null ? null : locale.text('mail.reason.approval_outdated');
    return unapproved(edition, why, locale);
  }
  if (card.pdf === null)
    return { ...common, kind: 'notice', title, issue, marking, paragraphs, highlights, pdf: null };
  const content = folder === null ? undefined : await readEditionFile(folder, card.pdf);
  const sha256 = content && hashOf(content);
  if (content === undefined || sha256 !== edition.sha256)
    return notAsGenerated(edition, { isThere: content !== undefined, locale });
  const pdf = { name: card.pdf, content, sha256, url: urlOf(edition.id) };
  const correction = await correctionOf(edition, { delivery, ledger });
  return { ...common, correction, kind: 'edition', title, issue, marking, paragraphs, highlights, pdf };
}

/** Adds the words of the edition's language and the pictures. A picture that is missing or was altered is left out. */
async function enclose(
  { hero, logo, language, ...others }: Highlights,
  { folder }: EditionRecord,
  { readEditionFile, localeFor, locale }: DeliveryDependencies,
): Promise<EnclosedHighlights> {
  const withContent = async <P extends Picture>(picture: P | null) => {
    const content = picture && folder !== null ? await readEditionFile(folder, picture.name) : undefined;
    return picture && content && hashOf(content) === picture.sha256 ? { ...picture, content } : null;
  };
  return {
    ...others,
    locale: (await localeFor(language)) ?? locale,
    hero: await withContent(hero),
    logo: await withContent(logo),
  };
}

async function correctionOf(
  edition: EditionRecord,
  { delivery, ledger }: { delivery: DeliveryRecord; ledger: Ledger },
): Promise<Message['correction']> {
  if (edition.correction === null) return null;
  const { revision, asOf, replaces } = edition.correction;
  const { channel, address } = delivery;
  const follows = (await goneBefore(edition, ledger))
    .filter((each) => each.channel === channel && each.address === address)
    .map(({ id }) => id);
  return { revision, asOf, replaces: replaces.edition, changes: edition.card?.corrected ?? [], follows };
}

const unapproved = (
  { id, approvedSha256 }: EditionRecord,
  why: string | null,
  { text }: Locale,
): Attempted => ({
  outcome: 'waiting',
  reason: why === null ? waitReason(id) : text('mail.reason.also', { first: why, second: waitReason(id) }),
  approvedSha256,
});
/** The outcome for a PDF that is missing or was altered. It must not be sent, because nobody approved it. */
function notAsGenerated(
  edition: EditionRecord,
  { isThere, locale }: { isThere: boolean; locale: Locale },
): Attempted {
  const folder = edition.folder ?? '';
  return isThere && edition.needsApproval
    ? unapproved(edition, locale.text('mail.reason.altered', { folder }), locale)
    : held(locale.text('mail.reason.pdf_missing', { folder }));
}

/** The delivery's new state after an attempt. Temporary failures are retried until the retry policy's time is up. */
export function settle(
  receipt: Attempted,
  { attempt: number, target: to, mayHaveArrived: before, tryingSince, unanswered }: DeliveryRecord,
  { retry, locale: { text, tag }, ...world }: DeliveryDependencies,
): Settlement {
  const { outcome, reason } = receipt;
  const isUnanswered = outcome === 'unknown';
  const mayHaveArrived = before || isUnanswered;
  const asItEnds = (why: string): string =>
    mayHaveArrived ? text('mail.reason.may_have_arrived', { reason: why.replace(/\.?$/, '.') }) : why;
  switch (receipt.outcome) {
    case 'sent':
    case 'given-back':
      return { state: receipt.outcome, reason };
    case 'waiting':
      return { state: 'waiting', reason, approvedSha256: receipt.approvedSha256 };
    case 'bounced':
    case 'held':
      return { state: receipt.outcome, reason: asItEnds(reason) };
    case 'unknown':
    case 'deferred':
  }
  const known = target.safeParse(to);
  if (isUnanswered && known.success && holdsWhenUnknown(known.data))
    return { state: 'held', reason: asItEnds(reason), mayHaveArrived };
  const triedSeconds = tryingSince === null ? 0 : (world.now().getTime() - tryingSince.getTime()) / 1000;
  const leftSeconds = retry.forSeconds - triedSeconds;
  if (leftSeconds <= 0 || (isUnanswered && unanswered + 1 >= MOST_UNANSWERED)) {
    const tried = text('mail.reason.tried', { count: number, span: roundSpan(tag, triedSeconds), reason });
    return { state: 'failed', reason: asItEnds(tried), mayHaveArrived };
  }
  // The last retry runs when the time is up, rather than one pause earlier.
  const pause = backoffSeconds(number, () => world.random(), retry);
  const afterSeconds = Math.min(pause, Math.ceil(leftSeconds));
  return { state: 'retried', reason, afterSeconds, mayHaveArrived, unanswered: isUnanswered };
}
