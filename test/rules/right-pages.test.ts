import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RowOf } from '../../src/dataset/schema.ts';
import { AppError } from '../../src/errors.ts';
import type { Printer } from '../../src/pdf/browser/print.ts';
import { print } from '../support/gate.ts';
import { openWarmPrinter } from '../support/printer.ts';
import { findBrief, loadProduct, type Product, withBrief, withTables } from '../support/product.ts';
import { isSoak } from '../support/sample.ts';

/** Pages that are generated, printed and held to every rule; `npm run soak` takes more. */
const RUNS = Number(process.env['TEST_PAGES'] ?? (isSoak ? 200 : 32));
const SEED = Number(process.env['TEST_SEED'] ?? 20261129);

const right = await loadProduct();
let printer: Printer;
beforeAll(async () => {
  printer = await openWarmPrinter();
});
afterAll(() => printer[Symbol.asyncDispose]());

const plainWords =
  'and village market road school water bridge patrol convoy militia elders harvest border crossing clinic radio power lines were seen near the old fort by several people of office in on at National International Internationals National the';
const long =
  'Donaudampfschifffahrtsgesellschaftskapitän counterrevolutionaries Antidisestablishmentarianism Straßenverkehrszulassungsordnung';
const words = [
  ...plainWords.split(' '),
  ...long.split(' '),
  'Gun-Lou Sub-Clan Militia',
  'Hawadle-Agoon Sub-Clan Militia',
  'Opposition-Kitgweng',
  'Suq al-Ghayl',
  'Bab-el-Mandeb',
  'well-to-do',
  'Μακεδονία',
  'ΟΔΟΣ Σισύφου ὁδός'.split(' ')[0] ?? '',
  'Сухопутные войска',
  'Ελλάδος',
  'Ærø',
  'Łódź',
  'Ḩaraḑ',
  'Al-Ḩudaydah',
  'naïveté',
  'Gaziantep–Kilis',
  'O’Neill',
  "d'Ivoire",
  '“quoted”',
  '‘so’',
  '(in part)',
  'co\u00adopera\u00adtion',
  'A&B',
  '<none>',
  'a/b/c',
  'e.g.',
  'x_y_z',
];
/** What an author may type besides words. */
const typedOnly = [
  '&eacute;t&eacute;',
  'Caf&eacute; society &hellip; and more&hellip;',
  '&ldquo;so&rdquo;',
  '&#1040;&#x431;',
  'a&nbsp;b',
  'one&shy;self'.replace('one', 'him'),
  '&lt;none&gt;',
  'R&amp;D',
  '&mdash; &rarr; &ge;',
  '&OElig;uvre',
  '<i>so</i>',
  'un<b>bro</b>ken',
];
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const word = fc.constantFrom(...words);
const phrase = fc.array(word, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(' '));
const sentence = fc.array(word, { minLength: 1, maxLength: 40 }).map((parts) => `${parts.join(' ')}.`);
const typed = fc
  .array(fc.oneof({ weight: 3, arbitrary: word.map(escaped) }, fc.constantFrom(...typedOnly)), {
    minLength: 1,
    maxLength: 30,
  })
  .map((parts) => `${parts.join(' ')}.`);
const heading = fc.array(word, { minLength: 1, maxLength: 3 }).map((parts) =>
  escaped(
    parts
      .join(' ')
      .split(' ')
      .slice(0, 8)
      .join(' ')
      .replace(/[.!?]+$/, ''),
  ),
);

const loop = (before: string, row: string, after: string) =>
  `${before}{{#each rows.own}}${row}{{/each}}${after}`;
const block = fc.oneof(
  typed.map((text) => `<p>${text}{{cite "G1"}}</p>`),
  typed.map((text) => `<blockquote><p>${text}{{cite "G2" }}</p></blockquote>`),
  typed.map((text) => `<ul><li>${text}{{cite "G1"}}<li>${text}{{cite "G2"}}</ul>`),
  typed.map((text) => `<dl><dt>${text}{{cite "G1"}}<dd>${text}{{cite "G2"}}</dl>`),
  typed.map(
    (text) => `<div style="columns:3"><p>${text} ${text}{{cite "G1"}}</p><p>${text}{{cite "G2"}}</p></div>`,
  ),
  heading.map((text) => `<h2>${text}</h2>`),
  heading.map((text) => `<h3 class="label">${text}</h3>`),
  fc.constant('<p>So many: {{figure "M1" "value"}} at {{figure "G1" "date"}}{{cite "M1"}}{{cite "G1"}}</p>'),
  fc.constant('<p>All of them{{cite (column rows.own "id")}}</p>'),
  fc.constant(loop('', '<p>{{say summary}}{{cite id}}</p>', '')),
  fc.constant(loop('<ol>', '<li>{{say title}}{{cite id}} {{say summary}}</li>', '</ol>')),
  fc.constant(loop('<ul>', '<li><b>{{title}}</b>{{cite id}}<ul><li>{{say summary}}</li></ul></li>', '</ul>')),
  fc.constant(
    loop(
      '<table><thead><tr><th>No.</th><th>What <i>it</i> is</th><th>What</th><th class="number">Km</th></tr></thead><tbody>',
      '<tr><td>{{place}}{{cite id}}</td><td>{{say summary}}</td><td>{{title}}</td><td class="number">{{number}} km</td></tr>',
      '</tbody></table>',
    ),
  ),
);
const style = fc.constantFrom(
  '',
  '<style>p, td { hyphens: auto }</style>',
  '<style>p, td { text-align: justify } h2 { text-transform: uppercase }</style>',
  '<style>td { width: 12mm; overflow-wrap: anywhere } p { column-count: 2 }</style>',
  '<style>li { position: relative } td { font-variant-numeric: oldstyle-nums } h3 { float: right }</style>',
);

interface Content {
  readonly publisher: string;
  readonly blocks: readonly string[];
  readonly style: string;
  readonly events: readonly { readonly title: string; readonly summary: string; readonly number: number }[];
  readonly sources: readonly string[];
  readonly value: number;
}
const content: fc.Arbitrary<Content> = fc.record({
  publisher: fc.constantFrom('Sitrep', 'Relief Watch', 'Ärzte & Co', 'Ομάδα'),
  blocks: fc.array(block, { minLength: 1, maxLength: 8 }),
  style,
  events: fc.oneof({ weight: 5, arbitrary: events(2, 6) }, { weight: 1, arbitrary: events(30, 90) }),
  sources: fc.array(phrase, { minLength: 1, maxLength: 4 }),
  value: fc.integer({ min: 0, max: 99_999 }),
});
function events(minLength: number, maxLength: number) {
  const event = fc.record({ title: phrase, summary: sentence, number: fc.integer({ min: 0, max: 200 }) });
  return fc.array(event, { minLength, maxLength });
}

function productOf({ publisher, blocks, style: css, events: given, sources, value }: Content): Product {
  const [event] = right.dataset.tables.events;
  const [measure] = right.dataset.tables.measures;
  const [source] = right.dataset.tables.sources;
  if (!event || !measure || !source) throw new Error('The sample has no rows to copy.');
  const known = { known_on: '2021-08-10', status: 'current' } as const;
  const own = given.map(({ title, summary }, index): RowOf<'events'> => ({
    ...event,
    ...known,
    id: `G${index + 1}`,
    topic: 'context',
    precision: 'day',
    date_start: '2021-08-09',
    date_end: '2021-08-09',
    date_basis: 'stated',
    actors: [],
    targets: [],
    place: null,
    part_of: null,
    title,
    summary,
    source: `S-own-${(index % sources.length) + 1}`,
    credibility: null,
    caveat: null,
  }));
  const product = withTables(right, (tables) => ({
    ...tables,
    events: [...tables.events, ...own],
    measures: [
      ...tables.measures,
      {
        ...measure,
        ...known,
        id: 'M1',
        bound: '=',
        value,
        actors: [],
        targets: [],
        source: 'S-own-1',
        place: null,
        within: null,
      },
    ],
    sources: [
      ...tables.sources,
      ...sources.map((name, index) => ({ ...source, ...known, id: `S-own-${index + 1}`, name, via: null })),
    ],
  }));
  const numbers = given.map(({ number }, index) => `('G${index + 1}', ${number})`).join(', ');
  return withBrief(product, 'celebrations', (brief) => {
    const { head } = brief.partials;
    if (head === undefined) throw new Error('There is no partial "head".');
    return {
      ...brief,
      config: {
        ...brief.config,
        charts: {},
        limits: { pages: 400, megabytes: 40, seconds: 300 },
      },
      charts: {},
      partials: {
        ...brief.partials,
        head: { ...head, text: head.text.replace('"Sitrep"', `"${publisher}"`) },
      },
      queries: {
        ...brief.queries,
        own: {
          file: 'templates/celebrations/own.sql',
          text: `SELECT id, title, summary, number, CAST(number AS VARCHAR) AS place FROM events JOIN (VALUES ${numbers}) AS n(id, number) USING (id) ORDER BY length(id), id`,
        },
      },
      template: { ...brief.template, text: `{{#> page}}\n${css}\n${blocks.join('\n')}\n{{/page}}` },
    };
  });
}

test(`issues ${RUNS} generated pages that are right`, async () => {
  expect(findBrief(right, 'celebrations').config.waive).toEqual([]);
  let issued = 0;
  await fc.assert(
    fc.asyncProperty(content, async (each) => {
      try {
        await print(productOf(each), { brief: 'celebrations', asOf: '2021-08-25' }, { printer });
        issued += 1;
      } catch (error) {
        if (error instanceof AppError) throw new Error(error.message, { cause: error });
        throw error;
      }
    }),
    { numRuns: RUNS, seed: SEED, interruptAfterTimeLimit: 500_000, markInterruptAsFailure: true },
  );
  expect(issued).toBeGreaterThanOrEqual(RUNS);
});
