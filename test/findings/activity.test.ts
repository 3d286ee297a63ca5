import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { periodEnding } from '../../src/calendar.ts';
import type { ImportRecord } from '../../src/dataset/incidents.ts';
import type { Row } from '../../src/dataset/parse-rows.ts';
import { AppError } from '../../src/errors.ts';
import { dayOf, numberOf } from '../../src/dataset/spans.ts';
import { analyse, type Finding } from '../../src/findings/analyse.ts';
import { phrases } from '../../src/findings/verdict.ts';
import { briefOf, british } from '../support/brief-of.ts';
import type { Locale } from '../../src/locale.ts';
import { recordOf } from '../support/incident-store.ts';
import { localeOf } from '../support/locale.ts';

const AS_OF = '2024-06-30';
const asOf = numberOf(AS_OF);
const config = { kind: 'activity', rows: 'counts', by: 'actor' };

const found = (
  rows: readonly Row[],
  settings: object = {},
  {
    sets = {},
    day = AS_OF,
    length = 'P7D',
    imports = [],
    locale = british,
  }: {
    sets?: Record<string, Row[]>;
    day?: string;
    length?: string;
    imports?: readonly ImportRecord[];
    locale?: Locale;
  } = {},
): Finding => {
  const brief = { ...briefOf({ findings: { it: { ...config, ...settings } } }), locale };
  const { it } = analyse(brief, { counts: rows, ...sets }, { period: periodEnding(day, length), imports });
  if (it === undefined) throw new Error('There is no finding.');
  return it;
};
const verdicts = (...given: Parameters<typeof found>) =>
  Object.fromEntries(found(...given).rows.map(({ name, verdict }) => [name, verdict]));
const only = (...given: Parameters<typeof found>): Row => {
  const { rows } = found(...given);
  const [row] = rows;
  if (row === undefined || rows.length > 1) throw new Error(`${rows.length} rows instead of one.`);
  return row;
};

/** `perDay(daysAgo)` incidents on each day from `from` days ago to the last day. */
const daily = (perDay: (ago: number) => number, { actor = 'A', place = 'P', from = 120 } = {}): Row[] =>
  Array.from({ length: from + 1 }, (_, index) => from - index).flatMap((ago) => {
    const count = perDay(ago);
    return count === 0 ? [] : [{ actor, place, start: dayOf(asOf - ago), count }];
  });
const steady = (a: number, b: number) => daily((ago) => (ago < 7 ? a : b));

describe('verdicts', () => {
  test.each([
    { what: 'none after two a day', rows: steady(0, 2), verdict: 'quiet' },
    { what: 'eight a day after two', rows: steady(8, 2), verdict: 'surged' },
    { what: 'two a day as before', rows: steady(2, 2), verdict: 'within normal variation' },
    {
      what: 'none after one a fortnight',
      rows: daily((ago) => Number(ago >= 7 && ago % 14 === 0)),
      verdict: 'too few data',
    },
  ])('$what: $verdict', ({ rows, verdict }) => {
    expect(only(rows)['verdict']).toBe(verdict);
  });

  test('the text says what was counted and expected, and only then how large a drop could have been seen', () => {
    expect(only(steady(0, 2))['text']).toBe('Quiet: 0 reported in seven days, 14 expected.');
    expect(only(steady(2, 2))['text']).toBe(
      'Within normal variation: 14 reported in seven days, 14 expected. Only a drop of about 57 per cent or more would have been called quiet.',
    );
  });

  test('only a period without any: no drop of 100 per cent or more', () => {
    expect(only(daily((ago) => Number(ago % 7 < 4)))).toMatchObject({
      drop_count: 0,
      text: 'Within normal variation: 4 reported in seven days, 4.0 expected. Only a period without any would have been called quiet.',
    });
  });

  test('of several lengths, no drop is the only one that could have been seen', () => {
    expect(
      only(
        daily(() => 2, { from: 500 }),
        { days: [7, 56], baseline: 364 },
      )['text'],
    ).toBe(
      'Within normal variation: 112 reported in 56 days, 112 expected. A drop of about 24 per cent over these days would have been called quiet.',
    );
  });

  test('the drop that could have been seen is the limit of the verdict', () => {
    const { drop_count: limit, rise_count: rise } = only(steady(2, 2));
    const inAll = (count: number) => only(daily((ago) => (ago === 3 ? count : ago < 7 ? 0 : 2)))['verdict'];
    expect([limit, rise]).toEqual([6, 23]);
    expect([6, 7, 22, 23].map(inAll)).toEqual([
      'quiet',
      'within normal variation',
      'within normal variation',
      'surged',
    ]);
  });

  test('days within the reporting lag are left out', () => {
    expect(
      only(
        daily((ago) => (ago < 3 ? 0 : 2)),
        { lag: 3 },
      ),
    ).toMatchObject({
      verdict: 'within normal variation',
      days: 4,
      count: '8',
    });
    expect(only(steady(0, 2), { lag: 7 })['verdict']).toBe('within reporting lag');
    expect(only(steady(0, 2), { lag: 6 })).toMatchObject({ verdict: 'too few data', days: 1 });
  });

  describe('several lengths', () => {
    const days = [7, 14, 21, 28, 35, 42, 49, 56];
    const half = daily((ago) => (ago < 49 ? ago % 2 : 1), { from: 500 });
    const stopped = daily((ago) => (ago < 7 ? 0 : 3), { from: 500 });

    test('find a slow drop in the longer ones, and a stop in the shortest, with the days that show it', () => {
      const settings = { baseline: 364 };
      expect(only(half, { ...settings, days: 7 })['verdict']).toBe('within normal variation');
      expect(only(half, { ...settings, days })).toMatchObject({
        verdict: 'quiet',
        days: 49,
        text: 'Quiet: 24 reported in 49 days, 49 expected.',
      });
      expect(only(stopped, { ...settings, days })).toMatchObject({ verdict: 'quiet', days: 7 });
    });

    test('share alpha, the shortest twice as much, and have one baseline before the longest', () => {
      const { rows, fields } = found(stopped, { days });
      expect(rows[0]).toMatchObject({ alpha_used: (0.05 * 2) / 9, expected: '21' });
      expect(only(half, { days, baseline: 364 })).toMatchObject({ days: 49, alpha_used: 0.05 / 9 });
      expect(fields).toMatchObject({ days: '56 days', start: '6 May 2024' });
      // One instead of seven: clear enough for one test, and not for eight.
      const few = daily((ago) => (ago < 7 ? Number(ago < 1) : 1), { from: 500 });
      const [alone, among] = [only(few, { days: 7 }), only(few, { days })];
      expect(alone['p']).toBeLessThan(0.05);
      expect([alone['verdict'], among['verdict']]).toEqual(['quiet', 'within normal variation']);
      expect(among['days']).toBe(56);
    });

    test('find a drop in the shortest that an eighth of alpha would miss', () => {
      const drop = daily((ago) => (ago < 7 ? Number(ago < 6) : 2 + Number(ago % 4 === 0)), { from: 500 });
      const row = only(drop, { days, baseline: 364 });
      expect(row['p']).toBeGreaterThan(0.05 / 8);
      expect(row).toMatchObject({ verdict: 'quiet', days: 7 });
    });

    test('have too few data only if none of them would show a period without any', () => {
      // Of 8 days with a third of alpha, a count of 0 is just not significant; of 7 days with two thirds, it is.
      const some = daily((ago) => Number((ago * 217) % 364 < 217), { from: 371 });
      expect(only(some, { days: 8, alpha: 0.05 / 3, baseline: 364 })['verdict']).toBe('too few data');
      expect(only(some, { days: [7, 8], baseline: 364 })).toMatchObject({
        verdict: 'within normal variation',
        days: 7,
        drop_count: 0,
      });
    });

    test('a list of one length is that length, and one named twice counts once', () => {
      expect(found(half, { days: [28] }).rows).toEqual(found(half, { days: 28 }).rows);
      expect(found(half, { days: [28, 7, 28] }).rows).toEqual(found(half, { days: [7, 28] }).rows);
    });

    test('those within the reporting lag are not tested', () => {
      expect(only(stopped, { days, lag: 10 })).toMatchObject({
        verdict: 'within normal variation',
        days: 46,
      });
    });
  });

  test('if no series could be compared, the sentence says why, in each language', async () => {
    const short = daily(() => 2, { from: 20 });
    const late = '2024-08-31';
    const reasons = {
      'en-GB': [
        /the only series scanned could not be compared, because fewer than four weeks .* is 10 June 2024\)\./,
        /because too few incidents were reported\./,
        /because all days are within the reporting lag of seven days\./,
        /because no collection is known for these days\./,
      ],
      fr: [/moins de quatre semaines/, /trop peu d’incidents/, /délai de remontée/, /aucun recueil connu/],
      ar: [/أقل من أربعة/, /أقل من اللازم/, /مهلة الإبلاغ/, /لا يُعرف/],
    };
    let checked = 0;
    for (const [tag, expected] of Object.entries(reasons)) {
      const locale = await localeOf(tag);
      const outcomes = [
        found(short, {}, { locale }),
        found(
          daily((ago) => Number(ago % 40 === 39)),
          {},
          { locale },
        ),
        found(steady(2, 2), { lag: 7 }, { locale }),
        found(
          steady(2, 2),
          {},
          {
            day: late,
            imports: [recordOf({ last_day: AS_OF, known_on: AS_OF, first_day: '2024-03-01' })],
            locale,
          },
        ),
      ].map(({ fields }) => fields['outcome']);
      for (const [index, reason] of expected.entries()) {
        expect(outcomes[index]).toMatch(reason);
        expect(outcomes[index]).not.toMatch(/[{}]/);
        checked += 1;
      }
    }
    expect(checked).toBe(12);
    const causes = Object.keys(phrases).filter(
      (phrase) => !['quiet', 'surged', 'within-normal-variation'].includes(phrase),
    );
    const why = causes.map((cause) =>
      british.text('figures.activity.why', { cause: cause.replaceAll('-', '_'), since: '', lag: '' }),
    );
    expect(new Set(why).size).toBe(causes.length);
    expect(causes.length).toBeGreaterThan(4);
  });

  test('if some could be compared, the sentence counts them apart from those scanned', () => {
    const rows = [...steady(2, 2), ...daily((ago) => Number(ago === 50), { actor: 'B' })];
    expect(found(rows).fields['outcome']).toBe(
      'Between 24 June 2024 and 30 June 2024, no series went quiet and no series surged, out of one that could be compared; two were scanned.',
    );
  });

  test('no day is the last one compared if all are within the reporting lag', () => {
    expect(found(steady(2, 2), { lag: 6 }).fields['complete_to']).toBe('24 June 2024');
    expect(found(steady(2, 2), { lag: 7 }).fields['complete_to']).toBe('');
  });

  test('a lag is estimated from a query of reports', () => {
    const reports = Array.from({ length: 12 }, (_, week) => ({
      start: dayOf(asOf - 90 + 7 * week - 4),
      known_on: dayOf(asOf - 90 + 7 * week),
      count: 5,
    }));
    const { fields } = found(steady(0, 2), { lag: 'reports' }, { sets: { reports } });
    expect(fields).toMatchObject({ lag: 'four days', lag_basis: 'estimated' });
    const none = found(steady(0, 2), { lag: 'reports' }, { sets: { reports: [] } });
    expect(none.fields).toMatchObject({ lag: 'no days', lag_basis: 'unknown' });
  });

  test('days without collection are not quiet', () => {
    const until = (end: number) => ({
      sets: { collected: [{ start: dayOf(asOf - 200), end: dayOf(asOf - end) }] },
    });
    const settings = { coverage: 'collected' };
    expect(only(steady(0, 2), settings, until(7))['verdict']).toBe('not covered');
    expect(only(steady(0, 2), settings, until(2))).toMatchObject({ verdict: 'quiet', days: 5 });
    expect(only(steady(0, 2), settings, { sets: { collected: [] } })['verdict']).toBe('not covered');
    expect(only(steady(0, 2), settings, until(0))['verdict']).toBe('quiet');
  });

  test('coverage may be of one place', () => {
    const rows = [...daily((ago) => (ago < 7 ? 0 : 2)), ...daily((ago) => (ago < 7 ? 0 : 2), { place: 'Q' })];
    const collected = [
      { place: 'P', start: dayOf(asOf - 200), end: null },
      { place: 'Q', start: dayOf(asOf - 200), end: dayOf(asOf - 10) },
    ];
    expect(verdicts(rows, { by: 'place', coverage: 'collected' }, { sets: { collected } })).toEqual({
      P: 'quiet',
      Q: 'not covered',
    });
    // Collection in one place says nothing of an actor, who may be anywhere.
    expect(verdicts(rows, { by: 'actor', coverage: 'collected' }, { sets: { collected } })).toEqual({
      A: 'not covered',
    });
  });

  describe('imports of incidents', () => {
    /** An import `ago` days before the last day, with incidents up to `to` days before it. */
    const importOf = ({ ago = 0, to = 0, lag = 0, countries = ['CO'] }) =>
      recordOf({
        known_on: dayOf(asOf - ago),
        first_day: dayOf(asOf - 400),
        last_day: dayOf(asOf - to),
        lag_days: lag,
        countries,
      });
    test.each([
      { what: 'of the last day', imports: [{}], verdict: 'quiet', days: 7 },
      { what: 'with incidents to the fourth day', imports: [{ to: 3 }], verdict: 'quiet', days: 4 },
      { what: 'of the day before the period', imports: [{ ago: 7, to: 7 }], verdict: 'not covered', days: 0 },
      {
        what: 'within the lag of its days',
        imports: [{ to: 1, lag: 7 }],
        verdict: 'not covered',
        days: 0,
      },
      {
        what: 'of a later day, of an old file',
        imports: [{ ago: -900, to: 0, lag: 60 }],
        verdict: 'quiet',
        days: 7,
      },
      {
        what: 'of another country',
        imports: [{ to: 8 }, { countries: ['PE'] }],
        verdict: 'not covered',
        days: 0,
      },
      {
        what: 'of the same country',
        imports: [{ to: 8 }, { countries: ['CO', 'PE'] }],
        verdict: 'quiet',
        days: 7,
      },
      { what: 'without countries', imports: [{ countries: [], to: 3 }], verdict: 'quiet', days: 4 },
    ])('an import $what: $verdict', ({ imports, verdict, days }) => {
      const { rows, fields } = found(steady(0, 2), {}, { imports: imports.map(importOf) });
      expect(rows).toMatchObject([{ verdict, days }]);
      expect(fields['coverage_basis']).toBe('assumed from the imports');
    });
  });

  test('a baseline of fewer than four weeks has too few data', () => {
    const since = (from: number) => daily((ago) => (ago < 7 ? 0 : 3), { from });
    expect(only(since(33))).toMatchObject({ verdict: 'too few data', phrase: 'too-few-weeks' });
    expect(only(since(34))['verdict']).toBe('quiet');
  });

  test('clustered weeks need more than steady ones', () => {
    const clustered = daily((ago) => (ago < 7 ? 0 : ago % 28 < 7 ? 4 : 0));
    expect(only(clustered)).toMatchObject({ verdict: 'too few data', method: 'negative-binomial' });
    expect(only(steady(0, 1))).toMatchObject({ verdict: 'quiet', method: 'poisson' });
  });
});

describe('imprecise dates', () => {
  const week = (count: number): Row => ({ actor: 'A', start: dayOf(asOf - 10), end: dayOf(asOf - 3), count });
  test('a verdict needs both ways to count them to agree', () => {
    expect(only([...steady(0, 2), week(1)])).toMatchObject({ verdict: 'quiet', count_low: 0, count_high: 1 });
    expect(only([...steady(0, 2), week(14)])).toMatchObject({
      verdict: 'too few data',
      phrase: 'imprecise-dates',
      count: '0 to 14',
    });
  });

  test('the dispersion allows for incidents whose week is unknown', () => {
    const half = daily((ago) => (ago % 28 === 10 ? 10 : 0), { from: 150 });
    const spans = half.map((row): Row => ({
      ...row,
      start: dayOf(numberOf(String(row['start'])) - 4),
      end: dayOf(numberOf(String(row['start'])) + 4),
    }));
    const known = Number(only(half)['dispersion']);
    expect(known).toBeGreaterThan(2);
    expect(only([...half, ...spans])['dispersion']).toBeCloseTo(1 + (known - 1) * 2, 9);
    expect(only([...steady(0, 2), week(1)])['dispersion']).toBe(0);
  });

  test('without a known week in the baseline there are too few data', () => {
    const months = [61, 92, 122].map((ago) => ({
      actor: 'A',
      start: dayOf(asOf - ago),
      end: dayOf(asOf - ago + 29),
      count: 12,
    }));
    expect(only(months, { days: 30 })).toMatchObject({ verdict: 'too few data', phrase: 'no-known-week' });
    expect(found(months, { days: 30 }).fields['outcome']).toContain(
      'none of the incidents in the baseline has a known week',
    );
    expect(
      only([...months, ...daily((ago) => Number(ago > 30 && ago % 2 === 0))], { days: 30 }),
    ).toMatchObject({
      verdict: 'quiet',
    });
  });

  test('a span within the period is as good as a day', () => {
    const inside = { actor: 'A', start: dayOf(asOf - 6), end: AS_OF, count: 14 };
    expect(only([...steady(0, 2), inside])).toMatchObject({ count_low: 14, count_high: 14 });
  });

  test('a span that ends after the last day has happened by then', () => {
    const month = { actor: 'A', start: dayOf(asOf - 6), end: dayOf(asOf + 24), count: 14 };
    expect(only([...steady(0, 2), month])).toMatchObject({ count_low: 14, count_high: 14 });
    const later = { actor: 'A', start: dayOf(asOf + 1), count: 50 };
    expect(only([...steady(0, 2), later])).toEqual(only(steady(0, 2)));
  });

  test('one that may be of the baseline raises it only if it is counted out of the period', () => {
    const { expected_low: low, expected_high: high } = only([...steady(0, 2), week(13)]);
    expect([low, high]).toEqual([14, 15]);
  });
});

describe('many series', () => {
  test('what is quiet alone may not be quiet among a hundred', () => {
    const borderline = daily((ago) => (ago < 7 ? 0 : Number(ago % 7 < 4)));
    expect(only(borderline)['verdict']).toBe('quiet');
    const others = Array.from({ length: 100 }, (_, index) =>
      daily((ago) => Number(ago % 7 < 4), { actor: `B${index}` }),
    ).flat();
    expect(verdicts([...borderline, ...others])['A']).toBe('too few data');
  });

  test('an actor that is quiet here and up next door is shown as both', () => {
    const rows = [
      ...daily((ago) => (ago < 7 ? 0 : 2)),
      ...daily((ago) => (ago < 7 ? 9 : 2), { place: 'Q' }),
      ...daily((ago) => (ago < 7 ? 9 : 2), { place: 'R', actor: 'B' }),
    ];
    const result = found(rows, { by: 'both' });
    expect(result.fields).toMatchObject({ scanned: 'three', quiet: 'one', surged: 'two', moved: 'one' });
    expect(result.rows).toMatchObject([
      { name: 'A · P', verdict: 'quiet', up_in: ['Q'], quiet_in: [] },
      { name: 'A · Q', verdict: 'surged', up_in: [], quiet_in: ['P'] },
      { name: 'B · R', verdict: 'surged', up_in: [], quiet_in: [] },
    ]);
    expect(verdicts(rows, { by: 'actor' })).toEqual({ A: 'surged', B: 'surged' });
  });

  test('a row without a name belongs to no series', () => {
    expect(found([...steady(0, 2), { actor: null, start: AS_OF, count: 5 }]).rows).toHaveLength(1);
  });
});

describe('the same season of earlier years', () => {
  const years = 365 * 5 + 100;
  /** More in winter than in summer, by the day of the year. */
  const season = (ago: number) => (/-(01|02|03|11|12)-/.test(dayOf(asOf - ago)) ? 6 : 2);
  test('is the baseline if three earlier years are covered and predict the weeks before', () => {
    expect(only(daily(season, { from: years }))).toMatchObject({
      verdict: 'within normal variation',
      baseline: 'season',
      baseline_years: 5,
    });
    expect(only(daily(season, { from: 900 }))['baseline']).toBe('recent');
  });

  test('keeps the end of a season from looking quiet', () => {
    const day = '2024-04-07';
    const rows = daily(season, { from: years }).filter(({ start }) => String(start) <= day);
    expect(only(rows, {}, { day })['verdict']).toBe('within normal variation');
    const short = rows.filter(({ start }) => String(start) > '2022-01-01');
    expect(only(short, {}, { day })['verdict']).toBe('quiet');
  });

  test('is no baseline once the rate has changed', () => {
    const halved = daily((ago) => (ago < 200 ? 2 : 6), { from: years });
    expect(only(halved)).toMatchObject({ verdict: 'within normal variation', baseline: 'recent' });
  });

  test('moves a leap day to 28 February', () => {
    const day = '2024-02-29';
    const rows = daily(() => 2, { from: years }).filter(({ start }) => String(start) <= day);
    expect(only(rows, {}, { day, length: 'P1D' })).toMatchObject({ baseline: 'season', expected: '2.0' });
  });
});

describe('what describes a series and decides nothing', () => {
  test('the days since the last incident rank among the gaps before', () => {
    const every = daily((ago) => Number(ago >= 9 && ago % 3 === 0));
    expect(only(every)).toMatchObject({ last: dayOf(asOf - 9), empty_days: 9, gaps: 37, gap_share: 1 / 38 });
    const few = daily((ago) => Number(ago >= 9 && ago % 6 === 3));
    expect(only(few)).toMatchObject({ gaps: 18, gap_share: null });
  });

  test('the last incident is unknown if one without an exact day may be later', () => {
    const span = (from: number, to: number) => ({
      actor: 'A',
      start: dayOf(asOf - from),
      end: dayOf(asOf - to),
      count: 1,
    });
    expect(only([...steady(0, 2), span(20, 6)])).toMatchObject({ last: null, empty_days: null });
    expect(only([...steady(0, 2), span(20, 7)])).toMatchObject({ last: dayOf(asOf - 7), empty_days: 7 });
    expect(only([...steady(0, 2), span(2, 0)], { lag: 3 })).toMatchObject({ empty_days: 4 });
  });

  test('a count of 0 is no incident', () => {
    const empty = [200, 3, 0].map((ago) => ({ actor: 'A', start: dayOf(asOf - ago), count: 0 }));
    expect(found([...steady(0, 2), ...empty])).toEqual(found(steady(0, 2)));
  });

  test('a change of the rate is dated, and sums of four weeks cross where one week says nothing', () => {
    const row = only(daily((ago) => (ago < 28 ? 0 : 1)));
    expect(row).toMatchObject({
      cusum_low_crossed: true,
      cusum_high_crossed: false,
      change: dayOf(asOf - 27),
    });
    expect(numberOf(String(row['change_from']))).toBeLessThanOrEqual(asOf - 27);
    expect(numberOf(String(row['change_to']))).toBeGreaterThanOrEqual(asOf - 27);
    expect(row['change_probability']).toBeGreaterThan(0.99);
  });
});

test('weeks for charts: the counts, what was expected, and what a single test calls usual', () => {
  const { weeks = [] } = found(steady(0, 2));
  expect(weeks).toHaveLength(14);
  expect(weeks.at(0)).toMatchObject({ week: dayOf(asOf - 97), count: 14, in_period: false });
  expect(weeks.at(-1)).toMatchObject({
    week: dayOf(asOf - 6),
    end: AS_OF,
    count: 0,
    expected: 14,
    usual_low: 7,
    usual_high: 22,
    in_period: true,
    complete: true,
  });
});

test('a row may have the counts of many days as a list', () => {
  const rows = [...steady(0, 2), { actor: 'A', start: dayOf(asOf - 20), end: dayOf(asOf - 14), count: 3 }];
  const incidents = rows.map(({ start = '', end = null, count = 0 }: Row) => ({ start, end, count }));
  expect(found([{ actor: 'A', incidents }])).toEqual(found(rows));
});

test('rows that do not fit are named with their query', () => {
  const faults = () => found(steady(0, 2), { lag: 'reports' }, { sets: { reports: [{ start: 'soon' }] } });
  expect(faults).toThrow(AppError);
  expect(faults).toThrow(/start/);
  expect(() => found(steady(0, 2), { coverage: 'nowhere' })).toThrow(/no query "nowhere"/);
  expect(() => found([{ actor: 'A', start: AS_OF, count: -1 }])).toThrow(/count/);
});

describe('properties', () => {
  const row = fc.record({
    actor: fc.constantFrom('A', 'B', 'C'),
    place: fc.constantFrom('P', 'Q'),
    ago: fc.integer({ min: 0, max: 150 }),
    length: fc.constantFrom(0, 0, 0, 6, 30),
    count: fc.integer({ min: 0, max: 9 }),
  });
  const given = fc.array(row, { minLength: 1, maxLength: 60 });
  const rowsOf = (
    all: readonly { actor: string; place: string; ago: number; length: number; count: number }[],
  ) =>
    all.map(({ actor, place, ago, length, count }): Row => {
      const start = asOf - ago;
      return { actor, place, start: dayOf(start), end: dayOf(Math.min(asOf, start + length)), count };
    });

  test('the order of rows, and any split of their counts, changes nothing', () => {
    const shuffled = given.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }), fc.boolean()),
    );
    fc.assert(
      fc.property(shuffled, ([all, other, isSplit]) => {
        const halves = isSplit
          ? other.flatMap((each) => [
              { ...each, count: Math.floor(each.count / 2) },
              { ...each, count: Math.ceil(each.count / 2) },
            ])
          : other;
        expect(found(rowsOf(halves), { by: 'both' })).toEqual(found(rowsOf(all), { by: 'both' }));
      }),
      { seed: 14, numRuns: 40 },
    );
  });

  test('a count never lies outside the two ways to count it, and a verdict has its direction', () => {
    let decided = 0;
    fc.assert(
      fc.property(given, (all) => {
        for (const { verdict, count_low: low, count_high: high, expected_low: least } of found(rowsOf(all))
          .rows) {
          if (verdict === 'quiet') expect(Number(high)).toBeLessThan(Number(least));
          if (low === null) continue;
          decided += 1;
          expect(Number(low)).toBeLessThanOrEqual(Number(high));
        }
      }),
      { seed: 14, numRuns: 40 },
    );
    expect(decided).toBeGreaterThan(40);
  });

  test.each([
    { what: 'one day', rows: [{ actor: 'A', start: AS_OF, count: 1 }], verdict: 'too few data' },
    { what: 'all in one day', rows: [{ actor: 'A', start: AS_OF, count: 900 }], verdict: 'too few data' },
    {
      what: 'nothing before, under collection',
      rows: [
        { actor: 'A', start: AS_OF, count: 9 },
        { actor: 'B', start: dayOf(asOf - 200), count: 1 },
      ],
      verdict: 'surged',
    },
    { what: 'huge counts', rows: steady(2_000_000, 2_000_000), verdict: 'within normal variation' },
    { what: 'huge counts that halve', rows: steady(1_000_000, 2_000_000), verdict: 'quiet' },
    {
      what: 'only a year known',
      rows: [{ actor: 'A', start: '2024-01-01', end: '2024-12-31', count: 40 }],
      verdict: 'too few data',
    },
  ])('$what: $verdict', ({ rows, verdict }) => {
    expect(verdicts(rows)['A']).toBe(verdict);
  });

  test('without rows there is no finding', () => {
    expect(() => found([])).toThrow('no finding');
  });
});
