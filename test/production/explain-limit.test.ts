import { expect, test } from 'vitest';
import { makeEdition } from '../../src/scheduler/make-edition.ts';
import type { PageDependencies } from '../../src/server/pages/queries.ts';
import { openPages } from '../../src/server/pages/pages.ts';
import { openHouse } from '../support/house.ts';
import { asked, now } from '../support/ledger-samples.ts';
import { useLedgers } from '../support/ledger.ts';
import { worldOf } from '../support/page-dependencies.ts';
import { openWeb } from '../support/web.ts';

const ledgers = useLedgers();
const { id } = asked();

test('explains a number to ten callers, one after another, and tells the next one to try again', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  await ledger.request([asked()], now);
  await makeEdition({ id, job: 'job', signal: new AbortController().signal }, house.forEditions);
  const world = worldOf(house);
  const gate = Promise.withResolvers<void>();
  let [begun, atOnce, mostAtOnce] = [0, 0, 0];
  const slow: PageDependencies['explain'] = async (...given) => {
    begun += 1;
    atOnce += 1;
    mostAtOnce = Math.max(mostAtOnce, atOnce);
    await gate.promise;
    return world.explain(...given).finally(() => (atOnce -= 1));
  };
  await using web = await openWeb(house, { pages: (desk) => openPages(desk, { ...world, explain: slow }) });
  const ask = (headers = {}) => web.ask(`/editions/${id}/explain?phrase=Kabul`, { headers });

  const asks = Array.from({ length: 11 }, () => ask());
  // Ten wait at the gate: whoever is answered before it opens was turned away.
  expect(await Promise.race(asks)).toMatchObject({
    status: 503,
    headers: { 'content-type': 'application/problem+json', 'retry-after': '30' },
    json: { code: 'queue-full', detail: 'Too many explanations are requested at once.' },
  });
  expect(begun).toBe(1);
  const browser = await ask({ accept: 'text/html' });
  expect(browser).toMatchObject({ status: 503, headers: { 'retry-after': '30' } });
  expect(browser.text).toContain('Try again in a few seconds.');
  // To look at an edition is not to ask what is behind it.
  expect((await web.ask(`/editions/${id}`)).status).toBe(200);

  gate.resolve();
  const statuses = (await Promise.all(asks)).map(({ status }) => status);
  expect(statuses.toSorted()).toEqual([...Array.from({ length: 10 }, () => 200), 503]);
  expect({ begun, mostAtOnce }).toEqual({ begun: 10, mostAtOnce: 1 });
  expect((await ask()).text).toContain('Taliban take Kabul');
});

test('an address with a zero byte is not found', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  await using web = await openWeb(house, { pages: (desk) => openPages(desk, worldOf(house)) });
  const paths = [
    '/briefs/%00',
    '/editions/weekly/%00',
    '/editions/%00/2021-08-22/explain',
    '/runs?brief=%00',
  ];
  for (const path of paths) expect((await web.ask(path)).status, path).toBe(404);
});
