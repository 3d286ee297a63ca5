import { type Day, today } from '../calendar.ts';
import type { EditionState, Recipients } from '../ledger/edition.ts';
import type { EditionDetail } from '../ledger/views.ts';

/** Who decided. A claimed name is marked as such, unlike one known to the system or the server. */
export function decidedBy({
  user,
  namedBy,
  claimedName,
}: {
  readonly user: string;
  readonly namedBy: string;
  readonly claimedName: string | null;
}): string {
  const known = `${user} (${namedBy === 'system' ? 'system user' : 'logged in on the server'})`;
  return claimedName === null ? known : `${claimedName}, as stated by ${known}`;
}

/** A table of an edition's approvals and disapprovals. */
export const decisionsTable = (approvals: EditionDetail['approvals']): string =>
  alignColumns([
    ['DECISION', 'AT (UTC)', 'BY', 'SHA-256'],
    ...approvals.map((approval) => {
      const { decision, decidedAt, sha256 } = approval;
      return [decision, toSecond(decidedAt), decidedBy(approval), sha256];
    }),
  ]);

/** Text such as `2 of 3 received, 1 failed`; empty for an edition without recipients. */
export function receivedText({ total, received, failed, waiting }: Recipients): string {
  if (total === 0) return '';
  const rest = Object.entries({ failed, waiting }).filter(([, count]) => count > 0);
  return [`${received} of ${total} received`, ...rest.map(([state, count]) => `${count} ${state}`)].join(
    ', ',
  );
}

/** The state for lists, where "done" or "delivering" must not hide a failed delivery. */
export const shownState = ({
  state,
  recipients,
}: {
  readonly state: EditionState;
  readonly recipients: Recipients;
}): EditionState | 'incomplete' =>
  recipients.failed > 0 && (state === 'done' || state === 'delivering') ? 'incomplete' : state;

/** Lines of text with aligned columns; the first line is the header. */
export function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A time such as `Mon, 30 Aug 2021, 06:00 BST`, in a time zone. */
export function localTime(at: Date | undefined, timeZone: string): string {
  return (
    at?.toLocaleString('en-GB', {
      timeZone,
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      timeZoneName: 'short',
    }) ?? 'never'
  );
}

/** A time such as `2021-08-30 05:00:07`, in UTC. */
export const toSecond = (at: Date): string => at.toISOString().slice(0, 19).replace('T', ' ');
/** A time such as `2021-08-30 05:00`, in UTC. */
export const toMinute = (at: Date): string => toSecond(at).slice(0, 16);

/** A time such as `2021-08-30T05:00Z`. */
export const utcTime = (at: Date | undefined): string =>
  at?.toISOString().replace(/:00\.000Z$/, 'Z') ?? 'never';

/** Warnings about a requested day that is still in the future in a time zone. */
export const ofFuture = (asOf: Day, { timezone, now }: { timezone: string; now: Date }): string[] => {
  const current = today(now, timezone);
  return asOf <= current
    ? []
    : [
        `${asOf} is in the future: in ${timezone} it is ${current}. The page cannot include what becomes known until then.`,
      ];
};
