import type { SealedManifest } from '../../src/render/manifest.ts';

/** A manifest of an edition that shows nothing. */
export const sampleManifest: SealedManifest = {
  format: 'sitrep-manifest-1',
  brief: 'a',
  title: 'A',
  issue: '2021-W34-3',
  asOf: '2021-08-25',
  period: { start: '2021-08-19', end: '2021-08-25', previousAsOf: '2021-08-18' },
  cutOff: '2021-08-26T00:00:00+01:00[Europe/London]',
  paper: 'A4',
  marking: 'TLP:CLEAR',
  parameters: {},
  correction: null,
  dataset: 'test',
  rows: [],
  incidents: null,
  evidence: [],
  parts: [],
  engine: {
    sitrep: '0',
    duckdb: '0',
    handlebars: '0',
    vega: '0',
    'vega-lite': '0',
    'pdf-lib': '0',
    browser: null,
  },
  summary: [],
  rules: { passed: [], waived: [], warnings: [], undrawn: [] },
  html: { sha256: '0'.repeat(64) },
  attachments: [],
};
