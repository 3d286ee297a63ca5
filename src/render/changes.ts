import { type Day, periodEnding } from '../calendar.ts';
import { type Corrected, type Correction, correctionsOf } from '../dataset/corrections.ts';
import { figureOf } from '../dataset/figures.ts';
import { type Change, changesBetween, changesConcerning, knownBy } from '../dataset/point-in-time.ts';
import type { Dataset, Tables } from '../dataset/schema.ts';
import type { DatasetSettings } from '../dataset/settings.ts';
import { longDay } from '../dataset/wording.ts';
import { type Brief, briefTopics, isOnTopic } from '../project/brief.ts';
import type { AppliedParameter } from '../query/select.ts';
import { titleOf } from './citations.ts';

interface Of {
  readonly brief: Brief;
  readonly dataset: Dataset;
  readonly asOf: Day;
  readonly applied: readonly AppliedParameter[];
}

/** What became known since the previous issue on the brief's topic, and of whom its parameters name. */
export function changesOf({ brief, dataset: { tables }, asOf, applied }: Of): Change[] {
  const { config } = brief;
  const { previousAsOf } = periodEnding(asOf, config.period);
  const ofTopic = changesBetween(tables, { previousAsOf, asOf }).filter(({ row }) =>
    'topic' in row ? isOnTopic(config, row.topic) : briefTopics(config) === 'all',
  );
  return applied.reduce(
    (narrowed, { id }) =>
      id === null ? narrowed : changesConcerning(narrowed, { id, tables, previousAsOf, asOf }),
    ofTopic,
  );
}

/** What a revision corrects, by the day that it became known. */
export const correctedIn = (
  tables: Tables,
  { asOf, correction: { replaces, asOf: by, rows } }: { asOf: Day; correction: Correction },
): Corrected[] => correctionsOf(tables, { asOf, since: replaces.asOf, by, shown: rows });

/** The figures by which a reader knows a row again: what it was, and what it is. Null where none of them changed. */
export function figuresBefore({ before, ...now }: Corrected): { was: string; is: string } | null {
  if (now.change !== 'revised') return null;
  for (const field of ['value', 'date']) {
    const [was, is] = [figureOf(before, field), figureOf(now, field)];
    if (was !== undefined && is !== undefined && was !== is) return { was, is };
  }
  return null;
}

/** `revised: Operations claimed (M-claims): at least 12 operations, now at least 15 operations` */
export function correctionText(corrected: Corrected, settings: DatasetSettings): string {
  const figures = figuresBefore(corrected);
  const change = figures ? `: ${figures.was}, now ${figures.is}` : '';
  return `${corrected.change}: ${titleOf(corrected, settings)} (${corrected.id})${change}`;
}

/** What to say when the period brought nothing new, and whether anybody was looking; null when it did bring something. */
export function nothingNew(of: Of): string | null {
  if (changesOf(of).length > 0) return null;
  const { brief, dataset, asOf } = of;
  const { start } = periodEnding(asOf, brief.config.period);
  const ends = knownBy(dataset.tables, asOf)
    .coverage.filter(({ topic }) => isOnTopic(brief.config, topic))
    .map(({ end }) => end)
    .toSorted();
  const span = `from ${longDay(start)} to ${longDay(asOf)}`;
  if (dataset.tables.coverage.length === 0) return `No new reporting ${span}.`;
  const caution = 'the absence of reports does not mean that nothing happened.';
  const [first, last] = [ends[0], ends.at(-1)];
  if (first === undefined || last === undefined)
    return `No new reporting ${span}. No collection is on record for this period: ${caution}`;
  const ended = `Collection ${first === last ? '' : 'on some topics '}ended on ${longDay(first)}`;
  if (last < start) return `Nothing was collected ${span}. ${ended}: ${caution}`;
  return `No new reporting ${span}.${first < asOf ? ` ${ended}. For days that are not covered, ${caution}` : ''}`;
}
