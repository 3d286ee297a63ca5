import { today } from '../calendar.ts';
import { operatorTarget } from '../delivery/alert.ts';
import type { DeliveryDependencies } from '../delivery/deliver-edition.ts';
import { alertMessage, type Receipt } from '../delivery/message.ts';
import { type AppError, onAppError } from '../errors.ts';
import { fileSize, roundSpan } from '../formats.ts';
import { hashOf } from '../hash.ts';
import type { Locale } from '../locale.ts';
import type { EditionDependencies } from '../scheduler/make-edition.ts';

const problemCodes = [
  'disk-full',
  'mail-failing',
  'brief-unreadable',
  'schedule-ahead',
  'source-failing',
  'delivery-failed',
] as const;

/** A problem of the service as a whole rather than of one edition, or the news that one is over. */
export interface Problem {
  readonly code: (typeof problemCodes)[number];
  /** The same for the same problem, so that the operator is alerted once. */
  readonly id: string;
  /** Text for the operator. It may name briefs but must not quote their contents. */
  readonly says: string;
  /** It is over: the operator hears of that once, and nothing else counts it. */
  readonly isOver?: true;
}

/** Effects for finding problems. */
export interface Watched extends Pick<EditionDependencies, 'ledger' | 'loadBrief' | 'now'> {
  readonly loadDataset: (name: string) => Promise<unknown>;
  readonly briefIds: () => Promise<string[]>;
  readonly locale: Locale;
  /** Free space on the disk for editions. */
  readonly freeBytes: () => Promise<number>;
}

/** Enough for an edition with its files and what the embedded ledger writes for it. */
const LEAST_FREE_BYTES = 64_000_000;
/** A brief whose last slot is this far ahead of the clock waits for it, because the clock was wrong then or is now. */
const AHEAD_MS = 86_400_000;
/** Mail servers often have shorter outages. */
const MAIL_FAILING_MS = 3_600_000;
const FAILED_LATELY_DAYS = 7;
/** The time limit for an alert by mail: the search for problems waits for it. */
const MAIL_MS = 60_000;

/** All current problems. Throws if the ledger cannot be read. */
export async function findProblems(
  watched: Watched,
  /** The briefs that cannot be read, if already known. */
  unreadable?: readonly Problem[],
): Promise<Problem[]> {
  const { ledger, freeBytes, now, locale } = watched;
  const { text, tag } = locale;
  const problems: Problem[] = [];
  const report = (code: Problem['code'], says: string, id: string = code) =>
    void problems.push({ code, id, says });
  const free = await freeBytes();
  if (free < LEAST_FREE_BYTES) {
    const needed = fileSize(tag, LEAST_FREE_BYTES);
    report('disk-full', text('mail.problem.disk_full', { free: fileSize(tag, free), needed }));
  }
  problems.push(...(unreadable ?? (await unreadableBriefs(watched))));
  for (const { brief, slot } of await ledger.cursors())
    if (slot.getTime() - now().getTime() > AHEAD_MS)
      report(
        'schedule-ahead',
        text('mail.problem.schedule_ahead', { brief, time: locale.moment(slot) }),
        `schedule-ahead ${brief} ${slot.toISOString()}`,
      );
  problems.push(...(await sourceProblems(watched)));
  const failedSince = new Date(now().getTime() - FAILED_LATELY_DAYS * 86_400_000);
  const { failedLately, mailFailingSince } = await ledger.deliveryHealth({ failedSince });
  const failingMs = mailFailingSince === null ? 0 : now().getTime() - mailFailingSince.getTime();
  if (failingMs > MAIL_FAILING_MS)
    report('mail-failing', text('mail.problem.mail_failing', { span: roundSpan(tag, failingMs / 1000) }));
  if (failedLately > 0)
    report(
      'delivery-failed',
      text('mail.problem.deliveries_failed', { count: failedLately, days: FAILED_LATELY_DAYS }),
    );
  return problems;
}

/** Sources that fail, and those that work again. A failure that begins anew has another id. */
async function sourceProblems({ ledger, locale }: Watched): Promise<Problem[]> {
  return (await ledger.sourceStates()).flatMap(
    ({ dataset, source, failingSince, recoveredAt }): Problem[] => {
      const at = failingSince ?? recoveredAt;
      if (at === null) return [];
      const isOver = failingSince === null;
      const id = `source-${isOver ? 'recovered' : 'failing'} ${dataset}/${source} ${at.toISOString()}`;
      const key = isOver ? 'mail.problem.source_recovered' : 'mail.problem.source_failing';
      const says = locale.text(key, { dataset, source, time: locale.moment(at) });
      return [{ code: 'source-failing', id, says, ...(isOver && { isOver }) }];
    },
  );
}

/** Briefs that cannot be generated because of faults in their files or dataset. */
export async function unreadableBriefs({
  briefIds,
  loadBrief,
  loadDataset,
  locale,
}: Pick<Watched, 'briefIds' | 'loadBrief' | 'loadDataset' | 'locale'>): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const id of await briefIds()) {
    const describe = ({ code, faults: [first] }: AppError): void => {
      const { file, line, row } = first ?? {};
      const where = [
        file ?? [],
        line === undefined ? [] : locale.text('mail.problem.line', { line: String(line) }),
        row === undefined ? [] : locale.text('mail.problem.row', { row }),
      ].flat();
      problems.push({
        code: 'brief-unreadable',
        id: `brief-unreadable ${id}`,
        says: locale.text('mail.problem.brief_unreadable', { brief: id, where: locale.list(where), code }),
      });
    };
    await loadBrief(id)
      .then(({ config }) => loadDataset(config.dataset))
      .catch(onAppError(describe));
  }
  return problems;
}

/** Whether a problem stops all work. */
export const stopsWork = ({ code }: Problem): boolean => code === 'disk-full';

/** The part of the problems that `/readyz` may show to strangers: kinds and counts. */
export const countProblems = (problems: readonly Problem[]): { code: Problem['code']; count: number }[] =>
  problemCodes.flatMap((code) => {
    const count = problems.filter((each) => each.code === code && !each.isOver).length;
    return count === 0 ? [] : [{ code, count }];
  });

type Alerting = Pick<
  DeliveryDependencies,
  'ledger' | 'deliver' | 'operator' | 'alertEverySeconds' | 'alertOtherwise' | 'locale' | 'log' | 'now'
>;

/**
 * Alerts the operator to each problem once while it lasts, even across restarts. If the ledger cannot be written, for
 * example on a full disk, this process remembers.
 */
export function openProblemAlerts(
  { ledger, deliver, operator, locale, log, now, ...world }: Alerting,
  { timeoutMs = MAIL_MS }: { timeoutMs?: number } = {},
) {
  let known = new Set<string>();
  let written = new Set<string>();
  let triedAt = 0;

  return async function alertOf(found: readonly Problem[], signal: AbortSignal): Promise<void> {
    // Failed deliveries have their own alerts.
    const problems = found.filter(({ code }) => code !== 'delivery-failed');
    const ids = problems.map(({ id }) => id);
    known = new Set(ids.filter((id) => known.has(id)));
    written = new Set(ids.filter((id) => written.has(id)));
    const at = now();
    const open = await ledger.openProblems(ids, at).catch(() => ids.map((id) => ({ id, since: at })));
    const due = open.filter(({ id }) => !known.has(id) && ids.includes(id));
    const isNew = due.some(({ id }) => !written.has(id));
    if (due.length === 0) return;
    if (!isNew && at.getTime() - triedAt < world.alertEverySeconds * 1000) return;
    triedAt = at.getTime();
    const news = problems.filter(({ id }) => due.some((each) => each.id === id));
    const texts = news.map(({ says }) => says);
    const count = news.filter(({ isOver }) => !isOver).length;
    if (isNew && count === 0) log.info({ problems: texts }, 'A problem is over.');
    else if (isNew) log.error({ problems: texts }, 'There is a problem.');
    const message = alertMessage({
      id: hashOf(due.map(({ id, since }) => `${id} ${since.toISOString()}`).join()).slice(0, 32),
      title:
        count > 0
          ? locale.text('mail.problem.title', { count })
          : locale.text('mail.problem.sources_recovered', { count: news.length }),
      asOf: today(at, 'UTC'),
      paragraphs: [...texts, ...(count > 0 ? [locale.text('mail.problem.once')] : [])],
    });
    const receipt: Receipt =
      operator === null
        ? { outcome: 'held', reason: locale.text('mail.reason.no_operator') }
        : await deliver(message, {
            target: operatorTarget(operator),
            signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
          }).catch((error: unknown) => ({ outcome: 'deferred', reason: String(error) }));
    // The time limit for mail does not apply here, because a silent mail server may have used it up.
    const other =
      receipt.outcome === 'sent' || signal.aborted
        ? null
        : await world.alertOtherwise(message, { reason: receipt.reason, isFirstTry: isNew, signal });
    for (const { id } of due) written.add(id);
    if (operator !== null && receipt.outcome !== 'sent' && other?.outcome !== 'sent') return;
    for (const { id } of due) known.add(id);
    await ledger
      .closeProblems(
        due.map(({ id }) => id),
        at,
      )
      .catch(() => {});
  };
}
