import { expect, test } from 'vitest';
import { briefOf } from '../support/brief-of.ts';
import { readPage } from '../support/page.ts';
import { loadProduct, renderEdition, swapText, withBrief } from '../support/product.ts';

/** Two incidents a day until a week before the end of the period, counted by the database. */
const counts = `
  SELECT 'North' AS place, list({ 'start': start, 'count': count }) AS incidents, ['F12'] AS cites FROM (
    SELECT day::DATE AS start, CASE WHEN day > $as_of::DATE - 7 THEN 0 ELSE 2 END AS count
    FROM generate_series($as_of::DATE - 120, $as_of::DATE, INTERVAL 1 DAY) AS days(day)
  )`;
const spec = {
  data: { name: 'counts' },
  mark: 'bar',
  encoding: {
    x: { field: 'week', type: 'temporal' },
    y: { field: 'count', type: 'quantitative' },
  },
};
const weekly = {
  spec: 'weekly.vl.json',
  data: { counts: 'watch.weeks' },
  rows: 'watch.weeks',
  captions: [],
  title: 'Incidents by week',
  alt: 'Bars.',
  map: false,
};
const { findings } = briefOf({
  findings: { watch: { kind: 'activity', rows: 'counts', by: 'place' } },
}).config;
const printed = `
  {{#with findings.watch}}<p>{{fields.quiet}} of {{fields.scanned}}{{cite "F12"}}</p>
  {{#each rows}}{{#if is_quiet}}<p>{{name}}: {{text}}{{cite cites}}</p>{{/if}}{{/each}}
  {{#each weeks}}<p>{{count}} against {{expected}}{{cite "F12"}}</p>{{/each}}{{/with}}
  {{#with charts.weekly}}{{> chart}}{{/with}}`;

const product = withBrief(await loadProduct(), 'celebrations', (brief) => ({
  ...brief,
  config: {
    ...brief.config,
    findings: { ...brief.config.findings, ...findings },
    charts: { ...brief.config.charts, weekly },
  },
  queries: {
    ...brief.queries,
    counts: { file: 'templates/celebrations/counts.sql', text: counts },
  },
  charts: {
    ...brief.charts,
    weekly: {
      ...weekly,
      source: { file: 'templates/celebrations/weekly.vl.json', text: JSON.stringify(spec) },
      parsed: spec,
    },
  },
  template: { ...brief.template, text: swapText(brief.template.text, '{{/page}}', `${printed}\n{{/page}}`) },
}));

test('a page prints verdicts and weeks, and a chart draws the weeks', async () => {
  const { html, charts } = await renderEdition(product, { brief: 'celebrations', asOf: '2021-08-25' });
  const { text } = readPage(html);
  expect(text).toContain('one of one');
  expect(text).toContain('North: Quiet: 0 reported in seven days, 14 expected.');
  expect(text.match(/\b(14|0) against 14\b/g)).toHaveLength(14);
  expect(charts['weekly']?.rows).toHaveLength(14);
  expect(charts['weekly']?.rows.at(-1)).toMatchObject({ week: '2021-08-19', count: 0, usual_low: 7 });
});
