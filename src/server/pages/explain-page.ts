import { chainOf, originLines, valuesOf } from '../../editions/explained.ts';
import type { Locale } from '../../locale.ts';
import type { Explanation } from '../../production/explain.ts';
import type { rowsFor } from './evidence.ts';
import { briefHref, editionHref } from './format.ts';

/**
 * The explanation of a number or phrase of an edition. `found` is null before the first search. If the page would be
 * different today, the differences are not shown, because the new content's marking is not checked.
 */
export function explainPage(
  id: string,
  {
    brief,
    title,
    period,
    found,
    maySeeRow,
    locale,
  }: {
    brief: { readonly id: string; readonly title: string };
    title: string;
    /** Such as `16–22 August 2021`. */
    period: string;
    found: Explanation | null;
    maySeeRow: ReturnType<typeof rowsFor>;
    locale: Locale;
  },
) {
  const { text } = locale;
  const href = editionHref(id);
  const places = found?.isSamePage ? found.places : [];
  return {
    title: text('web.explain.title', { title, period }),
    trail: [
      { href: '/', label: text('web.nav.briefs') },
      { href: briefHref(brief.id), label: brief.title },
      { href, label: period },
    ],
    action: `${href}/explain`,
    phrase: found?.phrase ?? '',
    answer: found && {
      says: found.isSamePage
        ? text(places.length === 0 ? 'web.explain.not_found' : 'web.explain.found', {
            phrase: found.phrase,
            count: places.length,
          })
        : null,
      near: found.isSamePage ? found.near : [],
      warnings: found.warnings,
      places: places.map(({ what, under, page, text: whole, origins, rows }, index) => ({
        number: index + 1,
        where: locale.list([
          what.replace(/^./, (first) => first.toUpperCase()),
          ...(page === null ? [] : [text('web.explain.page', { page: String(page) })]),
          ...(under === null ? [] : [text('web.explain.under', { heading: under })]),
        ]),
        text: whole,
        origins: origins.flatMap(originLines),
        rests: rows.length > 0,
        rows: rows
          .filter(({ values }) => maySeeRow(values))
          .map(({ id: row, table, known_on, why, title: name, values, sources, grade }) => ({
            id: row,
            knownOn: text('web.explain.known_on', { table, day: known_on }),
            why,
            name,
            values: valuesOf(values),
            chain: chainOf(sources),
            grade,
          })),
      })),
    },
  };
}
