import type { Row } from '../dataset/parse-rows.ts';
import type { Evidence } from './citations.ts';

/**
 * The bottom line as plain text, one item per paragraph, for mail and lists: the rows of the query `bottom_line`, in
 * the words of the shared masthead. Empty for a brief without that query.
 */
export function summaryOf(
  rows: readonly Row[] | undefined,
  {
    evidence,
    coverage: { until, reported },
    judgedFrom,
  }: {
    evidence: Evidence;
    coverage: { readonly until: string | null; readonly reported: boolean };
    judgedFrom: string;
  },
): string[] {
  if (rows === undefined) return [];
  const { locale } = evidence;
  const paragraphs = rows.flatMap(({ id, text }) => {
    if (typeof text !== 'string') return [];
    const row = typeof id === 'string' ? id : undefined;
    const date = row === undefined ? null : evidence.judgedOn(row);
    const age =
      row !== undefined && date !== null && date < judgedFrom
        ? ` ${locale.text('page.as_of', { day: evidence.figure(row, 'date') })}`
        : '';
    return [`${evidence.fill(text, row)}${age}`.replaceAll(/\s+/g, ' ').trim()];
  });
  if (paragraphs.length === 0)
    return [locale.text(reported ? 'page.no_bottom_line' : 'page.no_reporting_on_topic')];
  return until === null ? paragraphs : [locale.text('page.as_known', { day: until }), ...paragraphs];
}
