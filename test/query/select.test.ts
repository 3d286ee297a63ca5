import { expect, test } from 'vitest';
import { periodEnding } from '../../src/calendar.ts';
import { openQueries } from '../../src/query/database.ts';
import { knownIncidents } from '../../src/query/incidents.ts';
import { select } from '../../src/query/select.ts';
import { briefOf } from '../support/brief-of.ts';
import { temporaryFolder } from '../support/dataset.ts';
import { incidentDataset } from '../support/incident-store.ts';

const source = (name: string, text: string) => ({ file: `${name}.sql`, text });

test('evidence sets are read while a long query of a chart is running', async () => {
  const dataset = await incidentDataset(await temporaryFolder(), [
    { knownOn: '2022-01-20', rows: `SELECT 'T-1' AS id, DATE '2022-01-03' AS start` },
  ]);
  const chart = { spec: 'weeks.vl.json', data: { long: 'long', short: 'short' }, rows: 'long' };
  const brief = {
    ...briefOf({
      charts: { weeks: { ...chart, title: 'Weeks', alt: 'Weeks' } },
      evidence: { all: { rows: 'all' } },
    }),
    queries: {
      long: source('long', 'SELECT 1 AS n'),
      short: source('short', 'SELECT 2 AS n'),
      all: source('all', 'SELECT id FROM incidents'),
    },
  };
  const evidenceAsked = Promise.withResolvers<void>();
  const asOf = '2022-01-31';
  const { evidence, forCharts } = await select({
    brief,
    known: dataset.tables,
    period: periodEnding(asOf, 'P7D'),
    parameters: {},
    settings: dataset.settings,
    incidents: knownIncidents(dataset, { asOf, marking: 'TLP:CLEAR' }),
    openQueries: async (...options) => {
      const queries = await openQueries(...options);
      return {
        ...queries,
        query: async (query, how) => {
          if (query.file === 'all.sql') evidenceAsked.resolve();
          if (query.file === 'long.sql') await evidenceAsked.promise;
          return queries.query(query, how);
        },
      };
    },
  });
  expect(forCharts).toEqual({ long: [{ n: 1 }], short: [{ n: 2 }] });
  expect(await evidence).toMatchObject([{ name: 'all', rows: 1 }]);
});
