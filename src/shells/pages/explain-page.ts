import type { Explanation } from '../../runtime/explain.ts';
import { chainOf, originLines, valuesOf } from '../explained.ts';
import { editionHref } from './words.ts';

/** What is behind a number or phrase of an edition. `found` is null before anything was asked for. */
export function explainPage(id: string, { title, found }: { title: string; found: Explanation | null }) {
  const href = editionHref(id);
  return {
    title: `What is behind it: ${title}`,
    trail: [
      { href: '/', label: 'Briefs' },
      { href, label: title },
    ],
    action: `${href}/explain`,
    phrase: found?.phrase ?? '',
    answer: found && {
      says: found.places.length === 0 ? 'It does not stand on the page.' : null,
      near: found.near,
      warnings: [...found.warnings, ...found.differences.map(({ kind, says }) => `${kind}: ${says}`)],
      places: found.places.map(({ what, under, page, text, origins, rows }, index) => ({
        number: index + 1,
        where: [what, page === null ? '' : `page ${page}`, under === null ? '' : `under “${under}”`]
          .filter((part) => part !== '')
          .join(', '),
        text,
        origins: origins.flatMap(originLines),
        rows: rows.map(({ id: row, table, known_on, why, title: name, values, sources, grade }) => ({
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
