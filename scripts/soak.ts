import { loadProduct } from '../test/support/product.ts';
import { daysFrom, daysSpread, issueOn } from '../test/support/every-day.ts';

/**
 * Issues every brief, with all its editions, on every day from 2019 to 2021 and on a hundred days up to 2035: HTML and
 * rules only, nothing is printed (`npm run soak`, about a quarter of an hour). Exits with 1 if an edition has a fault.
 */
const days = [...daysFrom('2019-01-01', '2021-12-31'), ...daysSpread('2022-01-01', '2035-12-31', 100)];
const startedAt = performance.now();
const { editions, faults } = await issueOn(await loadProduct(), days, (day) => {
  if (day.endsWith('-01')) console.error(day);
});
for (const fault of faults) console.log(fault);
const seconds = Math.round((performance.now() - startedAt) / 1000);
console.log(`${days.length} days, ${editions} editions, ${faults.length} kinds of fault, ${seconds} s`);
if (faults.length > 0) process.exitCode = 1;
