import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { noTables } from '../../src/dataset/schema.ts';
import { localesFolder, openLocale } from '../../src/locale.ts';
import { openQueries } from '../../src/query/database.ts';
import { locale } from '../support/locale.ts';

const parameters = {
  as_of: '2021-08-25',
  period_start: '2021-08-19',
  previous_as_of: '2021-08-18',
  topic: 'all',
};
const british = await readFile(join(localesFolder, 'en-GB.yaml'), 'utf8');
const french = openLocale(
  'fr',
  `
dates:
  day: "{day, select, 1 {1er} other {{day}}} {month} {year}"
  day_of_year: "{day, select, 1 {1er} other {{day}}} {month}"
  month: '{month} {year}'
  season: '{season, select, spring {printemps} summer {été} other {automne}} {year}'
  winter: hiver {year}-{next}
  short_months: janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.
`,
);
const arabic = openLocale('ar-EG', british);

const ask = async (sql: string, words = locale) => {
  await using queries = await openQueries(noTables, { locale: words });
  return await queries.query({ sql, file: 'a.sql', parameters });
};

describe('queries write in the language of the brief', () => {
  const days = `SELECT day_label(d) AS label, short_day(d) AS short, long_day(d) AS long, short_month(d) AS short_month,
    long_month(d) AS month, month_name(d) AS name, season(d) AS season FROM (SELECT DATE '2021-02-01' AS d UNION ALL SELECT NULL) ORDER BY d`;

  test('days', async () => {
    const none = {
      label: null,
      short: null,
      long: null,
      short_month: null,
      month: null,
      name: null,
      season: null,
    };
    expect(await ask(days)).toEqual([
      {
        label: '1 Feb',
        short: '1 Feb 2021',
        long: '1 February 2021',
        short_month: 'Feb 2021',
        month: 'February 2021',
        name: 'February',
        season: 'winter 2020–21',
      },
      none,
    ]);
    expect(await ask(days, french)).toEqual([
      {
        label: '1er févr.',
        short: '1er févr. 2021',
        long: '1er février 2021',
        short_month: 'févr. 2021',
        month: 'février 2021',
        name: 'février',
        season: 'hiver 2020-21',
      },
      none,
    ]);
  });

  test('numbers, and messages with their values', async () => {
    const sql = `SELECT message('figures.at_least', 'value', 'x') AS text, message('figures.at_least', 'value', NULL) AS none,
      number_words(1234.5) AS number, number_words(-2.0) AS negative, count_words(7.0) AS few,
      [count_words(11), count_words(1.5), count_words(-1)] AS others`;
    const text = 'at least x';
    expect(await ask(sql)).toEqual([
      { text, none: null, number: '1,234.5', negative: '-2', few: 'seven', others: ['11', '1.5', '-1'] },
    ]);
    const { number } = (await ask(sql, arabic))[0] ?? {};
    expect(number).toBe('١٬٢٣٤٫٥');
  });

  test('an unknown message is a fault of the query', async () => {
    await expect(ask(`SELECT message('page.none')`)).rejects.toThrow(
      /There is no message "page\.none" for queries/,
    );
  });
});
