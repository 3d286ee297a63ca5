import { expect, test } from 'vitest';
import { columnsOf, proseColumns, tableNames } from '../../src/dataset/schema.ts';

test('fields that are not text', () => {
  const columns = tableNames.flatMap((table) =>
    columnsOf(table).map(({ name, type }) => ({ field: `${table}.${name}`, type })),
  );
  const of = (type: string) =>
    columns
      .filter((column) => column.type === type)
      .map(({ field }) => field)
      .filter((field) => !field.endsWith('.known_on'));
  expect(of('DATE')).toEqual([
    'sources.published',
    'coverage.start',
    'coverage.end',
    'events.date_start',
    'events.date_end',
    'measures.window_start',
    'measures.window_end',
    'readings.baseline_end',
    'readings.quiet_start',
    'readings.observed_to',
    'judgments.until',
  ]);
  expect(of('DOUBLE')).toEqual([
    'places.lat',
    'places.lon',
    'places.radius_km',
    'measures.value',
    'judgments.rank',
    'gaps.rank',
    'indicators.rank',
    'indicators.threshold',
  ]);
  expect(of('VARCHAR[]')).toEqual([
    'actors.aliases',
    'events.actors',
    'events.targets',
    'measures.actors',
    'measures.targets',
    'readings.rests_on',
    'judgments.rests_on',
    'gaps.rests_on',
    'indicators.rests_on',
  ]);
  expect(columns.filter(({ field, type }) => field.endsWith('.known_on') && type === 'DATE')).toHaveLength(
    tableNames.length,
  );
});

test('columns whose wording is checked', () => {
  const prose = tableNames.flatMap((table) => proseColumns(table).map((name) => `${table}.${name}`));
  expect(prose).toEqual([
    'sources.descriptor',
    'sources.grade_note',
    'actors.note',
    'places.note',
    'coverage.note',
    'events.title',
    'events.summary',
    'events.caveat',
    'measures.label',
    'measures.denominator',
    'measures.title',
    'measures.summary',
    'measures.caveat',
    'readings.label',
    'readings.observed_note',
    'judgments.text',
    'judgments.confidence_basis',
    'gaps.text',
    'indicators.text',
    'indicators.threshold_unit',
    'indicators.meaning',
  ]);
});
