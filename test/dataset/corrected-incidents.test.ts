import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { correctedIncidents } from '../../src/dataset/incidents.ts';
import { openInMemory } from '../../src/dataset/duckdb.ts';
import { readIncidentStore } from '../../src/dataset/reading/incident-store.ts';
import { acled } from '../../src/importers/acled.ts';
import { acledEvent, newDesk } from '../support/incidents.ts';
import { runs } from '../support/sample.ts';

type Desk = Awaited<ReturnType<typeof newDesk>>;
const eventOn = (id: string, day: string, more = {}) =>
  acledEvent({ event_id_cnty: id, event_date: day, timestamp: '', ...more });

/** `A 2024-03-10`, of all incidents that an edition with the cut-off sees after the corrections of an import. */
async function seen(
  { into }: Desk,
  { where = 'true', ...of }: { asOf: string; upTo?: number; correctedBy?: number; where?: string },
) {
  const view = correctedIncidents(await readIncidentStore(into, into), of);
  await using database = await openInMemory();
  const reader = await database.connection.runAndReadAll(
    `SELECT replace(id, 'ACLED-', '') || ' ' || start || CASE WHEN deaths_best = 3 THEN '' ELSE ' ' || deaths_best END
    FROM (${view.sql}) WHERE ${where} ORDER BY ALL`,
  );
  return { rows: reader.getRows().map(([text]) => String(text)), view };
}

/** Four incidents, of which the second import moves one, withdraws one and revises one, beside a new one. */
async function corrected(): Promise<Desk> {
  const desk = await newDesk();
  const same = eventOn('D', '2024-03-13');
  await desk.add(
    acled,
    [eventOn('A', '2024-03-10'), eventOn('B', '2024-03-11'), eventOn('C', '2024-03-12'), same],
    { knownOn: '2024-04-01' },
  );
  await desk.add(
    acled,
    [
      eventOn('A', '2024-03-09'),
      eventOn('C', '2024-03-12', { fatalities: '7' }),
      same,
      eventOn('N', '2024-03-13'),
    ],
    { knownOn: '2024-04-08', complete: true },
  );
  return desk;
}
const asOf = '2024-04-02';

test('a correction moves, withdraws and revises incidents, and brings no new one', async () => {
  const desk = await corrected();
  const { rows, view } = await seen(desk, { asOf, correctedBy: 2 });
  expect(rows).toEqual(['A 2024-03-09', 'C 2024-03-12 7', 'D 2024-03-13']);
  expect(view.imports.map(({ number }) => number)).toEqual([1]);
  expect(view.corrections.map(({ number }) => number)).toEqual([2]);
  // The row that the correction replaces does not come back on its old day.
  expect((await seen(desk, { asOf, correctedBy: 2, where: "start = DATE '2024-03-10'" })).rows).toEqual([]);
});

test('without a correction the view is that of the first issue', async () => {
  const desk = await corrected();
  const first = ['A 2024-03-10', 'B 2024-03-11', 'C 2024-03-12', 'D 2024-03-13'];
  expect((await seen(desk, { asOf })).rows).toEqual(first);
  expect((await seen(desk, { asOf, correctedBy: 1 })).rows).toEqual(first);
});

test('the second of two corrections shows the newest rows', async () => {
  const desk = await corrected();
  await desk.add(
    acled,
    [eventOn('A', '2024-03-08'), eventOn('B', '2024-03-11'), eventOn('N', '2024-03-14')],
    {
      knownOn: '2024-04-15',
    },
  );
  expect((await seen(desk, { asOf, correctedBy: 3 })).rows).toEqual([
    'A 2024-03-08',
    // It was withdrawn, and is in the newest file again.
    'B 2024-03-11',
    'C 2024-03-12 7',
    'D 2024-03-13',
  ]);
});

test('an import of the cut-off day that came after the first issue counts as a correction', async () => {
  const desk = await newDesk();
  await desk.add(acled, [eventOn('A', '2024-03-10')], { knownOn: asOf });
  await desk.add(acled, [eventOn('A', '2024-03-11'), eventOn('N', '2024-03-11')], { knownOn: asOf });
  expect((await seen(desk, { asOf, upTo: 1 })).rows).toEqual(['A 2024-03-10']);
  expect((await seen(desk, { asOf, upTo: 1, correctedBy: 2 })).rows).toEqual(['A 2024-03-11']);
});

test('a correction of an edition before the base load brings in no incident that was not known', async () => {
  const desk = await newDesk();
  await desk.add(acled, [eventOn('A', '2024-03-10'), eventOn('B', '2024-03-20')], { knownOn: '2024-04-01' });
  await desk.add(acled, [eventOn('A', '2024-03-11'), eventOn('B', '2024-03-12')], { knownOn: '2024-04-08' });
  const { rows, view } = await seen(desk, { asOf: '2024-03-18', upTo: 1, correctedBy: 2 });
  expect(rows).toEqual(['A 2024-03-11']);
  expect(view.reconstructedFrom).toBe('2024-04-01');
});

test('an edition without imports has nothing to correct', async () => {
  const desk = await corrected();
  const { rows, view } = await seen(desk, { asOf, upTo: 0, correctedBy: 2 });
  expect(rows).toEqual([]);
  expect(view.corrections).toEqual([]);
});

const ids = ['A', 'B', 'C', 'D', 'E'];
const batch = fc.uniqueArray(
  fc.record({ id: fc.constantFrom(...ids), day: fc.integer({ min: 10, max: 15 }) }),
  {
    selector: ({ id }) => id,
    minLength: 1,
  },
);

test('after any imports, any correction of any issue shows what the slow definition shows', async () => {
  let checked = 0;
  let differ = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ batch, complete: fc.boolean() }), { minLength: 3, maxLength: 5 }),
      async (given) => {
        const desk = await newDesk();
        /** The day of each incident after each import; an import that changes nothing is not kept. */
        const states: Map<string, number>[] = [new Map()];
        for (const { batch: rows, complete } of given) {
          const cells = rows.map(({ id, day }) => eventOn(id, `2024-03-${day}`));
          const { record } = await desk.add(acled, cells, { complete, knownOn: '2024-04-01' });
          const before = states.at(-1) ?? new Map<string, number>();
          const days = rows.map(({ day }) => day);
          const stays = ([id, day]: [string, number]) =>
            !complete ||
            rows.some((row) => row.id === id) ||
            day < Math.min(...days) ||
            day > Math.max(...days);
          const after = new Map([...before].filter(stays));
          for (const { id, day } of rows) after.set(id, day);
          if (record !== null) states.push(after);
        }
        for (let upTo = 1; upTo < states.length; upTo += 1)
          for (let correctedBy = upTo; correctedBy < states.length; correctedBy += 1) {
            const [first, last] = [states[upTo], states[correctedBy]];
            const expected = ids.flatMap((id) => {
              const day = last?.get(id);
              return first?.has(id) && day !== undefined ? [`${id} 2024-03-${day}`] : [];
            });
            const view = { asOf: '2024-04-01', upTo, correctedBy };
            const { rows } = await seen(desk, view);
            expect(rows).toEqual(expected);
            const onDay = await seen(desk, { ...view, where: "start <= DATE '2024-03-12'" });
            expect(onDay.rows).toEqual(expected.filter((text) => text.slice(2) <= '2024-03-12'));
            checked += 1;
            if (correctedBy > upTo) differ += 1;
          }
      },
    ),
    { numRuns: runs(3), seed: 47 },
  );
  expect(checked).toBeGreaterThan(15);
  expect(differ).toBeGreaterThan(8);
}, 1_200_000);
