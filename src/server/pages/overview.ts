import { type Day, periodEnding } from '../../calendar.ts';
import { localTime, shownState } from '../../editions/format.ts';
import type { EditionService } from '../../editions/service.ts';
import { describeFault } from '../../errors.ts';
import type { Caller } from '../../ledger/principal.ts';
import type { BriefView, EditionView } from '../../ledger/views.ts';
import type { Brief } from '../../project/brief.ts';
import { briefHref, editionHref, instant, periodOf, plural, saysOf } from './format.ts';

/** A brief in the overview: `last` is its newest edition, `pictured` its newest edition with pages. */
export interface Overviewed {
  readonly view: BriefView;
  readonly brief: Brief | null;
  readonly pictured: EditionView | null;
}

export function overviewPage(
  briefs: readonly Overviewed[],
  {
    caller,
    example,
    counts,
  }: {
    caller: Caller;
    example: { brief: string; from: string; to: string } | null;
    counts: Awaited<ReturnType<EditionService['counts']>>;
  },
) {
  const operate = caller.may === 'operate';
  return {
    title: 'Briefs',
    none: briefs.length === 0,
    empty: example !== null && briefs.every(({ view }) => view.latest === null),
    example,
    operate,
    attention: operate ? attentionOf(briefs, counts) : '',
    briefs: briefs.map(({ view, brief, pictured }) => {
      const { id, title, subject, marking, next, schedule, latest } = view;
      const period = brief?.config.period;
      return {
        title,
        href: briefHref(id),
        about: subject,
        marking,
        reasons: view.faults.length === 0 ? null : view.faults.map((fault) => describeFault(fault)),
        picture: pictured && {
          href: editionHref(pictured.id),
          src: pictureHref(pictured),
          alt: `First page of ${pictured.title ?? title}, ${periodOf(pictured.asOf, period)}`,
        },
        blank: latest === null ? 'No edition yet' : 'No page to show',
        next: next &&
          schedule && {
            local: `${localTime(next.at, schedule.timezone)} (${schedule.timezone})`,
            at: instant(next.at),
          },
        last: latest && {
          href: editionHref(latest.id),
          period: periodOf(latest.asOf, period),
          state: shownState(latest),
          says: saysOf(latest),
        },
        make: operate ? `${briefHref(id)}#make` : null,
      };
    }),
  };
}

/** What needs attention, in one line such as `2 deliveries failed, 1 edition is on hold`; empty if nothing does. */
function attentionOf(
  briefs: readonly Overviewed[],
  { editions, deliveries }: Awaited<ReturnType<EditionService['counts']>>,
): string {
  const unreadable = briefs.filter(({ view }) => view.faults.length > 0).length;
  const failed = (deliveries.bounced ?? 0) + (deliveries.failed ?? 0);
  const parts = [
    failed > 0 ? `${plural(failed, 'delivery', 'deliveries')} failed` : '',
    deliveries.held ? `${plural(deliveries.held, 'delivery is', 'deliveries are')} on hold` : '',
    editions.held ? `${plural(editions.held, 'edition is', 'editions are')} on hold` : '',
    editions.failed ? `${plural(editions.failed, 'edition')} failed` : '',
    unreadable > 0 ? `${plural(unreadable, 'brief')} cannot be read` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? '' : `${parts.join(', ').replace(/^./, (first) => first.toUpperCase())}.`;
}

/** The URL contains the PDF's hash, so browsers may cache the picture. */
export const pictureHref = ({ id, sha256 }: EditionView): string =>
  `${editionHref(id)}/page-1.png?of=${(sha256 ?? '').slice(0, 12)}`;

/** A command that fills an empty overview: it generates the weeks up to the last day that the data cover. */
export async function exampleOf(
  briefs: readonly Overviewed[],
  coveredBy: (brief: Brief) => Promise<Day | null>,
): Promise<{ brief: string; from: Day; to: Day } | null> {
  const first = briefs.find(({ brief }) => brief !== null)?.brief;
  const to = first && (await coveredBy(first));
  if (!first || !to) return null;
  const { start } = periodEnding(to, 'P28D');
  return { brief: first.id, from: start, to };
}
