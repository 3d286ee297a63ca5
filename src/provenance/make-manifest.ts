import { cutOff, type Day, issueNumber } from '../calendar.ts';
import type { Correction } from '../dataset/corrections.ts';
import { ownKnownBy } from '../dataset/point-in-time.ts';
import { eachRow, type TableRow } from '../dataset/references.ts';
import { tableNames, type Tables } from '../dataset/schema.ts';
import { hashOf } from '../hash.ts';
import type { Brief } from '../project/brief.ts';
import { correctedSetText, correctionText } from '../render/changes.ts';
import type { Material, Request } from '../render/edition.ts';
import {
  type AttachmentEntry,
  type Browser,
  type FileToStore,
  hashOfRow,
  type Manifest,
  type ManifestRow,
  type SealedManifest,
} from '../render/manifest.ts';
import type { Rendering } from '../rules/gate.ts';
import type { Verdict } from '../rules/gate.ts';
import { partsOf, projectPath } from './inputs.ts';

/** Describes an edition's inputs, as far as they are known before it is sealed. */
export function describeRendering(
  { brief, dataset, asOf, paper, parameters, correction }: Request,
  rendering: Rendering,
  {
    material,
    browser,
    attachments,
  }: {
    material: Pick<Material, 'fonts' | 'versions'>;
    browser: Browser | null;
    attachments: readonly AttachmentEntry[];
  },
): SealedManifest {
  const { period, known, evidenceSets, lastImport, freshness, changes, charts } = rendering;
  const shown = new Set(rendering.used);
  const drawn = Object.keys(charts);
  const fonts = [...material.fonts, ...rendering.extraFonts];
  return {
    format: 'sitrep-manifest-1',
    brief: brief.id,
    title: rendering.title,
    issue: issueNumber(asOf),
    asOf,
    period: { start: period.start, end: asOf, previousAsOf: period.previousAsOf },
    cutOff: cutOff(asOf, brief.config.schedule.timezone).toString(),
    paper,
    marking: brief.config.marking,
    parameters,
    correction: correction && describeCorrection(correction, { brief, dataset, rendering }),
    dataset: dataset.name,
    rows: [
      ...eachRow(known).filter(({ row }) => shown.has(row.id)),
      // A withdrawn row appears on the page as a change but is no longer known.
      ...changes.filter(({ change }) => change === 'withdrawn'),
    ]
      .map(manifestRow)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    incidents: lastImport && {
      import: lastImport.number,
      known_on: lastImport.known_on,
      ...(freshness && { checked: freshness.checked }),
    },
    evidence: evidenceSets.map(({ name, query, rows, count, start, end, sha256, attached }) => ({
      name,
      query: query && projectPath(brief, query.file),
      rows,
      count,
      start,
      end,
      sha256,
      attached: attached.kind,
    })),
    parts: partsOf(brief, { drawn, fonts, dataset }),
    engine: {
      ...material.versions,
      browser: browser && { name: browser.name, version: browser.version },
    },
    summary: [...rendering.summary],
    rules: { ...rulesOf(rendering.rules), undrawn: undrawnOf(brief, drawn) },
    html: { sha256: hashOf(rendering.html) },
    attachments: attachments.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

const rulesOf = ({ passed, waived, warnings }: Verdict): Omit<SealedManifest['rules'], 'undrawn'> => ({
  passed: [...passed],
  waived: [...waived],
  warnings: [...warnings],
});

/**
 * What the brief's settings allow its charts to leave out; these settings exempt a chart from the rule on rows as a
 * waiver does.
 */
const undrawnOf = ({ config }: Brief, drawn: readonly string[]): SealedManifest['rules']['undrawn'] =>
  Object.entries(config.charts).flatMap(([chart, { leavesOut, aggregated }]) => {
    if (!drawn.includes(chart)) return [];
    const rows = Object.entries(leavesOut?.rows ?? {}).map(([column, value]) => `${column}: ${value}`);
    return [
      ...(leavesOut ? [{ chart, what: `rows with ${rows.join(', or ')}`, reason: leavesOut.reason }] : []),
      ...(aggregated
        ? [{ chart, what: `single rows of ${aggregated.sets.join(', ')}`, reason: aggregated.reason }]
        : []),
    ];
  });

const describeCorrection = (
  { revision, asOf, replaces, incidents }: Correction,
  {
    brief: { locale },
    dataset: { settings },
    rendering,
  }: Pick<Request, 'brief' | 'dataset'> & { rendering: Rendering },
): Manifest['correction'] => ({
  revision,
  asOf,
  replaces,
  ...(incidents && { incidents }),
  changes: [
    ...rendering.corrected.map((each) => ({
      id: each.id,
      table: each.table,
      change: each.change === 'withdrawn' ? ('withdrawn' as const) : ('revised' as const),
      known_on: each.knownOn,
      text: correctionText(each, { settings, locale }),
    })),
    ...(incidents?.sets ?? []).map((each) => {
      const set = rendering.evidenceSets.find(({ name }) => name === each.name);
      return {
        id: each.name,
        table: 'incidents',
        change: set === undefined && each.withdrawn > 0 ? ('withdrawn' as const) : ('revised' as const),
        known_on: asOf,
        text: correctedSetText(each, { set, locale }),
      };
    }),
  ],
});

const manifestRow = ({ table, row }: TableRow): ManifestRow => ({
  id: row.id,
  table,
  known_on: row.known_on,
  sha256: hashOfRow(row),
});

/** The rows of each table known by the end of `asOf`, including revisions and withdrawals, as one hash. */
export const knownTables = (tables: Tables, asOf: Day): Manifest['known'] =>
  [
    ...tableNames.map((table) => [table, tables[table].filter((row) => row.known_on <= asOf)] as const),
    ...Object.entries(ownKnownBy(tables, asOf) ?? {}),
  ].map(([table, rows]) => ({
    table,
    rows: rows.length,
    sha256: hashOf(rows.map(hashOfRow).join('\n')),
  }));

/** The manifest beside an edition: the sealed manifest plus the results of generation. */
export const describeEdition = (
  sealed: SealedManifest,
  made: Pick<Manifest, 'pages' | 'inputs' | 'known'> & {
    readonly highlights?: Manifest['highlights'];
    readonly rules: Verdict;
    readonly files: readonly FileToStore[];
  },
): Manifest => ({
  ...sealed,
  highlights: null,
  ...made,
  rules: { ...sealed.rules, ...rulesOf(made.rules) },
  files: made.files.map(({ name, content }) => ({
    name,
    bytes: Buffer.byteLength(content),
    sha256: hashOf(content),
  })),
});
