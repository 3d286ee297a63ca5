import { describe, expect, test } from 'vitest';
import { loadTestDataset } from './support/dataset.ts';
import { readPage, rowsBehind, sectionOf } from './support/page.ts';
import {
  editionsAt,
  findBrief,
  loadProduct,
  type Product,
  renderEdition,
  swapText,
  withBrief,
  withCopy,
} from './support/product.ts';
import { knownBy } from '../src/dataset/point-in-time.ts';
import { type Dataset, noTables, type RowOf, type Tables } from '../src/dataset/schema.ts';
import { knownLater, unknownCaptions, unknownFindings } from '../src/production/check-brief.ts';
import { resolveEdition } from '../src/production/fan-out.ts';
import { nothingNew } from '../src/render/changes.ts';

const product: Product = await loadProduct();

const pages = new Map<string, Promise<{ html: string; text: string; heading: string }>>();
/** A page of the product: its HTML, its text and its first heading. */
const pageOf = (brief: string, asOf: string, of: Product = product) => {
  const read = async () => {
    const { html } = await renderEdition(of, { brief, asOf });
    const { text, headings } = readPage(html);
    return { html, text: text.replaceAll('\n', ' '), heading: headings[0] ?? '' };
  };
  if (of !== product) return read();
  const page = pages.get(`${brief} ${asOf}`) ?? read();
  pages.set(`${brief} ${asOf}`, page);
  return page;
};
const between = (html: string, open: string, close: string): string =>
  readPage(html.slice(html.indexOf(open)).split(close)[0] ?? '').text;
const bottomLine = (html: string) => between(html, '<div class="bottom-line">', '</div>');

describe('coverage is known from the day the desk had it', () => {
  test.each(['2021-06-15', '2021-08-12', '2021-08-14'])(
    'as of %s no collection on ISIS is on record, and nothing is called unknown',
    async (asOf) => {
      for (const brief of ['isis-quieting', 'weekly']) {
        const { text } = await pageOf(brief, asOf);
        expect(text).toMatch(/\bISIS\b[^.]*: no collection is on record for this period/);
        expect(text).toContain('The absence of reports does not mean that nothing happened.');
        expect(text).not.toMatch(/nothing (?:on this |on this topic )?(?:is )?known/i);
      }
      const { heading, html } = await pageOf('isis-quieting', asOf);
      expect(heading).toBe('ISIS in Afghanistan');
      expect(bottomLine(html)).toBe('We have no reporting on this topic.');
    },
  );

  test('as of the day of the analysis every topic is covered', async () => {
    expect((await pageOf('weekly', '2021-08-25')).html).not.toContain('<div class="coverage"');
  });

  test('a notice says that no collection is on record, not that nothing was collected', () => {
    const brief = findBrief(product, 'isis-quieting');
    const say = (asOf: string) =>
      nothingNew({
        ...resolveEdition({ brief, dataset: product.dataset, asOf }),
        applied: [],
      });
    expect(say('2021-06-27')).toBe(
      'No new reporting from 21 June 2021 to 27 June 2021. No collection is on record for this period: ' +
        'the absence of reports does not mean that nothing happened.',
    );
    expect(say('2021-09-05')).toMatch(/^Nothing was collected from 30 August 2021 to 5 September 2021\./);
  });
});

describe('after the end of coverage', () => {
  test.each(['2021-08-26', '2021-08-27', '2021-09-20'])(
    'the headline of %s says that nothing was collected, and judgments are those of that day',
    async (asOf) => {
      for (const [brief, headline] of [
        ['isis-quieting', /: ISIS /],
        ['weekly', /: ISIS reported silent .*; Al-Qaeda/],
      ] as const) {
        const { heading, html } = await pageOf(brief, asOf);
        expect(heading).toMatch(headline);
        expect(heading).toMatch(/^Nothing collected since 25 August 2021; as last known: /);
        expect(sectionOf(html, 'Judgments of 25 August 2021')).not.toBe('');
        expect(sectionOf(html, 'What we were watching for')).not.toBe('');
      }
    },
  );

  test('the last covered day has its ordinary headline', async () => {
    const { heading, html } = await pageOf('isis-quieting', '2021-08-25');
    expect(heading).toMatch(/^ISIS /);
    expect(html).not.toContain('Judgments of');
  });

  test('an actor sheet has its actor for a heading, and says it from the first uncovered day', async () => {
    const page = async (asOf: string) => {
      const parameters = { actor: 'A-jnim' };
      return readPage((await renderEdition(product, { brief: 'actor-sheet', asOf, parameters })).html);
    };
    const said = 'Nothing collected since 25 August 2021';
    for (const asOf of ['2021-08-23', '2021-08-25', '2021-08-26']) {
      const { headings, text } = await page(asOf);
      expect(headings[0]).toBe('Jamaat Nusrat al-Islam wal Muslimeen');
      expect(text.includes(said), asOf).toBe(asOf === '2021-08-26');
    }
  });
});

const key = { status: 'current', marking: null } as const;
const source: RowOf<'sources'> = {
  ...key,
  id: 'S-log',
  known_on: '2022-01-03',
  name: 'Incident log',
  descriptor: 'The log of an own desk',
  kind: 'report',
  via: null,
  published: null,
  reliability: null,
  grade_note: null,
  basis: 'article',
};
const incident = (id: string, day: string): RowOf<'events'> => ({
  ...key,
  id,
  known_on: day,
  topic: 'isis',
  precision: 'day',
  date_start: day,
  date_end: day,
  date_basis: 'stated',
  actors: [],
  targets: [],
  place: null,
  part_of: null,
  speech_act: null,
  title: `Air strike near the ${id.slice(2)} bridge`,
  summary: `On {${id}.date} an air strike hit the road near the ${id.slice(2)} bridge.`,
  claim_status: 'attributed',
  source: 'S-log',
  credibility: null,
  basis: 'article',
  caveat: null,
});
const covers: RowOf<'coverage'> = {
  ...key,
  id: 'C-own',
  known_on: '2022-01-03',
  topic: 'isis',
  start: '2022-01-01',
  end: '2022-06-30',
  note: 'The log',
};
const headline = (known_on: string): RowOf<'judgments'> => ({
  ...key,
  id: 'H-own',
  known_on,
  topic: 'isis',
  role: 'headline',
  rank: 1,
  author: null,
  text: 'Air strikes have stopped',
  confidence: null,
  confidence_basis: null,
  likelihood: null,
  until: null,
  rests_on: ['E-old'],
});

/** The shipped briefs over a dataset of events, with neither judgments nor gaps. */
const own = (change: Partial<Tables> = {}): Product => {
  const tables: Tables = {
    ...noTables,
    sources: [source],
    coverage: [covers],
    events: [
      incident('E-old', '2022-05-04'),
      incident('E-north', '2022-05-17'),
      incident('E-south', '2022-05-20'),
    ],
    ...change,
  };
  const dataset: Dataset = { ...product.dataset, name: 'own-2022', title: 'Own', folder: 'data/own', tables };
  return { ...product, dataset };
};

describe('a dataset of events and no judgments', () => {
  const asOf = '2022-05-22';

  test.each(['weekly', 'isis-quieting'])('the first page of %s says nothing false', async (id) => {
    const page = await pageOf(id, asOf, own());
    expect(page.heading).toBe(findBrief(product, id).config.title);
    // What a dataset has no rows for is left out, with its heading.
    expect(page.html).not.toContain('<div class="bottom-line"');
    for (const heading of ['Key judgments', 'Gaps', 'What would change this', 'Other explanations'])
      expect(page.html).not.toContain(`>${heading}</h2>`);
    // Neither silence nor a gap of collection is spoken of: each day is covered, and two events are of the period.
    expect(page.text).not.toMatch(
      /nothing (?:on this |on this topic )?(?:is )?known|no gap|Nothing collected/i,
    );
    expect(page.html).not.toContain('<div class="coverage"');
    expect(page.text).not.toContain('reconstruction');
  });

  test('the weekly reports the events of its period in the section of their topic', async () => {
    const { html } = await pageOf('weekly', asOf, own());
    expect(sectionOf(html, 'ISIS')).toMatch(/On 17 May 2022 an air strike.*On 20 May 2022 an air strike/);
  });

  test('a headline from before the period shows its age, and later events are reported all the same', async () => {
    const bottom = { ...headline('2022-05-08'), id: 'B-own', role: 'bottom-line' as const };
    const stale = own({ judgments: [headline('2022-05-08'), bottom] });
    const { heading, html } = await pageOf('weekly', asOf, stale);
    expect(heading).toBe('Air strikes have stopped (on reports to 8 May 2022)');
    expect(bottomLine(html)).toBe('Air strikes have stopped (on reports to 8 May 2022)');
    expect(sectionOf(html, 'ISIS')).toContain('On 17 May 2022 an air strike');
    expect((await pageOf('weekly', '2022-05-10', stale)).heading).toBe('Air strikes have stopped');
  });

  test('reports from after the end of its coverage: the record ends, and nobody says that nothing was collected', async () => {
    const behind = own({ coverage: [{ ...covers, end: '2022-05-10' }] });
    const { heading, text } = await pageOf('isis-quieting', asOf, behind);
    expect(heading).toBe('ISIS in Afghanistan');
    expect(text).toContain('the record of collection ends on 10 May 2022. No day of this issue is covered.');
    expect(text).not.toMatch(/Nothing collected|collection ended|as last known/);
  });
});

describe('a judgment that is older than the period shows its age', () => {
  test.each(['2021-08-12', '2021-08-19', '2021-08-24'])('al-qaeda-ties as of %s', async (asOf) => {
    const { heading, html } = await pageOf('al-qaeda-ties', asOf);
    expect(heading).toMatch(/ \(on reports to 29 October 2020\)$/);
    expect(bottomLine(html)).toMatch(/ \(on reports to 29 October 2020\)$/);
    expect(sectionOf(html, 'Key judgments')).toMatch(/\(on reports to 27 May 2020\)/);
  });

  test('the headline on ISIS of 24 August, which lies outside its own week', async () => {
    expect((await pageOf('isis-quieting', '2021-08-24')).heading).toMatch(
      / \(on reports to 15 August 2021\)$/,
    );
    expect((await pageOf('isis-quieting', '2021-08-16')).heading).not.toContain('on reports to');
  });

  test('after the end of coverage, those of the last period covered do not', async () => {
    const { text } = await pageOf('isis-quieting', '2021-09-20');
    expect(text).not.toContain('(on reports to');
  });
});

describe('an edition from before the first reading is a reconstruction', () => {
  const line =
    'This edition is a reconstruction: we wrote it later, from what we read on 25 August 2021, and it shows only what was public by its cut-off.';

  test.each(['2019-01-15', '2019-06-30', '2020-11-01', '2021-06-15', '2021-08-16', '2021-08-24'])(
    'each edition of %s says so, once and at its head',
    async (asOf) => {
      const editions = await editionsAt(product, asOf);
      expect(editions.length).toBeGreaterThanOrEqual(4);
      for (const edition of editions) {
        const { html } = await renderEdition(product, edition);
        expect(readPage(html).blocks.filter((block) => block === line)).toHaveLength(1);
        expect(html.indexOf('reconstruction</b>')).toBeLessThan(html.indexOf('<div class="bottom-line">'));
      }
    },
  );

  test.each(['2021-08-25', '2021-09-20'])('those of %s are none', async (asOf) => {
    const editions = await editionsAt(product, asOf);
    expect(editions.length).toBeGreaterThan(4);
    for (const edition of editions)
      expect(readPage((await renderEdition(product, edition)).html).text).not.toContain('reconstruction');
  });

  test('its endnotes keep the whole chain of sources', async () => {
    const { html } = await pageOf('al-qaeda-ties', '2020-11-01');
    const rows = [...html.matchAll(/<tr id="note-\d+" data-row="([\w-]+)">[\s\S]*?<\/tr>/g)];
    const chains = new Map(rows.map(([row, id = '']) => [id, readPage(row).text]));
    expect(chains.get('F10')).toContain('Member State F ← UN report B ← Flashpoint C');
    expect(chains.get('F04')).toContain('UN coordinator B ← BBC B ← Flashpoint C');
    expect([...chains.values()].filter((chain) => /attributed|claimed/.test(chain)).length).toBeGreaterThan(
      4,
    );
  });

  test.each(['2019-06-30', '2020-11-01', '2021-08-24'])(
    'as of %s no endnote says that we read the originals',
    async (asOf) => {
      const { html } = await pageOf('al-qaeda-ties', asOf);
      const notes = [...html.matchAll(/<tr id="note-\d+"[\s\S]*?<\/tr>/g)].map(
        ([row]) => readPage(row).blocks,
      );
      const read = notes.map(([, , , chain = '']) => chain.split(' ← ').at(-1));
      expect(read).toContain('Flashpoint C');
      expect(read.filter((name) => !['Flashpoint C', 'Public record A'].includes(String(name)))).toEqual([]);
    },
  );

  test('a carrier is listed with what it carried, and with nothing else that became known with it', () => {
    const known = knownBy(product.dataset.tables, '2020-11-01');
    const late = Object.values(known)
      .flat()
      .filter(({ known_on }) => known_on > '2020-11-01');
    expect(late.map(({ id }) => id)).toEqual(['S-article']);
  });

  test('a source that a later one carried makes a reconstruction of an edition in between, in any dataset', async () => {
    const revised = { ...product, dataset: await loadTestDataset('revised') };
    expect((await pageOf('al-qaeda-ties', '2021-02-28', revised)).text).toContain(
      'reconstruction: we wrote it later, from what we read on 5 March 2021',
    );
    expect((await pageOf('al-qaeda-ties', '2021-03-07', revised)).text).not.toContain('reconstruction');
  });
});

test.each([
  ['2021-08-19', 2],
  ['2021-08-24', 4],
  ['2021-08-25', 7],
])(
  'as of %s the reactions in the weekly cite all %i statements that the chart of the celebrations shows',
  async (asOf, count) => {
    const { html } = await pageOf('weekly', asOf);
    const reactions = html.slice(html.indexOf('<h2>Jihadist reactions'));
    const section = reactions.slice(0, reactions.indexOf('<section class="assessed"'));
    const cited = [...section.matchAll(/href="#note-(\d+)"/g)].map(([, note]) => note);
    const celebrations = await pageOf('celebrations', asOf);
    const counted = new Set(rowsBehind(celebrations.html, 'matrix').map((row) => String(row['id'])));
    expect(counted.size).toBe(count);
    for (const id of counted) {
      const [, note] = new RegExp(`<tr id="note-(\\d+)" data-row="${id}">`).exec(html) ?? [];
      expect(cited, id).toContain(note);
    }
  },
);

test('where nothing is known, the page says so once, and has no section without anything in it', async () => {
  for (const brief of ['isis-quieting', 'celebrations']) {
    const { html } = await pageOf(brief, '2021-06-15');
    const { text, headings } = readPage(html);
    expect(text.match(/We have no reporting/g)).toHaveLength(1);
    expect(headings.map((heading) => heading.toLowerCase())).toEqual(
      expect.not.arrayContaining(['gaps', 'what is reported', 'where', 'what was said', 'endnotes']),
    );
  }
});

test('the weekly names the topics without a report in one sentence', async () => {
  const { html } = await pageOf('weekly', '2020-11-01');
  const { text, headings } = readPage(html);
  expect(text).toContain('We have no reporting on: ISIS, jihadist reactions, the course of the war.');
  expect(headings).toContain('Ties with the Taliban');
  expect(headings).not.toContain('ISIS');
});

describe('a judgment that names a finding of another brief', () => {
  const other = { text: 'Had they gone on, {pause.expected} claims would have been expected.' };

  test('does not break a brief that lacks it, which prints its newest other one', async () => {
    const copy = withCopy(product, 'judgments', 'B-cel-4', { ...other, id: 'B-cel-5', rank: 0 });
    const withKey = withCopy(copy, 'judgments', 'K-cel-1', { ...other, id: 'K-cel-9', likelihood: null });
    const right = await pageOf('celebrations', '2021-08-25');
    const page = await pageOf('celebrations', '2021-08-25', withKey);
    expect(bottomLine(page.html)).toBe(bottomLine(right.html));
    expect(page.text).not.toContain('would have been expected');
  });

  test('is named by check where no brief computes it', () => {
    const wrong = withCopy(product, 'judgments', 'K-cel-1', {
      id: 'K-cel-9',
      text: 'At {puase.rate} a day.',
    });
    expect(unknownFindings(product.dataset, product.briefs)).toEqual([]);
    expect(unknownFindings(wrong.dataset, product.briefs)).toMatchObject([
      { problem: 'No brief has the finding or evidence set "puase", so every brief leaves out K-cel-9.' },
    ]);
  });

  test('a row that becomes known after today is named', () => {
    const later = withCopy(product, 'judgments', 'K-cel-1', { id: 'K-cel-9', known_on: '2062-11-06' });
    expect(knownLater(product.dataset, '2026-11-30')).toEqual([]);
    expect(knownLater(later.dataset, '2062-11-06')).toEqual([]);
    expect(knownLater(later.dataset, '2062-11-05')).toMatchObject([
      { field: 'known_on', problem: expect.stringMatching(/has the row: K-cel-9 \(2062-11-06\)\.$/) },
    ]);
  });

  test('a caption that no judgment is, is named', () => {
    const [brief] = withBrief(product, 'weekly', (right) => {
      const [[name, chart] = []] = Object.entries(right.config.charts);
      if (name === undefined || chart === undefined) throw new Error('The weekly has no chart.');
      const charts = {
        ...right.config.charts,
        [name]: { ...chart, captions: [...chart.captions, 'T-none'] },
      };
      return { ...right, config: { ...right.config, charts } };
    }).briefs.filter(({ id }) => id === 'weekly');
    expect(product.briefs.flatMap((each) => unknownCaptions(product.dataset, each))).toEqual([]);
    expect(brief && unknownCaptions(product.dataset, brief)).toMatchObject([
      { file: brief?.definition.file, problem: expect.stringContaining('has no judgment "T-none"') },
    ]);
  });
});

describe('a table without rows', () => {
  const withTable = (head: string) =>
    withBrief(product, 'celebrations', (brief) => ({
      ...brief,
      queries: { ...brief.queries, none: { file: 'none.sql', text: 'SELECT id FROM events WHERE false' } },
      template: {
        ...brief.template,
        text: swapText(
          brief.template.text,
          '{{/page}}',
          `<table><thead><tr><th scope="col">${head}</th></tr></thead><tbody>{{#each rows.none}}<tr><td>{{cite id}}</td></tr>{{/each}}</tbody></table>\n{{/page}}`,
        ),
      },
    }));

  test('does not hold an edition', async () => {
    await expect(pageOf('celebrations', '2021-08-25', withTable('Day of the attack'))).resolves.toBeDefined();
  });

  test('blocks one with a statement in its head', async () => {
    await expect(
      pageOf('celebrations', '2021-08-25', withTable('There was no attack anywhere in this week.')),
    ).rejects.toThrow(/A table cites no row/);
  });
});

test('a paragraph of the template that states an absence is refused, with the partial to use instead', async () => {
  const wrong = withBrief(product, 'celebrations', (brief) => ({
    ...brief,
    template: {
      ...brief.template,
      text: swapText(brief.template.text, '{{/page}}', '<p>No attack took place.</p>\n{{/page}}'),
    },
  }));
  await expect(pageOf('celebrations', '2021-08-25', wrong)).rejects.toThrow(/use \{\{> no-reporting\}\}/);
});
