import { today, type Day } from '../model/calendar.ts';

/** `Mon, 30 Aug 2021, 06:00 BST`, in a time zone. */
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

/** `2021-08-30T05:00Z`. */
export const utcTime = (at: Date | undefined): string =>
  at?.toISOString().replace(/:00\.000Z$/, 'Z') ?? 'never';

/** What to warn of where somebody asks for a day that is still to come in a time zone. */
export const ofFuture = (asOf: Day, { timezone, now }: { timezone: string; now: Date }): string[] => {
  const current = today(now, timezone);
  return asOf <= current
    ? []
    : [
        `${asOf} is still to come: in ${timezone} it is ${current}. The page cannot hold what becomes known until then.`,
      ];
};
