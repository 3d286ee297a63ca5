import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Message } from '../../src/delivery/message.ts';
import { findProblems, openProblemAlerts } from '../../src/editions/problems.ts';
import type { Ledger } from '../../src/ledger/types.ts';
import type { Printer } from '../../src/pdf/browser/print.ts';
import { readEdition, readEditionFile, removeEditions, storeEdition } from '../../src/production/store.ts';
import { verify } from '../../src/production/verify.ts';
import { makeEdition, openActiveRuns } from '../../src/scheduler/make-edition.ts';
import { followUpRefreshes, runRefresh } from '../../src/scheduler/run-refresh.ts';
import { openScheduler } from '../../src/scheduler/scheduler.ts';
import { openRefresh } from '../../src/wiring/refresh.ts';
import { newPublisher } from '../support/feed.ts';
import { commandsOn } from '../support/house.ts';
import { incidentProject } from '../support/incident-project.ts';
import { acledEvent, csv } from '../support/incidents.ts';
import { useLedgers } from '../support/ledger.ts';
import { locale } from '../support/locale.ts';
import { readPage } from '../support/page.ts';
import { openWarmPrinter, rememberedPrinting } from '../support/printer.ts';

/** Days of a service that fetches its data before each slot, with a clock that the test moves. */
const ledgers = useLedgers();
let printer: Printer;
beforeAll(async () => {
  printer = await openWarmPrinter();
});
afterAll(() => printer[Symbol.asyncDispose]());

const never = new AbortController().signal;
const silent = { info() {}, warn() {}, error() {} };
const files = {
  'brief.yaml': `title: Daily
subject: A test
dataset: incidents
schedule: { cron: '0 6 * * *', timezone: UTC }
period: P7D
marking: TLP:CLEAR
queries: { week: week.sql, total: total.sql }
evidence: { week: { rows: week } }
limits: { pages: 4, megabytes: 3, seconds: 60 }
golden: [{ asOf: '2026-11-22' }]
deliver: [{ folder: archive }]
`,
  'brief.hbs': `{{#> page}}
<h2>Incidents</h2>
{{#each rows.total}}<p>There were {{figure "week" "count"}} incidents, the last on {{day last}}: {{ids}}.{{cite cites}}</p>{{/each}}
{{/page}}
`,
  // Without a bound after the period: what happened on the day of the slot must not be there.
  'week.sql': `SELECT id, start FROM incidents WHERE start >= $period_start`,
  'total.sql': `SELECT max(start) AS last, string_agg(id, ' ' ORDER BY start, id) AS ids, ['week'] AS cites FROM incidents
    WHERE start >= $period_start`,
};
const day = (date: number): string => `2026-11-${date}`;
/** The events of these days, each with an id that names its first day. */
const events = (from: number, to: number, changed: { readonly [date: number]: object | null } = {}): string =>
  csv(
    Array.from({ length: to - from + 1 }, (_, index) => from + index).flatMap((date) => {
      const change = changed[date];
      if (change === null) return [];
      return [acledEvent({ event_id_cnty: `E${date}`, event_date: day(date), ...change })];
    }),
  );

/** A project with a daily brief, the publisher of its data, and a service on `ledger`, day by day. */
async function openDays(ledger: Ledger, refresh: object) {
  const publisher = await newPublisher();
  let answer = { status: 200, body: '' };
  const url = publisher.at('/events.csv', (_, response) => {
    response.writeHead(answer.status, { 'retry-after': '30' }).end(answer.body);
  });
  const settings = {
    name: 'incidents',
    title: 'Incidents of a test',
    sitrep: { sources: [{ name: 'feed', format: 'acled', url, complete: true }], refresh },
    resources: [],
  };
  const descriptor = { 'data/incidents/datapackage.json': JSON.stringify(settings) };
  // Each edition is printed when it is made, and not again when it is verified.
  const project = await incidentProject({
    imports: [],
    files: { ...files, ...descriptor },
    printer: { ...printer, print: rememberedPrinting(printer.print) },
  });
  const { folder, repository } = project;
  const out = join(folder, 'output');
  await mkdir(out);
  let now = new Date(`${day(22)}T12:00:00Z`);
  const cacheFolder = join(folder, 'cache');
  const sources = openRefresh({ version: '0', cacheFolder, variables: {}, ...publisher.reach }, folder);
  const messages: Message[] = [];
  const common = {
    ...repository,
    ...sources,
    briefIds: () => Promise.resolve(['test']),
    ledger,
    store: { read: readEdition, write: storeEdition },
    engine: 'test',
    out,
    operator: 'operator@sitrep.example',
    log: silent,
    locale,
    activeRuns: openActiveRuns(),
    now: () => now,
    elapsedMs: () => performance.now(),
    random: () => 1,
    freeBytes: () => Promise.resolve(1e9),
    deliver: (message: Message) => {
      messages.push(message);
      return Promise.resolve({ outcome: 'sent', reason: '250' } as const);
    },
    alertEverySeconds: 900,
    alertOtherwise: () => Promise.resolve(null),
  };
  const openDue = openScheduler(common);
  const alertOf = openProblemAlerts(common);
  await openDue(now);
  const tick = async (time: string): Promise<void> => {
    now = new Date(time);
    await openDue(now);
    await followUpRefreshes(common);
  };
  /** Takes what is waiting, as a worker does. The jobs of the queue itself have other tests. */
  const work = async (refreshes: readonly string[]): Promise<void> => {
    for (const id of refreshes) await runRefresh({ id, job: 'job', signal: never }, common);
    for (const { id } of await ledger.editions({ state: 'queued' }))
      await makeEdition({ id, job: 'job', signal: never }, common);
    for (const { id, content } of await ledger.deliveries({ state: 'pending' })) {
      // Those to the operator say that an edition is on hold.
      if (content !== 'edition') continue;
      const claim = await ledger.claimDelivery(id, { job: 'job', now });
      if (claim === undefined) throw new Error(`${id} could not be claimed.`);
      await ledger.settleDelivery(claim.delivery, { state: 'sent', reason: '' }, { now, alert: null });
    }
    // Each minute, as the service does.
    for (let time = 0; time < 3; time += 1) await alertOf(await findProblems(common), never);
  };
  const commands = commandsOn({
    ...common,
    openQueries: repository.effects.openQueries,
    readManifest: readEdition,
    readPdf: readEditionFile,
    removeEditions,
    tidyEditions: () => Promise.resolve(),
    mostQueued: 200,
  });
  return {
    ...project,
    publisher,
    messages,
    /** Corrects the edition of a day, as known by now. */
    async reissue(date: number): Promise<void> {
      await commands.reissue(`test/${day(date)}`);
      await work([]);
    },
    /** One day from its slot on, on which the publisher answers so: attempts at six, and then each hour. */
    async pass(date: number, given: { status?: number; body?: string }, { until = 8 } = {}) {
      answer = { status: 200, body: '', ...given };
      const ids = [`incidents ${day(date)}T06:00:00.000Z`];
      for (const minute of ['00', '01', '05', '09']) {
        await tick(`${day(date)}T06:${minute}:00Z`);
        await work(ids);
      }
      for (let hour = 7; hour <= until; hour += 1) {
        await tick(`${day(date)}T0${hour}:10:00Z`);
        ids.push(`incidents ${now.toISOString()}`);
        await work(ids);
      }
    },
    /** The issued edition: what it says, and what it was made from. */
    async edition(date: number, revision = '') {
      const name = `${day(date)}${revision}`;
      const record = await ledger.edition(`test/${name}`);
      if (!record?.folder) return { state: record?.state, reason: record?.reason };
      const manifest = await readEdition(record.folder);
      const { text } = readPage(await readFile(join(record.folder, `test-${name}.html`), 'utf8'));
      return {
        state: record.state,
        says: /There were (\d+ incidents?, the last on .*?): (.*?)\./s.exec(text)?.slice(1).join(': '),
        age: /data fetched on \d+ \w+ \d+|Data last checked.*?issue/.exec(text)?.[0],
        incidents: manifest?.incidents,
      };
    },
    async verify(date: number, revision = '') {
      const name = `${day(date)}${revision}`;
      const pdf = await readFile(join(out, `test/${name}/test-${name}.pdf`));
      const manifest = (await readEdition(join(out, `test/${name}`))) ?? null;
      const given = { beside: manifest, recordsOf: () => Promise.resolve([]), repository };
      const { verdict, differences, faults } = await verify(pdf, given);
      return { verdict, differences, faults };
    },
  };
}

test('a week: each slot is refreshed before it, through an outage, a revision and a withdrawal', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const days = await openDays(ledger, { before: 'slots', maxAgeDays: 1, whenStale: 'issue' });
  const moved = { event_date: day(26), timestamp: '1800000000' };
  await days.pass(23, { body: events(16, 23) });
  expect(days.publisher.requests).toHaveLength(1);
  await days.pass(24, { body: events(16, 24) });
  await days.pass(25, { status: 500 });
  await days.pass(26, { status: 500 });
  // It works again after the slot, with nothing new. The edition of that slot still says what it knew.
  await days.pass(26, { body: events(16, 24) }, { until: 9 });
  await days.pass(27, { body: events(16, 27, { 20: moved }) });
  await days.pass(28, { body: events(16, 28, { 20: moved, 23: null }) });
  await days.pass(29, { body: events(16, 29, { 20: moved, 23: null }) });

  const seen = [];
  for (let date = 22; date <= 28; date += 1) {
    const { says, age, incidents } = await days.edition(date);
    seen.push([says, age, incidents?.import]);
    expect(await ledger.runs({ edition: `test/${day(date)}` })).toMatchObject([{ outcome: 'made' }]);
  }
  const names = (...dates: number[]) => dates.map((date) => `ACLED-E${date}`).join(' ');
  const of = (count: number, last: number, ...dates: number[]) =>
    `${count} incidents, the last on ${last} November 2026: ${names(...dates)}`;
  expect(seen).toEqual([
    [of(7, 22, 16, 17, 18, 19, 20, 21, 22), 'data fetched on 23 November 2026', 1],
    [of(7, 23, 17, 18, 19, 20, 21, 22, 23), 'data fetched on 24 November 2026', 2],
    [
      of(7, 24, 18, 19, 20, 21, 22, 23, 24),
      'Data last checked on 24 November 2026, 1 day before this issue',
      2,
    ],
    [of(6, 24, 19, 20, 21, 22, 23, 24), 'Data last checked on 24 November 2026, 2 days before this issue', 2],
    [of(7, 26, 21, 22, 23, 24, 25, 20, 26), 'data fetched on 27 November 2026', 3],
    [of(7, 27, 21, 22, 24, 25, 20, 26, 27), 'data fetched on 28 November 2026', 4],
    [of(7, 28, 22, 24, 25, 20, 26, 27, 28), 'data fetched on 29 November 2026', 5],
  ]);
  expect(days.messages.map(({ title, paragraphs }) => [title, paragraphs[0]])).toEqual([
    [
      'Sitrep: there is a problem',
      expect.stringMatching(/“feed” of the dataset incidents has been failing since 25 /),
    ],
    [
      'Sitrep: a source works again',
      expect.stringMatching(/“feed” of the dataset incidents works again since 26 /),
    ],
  ]);
  expect((await ledger.editions({})).map(({ id }) => id).toSorted()).toEqual(
    [22, 23, 24, 25, 26, 27, 28].map((date) => `test/${day(date)}`),
  );
  for (let date = 22; date <= 28; date += 1)
    expect([date, await days.verify(date)]).toEqual([
      date,
      { verdict: 'identical', differences: [], faults: [] },
    ]);

  // A revision shows what was corrected, and the age of the data of its first issue.
  await days.reissue(25);
  expect(await days.edition(25, '-r2')).toMatchObject({
    says: of(4, 24, 19, 21, 22, 24),
    age: 'Data last checked on 24 November 2026, 2 days before this issue',
    incidents: { import: 2, checked: { feed: day(24) } },
  });
  expect(await days.verify(25, '-r2')).toMatchObject({ verdict: 'identical' });
});

test('a brief on hold because of old data is generated when they are fetched on the same day', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const days = await openDays(ledger, { before: 'slots', maxAgeDays: 0, whenStale: 'hold' });
  await days.pass(23, { body: events(16, 23) });
  await days.pass(24, { status: 500 }, { until: 6 });
  expect(await days.edition(23)).toEqual({
    state: 'held',
    reason: expect.stringMatching(
      /datapackage\.json, field sitrep\.refresh: The data were last checked on 2026-11-23, 1 day before this issue, and "maxAgeDays" is 0\. \(fresh-data\) Run "sitrep refresh incidents" before the end of 2026-11-24/,
    ),
  });
  // The source is tried again each hour, and the edition continues by itself.
  await days.pass(24, { body: events(16, 24) });
  expect(await days.edition(23)).toMatchObject({
    state: 'done',
    age: 'data fetched on 24 November 2026',
  });
  expect(await ledger.runs({ edition: `test/${day(23)}` })).toMatchObject([
    { outcome: 'made' },
    { outcome: 'held' },
  ]);

  // What is fetched on a later day is too late for an edition.
  await days.pass(25, { status: 500 });
  await days.pass(26, { body: events(16, 26) });
  expect(await days.edition(24)).toMatchObject({ state: 'held' });
  expect(await days.edition(25)).toMatchObject({ state: 'done' });
  expect(await days.verify(25)).toMatchObject({ verdict: 'identical' });
});
