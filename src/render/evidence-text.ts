import type { Locale } from '../locale.ts';
import type { EvidenceSet } from '../query/evidence-set.ts';

export const setsByName = (sets: readonly EvidenceSet[]): ReadonlyMap<string, EvidenceSet> =>
  new Map(sets.map((set) => [set.name, set]));

/**
 * `UCDP GED, 312 incidents in Yemen, 3–9 January 2022`; more than three countries are counted. One incident is
 * `Air strike, Hodeidah, Yemen, 3 January 2022`, with its own title in quotation marks.
 */
export function titleOfSet(set: EvidenceSet, locale: Locale): string {
  const { countries, incident } = set;
  const { count, span } = figuresOfSet(set, locale);
  if (incident !== null) {
    const { title, kind, sub_kind: subKind, place, admin1 } = incident;
    const what =
      title === null
        ? (subKind ?? kind ?? locale.text('page.evidence.incidents', { count: 1 }))
        : locale.text('page.evidence.quoted', { title });
    const where = [place, admin1 === place ? null : admin1, countriesInWords(countries, locale)];
    return [what, ...where, span]
      .filter((part) => part !== null && part !== '')
      .join(locale.text('page.between.parts'));
  }
  const values = {
    sources: locale.list(set.sources),
    count,
    what: set.what ?? locale.text('page.evidence.incidents', { count: set.count }),
    days: span,
  };
  if (countries.length === 0) return locale.text('page.evidence.title', values);
  return locale.text('page.evidence.title_with_places', {
    ...values,
    places: countriesInWords(countries, locale),
  });
}

/** The names of countries; more than three are counted. `codes` are ISO 3166-1 alpha-2. */
export function countriesInWords(codes: readonly string[], locale: Locale): string {
  const names = new Intl.DisplayNames(locale.tag, { type: 'region' });
  return codes.length > 3
    ? locale.text('page.evidence.countries', { count: codes.length })
    : locale.list(codes.map((code) => names.of(code) ?? code));
}

/** The figures of an evidence set, for use in a sentence. */
export const figuresOfSet = (
  { count, rows, start, end }: EvidenceSet,
  locale: Locale,
): { readonly [figure in 'count' | 'rows' | 'start' | 'end' | 'span']: string } & {
  readonly [figure: string]: string;
} => ({
  count: locale.number(count),
  rows: locale.number(rows),
  start: locale.longDay(start),
  end: locale.longDay(end),
  span: locale.daySpan(start, end),
});
