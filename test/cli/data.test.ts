import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dataCommands, type DataWorld } from '../../src/cli/data.ts';
import { AppError } from '../../src/errors.ts';
import { ucdp } from '../../src/importers/ucdp.ts';
import { newFeed, newPublisher } from '../support/feed.ts';
import { acledEvent, csv, ucdpEvent } from '../support/incidents.ts';

async function newCommand(sitrep: object, given: Partial<DataWorld> = {}) {
  const feed = await newFeed(sitrep);
  const output: { printed: string[]; warned: string[]; status: number } = {
    printed: [],
    warned: [],
    status: 0,
  };
  const on = (knownOn: string) =>
    dataCommands({
      knownOn,
      version: '0',
      cacheFolder: join(feed.folder, 'cache'),
      variables: {},
      datasetNames: () => Promise.resolve(['desk']),
      folderOf: (name) => join(feed.folder, 'data', name),
      print: (line) => output.printed.push(line),
      warn: (line) => output.warned.push(line),
      fail: () => {
        output.status = 1;
      },
      ...given,
    });
  return { ...feed, output, on };
}

const event = (id: string, date = '2024-03-10', cells = {}) =>
  acledEvent({ event_id_cnty: id, event_date: date, ...cells });
const drop = { name: 'drop', format: 'acled', path: '../../incoming/*.csv', complete: true };

test('refresh prints a line for each source, and fails if one failed', async () => {
  const { output, on, put, into } = await newCommand({
    sources: [drop, { name: 'gone', format: 'acled', path: 'absent.csv' }],
  });
  await put('a.csv', csv([event('A'), event('B'), event('C', 'soon')]));
  await on('2024-04-01').refresh(undefined);
  await put('a.csv', csv([event('A', '2024-03-10', { fatalities: '9' }), event('D')]));
  await on('2024-04-02').refresh('data/desk');
  await on('2024-04-03').refresh('desk');
  expect(output).toEqual({
    printed: [
      `${into}, source drop: import 1: 2 new, 0 revised, 0 withdrawn, 0 unchanged, 1 skipped.`,
      `${into}, source drop: import 2: 1 new, 1 revised, 1 withdrawn, 0 unchanged, 0 skipped.`,
      `${into}, source drop: unchanged.`,
    ],
    warned: Array.from(
      { length: 3 },
      () =>
        `${into}, source gone: failed (down). absent.csv: there is no such file. Put the file there, or correct "path" of this source in datapackage.json.`,
    ),
    status: 1,
  });
});

test('credentials are in no output', async () => {
  const { at, reach } = await newPublisher();
  const headers = { Authorization: { env: 'SITREP_SOURCE_KEY', prefix: 'Bearer ' } };
  const fails = at('/fails.csv?key=1', (_, response) => void response.writeHead(401).end());
  const works = at('/works.csv', csv([event('A')]));
  const { output, on } = await newCommand(
    {
      sources: [
        { name: 'fails', format: 'acled', url: fails, headers },
        { name: 'works', format: 'acled', url: works, headers },
      ],
    },
    { ...reach, variables: { SITREP_SOURCE_KEY: 'c0ffee' } },
  );
  await on('2024-04-01').refresh(undefined);
  await on('2024-04-01').status(undefined, { json: true });
  expect(output.warned.slice(-1)).toEqual([expect.stringMatching(/HTTP 401\. Check the credentials/)]);
  expect(output.printed).toHaveLength(2);
  expect(JSON.stringify(output)).not.toMatch(/c0ffee|key=1/);
});

test('a dataset that cannot be read hinders no other, and an unknown one is refused', async () => {
  const { output, on, put, into } = await newCommand(
    { sources: [drop] },
    { datasetNames: () => Promise.resolve(['desk', 'bad']) },
  );
  await put('a.csv', csv([event('A')]));
  await on('2024-04-01').refresh(undefined);
  expect(output.printed).toEqual([expect.stringContaining(`${into}, source drop: import 1`)]);
  expect(output.warned.slice(-1)).toEqual([expect.stringContaining('data/bad/datapackage.json: is missing')]);
  expect(output.status).toBe(1);
  await expect(on('2024-04-01').refresh('dsek')).rejects.toThrow(AppError);
  await expect(on('2024-04-01').refresh('dsek')).rejects.toThrow('Did you mean "desk"?');
});

test('status shows freshness, coverage, months, lags and the last imports', async () => {
  const { output, on, put, into, add } = await newCommand({
    sources: [drop, { name: 'other', format: 'ucdp', path: 'x.csv' }],
  });
  const days = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => {
      const date = `2024-03-${String(from + index).padStart(2, '0')}`;
      return event(`N${from + index}`, date);
    });
  const old = event('OLD', '2023-12-05');
  await put('a.csv', csv([old, ...days(1, 8)]));
  await on('2024-03-09').refresh(undefined);
  // Of 20 later incidents, two became known seven days later, the others sooner.
  for (const day of [14, 20, 26, 31]) {
    await put('a.csv', csv([old, ...days(1, day - 2)]));
    await on(`2024-03-${day}`).refresh(undefined);
  }
  await add(ucdp, [ucdpEvent({ country: 'Spain' })], { knownOn: '2024-04-01' });
  await on('2024-04-02').refresh(undefined);
  output.printed.length = 0;
  await put('../data/desk/lost.csv', csv([event('LOST')]));
  await on('2024-04-03').status('desk', { json: false });
  expect(output.warned.slice(-1)).toEqual([
    expect.stringMatching(/desk\/lost\.csv: Nothing reads this file.*sitrep import acled /),
  ]);
  const shown = output.printed.join('\n');
  expect(shown).toContain(`${into}: 31 incidents, 6 imports.`);
  expect(shown).toContain(
    '    drop: checked on 2024-04-02 (1 day ago), last import 5 on 2024-03-31 (3 days ago).',
  );
  expect(shown).toContain('    other: never fetched.');
  expect(shown).toContain('    2023-12-05 to 2024-03-24: FR');
  expect(shown).toContain(
    `    2023-12   1  █\n    2024-01   0\n    2024-02   0\n    2024-03  30  ${'█'.repeat(30)}`,
  );
  expect(shown).toContain('    ACLED: 7 days declared, 7 days measured.');
  expect(shown).toContain('    UCDP GED: 60 days declared, too few imports or incidents to measure one.');
  expect(shown).toContain(
    '    6  2024-04-01  UCDP GED: 1 new, 0 revised, 0 withdrawn.\n    5  2024-03-31  drop: 5 new, 0 revised, 0 withdrawn.',
  );
  output.printed.length = 0;
  await on('2024-04-03').status(undefined, { json: true });
  const [status] = JSON.parse(output.printed[0] ?? '');
  expect(status).toMatchObject({
    incidents: 31,
    imports: 6,
    sources: [{ checkedDaysAgo: 1 }, { checkedOn: null }],
  });
  expect(status.months.map(({ month }: { month: string }) => month)).toEqual([
    '2023-12',
    '2024-01',
    '2024-02',
    '2024-03',
  ]);
  expect(status.lastImports).toHaveLength(6);
});

test('status of a dataset without incidents and sources says so', async () => {
  const { output, on, into } = await newCommand({});
  const commands = on('2024-04-03');
  await commands.status(undefined, { json: false });
  expect(output).toMatchObject({ warned: [expect.stringContaining('"events" is missing')], status: 1 });
  const feed = await newCommand({ sources: [drop] });
  await feed.on('2024-04-03').status(undefined, { json: false });
  expect(feed.output.printed).toEqual([
    `${feed.into}: no incidents.`,
    '  Sources:',
    '    drop: never fetched.',
  ]);
  expect(into).not.toBe(feed.into);
});
