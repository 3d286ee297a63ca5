import { expect, test } from 'vitest';
import { daysFrom, daysOfChange, daysSpread, issueOn, sampleOf } from './support/every-day.ts';
import { findBrief, loadProduct, swapText, withBrief } from './support/product.ts';

const product = await loadProduct();
/** Days on which much becomes known, the fall of Kabul, and the first day without coverage. */
const notable = ['2020-05-27', '2020-05-28', '2021-08-15', '2021-08-26'];

test('every brief passes its rules on a sample of the days on which a page can change', async () => {
  const days = daysOfChange(product);
  expect(days.length).toBeGreaterThan(70);
  expect(days).toEqual(expect.arrayContaining(notable));
  // The soak takes all of them. Eleven is prime to the seven days after which a page changes again.
  const chosen = [...new Set([...sampleOf(days, 11), ...notable])];
  const { editions, faults } = await issueOn(product, chosen);
  expect(editions).toBeGreaterThan(4 * chosen.length);
  expect(faults).toEqual([]);
});

test('a rule that a brief breaks is reported once, with its first edition and its count', async () => {
  const wrong = withBrief(product, 'isis-quieting', (brief) => {
    const text = swapText(
      brief.template.text,
      '<div class="wide">',
      '<h2>Reported in 2021</h2>\n<div class="wide">',
    );
    return { ...brief, template: { ...brief.template, text } };
  });
  const briefs = [findBrief(wrong, 'isis-quieting')];
  const { faults } = await issueOn({ ...wrong, briefs }, ['2021-08-24', '2021-08-25', '2021-08-26']);
  expect(faults).toEqual([
    expect.stringMatching(/^isis-quieting: .*"2021".*\(first isis-quieting 2021-08-24, 3 editions\)$/),
  ]);
});

test('days are counted from the first to the last', () => {
  expect(daysFrom('2020-02-27', '2020-03-01')).toEqual([
    '2020-02-27',
    '2020-02-28',
    '2020-02-29',
    '2020-03-01',
  ]);
  expect(daysSpread('2022-01-01', '2035-12-31', 100)).toHaveLength(100);
  expect(daysSpread('2022-01-01', '2022-01-05', 3)).toEqual(['2022-01-01', '2022-01-03', '2022-01-05']);
});
