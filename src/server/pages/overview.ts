import { briefHref, editionHref, instant, named, periodOf, saysOf, stateOf } from './format.ts';
import { type Day, periodEnding } from '../../calendar.ts';
import type { EditionService } from '../../editions/service.ts';
import { describeOnPage } from '../problem.ts';
import type { Caller } from '../../ledger/principal.ts';
import type { SourceState } from '../../ledger/records.ts';
import type { BriefView, EditionView } from '../../ledger/views.ts';
import type { Locale } from '../../locale.ts';
import type { Brief } from '../../project/brief.ts';

/** A brief in the overview: `last` is its newest edition, `pictured` its newest edition with pages. */
export interface OverviewEntry {
  readonly view: BriefView;
  readonly brief: Brief | null;
  readonly pictured: EditionView | null;
}

export function overviewPage(
  briefs: readonly OverviewEntry[],
  {
    caller,
    example,
    counts,
    sources,
    locale,
  }: {
    caller: Caller;
    example: { brief: string; from: string; to: string } | null;
    counts: Awaited<ReturnType<EditionService['counts']>>;
    sources: readonly SourceState[];
    locale: Locale;
  },
) {
  const { text } = locale;
  const operate = caller.may === 'operate';
  const isEmpty = example !== null && briefs.every(({ view }) => view.latest === null);
  return {
    title: text('web.overview.title'),
    newBrief: briefs.length === 0 ? 'npx sitrep new border-incidents' : null,
    backfill: isEmpty
      ? `npx sitrep backfill ${example.brief} --from ${example.from} --to ${example.to}`
      : null,
    operate,
    attention: operate ? attentionOf(briefs, { counts, sources, locale }) : '',
    sources: sources.map(({ dataset, source, lastSuccess, failingSince, failure }) => ({
      source,
      dataset,
      last: lastSuccess && instant(locale, lastSuccess),
      failing: failingSince && instant(locale, failingSince),
      reasons: failure?.split('\n') ?? [],
    })),
    briefs: briefs.map(({ view, brief, pictured }) => {
      const { id, title, subject, marking, next, schedule, latest } = view;
      const period = brief?.config.period;
      return {
        title,
        href: briefHref(id),
        about: subject,
        marking,
        reasons: view.faults.length === 0 ? null : view.faults.map(describeOnPage),
        picture: pictured && {
          href: editionHref(pictured.id),
          src: pictureHref(pictured),
          alt: text('web.overview.picture', {
            title: pictured.title ?? title,
            period: periodOf(locale, pictured.asOf, period),
          }),
        },
        blank: text(latest === null ? 'web.overview.no_edition' : 'web.overview.no_picture'),
        unreadable: named(locale, 'unreadable'),
        next: next &&
          schedule && {
            local: text('web.at', {
              local: locale.moment(next.at, { timeZone: schedule.timezone, weekday: true }),
              timeZone: schedule.timezone,
            }),
            at: instant(locale, next.at),
          },
        last: latest && {
          href: editionHref(latest.id),
          period: periodOf(locale, latest.asOf, period),
          state: stateOf(locale, latest),
          says: saysOf(locale, latest),
        },
        generate: operate ? `${briefHref(id)}#generate` : null,
      };
    }),
  };
}

/** What needs attention, in one line such as `2 deliveries failed, 1 edition on hold`; empty if nothing does. */
function attentionOf(
  briefs: readonly OverviewEntry[],
  {
    counts: { editions, deliveries },
    sources,
    locale,
  }: {
    counts: Awaited<ReturnType<EditionService['counts']>>;
    sources: readonly SourceState[];
    locale: Locale;
  },
): string {
  const counts = [
    ['web.overview.attention.deliveries_failed', (deliveries.bounced ?? 0) + (deliveries.failed ?? 0)],
    ['web.overview.attention.deliveries_on_hold', deliveries.held ?? 0],
    ['web.overview.attention.editions_on_hold', editions.held ?? 0],
    ['web.overview.attention.editions_failed', editions.failed ?? 0],
    ['web.overview.attention.briefs_unreadable', briefs.filter(({ view }) => view.faults.length > 0).length],
    ['web.overview.attention.sources_failing', sources.filter(({ failure }) => failure !== null).length],
  ] as const;
  return locale.list(counts.flatMap(([key, count]) => (count > 0 ? [locale.text(key, { count })] : [])));
}

/** The URL contains the PDF's hash, so browsers may cache the picture. */
export const pictureHref = ({ id, sha256 }: EditionView): string =>
  `${editionHref(id)}/page-1.png?of=${(sha256 ?? '').slice(0, 12)}`;

/** A command that fills an empty overview: it generates the weeks up to the last day that the data cover. */
export async function exampleOf(
  briefs: readonly OverviewEntry[],
  coveredBy: (brief: Brief) => Promise<Day | null>,
): Promise<{ brief: string; from: Day; to: Day } | null> {
  const first = briefs.find(({ brief }) => brief !== null)?.brief;
  const to = first && (await coveredBy(first));
  if (!first || !to) return null;
  const { start } = periodEnding(to, 'P28D');
  return { brief: first.id, from: start, to };
}
