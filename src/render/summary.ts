import type { Day } from '../calendar.ts';
import { likelihoodRanges } from '../dataset/fields.ts';
import type { Row } from '../dataset/parse-rows.ts';
import type { RowOf } from '../dataset/schema.ts';
import type { Figure } from './asked-for.ts';
import type { Evidence } from './citations.ts';
import type { Highlights } from './manifest.ts';

/** What the age of a judgment is measured against: the first day of the current ones, the cut-off, and the last day collected. */
export interface Age {
  readonly currentFrom: Day;
  readonly asOf: Day;
  /** In words; null if collection continues. */
  readonly until: string | null;
}

/** The message that is printed with a judgment, by the figure that `ageOf` returns, and its values besides `day`. */
export const ageMessages = { until: 'page.period_ended', date: 'page.as_of' } as const;
export const ageValues = ({ until }: Pick<Age, 'until'>) => ({
  collected: until === null ? 'later' : 'before',
  since: until ?? '',
});

interface Around {
  readonly evidence: Evidence;
  readonly coverage: { readonly until: string | null; readonly reported: boolean };
  readonly age: Age;
}

/**
 * The bottom line as plain text, one item per paragraph, for mail and lists: the rows of the query `bottom_line`, in
 * the words of the shared masthead. Empty for a brief without that query.
 */
export function summaryOf(rows: readonly Row[] | undefined, around: Around): string[] {
  if (rows === undefined) return [];
  const { evidence, coverage, age } = around;
  const { locale } = evidence;
  const paragraphs = rows.flatMap((row) => {
    const id = row['id'];
    const text = textOf(row, around);
    if (text === null) return [];
    if (typeof id !== 'string' || evidence.ageOf(id, age) !== 'until') return [text];
    return [`${locale.text('page.written', { day: evidence.figure(id, 'date') })} ${text}`];
  });
  if (paragraphs.length > 0) return paragraphs;
  return [locale.text(coverage.reported ? 'page.no_bottom_line' : 'page.no_reporting_on_topic')];
}

export type HighlightTexts = Pick<Highlights, 'headline' | 'judgments'> & {
  /** Null without a hero. */
  readonly caption: string | null;
};

/** What mail says besides the bottom line, as plain text in the words of the page. */
export function highlightsOf(
  {
    headline,
    judgments,
    hero,
  }: {
    readonly headline: readonly Row[] | undefined;
    readonly judgments: readonly Row[];
    readonly hero: Figure | null | undefined;
  },
  { known, ...around }: Around & { readonly known: readonly RowOf<'judgments'>[] },
): HighlightTexts {
  const { evidence, coverage } = around;
  const { locale } = evidence;
  const [newest = null] = (headline ?? []).flatMap((row) => textOf(row, around) ?? []);
  // A headline that rests on no row is a name, which says nothing that could be out of date.
  const isName = !headline?.some(({ rests_on: on }) => Array.isArray(on) && on.length > 0);
  return {
    headline:
      coverage.until === null
        ? newest
        : newest === null || isName
          ? locale.text('page.masthead.nothing_collected', { day: coverage.until })
          : locale.text('page.masthead.as_last_known', { day: coverage.until, headline: newest }),
    judgments: judgments.flatMap((row) => {
      const text = textOf(row, around);
      if (text === null) return [];
      const {
        likelihood = null,
        confidence = null,
        confidence_basis: basis = null,
      } = known.find(({ id }) => id === row['id']) ?? {};
      const range = likelihood && {
        word: locale.text('page.changes.estimate', { word: likelihood }),
        ...likelihoodRanges[likelihood],
      };
      return [
        {
          text,
          likelihood: range && {
            text: locale.text('page.likelihood', range),
            low: range.low,
            high: range.high,
          },
          confidence:
            confidence &&
            (basis === null
              ? locale.text('page.key_judgments.confidence', { confidence })
              : locale.text('page.key_judgments.confidence_with_basis', {
                  confidence,
                  basis: evidence.fill(basis, String(row['id'])),
                })),
        },
      ];
    }),
    caption: hero ? (hero.caption ? evidence.fill(hero.caption.text, hero.caption.id) : hero.title) : null,
  };
}

/** The text of a row as the page prints it, with what must be said of its age; null if it has none. */
function textOf({ id, text }: Row, { evidence, age }: Around): string | null {
  if (typeof text !== 'string') return null;
  const row = typeof id === 'string' ? id : undefined;
  const field = row === undefined ? null : evidence.ageOf(row, age);
  const aged =
    row === undefined || field === null
      ? ''
      : evidence.locale.text(ageMessages[field], { ...ageValues(age), day: evidence.figure(row, field) });
  return `${evidence.fill(text, row)} ${aged}`.replaceAll(/\s+/g, ' ').trim();
}
