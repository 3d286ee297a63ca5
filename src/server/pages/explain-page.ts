import { chainOf, originLines, valuesOf } from '../../editions/explained.ts';
import type { Explanation } from '../../production/explain.ts';
import type { rowsFor } from './evidence.ts';
import { briefHref, editionHref, plural } from './format.ts';

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
  }: {
    brief: { readonly id: string; readonly title: string };
    title: string;
    /** Such as `16–22 August 2021`. */
    period: string;
    found: Explanation | null;
    maySeeRow: ReturnType<typeof rowsFor>;
  },
) {
  const href = editionHref(id);
  const places = found?.isSamePage ? found.places : [];
  return {
    title: `What is behind it: ${title}, ${period}`,
    trail: [
      { href: '/', label: 'Briefs' },
      { href: briefHref(brief.id), label: brief.title },
      { href, label: period },
    ],
    action: `${href}/explain`,
    phrase: found?.phrase ?? '',
    answer: found && {
      says: found.isSamePage ? standsIn(found.phrase, places.length) : null,
      near: found.isSamePage ? found.near : [],
      warnings: found.warnings,
      places: places.map(({ what, under, page, text, origins, rows }, index) => ({
        number: index + 1,
        where: [what, page === null ? '' : `page ${page}`, under === null ? '' : `under “${under}”`]
          .filter((part) => part !== '')
          .join(', ')
          .replace(/^./, (first) => first.toUpperCase()),
        text,
        origins: origins.flatMap(originLines),
        rests: rows.length > 0,
        rows: rows
          .filter(({ values }) => maySeeRow(values))
          .map(({ id: row, table, known_on, why, title: name, values, sources, grade }) => ({
            id: row,
            table,
            knownOn: known_on,
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

const standsIn = (phrase: string, places: number): string =>
  places === 0
    ? `“${phrase}” does not stand on the page.`
    : `“${phrase}” stands in ${plural(places, 'place')}.`;
