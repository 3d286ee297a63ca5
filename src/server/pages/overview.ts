import { briefHref, editionHref, instant, named, periodOf, saysOf, stateOf } from './format.ts';
import type { OverviewData } from './queries.ts';
import { periodEnding } from '../../calendar.ts';
import { describeOnPage } from '../problem.ts';
import type { EditionView } from '../../ledger/views.ts';

export function overviewPage(data: OverviewData) {
  const { briefs, caller, example, sources, locale } = data;
  const { text } = locale;
  const operate = caller.may === 'operate';
  const isEmpty = example !== null && briefs.every(({ latest }) => latest === null);
  return {
    title: text('web.overview.title'),
    newBrief: briefs.length === 0 ? 'npx sitrep new border-incidents' : null,
    /** A command that generates the weeks up to the last day that the data cover. */
    backfill: isEmpty
      ? `npx sitrep backfill ${example.brief} --from ${periodEnding(example.covered, 'P28D').start} --to ${example.covered}`
      : null,
    operate,
    attention: operate ? attentionOf(data) : '',
    sources: sources.map(({ dataset, source, lastSuccess, failingSince, failure }) => ({
      source,
      dataset,
      last: lastSuccess && instant(locale, lastSuccess),
      failing: failingSince && instant(locale, failingSince),
      reasons: failure?.split('\n') ?? [],
    })),
    briefs: briefs.map(({ view, brief, latest, pictured }) => {
      const { id, title, subject, marking, next, schedule } = view;
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
function attentionOf({ briefs, counts: { editions, deliveries }, sources, locale }: OverviewData): string {
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
