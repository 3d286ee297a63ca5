import type { Change } from '../dataset/point-in-time.ts';
import type { DatasetSettings } from '../dataset/settings.ts';
import { spelled } from '../dataset/wording.ts';
import type { Locale } from '../locale.ts';
import type { JudgmentChange } from './changes.ts';
import { titleOf } from './row-details.ts';

/** The listed changes by kind. */
export const countsOf = (changes: readonly Change[]): { [kind in Change['change']]: number } => {
  const count = (kind: Change['change']) => changes.filter(({ change }) => change === kind).length;
  return { new: count('new'), revised: count('revised'), withdrawn: count('withdrawn') };
};

/**
 * The changed judgments as page one lists them: the new ones together, by their numbers unless all of those `printed`
 * are new, then each of the others.
 */
export function judgedOnPage(
  changes: readonly JudgmentChange[],
  {
    numberOf,
    printed,
    settings,
    locale,
  }: { numberOf: (id: string) => number; printed: number; settings: DatasetSettings; locale: Locale },
) {
  const said = changes
    .map(({ change, entry, how, said: text }) => ({
      change,
      ids: entry.id,
      count: 1,
      number: numberOf(entry.id),
      title: text === null ? titleOf(entry, { settings, locale }) : locale.text('page.quoted', { text }),
      how,
    }))
    .toSorted((a, b) => a.number - b.number);
  const fresh = said.filter(({ change, number }) => change === 'new' && number > 0);
  const rest = said.filter((each) => !fresh.includes(each));
  const [first] = fresh;
  const numbers = (of: readonly { number: number }[]) =>
    locale.list(of.map(({ number }) => locale.number(number)));
  return [
    ...(first === undefined
      ? []
      : [
          {
            ...first,
            ids: fresh.map(({ ids }) => ids).join(' '),
            count: fresh.length,
            numbers: numbers(fresh),
            all: fresh.length === printed ? spelled(printed, locale) : null,
          },
        ]),
    ...rest.map((each) => ({ ...each, numbers: each.number > 0 ? numbers([each]) : null, all: null })),
  ];
}

/** A change as printed in lists. */
export const listed = (
  change: Change,
  { settings, locale }: { settings: DatasetSettings; locale: Locale },
) => ({
  change: change.change,
  id: change.id,
  title: titleOf(change, { settings, locale }),
});
