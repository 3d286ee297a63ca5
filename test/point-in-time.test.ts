import { Temporal } from 'temporal-polyfill';
import { beforeAll, describe, expect, test } from 'vitest';
import { eachRow } from '../src/dataset/references.ts';
import type { Rendering } from '../src/rules/gate.ts';
import { loadTestDataset } from './support/dataset.ts';
import { changesOn, chartsOn, datesIn, readPage, sectionOf } from './support/page.ts';
import { editionsAt, loadExample, loadProduct, type Product, renderEdition } from './support/product.ts';

const product: Product = await loadProduct();

/** What an edition must and must not say: worked out by hand from the days on which facts became known. */
interface Expectation {
  readonly brief: string;
  readonly asOf: string;
  readonly present: readonly (string | RegExp)[];
  readonly absent: readonly (string | RegExp)[];
  readonly changes: readonly string[];
  readonly charts: readonly string[];
}

const fresh = (...ids: string[]) => ids.map((id) => `new ${id}`).toSorted();

// What became known later than each date, by a word that only it brings.
const after2019 = [
  'United Nations report',
  /\bUN report\b/,
  'Helmand',
  'Doha',
  'Fitton-Brown',
  'mere fiction',
];
const after22August = ['GIMF', 'Global Islamic Media Front', /in a joint statement/i, 'AQIM', '23 August'];
const after23August = ['AQIS', 'Indian Subcontinent', /\bTTP\b/, 'Umar Media', 'prisoner', 'rumour'];
const isisAfter23August = ['105', 'ISIS-K', 'Khorasan', '45 per cent', '25 per cent', 'Mamuzai', 'honeymoon'];
const tiesAfter23August = [
  'Hanafi',
  'Hanif',
  'heir apparent',
  'September 2001',
  'sanctuary',
  'Flashpoint says',
];

const expectations: readonly Expectation[] = [
  {
    brief: 'al-qaeda-ties',
    asOf: '2019-06-30',
    present: ['As-Sahab', 'Paktika', 'May 2019', 'convoy'],
    absent: [...after2019, ...tiesAfter23August, 'Kabul', /\b202\d\b/],
    changes: [],
    charts: ['timeline'],
  },
  {
    brief: 'al-qaeda-ties',
    asOf: '2021-08-16',
    present: [
      'As-Sahab',
      '29 February 2020',
      'October 2020',
      'six meetings',
      'Helmand',
      'mere fiction',
      'Kabul',
    ],
    absent: tiesAfter23August,
    changes: [],
    charts: ['timeline'],
  },
  {
    brief: 'al-qaeda-ties',
    asOf: '2021-08-22',
    present: [],
    absent: tiesAfter23August,
    changes: [],
    charts: ['timeline'],
  },
  {
    brief: 'al-qaeda-ties',
    asOf: '2021-08-23',
    present: [],
    absent: tiesAfter23August,
    changes: [],
    charts: ['timeline'],
  },
  {
    brief: 'al-qaeda-ties',
    asOf: '2021-08-25',
    present: [...tiesAfter23August, 'As-Sahab', 'Fitton-Brown', 'Doha'],
    absent: [/\bISIS-K\b/, 'Mamuzai'],
    changes: [...fresh('F02', 'F09', 'F25', 'F26'), 'revised F08', 'revised F10'],
    charts: ['timeline'],
  },
  {
    brief: 'celebrations',
    asOf: '2019-06-30',
    present: ['We have no reporting on this topic'],
    absent: ['JNIM', 'AQAP', 'Kabul fell on', 'As-Sahab', /\b202\d\b/],
    changes: [],
    charts: [],
  },
  {
    brief: 'celebrations',
    asOf: '2021-08-16',
    present: ['JNIM', '10 August 2021', '15 August 2021'],
    absent: ['AQAP', '18 August', 'complete victory', ...after22August, ...after23August],
    changes: fresh('F11'),
    // A message by itself is not drawn.
    charts: [],
  },
  {
    brief: 'celebrations',
    asOf: '2021-08-22',
    present: ['JNIM', 'AQAP', '18 August 2021', 'complete victory'],
    absent: [...after22August, ...after23August],
    changes: fresh('F12'),
    charts: ['matrix'],
  },
  {
    brief: 'celebrations',
    asOf: '2021-08-23',
    present: ['JNIM', 'AQAP', 'AQIM', 'GIMF', '23 August 2021', 'joint statement'],
    absent: after23August,
    changes: fresh('F12', 'F13', 'F15'),
    charts: ['matrix'],
  },
  {
    brief: 'celebrations',
    asOf: '2021-08-25',
    present: ['JNIM', 'AQAP', 'AQIM', 'GIMF', 'AQIS', 'TTP', 'Umar Media', 'rumour'],
    absent: ['ISIS-K', 'Helmand'],
    changes: fresh('F13', 'F14', 'F15', 'F16', 'F17', 'X-cel-1'),
    charts: ['matrix'],
  },
  {
    brief: 'isis-quieting',
    asOf: '2019-06-30',
    present: ['We have no reporting on this topic', 'no collection is on record'],
    absent: [...isisAfter23August, 'Jalalabad', 'quiet days', /\b202\d\b/],
    changes: [],
    charts: [],
  },
  {
    brief: 'isis-quieting',
    asOf: '2021-08-16',
    present: [
      'Jalalabad',
      'Nangarhar',
      '14–15 August 2021',
      /No collection on ISIS’s own activity is on record/,
    ],
    absent: [...isisAfter23August, 'quiet days', 'silence', 'near daily', '20 August'],
    changes: fresh('F23'),
    charts: ['map'],
  },
  {
    brief: 'isis-quieting',
    asOf: '2021-08-22',
    present: ['Jalalabad'],
    absent: [...isisAfter23August, '20 August'],
    changes: [],
    charts: ['map'],
  },
  {
    brief: 'isis-quieting',
    asOf: '2021-08-23',
    present: ['Jalalabad'],
    absent: [...isisAfter23August, '20 August'],
    changes: [],
    charts: ['map'],
  },
  {
    brief: 'isis-quieting',
    asOf: '2021-08-25',
    present: [...isisAfter23August, '20 August 2021', 'near daily', 'last active day', 'first quiet day'],
    absent: ['Hanafi', 'Helmand'],
    changes: [...fresh('F18', 'F19', 'F20', 'F21', 'F22', 'F24', 'M24', 'F28', 'F29', 'F30'), 'revised F23'],
    charts: ['story', 'shares', 'map'],
  },
  {
    brief: 'weekly',
    asOf: '2019-06-30',
    present: [
      'As-Sahab',
      'May 2019',
      'We have no reporting on: ISIS, jihadist reactions, the course of the war.',
    ],
    absent: [...after2019, 'JNIM', 'Kabul', 'Jalalabad', '105', /\b202\d\b/],
    changes: [],
    charts: ['timeline'],
  },
  {
    brief: 'weekly',
    asOf: '2021-08-16',
    present: ['JNIM', '10 August 2021', '14–15 August 2021', 'Kabul', 'October 2020'],
    absent: [
      'AQAP',
      '18 August',
      ...after22August,
      ...after23August,
      ...isisAfter23August,
      ...tiesAfter23August,
    ],
    changes: fresh('F11', 'F23', 'F27'),
    charts: ['timeline'],
  },
  {
    brief: 'weekly',
    asOf: '2021-08-22',
    present: ['AQAP', '18 August 2021'],
    absent: [...after22August, ...after23August, ...isisAfter23August, ...tiesAfter23August],
    changes: fresh('F12'),
    charts: ['story', 'timeline'],
  },
  {
    brief: 'weekly',
    asOf: '2021-08-23',
    present: ['AQIM', 'GIMF', '23 August 2021'],
    absent: [...after23August, ...isisAfter23August, ...tiesAfter23August],
    changes: fresh('F12', 'F13', 'F15'),
    charts: ['story', 'timeline'],
  },
  {
    brief: 'weekly',
    asOf: '2021-08-25',
    present: ['105', 'ISIS-K', 'AQIS', 'GIMF', 'Hanafi', 'September 2001'],
    absent: [],
    // prettier-ignore
    changes: [
      ...fresh('F02', 'F13', 'F14', 'F15', 'F16', 'F17', 'F18', 'F19', 'F20', 'F21', 'F22', 'F24', 'F25', 'F26', 'F28', 'F29', 'F30'),
      'revised F08', 'revised F10', 'revised F23',
    ],
    charts: ['story', 'timeline'],
  },
];

const holds = (text: string, part: string | RegExp): boolean =>
  typeof part === 'string' ? text.toLowerCase().includes(part.toLowerCase()) : part.test(text);

/** Without the line that says when the rows of a reconstruction were read. */
const withoutReconstruction = (html: string) => html.replace(/<p class="reconstruction">[\s\S]*?<\/p>/, '');

describe.each(expectations)('$brief as of $asOf', ({ brief, asOf, present, absent, changes, charts }) => {
  let rendering: Rendering;
  beforeAll(async () => {
    rendering = await renderEdition(product, { brief, asOf });
  });

  test('says what was known, and nothing else', () => {
    const whole = withoutReconstruction(rendering.html);
    const { text } = readPage(whole);
    expect(present.filter((part) => !holds(text, part))).toEqual([]);
    // All of the HTML, what lies folded up in it and the drawings' alternative texts included.
    const html = whole.slice(whole.indexOf('<body'));
    expect(
      absent.filter(
        (part) => holds(text, part) || holds(html.replaceAll(/<path[^>]*>|transform="[^"]*"/g, ''), part),
      ),
    ).toEqual([]);
  });

  test('names no row and no day from after the cut-off', () => {
    expect(laterThan(asOf, rendering)).toEqual([]);
  });

  test('lists what became known in its seven days as changes', () => {
    expect(changesOn(rendering.html)).toEqual(changes);
  });

  test('leaves out charts without known rows', () => {
    expect(chartsOn(rendering.html).toSorted()).toEqual([...charts].toSorted());
    expect(Object.keys(rendering.charts).toSorted()).toEqual([...charts].toSorted());
  });
});

test('what is reported on ISIS begins with what is known by then', async () => {
  const reported = async (asOf: string) =>
    sectionOf((await renderEdition(product, { brief: 'isis-quieting', asOf })).html, 'What is reported');
  await expect(reported('2019-06-30')).rejects.toThrow(/What is reported/);
  expect(await reported('2021-08-16')).toMatch(/The Taliban took Jalalabad and the rest of Nangarhar/);
  expect(await reported('2021-08-16')).not.toMatch(/per cent/);
  expect(await reported('2021-08-25')).toMatch(/^Since May 2021 at least 45 per cent of ISIS attacks/m);
});

test.each([
  { brief: 'al-qaeda-ties', chart: 'timeline' },
  { brief: 'weekly', chart: 'timeline' },
  { brief: 'weekly', chart: 'story' },
  { brief: 'celebrations', chart: 'matrix' },
])('the fall of Kabul, drawn across the $chart of $brief, is among its notes', async ({ brief, chart }) => {
  const { html } = await renderEdition(product, { brief, asOf: '2021-08-25' });
  const figure = html.split(/(?=<figure\b)/).find((part) => chartsOn(part)[0] === chart) ?? '';
  const [, notes = ''] = /Source: notes ([\d–,]+)/.exec(figure.replaceAll(/<[^>]*>/g, '')) ?? [];
  const [, fall] = /id="note-(\d+)" data-row="F27"/.exec(html) ?? [];
  const isAmong = notes.split(',').some((run) => {
    const [first, last = first] = run.split('–').map(Number);
    return Number(first) <= Number(fall) && Number(fall) <= Number(last);
  });
  expect(isAmong, `note ${fall} in ${notes}`).toBe(true);
});

/**
 * The rows and days from after `asOf` that a page names: in its text, its folded rows or its alternative texts. A
 * source that carried an earlier one to us may be of a later day.
 */
function laterThan(
  asOf: string,
  { html: whole }: Rendering,
  { dataset }: Pick<Product, 'dataset'> = product,
): string[] {
  const html = withoutReconstruction(whole);
  const body = html.slice(html.indexOf('<body')).replaceAll(/<path[^>]*>/g, '');
  const rows = eachRow(dataset.tables).map(({ row }) => row);
  const known = new Set(rows.filter((row) => row.known_on <= asOf).map(({ id }) => id));
  for (const { id, via } of dataset.tables.sources) if (known.has(id) && via !== null) known.add(via);
  const named = rows.filter(
    ({ id }) => !known.has(id) && new RegExp(`(?<![\\w-])${id}(?![\\w-])`).test(body),
  );
  const attributes = [...body.matchAll(/aria-label="([^"]*)"/g)].map(([, label]) => label);
  const days = datesIn([readPage(html).text, ...attributes].join('\n'));
  return [...named.map(({ id }) => id), ...days.filter((day) => day > asOf)];
}

const lateEditions = await editionsAt(product, '2021-09-06');
describe('as of 2021-09-06, after collection ended', () => {
  const asOf = '2021-09-06';

  describe.each(lateEditions)('$name', (edition) => {
    let rendering: Rendering;
    let text: string;
    beforeAll(async () => {
      rendering = await renderEdition(product, edition);
      ({ text } = readPage(rendering.html));
    });

    test('says that collection ended, in its headline or above it, and again', () => {
      const [heading = '-'] = readPage(rendering.html).headings;
      const [above = ''] = text.split(`\n${heading}\n`);
      expect(`${above}\n${heading}`).toMatch(/Nothing collected since 25 August 2021/);
      expect(text).toMatch(/collection ended on 25 August 2021/);
      expect(text).toMatch(/the absence of reports does not mean that nothing happened/i);
    });

    test('does not take the want of data for calm', () => {
      expect(text).not.toMatch(
        /\b(lasting|lasts|endur\w+|permanent\w*|for good|still (?:silent|quiet)|remain(?:s|ed)? (?:silent|quiet)|ever since|to this day|goes on being quiet)\b/i,
      );
      expect(text).not.toMatch(/\b(?:1[2-9]|2\d|eleven|twelve|thirteen|twenty\S*) quiet days/i);
    });

    test('does not use later days', () => {
      expect(laterThan(asOf, rendering)).toEqual([]);
      const issue = ['2021-08-30', '2021-08-31', '2021-09-01', '2021-09-06'];
      expect(datesIn(text).filter((day) => day > '2021-08-25' && !issue.includes(day))).toEqual([]);
      expect(text).not.toMatch(/airport|26 August/i);
      expect(changesOn(rendering.html)).toEqual([]);
    });

    test('gives the same facts and figures as on the last day of collection', async () => {
      const before = await renderEdition(product, { ...edition, asOf: '2021-08-25' });
      expect(chartsOn(rendering.html)).toEqual(chartsOn(before.html));
      const figures = (html: string) =>
        readPage(html)
          .text.match(/(?:≥|≤|at least|at most) [\d.]+/g)
          ?.toSorted();
      expect(figures(rendering.html)).toEqual(figures(before.html));
    });
  });

  test('a forecast is printed as open up to the last day of its period, and then as one that has ended', async () => {
    const ofForecasts = async (day: string) => {
      const { html } = await renderEdition(product, { brief: 'isis-quieting', asOf: day });
      const judgments = /<ol class="key-judgments">([\s\S]*?)<\/ol>/.exec(html)?.[1] ?? '';
      return judgments
        .split('</li>')
        .filter((each) => each.includes('by the end of 2021'))
        .map((each) => ({
          isOpen: each.includes('data-likelihood'),
          ended: /The forecast ran to ([^;]*); we have collected nothing since ([^,]*),/.exec(
            readPage(each).text,
          ),
        }));
    };
    expect(await ofForecasts('2021-12-31')).toEqual([{ isOpen: true, ended: null }]);
    const [later, ...none] = await ofForecasts('2022-01-01');
    expect(none).toEqual([]);
    expect(later?.isOpen).toBe(false);
    expect(later?.ended?.slice(1)).toEqual(['31 December 2021', '25 August 2021']);
  });

  test('the silence is measured to the last day that the reporting names, not to the cut-off', async () => {
    const { html } = await renderEdition(product, { brief: 'isis-quieting', asOf });
    expect(sectionOf(html, 'Assessed')).toMatch(/observed until 23 August 2021, .* in those nine days/);
    expect(sectionOf(html, 'Assessed')).toMatch(/no attack inside Afghanistan is reported/);
  });
});

/** The invented dataset of revisions and withdrawals, in the place of the real one. */
describe('a dataset with revisions and withdrawals', () => {
  let revised: Product;
  beforeAll(async () => {
    revised = { ...product, dataset: await loadTestDataset('revised') };
  });
  const edition = (brief: string, asOf: string) => renderEdition(revised, { brief, asOf });

  test.each([
    {
      asOf: '2021-03-07',
      changes: [
        'new E-letter',
        'new E-raid',
        'new E-remark',
        'new J-weekly',
        'new M-claims',
        'new M-east',
        'new M-town',
      ],
    },
    { asOf: '2021-03-14', changes: ['new E-video', 'revised E-meeting', 'revised M-claims'] },
    {
      asOf: '2021-03-21',
      changes: ['new E-return', 'withdrawn E-letter', 'withdrawn E-raid', 'withdrawn J-letter'],
    },
  ])('as of $asOf says what is new, revised and withdrawn', async ({ asOf, changes }) => {
    const { html } = await edition('weekly', asOf);
    expect(changesOn(html)).toEqual(changes);
  });

  test('a revised row takes the place of the earlier one', async () => {
    const before = readPage((await edition('isis-quieting', '2021-03-07')).html).text;
    expect(before).toMatch(/at least 12 operations/);
    const after = readPage((await edition('isis-quieting', '2021-03-14')).html).text;
    expect(after).toMatch(/at least 15 operations/);
    expect(after).not.toMatch(/at least 12 operations/);

    const ties = readPage((await edition('al-qaeda-ties', '2021-03-14')).html).text;
    expect(ties).toMatch(/On 17 February 2021 envoys of the Test Front met the Test Hosts in Jalalabad/);
    expect(ties).not.toMatch(/In February 2021 envoys/);
  });

  test('a withdrawn row is gone from all but the list of changes', async () => {
    expect(readPage((await edition('isis-quieting', '2021-03-14')).html).text).toContain('claimed a raid');
    const { html, used } = await edition('isis-quieting', '2021-03-21');
    expect(changesOn(html)).toEqual(['new E-return', 'withdrawn E-raid']);
    const { text } = readPage(html);
    expect(text).not.toContain('claimed a raid');
    expect(text).not.toContain('shows reach into the town');
    expect(html).not.toContain('was taken back');
    // The list of changes names it; no endnote does.
    expect(html.match(/E-raid/g)).toHaveLength(1);
    expect(used).not.toContain('E-raid');
  });

  test('what rests on a withdrawn source goes with it', async () => {
    const before = (await edition('celebrations', '2021-03-14')).html;
    expect(readPage(before).text).toContain('hailed the Test Hosts in one letter');
    expect(readPage(before).text).toContain('calls the hosts its brothers');
    const after = (await edition('celebrations', '2021-03-21')).html;
    expect(readPage(after).text).not.toContain('hailed the Test Hosts in one letter');
    expect(readPage(after).text).not.toContain('its brothers');
    expect(readPage(after).text).not.toContain('Letter of the Test Front');
    // The message that is left is by itself, so it is not drawn.
    expect([chartsOn(before), chartsOn(after)]).toEqual([['matrix'], []]);
  });

  test('the pause is not computed once a reading of it rests on a withdrawn row', async () => {
    const headings = async (asOf: string) => readPage((await edition('isis-quieting', asOf)).html).headings;
    expect(await headings('2021-03-14')).toContain('The silence under each reading');
    expect(await headings('2021-03-21')).not.toContain('The silence under each reading');
  });
});

describe('another dataset', async () => {
  const example = await loadExample();
  const { tables } = example.dataset;
  const known = new Set(eachRow(tables).map(({ row }) => row.known_on));
  const dayBefore = (day: string) => Temporal.PlainDate.from(day).subtract({ days: 1 }).toString();
  // Before the first of them a page says only when the records begin.
  const [first = '', ...later] = [...known].toSorted();
  const days = [first, ...later.flatMap((day) => [dayBefore(day), day])];

  test('becomes known on several days', () => expect(later.length).toBeGreaterThan(2));

  test.each(days)('as of %s names no row and no day from after it', async (asOf) => {
    for (const edition of await editionsAt(example, asOf)) {
      const rendering = await renderEdition(example, edition);
      expect(laterThan(asOf, rendering, example), edition.name).toEqual([]);
    }
  });

  test('a report is on the page from the day on which it became known', async () => {
    const usedOn = async (asOf: string) => (await renderEdition(example, { brief: 'ties', asOf })).used;
    for (const { id, known_on: day } of tables.events) {
      expect(await usedOn(dayBefore(day)), id).not.toContain(id);
      expect(await usedOn(day), id).toContain(id);
    }
  });
});
