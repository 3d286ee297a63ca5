import { describe, expect, test } from 'vitest';
import type { Brief } from '../../src/project/brief.ts';
import { applyRules } from '../../src/rules/gate.ts';
import { idleWaivers, pageRules } from '../../src/rules/rules.ts';
import { loadTestDataset, temporaryFolder } from '../support/dataset.ts';
import { type Asked, heldBefore } from '../support/gate.ts';
import { incidentDataset } from '../support/incident-store.ts';
import { localeOf } from '../support/locale.ts';
import {
  findBrief,
  loadProduct,
  type Product,
  renderEdition,
  swapText,
  withBrief,
  withRow,
} from '../support/product.ts';

const right = await loadProduct();
const asOf = '2021-08-25';

/** A wrong copy of the product, and what the rule must say of it. */
interface Wrong {
  readonly what: string;
  readonly product: () => Product;
  readonly asked?: Partial<Asked>;
  readonly says: RegExp;
  /** How often it is found, as one fault. */
  readonly times?: number;
}

const template = (brief: Brief, change: (text: string) => string): Brief => ({
  ...brief,
  template: { ...brief.template, text: change(brief.template.text) },
});
/** Text before the end of the page of a brief. */
const withText = (html: string) => () =>
  withBrief(right, 'weekly', (brief) =>
    template(brief, (text) => swapText(text, '{{/page}}', `${html}\n{{/page}}`)),
  );
/** Text alone on the page of a brief: a fault is found in it, and the rest of the page would take most of the time. */
const onBarePage = (html: string) => () =>
  withBrief(right, 'weekly', (brief) => template(brief, () => `{{#> page}}\n${html}\n{{/page}}`));
const withTemplate = (from: string, to: string) => () =>
  withBrief(right, 'weekly', (brief) => template(brief, (text) => swapText(text, from, to)));
const withPartial =
  (name: string, from: string, to: string, id = 'weekly') =>
  () =>
    withBrief(right, id, (brief) => {
      const partial = brief.partials[name];
      if (partial === undefined) throw new Error(`There is no partial "${name}".`);
      const text = swapText(partial.text, from, to);
      return { ...brief, partials: { ...brief.partials, [name]: { ...partial, text } } };
    });
const withConfig = (config: Partial<Brief['config']>, id = 'weekly') =>
  withBrief(right, id, (brief) => ({ ...brief, config: { ...brief.config, ...config } }));
/** The weekly with the spec of one chart changed, as text. */
const withSpec =
  (chart: string, from: string, to: string, id = 'weekly') =>
  () =>
    withBrief(right, id, (brief) => {
      const given = brief.charts[chart];
      if (given === undefined) throw new Error(`There is no chart "${chart}".`);
      const parsed: object = JSON.parse(swapText(JSON.stringify(given.parsed), from, to));
      return { ...brief, charts: { ...brief.charts, [chart]: { ...given, parsed } } };
    });
const withQuery = (id: string, name: string, from: string, to: string) => () =>
  withBrief(right, id, (brief) => {
    const query = brief.queries[name];
    if (query === undefined) throw new Error(`There is no query "${name}".`);
    return {
      ...brief,
      queries: { ...brief.queries, [name]: { ...query, text: swapText(query.text, from, to) } },
    };
  });
/** A brief with a query of its own, and text at the end of its page. */
const withOwn = (id: string, name: string, sql: string, html = '') =>
  withBrief(right, id, (brief) =>
    template(
      {
        ...brief,
        queries: { ...brief.queries, [name]: { file: `templates/${id}/${name}.sql`, text: sql } },
      },
      (text) => swapText(text, '{{/page}}', `${html}\n{{/page}}`),
    ),
  );
/** Rows of measures, and what a paragraph of the celebrations prints of each. */
const withMeasures = (columns: string, printed: string) =>
  withOwn(
    'celebrations',
    'own',
    `SELECT ${columns} FROM measures WHERE id = 'F18'`,
    `{{#each rows.own}}<p>${printed}</p>{{/each}}`,
  );
const said = "'In all many people were killed in Kabul, probably by ISIL'";
const withChart = (
  name: string,
  change: Partial<Brief['config']['charts'][string]>,
  product: Product = right,
  id = 'weekly',
) =>
  withBrief(product, id, (brief) => {
    const chart = brief.config.charts[name];
    if (chart === undefined) throw new Error(`There is no chart "${name}".`);
    const charts = { ...brief.config.charts, [name]: { ...chart, ...change } };
    return { ...brief, config: { ...brief.config, charts } };
  });
const waiving = (rule: string) => withConfig({ waive: [{ rule, reason: 'for a test' }] });

/** A sheet with a chart of bars. */
const ofIsis = { brief: 'actor-sheet', parameters: { actor: 'A-isis' } };

const wrong: { readonly [rule: string]: readonly Wrong[] } = {
  waivers: [
    {
      what: 'of a rule that is none',
      product: () => waiving('no-such-rule'),
      says: /no rule "no-such-rule"/,
    },
    {
      what: 'of a rule that guards readers',
      product: () => waiving('no-active-content'),
      says: /cannot be waived/,
    },
    {
      what: 'of one rule twice',
      product: () => withConfig({ waive: [1, 2].map((each) => ({ rule: 'glyphs', reason: String(each) })) }),
      says: /waived twice/,
    },
  ],
  'typed-figures': [
    {
      what: 'in digits',
      product: onBarePage('<p>at least 105 claims{{cite "F18"}}</p>'),
      says: /"105" is typed/,
    },
    { what: 'in words', product: onBarePage('<h2>nine days</h2>'), says: /"nine" is typed/ },
    {
      what: 'read out',
      product: onBarePage('<h2 aria-label="105 claims">Claims</h2>'),
      says: /"105" is typed/,
    },
    {
      what: 'as the number of a list',
      product: onBarePage('<ol start="105"><li>It rained{{cite "F18"}}</li></ol>'),
      says: /"105" is typed/,
    },
    {
      what: 'as the number of an item',
      product: onBarePage('<ol><li value=\'105\'>It rained{{cite "F18"}}</li></ol>'),
      says: /"105" is typed/,
    },
    {
      what: 'in an attribute that is not quoted, between calls',
      product: onBarePage('<ol {{#if rows.gaps}}start=105{{/if}}><li>It rained{{cite "F18"}}</li></ol>'),
      says: /"105" is typed/,
    },
    {
      what: 'in what a call prints',
      product: onBarePage('<p>{{join (column rows.gaps "id") " 105 "}}{{cite "F18"}}</p>'),
      says: /"105" is typed/,
    },
    {
      what: 'in what is handed to a partial',
      product: withTemplate(
        '{{#with charts.timeline}}{{> chart cites=',
        '{{#with charts.timeline}}{{> chart note="In all 105 claims." cites=',
      ),
      says: /"105" is typed/,
    },
    {
      what: 'in a partial',
      product: withPartial('gaps', '{{t "page.headings.gaps"}}', 'Six gaps'),
      says: /"Six" is typed/,
    },
    {
      what: 'in the title of a chart',
      product: () => withChart('timeline', { title: 'All 105 claims' }),
      says: /"105" is typed into the settings/,
    },
    {
      what: 'in a judgment',
      product: () => withRow(right, 'judgments', 'A-isis-1', { text: 'The pause is two weeks old.' }),
      asked: { brief: 'isis-quieting' },
      says: /"A-isis-1" contains a typed figure: "two"/,
    },
  ],
  'well-formed': [
    {
      what: 'an element left open',
      product: onBarePage('<div>{{say brief.title}}{{cite "F18"}}'),
      says: /<div>|<\/main>/,
    },
    { what: 'elements crossed', product: onBarePage('<p>{{cite "F18"}}<b>a</p></b>'), says: /<\/b>/ },
    {
      what: 'a block in a paragraph',
      product: onBarePage('<p>{{cite "F18"}}<ul></ul></p>'),
      says: /<\/p> has no open element.*<ul>/,
    },
    { what: 'a short end', product: onBarePage('<p>{{cite "F18"}}<b/>a</b></p>'), says: /<b\/>/ },
  ],
  'no-active-content': [
    { what: 'a script', product: onBarePage('<script>fetch("/")</script>'), says: /<script>/ },
    {
      what: 'a page that moves on',
      product: onBarePage('<meta http-equiv="refresh" content="x;url=https://x.invalid">'),
      says: /http-equiv="refresh"/,
    },
    { what: 'a frame', product: onBarePage('<iframe srcdoc="a"></iframe>'), says: /<iframe>/ },
    {
      what: 'a picture from outside',
      product: onBarePage('<img src="https://x.invalid/a.png" alt="">'),
      says: /<img>/,
    },
    { what: 'a handler', product: onBarePage('<p onclick="x">{{cite "F18"}}</p>'), says: /onclick/ },
    {
      what: 'a link out',
      product: onBarePage('<p><a href="https://x.invalid">a</a>{{cite "F18"}}</p>'),
      says: /href="https:/,
    },
    {
      what: 'a style that loads',
      product: onBarePage('<p style="background:url(https://x.invalid/a)">a{{cite "F18"}}</p>'),
      says: /url\(https/,
    },
    {
      what: 'a style sheet that fetches another',
      product: onBarePage('<style>@import "https://x.invalid/a.css";</style>'),
      says: /a style with @import ?"https/,
    },
    {
      what: 'a style sheet that loads',
      product: onBarePage('<style>h2{background:url(https://x.invalid/a)}</style>'),
      says: /a style with url\(https/,
    },
    {
      what: 'one that says so by escapes',
      product: onBarePage('<style>h2{background:\\75rl(https://x.invalid/a)}</style>'),
      says: /a style with url\(https/,
    },
    {
      what: 'one of a set',
      product: onBarePage('<p style="background:image-set(\'https://x.invalid/a\' x)">{{cite "F18"}}</p>'),
      says: /style="background:image-set/,
    },
    {
      what: 'a font that is not ours',
      product: onBarePage('<style>@font-face{font-family:a;src:url(data:font/woff2;base64,AAAA)}</style>'),
      says: /a style with url\(data:/,
    },
    {
      what: 'the style sheet of all briefs, where it loads',
      product: () =>
        withBrief(right, 'weekly', (brief) => ({
          ...brief,
          styles: { ...brief.styles, text: `@import url(https://x.invalid);\n${brief.styles.text}` },
        })),
      says: /a style with @import/,
    },
    {
      what: 'a style within a drawing',
      product: onBarePage('<svg><style>text{fill:url(https://x.invalid/a)}</style></svg>'),
      says: /a style with url\(https/,
    },
    {
      what: 'a drawing of its own with a script',
      product: onBarePage('<svg><script/></svg>'),
      says: /<script>/,
    },
  ],
  'cites-a-row': [
    {
      what: 'a paragraph',
      product: onBarePage('<p>The Taliban hold Kabul.</p>'),
      says: /cites no row: "The Taliban hold/,
    },
    {
      what: 'one that calls itself nothing',
      product: onBarePage('<p class="nothing">It rained.</p>'),
      says: /It rained/,
    },
    { what: 'an item', product: onBarePage('<ul><li>It rained.</li></ul>'), says: /It rained/ },
    {
      what: 'a table',
      product: onBarePage('<table><tr><td>It rained.</td></tr></table>'),
      says: /A table cites/,
    },
    { what: 'loose text', product: onBarePage('It rained.'), says: /is not inside a paragraph/ },
    {
      what: 'loose text in a section',
      product: onBarePage('<section>It rained.</section>'),
      says: /is not inside a/,
    },
    {
      what: 'a figure',
      product: onBarePage('<figure><figcaption>It rained</figcaption></figure>'),
      says: /A figure cites/,
    },
    { what: 'a quotation', product: onBarePage('<blockquote>It rained</blockquote>'), says: /It rained/ },
    {
      what: 'a heading that states',
      product: onBarePage('<h2>The Taliban hold Kabul.</h2>'),
      says: /reads as a statement/,
    },
    {
      what: 'a partial of the dataset, which is the text of its briefs',
      product: () =>
        withBrief(right, 'weekly', (brief) => ({
          ...template(brief, (text) => swapText(text, '{{/page}}', '{{> weather}}\n{{/page}}')),
          partials: {
            ...brief.partials,
            weather: {
              file: 'templates/_afghanistan-2021/partials/weather.hbs',
              text: '<p>It rained.</p>',
            },
          },
        })),
      says: /cites no row: "It rained/,
    },
    {
      what: "a row's text in a shared partial",
      product: withPartial('gaps', '{{cite rests_on}}', ''),
      says: /gaps|cites no row/,
    },
    {
      what: 'what a query of its own says through a shared partial of who somebody is',
      product: () =>
        withOwn(
          'actor-sheet',
          'who',
          `SELECT id, NULL AS abbreviation, NULL AS long_name, NULL AS aliases, 'ISIS' AS affiliation, ${said} AS note FROM actors WHERE id = $actor`,
        ),
      asked: { brief: 'actor-sheet', parameters: { actor: 'A-isis' } },
      says: /cites no row: "ISIS\. In all many people/,
    },
    {
      what: 'each row of a loop, as one fault',
      product: () =>
        withOwn(
          'weekly',
          'own',
          'SELECT id, summary FROM events ORDER BY id LIMIT 9',
          '<ul>{{#each rows.own}}<li>{{say summary}}</li>{{/each}}</ul>',
        ),
      says: /^A paragraph cites no row: [^\n]*$/,
      times: 9,
    },
    {
      what: 'what it says through the list of names',
      product: () =>
        withOwn(
          'weekly',
          'names',
          `SELECT id, name, NULL AS long_name, NULL AS aliases, ${said} AS affiliation, NULL AS note FROM actors`,
        ),
      says: /cites no row: .*In all many/,
    },
    {
      what: 'a value that goes a long way before a shared partial prints it',
      times: 2,
      product: () =>
        withPartialOf(
          withOwn('weekly', 'own', `SELECT 'F12' AS id, [${said}] AS words`),
          'gaps',
          '{{#if rows.gaps}}',
          '{{#each rows.own}}{{#with this}}{{#each words}}<p class="nothing">{{this}}</p>{{/each}}<p>{{join words " "}}</p>{{/with}}{{/each}}{{#if rows.gaps}}',
          '{{> gaps}}',
        ),
      says: /cites no row: "In all many/,
    },
    {
      what: 'text that a shared partial lets in',
      product: () =>
        withPartialOf(
          onBarePage('')(),
          'page',
          '{{> @partial-block}}',
          '<p>{{> @partial-block}}</p>',
          '<b>It rained</b>',
        ),
      says: /It rained/,
    },
  ],
  'charts-cite': [
    {
      what: 'a chart whose rows are not named',
      product: withTemplate(
        '{{#with charts.timeline}}{{> chart cites=(column rows @root.rows.timeline_bands "id")}}{{/with}}',
        '{{#with charts.timeline}}{{svg svg}}{{/with}}',
      ),
      says: /A chart cites no row/,
    },
  ],
  'rests-on': [
    {
      what: 'a judgment that rests on nothing',
      product: () => withRow(right, 'judgments', 'K-isis-2', { rests_on: [] }),
      says: /"K-isis-2" has neither evidence/,
    },
    {
      what: 'a gap that rests on nothing',
      product: () => withRow(right, 'gaps', 'G-isis-1', { rests_on: [] }),
      says: /"G-isis-1" has neither evidence/,
    },
    {
      what: 'a text beside another citation',
      product: withPartial('alternatives', '{{cite rests_on}}', '{{cite "F12"}}', 'isis-quieting'),
      asked: { brief: 'isis-quieting' },
      says: /text of "A-isis-1" is printed without a citation of its evidence: F28/,
    },
    {
      what: 'a plain value beside another citation',
      product: () =>
        withOwn(
          'celebrations',
          'own',
          "SELECT id, title FROM events WHERE id = 'F02'",
          '<p>{{#each rows.own}}{{title}}{{/each}}{{cite "F12"}}</p>',
        ),
      asked: { brief: 'celebrations' },
      says: /text of "F02" is printed without a citation of its evidence: F02/,
    },
    {
      what: 'a finding beside none of its rows',
      product: withPartial(
        'readings',
        '{{cite (column findings.pause.rows "id")}}',
        '{{cite "F12"}}',
        'isis-quieting',
      ),
      asked: { brief: 'isis-quieting' },
      says: /finding "pause" is printed without a citation of its evidence: F18/,
    },
  ],
  'row-texts': [
    {
      what: 'made up by a query',
      product: withQuery(
        'isis-quieting',
        'alternatives',
        'SELECT id, text,',
        "SELECT id, 'It rained' AS text,",
      ),
      asked: { brief: 'isis-quieting' },
      says: /"It rained" is printed as the text of "A-isis-1"/,
    },
    {
      what: 'of no row',
      product: withQuery('isis-quieting', 'alternatives', 'SELECT id, text,', "SELECT 'A-none' AS id, text,"),
      asked: { brief: 'isis-quieting' },
      says: /is not the text of a known row/,
    },
  ],
  'query-rows': [
    {
      what: 'a query that gives texts without their ids',
      product: () =>
        withOwn(
          'weekly',
          'own',
          "SELECT title FROM events WHERE id = 'F12'",
          '<p>{{#each rows.own}}{{title}}{{/each}}{{cite "F12"}}</p>',
        ),
      says: /query "own" returns a row without/,
    },
    {
      what: 'one of which the page only asks whether it gives anything',
      product: () =>
        withOwn(
          'weekly',
          'own',
          'SELECT count(*) AS number FROM events',
          '{{#if rows.own}}<p>So it is.{{cite "F12"}}</p>{{/if}}',
        ),
      says: /without the id of a known row: \{"number":/,
    },
    {
      what: 'rows behind a chart without ids',
      product: withQuery(
        'isis-quieting',
        'shares',
        'SELECT * REPLACE (',
        "SELECT * REPLACE ('whole' AS id, [] AS cites, ",
      ),
      asked: { brief: 'isis-quieting' },
      says: /query "shares" returns/,
    },
  ],
  // Below: no query can show what is not known.
  // See below: only a correction can break it.
  'revision-notice': [],
  'known-by-cut-off': [],
  // Below.
  'fresh-data': [],
  'judgments-hold': [],
  'method-in-one-place': [
    {
      what: 'a section that calls itself so',
      product: onBarePage('<section class="method"><p>It is so.{{cite "F18"}}</p></section>'),
      says: /is labelled as the method/,
    },
    { what: 'a heading', product: onBarePage('<h2>Method</h2>'), says: /is labelled as the method/ },
    { what: 'none', product: withPartial('page', '{{> method}}', ''), says: /does not explain the method/ },
  ],
  'icd-203': [
    {
      what: 'another word',
      product: withText2('K-isis-2', 'likely', 'highly likely'),
      says: /says "highly likely"/,
    },
    {
      what: 'another word in a caveat',
      product: () => withRow(right, 'events', 'F12', { caveat: 'It is probable.' }),
      asked: { brief: 'celebrations' },
      says: /"F12" says "probable"/,
    },
    {
      what: 'another confidence',
      product: () => withRow(right, 'judgments', 'K-isis-2', { confidence_basis: 'medium confidence' }),
      says: /medium confidence/,
    },
    {
      what: 'a likelihood that the field does not say',
      product: () => withRow(right, 'judgments', 'K-isis-2', { likelihood: null }),
      says: /"likely", but its column likelihood/,
    },
    {
      what: 'other words that a brief types',
      product: onBarePage(
        '<p>It is highly likely, and probably certain, that ISIL will attack; medium confidence{{cite "F18"}}</p>',
      ),
      says: /The page says "highly likely"[^]*The page says "probably"[^]*The page says "medium confidence"[^]*in the same sentence/,
    },
    {
      what: 'both in the same sentence that a brief types',
      product: onBarePage('<p>With high confidence an attack is probable{{cite "F18"}}</p>'),
      says: /in the same sentence: "With high confidence/,
    },
    {
      what: 'both, the confidence told after its word',
      product: onBarePage('<p>Our confidence is high that an attack is likely{{cite "F18"}}</p>'),
      says: /in the same sentence: "Our confidence is high/,
    },
    {
      what: 'both, one of them a row’s',
      product: onBarePage(
        '<p>We are confident that {{#each rows.key_judgments}}{{say text}}{{cite rests_on}}{{/each}}</p>',
      ),
      says: /in the same sentence: "We are confident/,
    },
    {
      what: 'a confidence that is none of ours, after its word',
      product: withPartial(
        'page',
        '{{> @partial-block}}',
        '<p>Our confidence is very high.</p>{{> @partial-block}}',
      ),
      says: /The page says "confidence is very high"/,
    },
    {
      what: 'a likelihood in brief.yaml',
      product: () => withConfig({ subject: 'What is probably so' }),
      says: /It says "probably"/,
    },
    {
      what: 'both in the same sentence',
      product: withPartial('key-judgments', '(say confidence_basis)', '(say text)'),
      says: /Likelihood and confidence are in the same sentence/,
    },
  ],
  'house-names': [
    {
      what: 'an alias that a brief types',
      product: onBarePage('<p>ISIL will attack{{cite "F18"}}</p>'),
      says: /The page says "ISIL"/,
    },
    {
      what: 'one in pieces',
      product: onBarePage('<p>IS<b>IL</b> will attack{{cite "F18"}}</p>'),
      says: /The page says "ISIL"/,
    },
    {
      what: 'one that is read out',
      product: onBarePage('<p aria-label="of ISIL">{{cite "F18"}}</p>'),
      says: /The page says "ISIL"/,
    },
    {
      what: 'one that a shared partial types',
      product: withPartial('gaps', '{{t "page.headings.gaps"}}', 'Gaps on Daesh'),
      says: /The page says "Daesh"/,
    },
    {
      what: 'an alias',
      product: () =>
        withRow(right, 'events', 'F20', { summary: 'Attacks of Islamic State stopped on {F20.end}.' }),
      says: /says "Islamic State"/,
    },
    {
      what: 'an abbreviation',
      product: () => withRow(right, 'events', 'F12', { summary: 'On {F12.date} AQAP spoke of the US.' }),
      says: /"F12" says "US"/,
    },
    {
      what: 'in a column of the dataset’s own',
      product: () => {
        const { dataset } = withRow(right, 'events', 'F12', { remark: 'Also said by Daesh.' } as object);
        const settings = {
          ...dataset.settings,
          columns: { events: [{ name: 'remark', type: 'VARCHAR' as const }] },
        };
        return { ...right, dataset: { ...dataset, settings } };
      },
      says: /"F12" says "Daesh"/,
    },
    {
      what: 'in brief.yaml',
      product: () => withConfig({ title: 'AQ and others' }),
      says: /"AQ" is not the house name/,
    },
  ],
  'lower-bounds': [
    {
      what: 'in a big figure',
      product: onBarePage('{{#each rows.figures}}<p>{{value}} {{label}}{{cite id}}</p>{{/each}}'),
      says: /"105" prints F18/,
    },
    {
      what: 'in a text',
      product: onBarePage(
        '{{#each rows.figures}}<p>{{bound}} {{value}} {{label}}, all of {{value}}{{cite id}}</p>{{/each}}',
      ),
      says: /prints F18, a lower bound/,
    },
    {
      what: 'beside another citation',
      product: () => withMeasures('id, value', '{{value}} claims{{cite "F12"}}'),
      asked: { brief: 'celebrations' },
      says: /"105" prints F18, a lower bound/,
    },
    {
      what: 'of a row that names it in another column',
      product: () => withMeasures("'F12' AS id, [id] AS cites, value", '{{value}} claims{{cite "F12"}}'),
      asked: { brief: 'celebrations' },
      says: /"105" prints F18, a lower bound/,
    },
    {
      what: 'in a label of a chart',
      product: withQuery('isis-quieting', 'shares', "bound_words(m.bound) || ' ' || ", ''),
      asked: { brief: 'isis-quieting' },
      says: /label "45 %" prints F22/,
    },
    {
      what: 'in the rows behind a chart',
      product: withQuery('isis-quieting', 'shares', "bound_words(m.bound) || ' ' || ", ''),
      asked: { brief: 'isis-quieting' },
      says: /rows behind the chart have the value of F2[12] without/,
    },
  ],
  'coverage-gaps': [
    {
      what: 'a page without its notices',
      product: () => withoutNotices(),
      asked: { asOf: '2021-09-06' },
      says: /does not say which days are covered \(.*ISIS/,
    },
    {
      what: 'words of a brief in place of the notices',
      product: () =>
        withBrief(withoutNotices(), 'weekly', (brief) =>
          template(brief, (text) =>
            swapText(
              text,
              '{{/page}}',
              '<div class="coverage"><p>ISIS, jihadist reactions, Al-Qaeda’s ties and the course of the war are covered here{{cite "F12"}}, no day since 25 August 2021</p></div>\n{{/page}}',
            ),
          ),
        ),
      asked: { asOf: '2021-09-06' },
      says: /covered \(.*ISIS.*the course of the war/,
    },
    {
      what: 'a notice that does not name the day',
      product: withPartial(
        'coverage',
        '{{t "page.coverage.collection_ended" names=names day=ended}}',
        '<b>{{names}}:</b> collection ended.',
      ),
      asked: { asOf: '2021-09-06' },
      says: /covered \(ISIS/,
    },
    {
      what: 'a notice that does not say how many days',
      product: withPartial(
        'coverage',
        '{{t "page.coverage.days_covered" days=days covered=covered count=count}}',
        'Some days are covered.',
      ),
      asked: { asOf: '2021-08-29' },
      says: /covered \(.*; three/,
    },
  ],
  marking: [
    {
      what: 'below its dataset',
      product: () => ({ ...right, dataset: { ...right.dataset, marking: 'TLP:AMBER' } }),
      says: /TLP:CLEAR is below TLP:AMBER/,
    },
    {
      what: 'below a row that it shows',
      product: () => withRow(right, 'events', 'F12', { marking: 'TLP:GREEN' }),
      says: /"F12" is marked TLP:GREEN, but the brief is marked TLP:CLEAR/,
    },
    {
      what: 'below a source that it names',
      product: () => withRow(right, 'sources', 'S-aqap', { marking: 'TLP:AMBER' }),
      says: /"S-aqap" is marked TLP:AMBER/,
    },
  ],
  glyphs: [
    {
      what: 'in a row',
      product: () => withRow(right, 'events', 'F12', { summary: 'On {F12.date} AQAP said 完全勝利.' }),
      says: /No font for the script Han is built in, so there is no glyph for "完" \(U\+5B8C\)/,
    },
    {
      what: 'in a label',
      product: withSpec('matrix', 'joint statement', 'joint \u{1f5e3}', 'celebrations'),
      asked: { brief: 'celebrations' },
      says: /U\+1F5E3/,
    },
  ],
  'links-on-page': [
    {
      what: 'to nothing',
      product: onBarePage('<p><a href="#gone">a</a>{{cite "F18"}}</p>'),
      says: /#gone leads nowhere/,
    },
    {
      what: 'to what is there twice',
      product: onBarePage('<p id="note-1">{{cite "F18"}}</p>'),
      says: /"note-1" is used twice/,
    },
  ],
  'chart-warnings': [
    {
      what: 'a setting without effect',
      product: withSpec('timeline', '"type":"utc"', '"type":"utc","paddingInner":0.1'),
      says: /Vega warns: .*paddingInner/,
    },
  ],
  'chart-empty': [
    {
      what: 'all filtered out',
      product: withSpec(
        'expected',
        "datum.role !== 'sensitivity'",
        "datum.role === 'nothing'",
        'actor-sheet',
      ),
      asked: ofIsis,
      says: /shows nothing/,
    },
  ],
  'chart-labels': [
    {
      what: 'an expression without a value',
      product: withSpec('timeline', '"text":{"field":"tag"}', '"text":{"value":"undefined"}'),
      says: /The text "undefined" shows a missing value\.$/,
    },
  ],
  'chart-clipped': [
    {
      what: 'a label at the edge',
      product: withSpec('timeline', '"left":287', '"left":265'),
      says: /is cut/,
    },
    {
      what: 'a label at its limit',
      product: withSpec('timeline', '"limit":222', '"limit":60'),
      says: /label ".*" is cut/,
    },
    {
      what: 'a mark',
      product: withSpec('expected', '"x2":283', '"x2":500', 'actor-sheet'),
      asked: ofIsis,
      says: /mark \(rule\) extends beyond/,
    },
    {
      what: 'a bar that ends at its domain',
      product: withSpec('expected', '"type":"bar"', '"type":"bar","clip":true,"xOffset":-400', 'actor-sheet'),
      asked: ofIsis,
      says: /A mark \(rect, row readings 0\) is cut off at the edge/,
    },
  ],
  'chart-overlap': [
    {
      what: 'rows too close',
      product: withSpec('timeline', '"step":15.5', '"step":9'),
      says: /The labels ".+" and ".+" overlap\./,
    },
  ],
  'chart-rows': [
    {
      what: 'rows that the brief does not say it leaves out',
      product: () => withChart('story', { leavesOut: undefined }),
      says: /3 of 5 rows of "readings" are not drawn: R3, R4, R5/,
    },
    {
      what: 'a row that a filter takes',
      product: withSpec('story', "datum.role !== 'sensitivity'", "datum.role === 'headline'"),
      says: /^1 of .* are not drawn: R2/m,
    },
    {
      what: 'marks of several rows, unless the brief says so',
      product: withSpec(
        'matrix',
        '"data":{"name":"marker"},"transform":[',
        '"data":{"name":"marker"},"transform":[{"aggregate":[],"groupby":["day","label"]},',
        'celebrations',
      ),
      asked: { brief: 'celebrations' },
      says: /1 of 1 rows of "marker" are not drawn/,
    },
  ],
};

function withoutNotices(): Product {
  return withBrief(right, 'weekly', (brief) => ({
    ...brief,
    partials: { ...brief.partials, coverage: { file: 'templates/_shared/partials/coverage.hbs', text: '' } },
  }));
}
function withText2(id: string, from: string, to: string) {
  return () => {
    const row = right.dataset.tables.judgments.find((each) => each.id === id);
    return withRow(right, 'judgments', id, { text: swapText(row?.text ?? '', from, to) });
  };
}
function withPartialOf(product: Product, name: string, from: string, to: string, block: string): Product {
  return withBrief(product, 'weekly', (brief) => {
    const partial = brief.partials[name];
    if (partial === undefined) throw new Error(`There is no partial "${name}".`);
    const partials = { ...brief.partials, [name]: { ...partial, text: swapText(partial.text, from, to) } };
    return { ...template(brief, () => `{{#> page}}${block}{{/page}}`), partials };
  });
}
test('one cause in a loop is one fault of one rule', async () => {
  const product = withOwn(
    'weekly',
    'own',
    'SELECT id, summary FROM events ORDER BY id LIMIT 9',
    '<ul>{{#each rows.own}}<li>{{say summary}}</li>{{/each}}</ul>',
  );
  const held = await heldBefore(product, { brief: 'weekly', asOf });
  expect(Object.keys(held)).toEqual(['cites-a-row']);
  expect(held['cites-a-row']).toHaveLength(1);
});

test('glyphs reports the letters of a name in another script as one fault', async () => {
  const held = await heldBefore(withText('<p>ላሊበላ{{cite "F18"}}</p>')(), { brief: 'weekly', asOf });
  expect(held['glyphs']).toHaveLength(1);
  expect(held['glyphs']?.[0]?.problem).toMatch(
    /^No font for the script Ethiopic is built in, so there is no glyph for "ላ" \(U\+120B\), "ሊ"/,
  );
  expect(held['glyphs']?.[0]?.hint).toContain('The npm package @fontsource/noto-sans-ethiopic has one');
  expect(held['glyphs']?.[0]?.hint).toContain('select NULL for the column');
});

test('glyphs takes names in Arabic, Persian, Pashto, Cyrillic, Greek and dotted Latin', async () => {
  const names = 'حيس، ښار، گچ، می\u200cخواهم, \u2067صنعاء\u2069, Щёлково, Αθήνα, Ḩaraḑ, Qal‘ah, ʿayn';
  const held = await heldBefore(withText(`<p>${names}{{cite "F18"}}</p>`)(), { brief: 'weekly', asOf });
  expect(held['glyphs']).toBeUndefined();
  // An override can show letters in an order that they do not have.
  const reversed = await heldBefore(withText('<p>a\u202eb{{cite "F18"}}</p>')(), { brief: 'weekly', asOf });
  expect(reversed['glyphs']?.[0]?.problem).toContain('(U+202E)');
});

test('row-texts takes a name of several hyphenated words', async () => {
  const title = 'Gun-Lou Sub-Clan Militia and Al-Shabaab Al-Mujahideen';
  const product = withRow(
    withOwn(
      'weekly',
      'own',
      "SELECT id, title FROM events WHERE id = 'F12'",
      '<p>{{#each rows.own}}{{say title}}{{cite id}}{{/each}}</p>',
    ),
    'events',
    'F12',
    { title },
  );
  expect(await heldBefore(product, { brief: 'weekly', asOf })).toEqual({});
});

test('every rule has a wrong edition that it must hold', () => {
  expect(Object.keys(wrong).toSorted()).toEqual(pageRules.map(({ id }) => id).toSorted());
});

const cases = Object.entries(wrong).flatMap(([rule, editions]) =>
  editions.length > 0 ? [{ rule, editions }] : [],
);
describe.each(cases)('$rule', ({ rule, editions }) => {
  test.each(editions)('blocks $what', async ({ product, asked = {}, says, times }) => {
    const held = await heldBefore(product(), { brief: 'weekly', asOf, ...asked });
    const faults = held[rule] ?? [];
    expect(faults.map(({ problem }) => problem).join('\n')).toMatch(says);
    if (times !== undefined) expect(faults.map(({ count }) => count)).toEqual([times]);
    for (const { file, hint } of faults) {
      expect(file ?? 'templates/').toMatch(/^(?:templates|data)\/|\/(?:templates|data)\//);
      expect(hint).toMatch(/[.}]$/);
    }
  });
});

describe('what a query gives may be printed', () => {
  const asBrief = (brief: string) => ({ brief, asOf });
  test('with its own citation, and with its bound', async () => {
    const product = withMeasures(
      'id, value, bound_words(bound) AS bound',
      '{{bound}} {{value}} claims{{cite id}}',
    );
    expect(await heldBefore(product, asBrief('celebrations'))).toEqual({});
  });

  test('as a count with the thing counted', async () => {
    const counted = 'SELECT count(*) AS number, list(id) AS cites FROM events WHERE topic = $topic';
    const html = '{{#each rows.own}}<p>{{number}} reports{{cite cites}}</p>{{/each}}';
    expect(await heldBefore(withOwn('celebrations', 'own', counted, html), asBrief('celebrations'))).toEqual(
      {},
    );
  });

  test('without a citation where it is a name of the house, and by no other name', async () => {
    const html = '{{#each rows.own}}<p>{{word}}</p>{{/each}}';
    const named = (word: string) =>
      withOwn('weekly', 'own', `SELECT id, ${word} AS word FROM actors WHERE id = 'A-isis'`, html);
    expect(await heldBefore(named('name'), asBrief('weekly'))).toEqual({});
    expect(await heldBefore(named('affiliation_words(affiliation)'), asBrief('weekly'))).toEqual({});
    expect(await heldBefore(named(`name || ' rules'`), asBrief('weekly'))).toHaveProperty('cites-a-row');
  });

  test('zero too: it counts as printed, and as false in "if"', async () => {
    const html =
      '{{#each rows.own}}<p>{{#if number}}more than {{/if}}{{#unless number}}just {{/unless}}{{number}}{{cite id}}</p>{{/each}}';
    const product = withOwn('weekly', 'own', "SELECT id, 0 AS number FROM events WHERE id = 'F12'", html);
    const page = await renderEdition(product, asBrief('weekly'));
    expect(page.html).toContain('<p>just 0<');
  });

  test('in an attribute, where no trace remains', async () => {
    const html = '{{#each rows.own}}<p class="a {{id}}">{{title}}{{cite id}}</p>{{/each}}';
    const product = withOwn('weekly', 'own', "SELECT id, title FROM events WHERE id = 'F12'", html);
    const page = await renderEdition(product, asBrief('weekly'));
    expect(page.html).toContain('<p class="a F12">');
    expect(page.html).not.toMatch(/<!--/);
  });
});

test('revision-notice: a corrected revision must say so', async () => {
  const dataset = await loadTestDataset('revised');
  const replaces = { edition: 'weekly/2021-03-07', revision: 1, asOf: null };
  const correction = { revision: 2, asOf: '2021-03-14', replaces, rows: ['M-claims'] };
  const revision = { brief: 'weekly', asOf: '2021-03-07', correction };
  expect(await heldBefore({ ...right, dataset }, revision)).toEqual({});
  const silent = withPartialOf({ ...right, dataset }, 'masthead', '{{> correction}}', '', '');
  expect(await heldBefore(silent, revision)).toMatchObject({
    'revision-notice': [{ problem: expect.stringContaining('does not say that it is revision 2') }],
  });
  expect(await heldBefore(silent, { brief: 'weekly', asOf: '2021-03-07' })).not.toHaveProperty(
    'revision-notice',
  );
});

test('marking: a withdrawn row is listed among the changes, and counts', async () => {
  const revised = { ...right, dataset: await loadTestDataset('revised') };
  const marked = withRow(revised, 'events', 'E-raid', { marking: 'TLP:AMBER' });
  const holds = { marking: [{ problem: expect.stringContaining('"E-raid" is marked TLP:AMBER') }] };
  const issue = { brief: 'weekly', asOf: '2021-03-21' };
  expect(await heldBefore(revised, issue)).toEqual({});
  expect(await heldBefore(marked, issue)).toMatchObject(holds);
  const replaces = { edition: 'weekly/2021-03-07', revision: 1, asOf: null };
  const correction = { revision: 2, asOf: '2021-03-21', replaces, rows: ['E-raid'] };
  expect(await heldBefore(marked, { brief: 'weekly', asOf: '2021-03-07', correction })).toMatchObject(holds);
});

describe('row-texts: a text longer than any pattern may be', () => {
  const long = `The pause of {F12.date} ${'is long '.repeat(6000)}and {F12.date} ends it.`;
  const product = withRow(right, 'judgments', 'A-isis-1', { text: long });

  test('differs from another text in what surrounds its figures', async () => {
    expect((await heldBefore(product, { brief: 'isis-quieting', asOf }))['row-texts']).toBeUndefined();
  });

  test.each([
    ['before', "regexp_replace(text, '^The', 'A')"],
    ['between', "replace(text, 'and', 'or')"],
    ['behind', "concat(text, ' Soon.')"],
    ['in another order', "concat('and ', text)"],
  ])('differs %s', async (_, sql) => {
    const spoilt = withBrief(product, 'isis-quieting', (brief) => {
      const query = brief.queries['alternatives'];
      if (query === undefined) throw new Error('There is no query "alternatives".');
      const text = swapText(query.text, 'SELECT id, text,', `SELECT id, ${sql} AS text,`);
      return { ...brief, queries: { ...brief.queries, alternatives: { ...query, text } } };
    });
    const held = await heldBefore(spoilt, { brief: 'isis-quieting', asOf });
    expect(held['row-texts']?.map(({ problem }) => problem)).toContainEqual(
      expect.stringContaining('printed as the text of "A-isis-1"'),
    );
  });
});

describe('fresh-data', () => {
  test('blocks an edition if a source was not checked for longer than the dataset allows', async () => {
    const rows = `SELECT 'T-1' AS id, DATE '2021-08-09' AS start, 'AF' AS country`;
    const { incidents } = await incidentDataset(await temporaryFolder(), [
      { knownOn: '2021-08-10', rows, record: { feed: 'old' } },
    ]);
    const checks = [
      { source: 'old', checkedOn: '2021-08-10', import: 1 },
      { source: 'new', checkedOn: '2021-08-26', import: null },
      // Too late for this edition.
      { source: 'old', checkedOn: '2021-08-27', import: 1 },
    ];
    const held = async (settings: object, sources = ['old', 'new']) => {
      const refresh = { before: 'slots', maxAgeDays: 15, whenStale: 'hold', sources, ...settings } as const;
      const dataset = {
        ...right.dataset,
        incidents: { ...incidents, checks },
        settings: { ...right.dataset.settings, refresh },
      };
      return (await heldBefore({ ...right, dataset }, { brief: 'weekly', asOf }))['fresh-data'];
    };
    expect(await held({})).toMatchObject([
      {
        file: 'data/afghanistan-2021/datapackage.json',
        problem:
          'The data were last checked on 2021-08-10, 16 days before this issue, and "maxAgeDays" is 15.',
        hint: expect.stringMatching(/^Run "sitrep refresh afghanistan-2021" before the end of 2021-08-26/),
      },
    ]);
    expect(await held({ maxAgeDays: 16 })).toBeUndefined();
    expect(await held({ whenStale: 'issue' })).toBeUndefined();
    expect(await held({ before: undefined })).toBeUndefined();
    expect(await held({}, ['new'])).toBeUndefined();
  });
});

describe('judgments-hold', () => {
  const tested = (sql: string) => {
    const product = withOwn('weekly', 'test_of_it', sql);
    return withBrief(product, 'weekly', (brief) => ({
      ...brief,
      config: { ...brief.config, holdsWhile: { 'K-isis-2': 'test_of_it' } },
    }));
  };
  const held = async (sql: string, day = asOf) =>
    (await heldBefore(tested(sql), { brief: 'weekly', asOf: day }))['judgments-hold'];

  test('blocks an edition if the data contradict its judgment, and shows the contradicting values', async () => {
    expect(await held('SELECT count(*) > 0 AS holds FROM events')).toBeUndefined();
    expect(
      await held('SELECT count(*) > 1000 AS holds, count(*) AS events, 1000 AS least FROM events'),
    ).toMatchObject([
      {
        file: 'templates/weekly/test_of_it.sql',
        problem: expect.stringMatching(
          /^The data contradict the judgment K-isis-2, according to its own test "test_of_it": events \d+, least 1000\.$/,
        ),
      },
    ]);
    expect(await held('SELECT NULL AS holds')).toHaveLength(1);
    expect(await held('SELECT true AS holds WHERE false')).toMatchObject([
      { problem: 'The judgment K-isis-2 cannot be tested: its query "test_of_it" returns no row.' },
    ]);
  });

  test('says nothing of a judgment that the page does not show', async () => {
    expect(await held('SELECT false AS holds', '2020-01-31')).toBeUndefined();
  });

  test('names a query that is not there', async () => {
    const product = withConfig({ holdsWhile: { 'K-isis-2': 'nothing' } });
    await expect(heldBefore(product, { brief: 'weekly', asOf })).rejects.toMatchObject({
      faults: [{ field: 'holdsWhile.K-isis-2', problem: 'There is no query "nothing".' }],
    });
  });
});

describe('known-by-cut-off', () => {
  test('blocks rows that became known later or were withdrawn', async () => {
    const { draft } = await renderEdition(right, { brief: 'weekly', asOf });
    const rule = pageRules.filter(({ id }) => id === 'known-by-cut-off');
    expect(applyRules(rule, draft).passed).toEqual(['known-by-cut-off']);
    const early = { ...draft, knownUntil: '2021-08-22' };
    expect(() => applyRules(rule, early)).toThrow(/"F13", which was not known by 2021-08-22/);
    const rows = new Map([...draft.rows].filter(([id]) => id !== 'F12'));
    expect(() => applyRules(rule, { ...draft, rows })).toThrow(/"F12", which was not known by/);
  });
});

test('reports all faults at once, each with its place and its rule', async () => {
  const first = withRow(right, 'events', 'F12', { summary: 'On {F12.date} AQAP spoke of the US and 完.' });
  const both = withBrief(first, 'weekly', (brief) =>
    template(brief, (text) => swapText(text, '{{/page}}', '<p>It rained.</p>\n{{/page}}')),
  );
  const held = await heldBefore(both, { brief: 'weekly', asOf });
  expect(Object.keys(held).toSorted()).toEqual(['cites-a-row', 'glyphs', 'house-names']);
  const line = findBrief(both, 'weekly').template.text.split('\n').indexOf('<p>It rained.</p>') + 1;
  expect(held['cites-a-row']?.[0]).toMatchObject({ file: findBrief(both, 'weekly').template.file, line });
  expect(held['house-names']?.[0]).toMatchObject({ file: 'data/afghanistan-2021/events', field: 'summary' });
});

test('what a shared partial prints is reported at the line of the author that calls it', async () => {
  const product = withPartial('gaps', '{{cite rests_on}}', '')();
  const { file, text } = findBrief(product, 'weekly').template;
  const line = text.split('\n').findIndex((each) => each.includes('{{> gaps}}')) + 1;
  expect((await heldBefore(product, { brief: 'weekly', asOf }))['cites-a-row']?.[0]).toMatchObject({
    file,
    line,
    problem: expect.stringMatching(/ \(In \S*templates\/_shared\/partials\/gaps\.hbs, line \d+\.\)$/),
  });
});

describe('a profile', () => {
  const standard = (product: Product) =>
    withBrief(product, 'weekly', (brief) => ({ ...brief, config: { ...brief.config, profile: 'standard' } }));
  const rained = withText('<p>It rained six times.</p>')();

  test('makes rules of wording warnings, which leave the edition to be issued', async () => {
    expect(Object.keys(await heldBefore(rained, { brief: 'weekly', asOf }))).toEqual([
      'typed-figures',
      'cites-a-row',
    ]);
    const { html, rules } = await renderEdition(standard(rained), { brief: 'weekly', asOf });
    expect(html).toContain('It rained six times.');
    expect(rules.warnings.map(({ rule }) => rule)).toEqual(['typed-figures', 'cites-a-row']);
    expect(rules.passed).toHaveLength(pageRules.length - 2);
  });

  test('keeps what makes a page wrong an error, and reports the warnings beside it', async () => {
    const wrongToo = withBrief(standard(rained), 'weekly', (brief) =>
      template(brief, (text) =>
        swapText(text, '{{/page}}', '<p id="a" title="完">a完{{cite "F12"}}</p>\n{{/page}}'),
      ),
    );
    const failed = renderEdition(wrongToo, { brief: 'weekly', asOf });
    await expect(failed).rejects.toMatchObject({
      code: 'edition-held',
      faults: [{ rule: 'glyphs' }],
      warnings: [{ rule: 'typed-figures' }, { rule: 'cites-a-row' }],
    });
  });

  test('blocks a row without an id if the dataset has rows with a higher marking than the brief', async () => {
    const html = '<p>{{#each rows.own}}{{n}}{{/each}} reports{{cite "F12"}}</p>';
    const counted = standard(withOwn('weekly', 'own', 'SELECT count(*) AS n FROM sources', html));
    const { rules } = await renderEdition(counted, { brief: 'weekly', asOf });
    expect(rules.warnings).toMatchObject([{ rule: 'query-rows' }]);
    const marked = withRow(counted, 'actors', 'A-ttp', { marking: 'TLP:RED' });
    const { marking } = await heldBefore(marked, { brief: 'weekly', asOf });
    expect(marking?.map(({ problem }) => problem)).toContainEqual(
      expect.stringContaining('query "own" returns a row without'),
    );
  });
});

test('a rule without words for the language says that it did not run', async () => {
  const { draft } = await renderEdition(right, { brief: 'weekly', asOf });
  const { passed, warnings } = applyRules(pageRules, { ...draft, language: 'fr' });
  const because = 'the brief is in en-GB, and the texts of its dataset are in fr';
  expect(passed).toContain('typed-figures');
  expect(passed).toContain('coverage-gaps');
  expect(passed).not.toContain('icd-203');
  expect(warnings.map(({ rule, problem }) => `${rule}: ${problem}`)).toEqual([
    `typed-figures: The rule looked at digits only: ${because}.`,
    `icd-203: The rule did not run: ${because}.`,
    `lower-bounds: The rule did not run: ${because}.`,
  ]);

  const french = { ...draft.brief, locale: await localeOf('fr') };
  const ofFrench = applyRules(
    pageRules.filter(({ needsWords }) => needsWords === 'of estimates'),
    {
      ...draft,
      brief: french,
      language: 'fr',
    },
  );
  expect(ofFrench.warnings.map(({ rule, problem }) => `${rule}: ${problem}`)).toEqual([
    'icd-203: The rule did not run: there is no list of terms of likelihood and confidence for fr.',
  ]);
});

describe('a waiver', () => {
  const rained = withText('<p>It rained.</p>')();
  const waived = withBrief(rained, 'weekly', (brief) => ({
    ...brief,
    config: { ...brief.config, waive: [{ rule: 'cites-a-row', reason: 'a test of waivers' }] },
  }));

  test('lets its own rule pass, and says so', async () => {
    const { rules, html } = await renderEdition(waived, { brief: 'weekly', asOf });
    expect(rules.waived).toEqual([{ rule: 'cites-a-row', reason: 'a test of waivers' }]);
    expect(rules.passed).not.toContain('cites-a-row');
    expect(rules.passed).toHaveLength(pageRules.length - 1);
    expect(html).toContain('<p>It rained.</p>');
  });

  test('lets no other pass', async () => {
    const worse = withRow(waived, 'events', 'F12', { summary: 'On {F12.date} AQAP spoke of the US.' });
    expect(Object.keys(await heldBefore(worse, { brief: 'weekly', asOf }))).toEqual(['house-names']);
  });

  test('that no golden day needs is found', async () => {
    const brief = findBrief(waived, 'weekly');
    const needed = (await renderEdition(waived, { brief: 'weekly', asOf })).rules;
    const idle = { waived: [] };
    expect([...idleWaivers(brief, [idle, needed])]).toEqual([]);
    expect([...idleWaivers(brief, [idle])]).toMatchObject([
      {
        file: brief.definition.file,
        field: 'waive.0.rule',
        problem: expect.stringContaining('is not needed on any golden day'),
      },
    ]);
  });
});

test('a chart may leave rows out, or draw several as one, where the brief says so', async () => {
  const aggregated = withChart(
    'matrix',
    { aggregated: { sets: ['marker'], reason: 'a test' } },
    wrong['chart-rows']?.[2]?.product(),
    'celebrations',
  );
  expect(await heldBefore(aggregated, { brief: 'celebrations', asOf })).toEqual({});
});

test('a drawing that comes from data is never accepted as a chart, whatever it contains', async () => {
  const drawing = '<svg xmlns="http://www.w3.org/2000/svg"><text>a</text></svg>';
  const query = withQuery('weekly', 'gaps', 'SELECT g.id,', `SELECT '${drawing}' AS drawing, g.id,`)();
  const foreign = withBrief(query, 'weekly', (brief) =>
    template(brief, (text) =>
      swapText(text, '{{/page}}', '{{#each rows.gaps}}{{svg drawing}}{{/each}}\n{{/page}}'),
    ),
  );
  await expect(renderEdition(foreign, { brief: 'weekly', asOf })).rejects.toMatchObject({
    code: 'template-invalid',
    faults: [{ problem: expect.stringContaining('it is not a chart of this page') }],
  });
});

test("accepts the words of the scale, quotations, names given as other people's and the method", async () => {
  const quoted = withText(
    '<p>An attack is very likely{{cite "F18"}}. Our confidence is low. “ISIL is probably near, with full confidence”, it said. ISIS, which it calls ISIL, by a confidence interval is likely so.</p><p>Also named Islamic State, IS, ISIL, Daesh{{cite "F18"}}</p>',
  )();
  const method = withBrief(quoted, 'weekly', (brief) => {
    const { method: told } = brief.partials;
    if (told === undefined) throw new Error('There is no method.');
    const text = swapText(
      told.text,
      '</section>',
      '<p>It is not said that ISIL is probably so, with confidence.</p></section>',
    );
    return { ...brief, partials: { ...brief.partials, method: { ...told, text } } };
  });
  expect(await heldBefore(method, { brief: 'weekly', asOf })).toEqual({});
});

describe('the name of a source that contains an alias', () => {
  const emirate = 'Voice of the Islamic Emirate';
  const aliases = ['Islamic Emirate of Afghanistan', 'Islamic Emirate'];
  const named = withRow(withRow(right, 'actors', 'A-taliban', { aliases }), 'sources', 'S-hanafi', {
    name: emirate,
  });
  const ties = { brief: 'al-qaeda-ties', asOf };
  const says = [{ problem: expect.stringContaining('says "Islamic Emirate"') }];
  const change = (alter: (brief: Brief) => Brief) => withBrief(named, ties.brief, alter);
  const withEnd = (brief: Brief, html: string) =>
    template(brief, (text) => swapText(text, '{{/page}}', `${html}\n{{/page}}`));
  const withSql = (sql: string, html: string) =>
    change((brief) => ({
      ...withEnd(brief, html),
      queries: { ...brief.queries, own: { file: 'templates/al-qaeda-ties/own.sql', text: sql } },
    }));
  const printed = '{{#each rows.own}}<p>{{name}}{{cite "F02"}}</p>{{/each}}';
  const inSpec = (from: string, to: string) =>
    change((brief) => {
      const { timeline } = brief.charts;
      if (timeline === undefined) throw new Error('There is no chart "timeline".');
      const parsed: object = JSON.parse(swapText(JSON.stringify(timeline.parsed), from, to));
      return { ...brief, charts: { ...brief.charts, timeline: { ...timeline, parsed } } };
    });

  test('is accepted where a row prints it: sources and endnotes', async () => {
    const { html } = await renderEdition(named, ties);
    for (const place of [`<li><b>${emirate}.</b> `, `<td>${emirate} <b>F</b> ← Flashpoint <b>C</b></td>`])
      expect(html).toContain(place);
    expect(await heldBefore(named, ties)).toEqual({});
  });

  test.each([
    ['of the source', "SELECT id, name FROM sources WHERE id = 'S-hanafi'"],
    [
      'of what it says',
      "SELECT e.id, s.name FROM events e JOIN sources s ON s.id = e.source WHERE e.id = 'F02'",
    ],
  ])('stands as a value of a row %s', async (_, sql) => {
    expect(await heldBefore(withSql(sql, printed), ties)).toEqual({});
  });

  test.each([
    ['a template', () => change((brief) => withEnd(brief, `<p>${emirate}{{cite "F02"}}</p>`))],
    ['an alias by itself', () => change((brief) => withEnd(brief, '<p>Islamic Emirate{{cite "F02"}}</p>'))],
    [
      'a cell beside those of the rows',
      () =>
        change((brief) =>
          withEnd(brief, `<table><tr><th>${emirate}</th><td>{{cite "F02"}}</td></tr></table>`),
        ),
    ],
    [
      'a query, of another row',
      () => withSql(`SELECT id, '${emirate}' AS name FROM events WHERE id = 'F05'`, printed),
    ],
    [
      'a query, beside the name',
      () =>
        withSql(
          `SELECT id, name || ' of the Islamic Emirate' AS name FROM sources WHERE id = 'S-hanafi'`,
          printed,
        ),
    ],
    ['a spec', () => inSpec("datum.tag + ': ' + datum.label", `'${emirate}'`)],
    ['a spec, of another name', () => inSpec("datum.tag + ': ' + datum.label", "'the Islamic Emirate'")],
  ])('does not let %s type it', async (_, product) => {
    expect((await heldBefore(product(), ties))['house-names']).toMatchObject(says);
  });

  test('does not let a judgment say it', async () => {
    const product = withRow(named, 'events', 'F02', { summary: `The ${emirate} insists on it.` });
    expect((await heldBefore(product, ties))['house-names']).toMatchObject([
      { file: 'data/afghanistan-2021/events', field: 'summary', ...says[0] },
    ]);
  });
});

test('a word of a row is reported for the row, not for each place on the page', async () => {
  const product = withRow(right, 'events', 'F12', { title: 'A probable statement of ISIL' });
  const held = await heldBefore(product, { brief: 'celebrations', asOf });
  expect(held['icd-203']).toMatchObject([{ field: 'title', problem: expect.stringContaining('"F12" says') }]);
  expect(held['house-names']).toMatchObject([{ field: 'title' }]);
});

test('numbers of lists, of styles and of endnotes are no figures', async () => {
  const html =
    '<ol class="a1" id="b2" style="counter-reset: x; margin: 0 105px"><li>It rained{{cite "F18"}}</li></ol>';
  const css = '.a::before { counter-increment: x 1; content: counter(x) ". "; font: 9pt "Source Sans 3" }';
  const counted = withBrief(withText(`<style>${css}</style>${html}`)(), 'weekly', (brief) => ({
    ...brief,
    styles: {
      ...brief.styles,
      text: `/* 105 "six" */ @media (width > 105px) { ${css} }\n${brief.styles.text}`,
    },
  }));
  expect(await heldBefore(counted, { brief: 'weekly', asOf })).toEqual({});
});

test('a typed figure is reported with its line', async () => {
  const product = withText('<style>h2{margin:5px}</style>\n{{! 7 }}<p\n>{{cite\n"F18"}}\nat 6</p>')();
  const { file, text } = findBrief(product, 'weekly').template;
  const line = text.split('\n').indexOf('at 6</p>') + 1;
  const held = await heldBefore(product, { brief: 'weekly', asOf });
  expect(held['typed-figures']).toMatchObject([{ file, line }]);
});

test('accepts links within a drawing, and styles that load nothing', async () => {
  const styled = withText('<style>h2{fill:url(#a);mask:url("#b")}</style>')();
  expect(await heldBefore(styled, { brief: 'weekly', asOf })).toEqual({});
});

test('no trace of all this is left on the page', async () => {
  const { html } = await renderEdition(right, { brief: 'weekly', asOf });
  expect(html).not.toMatch(/data-at|<!--/);
});

test('accepts ordinary words that resemble a likelihood, a confidence or a style', async () => {
  const words =
    'A remote-controlled bomb killed police. Consumer confidence is unlikely to recover. The minister has full confidence in the police. A vote of no confidence is likely.';
  const product = withText(
    `<p aria-label="Damage shown by satellite image (in August)">${words}{{cite "F18"}}</p>`,
  )();
  expect(await heldBefore(product, { brief: 'weekly', asOf })).toEqual({});
});

test('a picture is one fault, whatever its attributes load', async () => {
  const faults = await heldBefore(withText('<img src="x.png" alt="">')(), { brief: 'weekly', asOf });
  expect(faults['no-active-content']?.map(({ problem }) => problem)).toEqual(['The page has <img>.']);
});

test('a day without known rows returns no row, and blocks no page', async () => {
  const quiet = (sql: string) =>
    withOwn('weekly', 'own', sql, '<p>{{#each rows.own}}{{n}}{{/each}}{{cite "F12"}}</p>');
  const none = "SELECT DATE '2021-08-24' AS day, 0 AS n, CAST([] AS VARCHAR[]) AS cites";
  expect(await heldBefore(quiet(none), { brief: 'weekly', asOf })).toEqual({});
  const some = "SELECT DATE '2021-08-24' AS day, 5 AS n, CAST([] AS VARCHAR[]) AS cites";
  expect(Object.keys(await heldBefore(quiet(some), { brief: 'weekly', asOf }))).toContain('query-rows');
});

test('years later no edition is blocked: what is drawn against time makes room', async () => {
  for (const brief of ['al-qaeda-ties', 'celebrations', 'isis-quieting', 'weekly'])
    expect(await heldBefore(right, { brief, asOf: '2049-03-14' }), brief).toEqual({});
});
