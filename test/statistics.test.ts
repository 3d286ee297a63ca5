import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { readPage } from './support/page.ts';
import { loadProduct, renderEdition } from './support/product.ts';

// Printed figures against a script that shares no code and no method with the program.
const script = join(import.meta.dirname, 'input/statistics/recompute.js');
const clustering = z.object({ k1: z.number(), k05: z.number() });
const recomputed = z
  .object({
    readings: z.array(
      z.object({
        before: z.number(),
        quiet: z.number(),
        rate: z.number(),
        expected: z.number(),
        chance: z.number(),
        ratio: z.number(),
      }),
    ),
    conditional: z.number(),
    empty: clustering.extend({ poisson: z.number() }),
    silence: clustering,
    run: clustering.extend({ poisson: z.number() }),
    breakEven: z.object({ at5: z.number(), at20: z.number() }),
    rest: z.number(),
  })
  .parse(JSON.parse((await promisify(execFile)(process.execPath, [script])).stdout));

const down = (value: number, decimals: number): string =>
  (Math.floor(value * 10 ** decimals + 1e-9) / 10 ** decimals).toFixed(decimals);
const up = (value: number, decimals: number): string =>
  (Math.ceil(value * 10 ** decimals - 1e-9) / 10 ** decimals).toFixed(decimals);
/** A chance in per cent with two significant digits, rounded up. */
const percent = (chance: number): string => {
  const decimals = Math.max(0, 1 - Math.floor(Math.log10(chance * 100)));
  return up(chance * 100, decimals);
};
const nearest = (share: number): string => String(Math.round(share * 100));
const words = ['', '', '', '', '', '', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven'];

const product = await loadProduct();
const page = readPage(
  (await renderEdition(product, { brief: 'isis-quieting', asOf: '2021-08-25' })).html,
).text;
const [headline, other] = recomputed.readings;
if (headline === undefined || other === undefined) throw new Error('The script gives no readings.');

test('the script finds what the seed says', () => {
  expect(recomputed.readings.map(({ before, quiet }) => [before, quiet])).toEqual([
    [106, 9],
    [105, 10],
    [106, 6],
    [106, 10],
    [105, 11],
  ]);
  expect(recomputed.run.poisson).toBeCloseTo(0.0082982, 7);
});

test.each(recomputed.readings)('the row of $before days before and $quiet quiet days', (reading) => {
  const { before, quiet, rate, expected, chance, ratio } = reading;
  const cells = [String(before), String(quiet), `≥ ${down(rate, 2)}`, `≥ ${down(expected, 1)}`];
  expect(page).toContain([...cells, `≤ ${percent(chance)} %`, `≤ ${up(ratio, 2)}`].join('\n'));
});

test.each([
  [
    'expected claims',
    `at least ${down(headline.expected, 1)} would have been expected in those ${words[headline.quiet]} days`,
  ],
  [
    'the other reading',
    `at least ${down(other.expected, 1)} in ${words[other.quiet]} if 14 August 2021 was already quiet`,
  ],
  [
    'the estimated rate',
    `is at most ${percent(recomputed.conditional)} per cent; with the rate taken as known, it is at most ${percent(headline.chance)} per cent`,
  ],
  ...(['poisson', 'k1', 'k05'] as const).map((model): [string, string] => [
    `empty days and runs of them: ${model}`,
    [
      `at most ${percent(model === 'poisson' ? headline.chance : recomputed.silence[model])} per cent`,
      `at most ${percent(recomputed.run[model])} per cent`,
      `at most about ${nearest(recomputed.empty[model])} per cent`,
    ].join('\n'),
  ]),
  [
    'the break-even of lost collection',
    `If about ${nearest(recomputed.breakEven.at5)} per cent of claims were still being seen, the probability of seeing none in nine days would be at most 5 per cent; at about ${nearest(recomputed.breakEven.at20)} per cent it would be at most 20 per cent`,
  ],
  ['the rest of the share', `at most ${recomputed.rest} per cent`],
])('%s', (_, text) => {
  expect(page).toContain(text);
});

test('a sentence explains why the likelihood word allows for more than the figures beside it', () => {
  expect(page).toMatch(/“Likely”, in the judgment .*, is more cautious than these probabilities/);
  expect(page).toContain('is not the probability that chance was the cause');
});
