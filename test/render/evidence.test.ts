import { expect, test } from 'vitest';
import type { EvidenceSet } from '../../src/query/evidence-set.ts';
import { british } from '../support/brief-of.ts';
import { titleOfSet } from '../../src/render/row-details.ts';

const set: EvidenceSet = {
  name: 'week',
  incident: null,
  what: null,
  query: { file: 'week.sql', text: '' },
  parameters: { as_of: '2022-01-09', period_start: '2022-01-03', previous_as_of: '2022-01-02', topic: 'all' },
  sources: ['Test feed'],
  attributions: [],
  rows: 1,
  count: 1,
  unknown: 0,
  start: '2022-01-03',
  end: '2022-01-03',
  countries: [],
  knownOn: '2022-01-09',
  sha256: '0'.repeat(64),
  examples: ['UCDP-1'],
  attached: { kind: 'query' },
};

test.each([
  [1, 'Test feed, 1 incident, 3 January 2022'],
  [312, 'Test feed, 312 incidents, 3 January 2022'],
])('the title of an evidence set of %i has its noun in the right number', (count, title) => {
  expect(titleOfSet({ ...set, count }, british)).toBe(title);
});
