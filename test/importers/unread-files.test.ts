import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { acled } from '../../src/importers/acled.ts';
import { unreadFiles } from '../../src/importers/unread-files.ts';
import { acledEvent, csv, newDesk, ucdpEvent } from '../support/incidents.ts';

test('a table that is neither a resource, nor a source, nor imported is named, with the command to import it', async () => {
  const desk = await newDesk('desk');
  const data = dirname(desk.into);
  const put = async (file: string, text: string) => {
    await mkdir(dirname(join(data, file)), { recursive: true });
    await writeFile(join(data, file), text);
    return join(data, file);
  };
  const events = csv([acledEvent({})]);
  await desk.run(acled, [await desk.write(events, 'export.csv')]);
  await put('desk/export.csv', events);
  const changed = await put('desk/newer.csv', csv([acledEvent({}), acledEvent({ event_id_cnty: 'FRA2' })]));
  const log = await put('desk/My log.xlsx', 'PK');
  await put('desk/README.md', '');
  await put('desk/.hidden.csv', '');
  const problem =
    'Nothing reads this file: it is no resource or source of a dataset, and it was not imported.';
  expect(await unreadFiles(desk.into, { inDataset: true })).toEqual([
    {
      file: log,
      problem,
      hint: `Import it: sitrep import table "${log}" --suggest > My-log.yaml, and when that is right, with --mapping and --into ${desk.into}.`,
    },
    { file: changed, problem, hint: `Import it: sitrep import acled ${changed} --into ${desk.into}.` },
  ]);

  await put(
    'floods/datapackage.json',
    JSON.stringify({
      name: 'floods',
      sitrep: { sources: [{ name: 'a', format: 'acled', path: 'drop-*.csv' }] },
      resources: [{ name: 'events', path: 'events.csv' }],
    }),
  );
  for (const name of ['events', 'drop-1', 'places']) await put(`floods/${name}.csv`, 'id,name\n');
  expect(await unreadFiles(join(data, 'floods'), { inDataset: true })).toEqual([
    {
      file: join(data, 'floods/places.csv'),
      problem,
      hint: 'Name it in datapackage.json, under resources: { "name": "places", "path": "places.csv" }.',
    },
  ]);

  const loose = await put('GED Event.csv', csv([ucdpEvent({})]));
  await put('export.csv', events);
  expect(await unreadFiles(data, { inDataset: false })).toEqual([
    { file: loose, problem, hint: `Import it: sitrep import ucdp "${loose}" --into data/ged-event.` },
  ]);
  await put('empty/a.csv', events);
  expect(await unreadFiles(join(data, 'empty'), { inDataset: true })).toMatchObject([
    {
      hint: `Move it out of ${join(data, 'empty')}, remove that folder, and import it: sitrep import acled a.csv --into ${join(data, 'empty')}.`,
    },
  ]);
  expect(await unreadFiles(join(data, 'absent'), { inDataset: true })).toEqual([]);
});
