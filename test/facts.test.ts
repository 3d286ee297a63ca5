import { describe, expect, test, vi } from 'vitest';
import { knownBy } from '../src/dataset/point-in-time.ts';
import { eachRow } from '../src/dataset/references.ts';
import { readPage, sectionOf } from './support/page.ts';
import { editionsAt, loadProduct, renderEdition, withBrief } from './support/product.ts';

vi.setConfig({ testTimeout: 120_000 });

const product = await loadProduct();
const { tables } = product.dataset;
const render = async (brief: string, asOf = '2021-08-25', parameters = {}) => {
  const { html } = await renderEdition(product, { brief, asOf, parameters });
  return { ...readPage(html), html };
};
/** The longest part of a text that holds no figure, by which a page can be searched for it. */
const longestPart = (text: string): string =>
  text.split(/\{[^}]*\}/).toSorted((one, other) => other.length - one.length)[0] ?? '';

test('no text leans on a neighbour that another page may lack', async () => {
  for (const asOf of ['2020-11-01', '2021-08-25']) {
    const editions = await editionsAt(product, asOf);
    expect(editions.length).toBeGreaterThan(4);
    for (const { brief, parameters } of editions) {
      const { text } = await render(brief, asOf, parameters);
      expect(text).not.toMatch(/most notable of these|cited in the report|after the deal[,.:]/);
    }
  }
});

test('an actor sheet has every alternative and caveat of the judgments that it prints', async () => {
  const editions = [
    ...(await editionsAt(product, '2021-08-25')),
    ...(await editionsAt(product, '2021-08-23')),
  ];
  // The sheet of a branch of ISIS has no judgments.
  const sheets = editions.filter(
    ({ brief, parameters }) => brief === 'actor-sheet' && parameters['actor'] !== 'A-isis-k',
  );
  expect(sheets.length).toBeGreaterThan(6);
  for (const { brief, asOf, parameters } of sheets) {
    const { text } = await render(brief, asOf, parameters);
    const { judgments } = knownBy(tables, asOf);
    const printed = judgments.filter((each) => each.role === 'key' && text.includes(longestPart(each.text)));
    expect(printed.length).toBeGreaterThan(0);
    const topics = new Set(printed.map(({ topic }) => topic));
    const { events, measures } = knownBy(tables, asOf);
    // Those that rest on reports of others alone are on other sheets.
    const bearsOnActor = (rests: readonly string[]) => {
      const reports = [...events, ...measures].filter(({ id }) => rests.includes(id));
      const named = new Set(reports.flatMap(({ actors, targets }) => [...actors, ...targets]));
      const of = parameters['actor'];
      return reports.length === 0 || named.has(String(of)) || (of === 'A-isis' && named.has('A-isis-k'));
    };
    const needed = judgments.filter(
      ({ role, topic, rests_on: rests }) =>
        (role === 'alternative' || role === 'caveat') && topics.has(topic) && bearsOnActor(rests),
    );
    expect(needed.length).toBeGreaterThan(0);
    expect(needed.filter((each) => !text.includes(longestPart(each.text)))).toEqual([]);
  }
});

test('the method lets a lower bound leave an upper bound, as the assessment of the rest does', async () => {
  const { html } = await render('isis-quieting');
  expect(sectionOf(html, 'Assessed')).toMatch(/at most 55 per cent/);
  expect(sectionOf(html, 'Method')).toMatch(
    /Lower bounds are neither added nor subtracted; a lower bound on a share only sets an upper bound on the rest\./,
  );
});

test('the fall of Jalalabad is general knowledge, before the analysis that reports it too and after', async () => {
  const { html } = await render('isis-quieting');
  const row = html.match(/<tr id="note-\d+"[\s\S]*?<\/tr>/g)?.find((each) => each.includes('data-row="F23"'));
  expect(row).toMatch(/<td>general knowledge<\/td><td>Public record <b>A<\/b><\/td>/);
  const before = await render('isis-quieting', '2021-08-19');
  expect(sectionOf(before.html, 'Endnotes')).toMatch(
    /Taliban take Jalalabad and Nangarhar, new\ngeneral knowledge\nPublic record A\nA1/,
  );
});

test('no end is made up for a count that has none, and the source’s words keep their strength', async () => {
  const { text, html } = await render('isis-quieting');
  expect(text).toMatch(/at least 105 claimed operations: a total, with no figures by day/);
  expect(text).not.toMatch(/to 25 August 2021|coincides/);
  expect(text).toMatch(/went “totally quiet” the moment the Taliban took Nangarhar/);
  expect(sectionOf(html, 'Assessed')).toMatch(/“quite obviously” had a significant effect/);
});

/** The endnote of a row as one line. */
const endnote = (html: string, id: string) =>
  readPage(
    html.match(/<tr id="note-\d+"[\s\S]*?<\/tr>/g)?.find((row) => row.includes(`data-row="${id}"`)) ?? '',
  ).blocks.join(' | ');

test('a grade is no better than the weakest link of its chain, and names of general knowledge are marked', async () => {
  const { html } = await render('weekly');
  expect(endnote(html, 'F04')).toContain('UN coordinator B ← BBC B ← Flashpoint C | C2');
  expect(endnote(html, 'F10')).toContain('Member State F ← UN report B ← Flashpoint C | F6');
  // Nobody graded the group itself, so its claims are graded as what carried them.
  expect(endnote(html, 'F18')).toContain('ISIS claims ← Flashpoint C | C3');
  expect(endnote(html, 'F27')).toContain('Public record A | A1');
  expect(sectionOf(html, 'Endnotes')).toMatch(/a chain as its weakest graded link/);
  for (const name of ['TTP', 'ISIS', 'ISIS-K'])
    expect(sectionOf(html, 'Names')).toMatch(new RegExp(`\\b${name}, [^;]*?[^.]*?.*general knowledge`));
});

test('no id of a row is printed, but for those among the changes', async () => {
  const ids = eachRow(tables).map(({ row }) => row.id);
  expect(ids.length).toBeGreaterThan(100);
  for (const { name, brief, parameters } of await editionsAt(product, '2021-08-25')) {
    const { html } = await render(brief, '2021-08-25', parameters);
    expect(html).toContain('data-row="');
    const { text } = readPage(html.replaceAll(/<section class="changes">[\s\S]*?<\/section>/g, ''));
    expect(
      ids.filter((id) => new RegExp(`(?<![\\w-])${id}(?![\\w-])`).test(text)),
      name,
    ).toEqual([]);
  }
});

test('the weekly reports what its gaps and judgments refer to', async () => {
  const { html } = await render('weekly');
  const isis = sectionOf(html, 'ISIS');
  expect(isis).toMatch(/On 20 August 2021 people accused of spying .* in Orakzai, Pakistan/);
  expect(isis).toMatch(/at least 45 per cent .*at least 25 per cent/);
  expect(isis).toMatch(/six assassinations and raids on the Taliban/);
  const ties = sectionOf(html, 'Ties with the Taliban');
  expect(ties).toMatch(/Edmund Fitton-Brown.*“has not changed”/);
  expect(ties).toMatch(/reportedly met Hamza bin Laden/);
  expect(ties).toMatch(/Member State .*“mere fiction”/);
  expect(ties.indexOf('mentions six meetings')).toBeLessThan(ties.indexOf('the most notable'));
  expect(sectionOf((await render('weekly', '2021-08-24')).html, 'Jihadist reactions')).toMatch(
    /On 10 August 2021 JNIM/,
  );
});

test.each(['2020-11-01', '2021-08-16', '2021-08-25'])(
  'the weekly of %s reports what its timeline of the ties draws',
  async (asOf) => {
    const ties = sectionOf((await render('weekly', asOf)).html, 'Ties with the Taliban');
    expect(ties).toMatch(
      /As-Sahab, Al-Qaeda’s official media arm, released a video .* the footage is unverified/,
    );
    expect(ties).toMatch(/in spring 2019 in Sarwan Qal‘ah, Helmand[:,] Sadr Ibrahim/);
    expect(ties).toMatch(/friendship, a shared struggle, ideological sympathy and intermarriage/);
  },
);

test('the judgment that another one covers is dropped once that is known', async () => {
  const friendship = /Friendship, shared struggle, ideological sympathy and intermarriage/;
  for (const [asOf, isPrinted] of [
    ['2021-08-24', true],
    ['2021-08-25', false],
  ] as const) {
    const { html } = await render('al-qaeda-ties', asOf);
    expect(friendship.test(sectionOf(html, 'Key judgments')), asOf).toBe(isPrinted);
    expect(html.includes('data-change="dropped" data-rows="K-ties-3"'), asOf).toBe(!isPrinted);
  }
});

describe('pages say no more than the source', () => {
  const figure = (html: string, name: string) =>
    html.split(`<figure class="chart ${name}"`)[1]?.split('</figure>')[0] ?? '';
  const bottomLine = (html: string) =>
    readPage(html.split('<div class="bottom-line">')[1]?.split('</div>')[0] ?? '').text;

  test('the weekly prints what its judgments and its sources rest on', async () => {
    const { html, text } = await render('weekly');
    expect(text).toMatch(/“quite obviously” had a significant effect/);
    expect(text).toMatch(/Flashpoint leaves open whether the stop is/);
    const ties = sectionOf(html, 'Ties with the Taliban');
    expect(ties).toMatch(/A former Taliban governor/);
    expect(ties).toMatch(/friendship, a shared struggle, ideological sympathy and intermarriage/);
    expect(ties).toMatch(/counted among the six meetings, although it may predate the twelve months/);
    expect(text).toMatch(/“ample evidence” .* still committed to each other and work together/);
    expect(sectionOf(html, 'Names')).toMatch(/“ag” in its leader’s name: general knowledge/);
    expect(sectionOf(html, 'Gaps')).toMatch(
      /No statement on the victory by Al-Qaeda’s central leadership is reported/,
    );
    expect(text).not.toMatch(/no sign of a break|the cause is open|measurable change/);
  });

  test('the timeline draws a span no more exactly than it is reported', async () => {
    for (const brief of ['weekly', 'al-qaeda-ties']) {
      const drawn = figure((await render(brief)).html, 'timeline');
      expect(drawn).toContain('>2019 – early 2020<');
      expect(drawn).toContain('>our reading; days not given<');
      expect(drawn).toMatch(/Where no end is reported, we chose it/);
      expect(drawn).not.toMatch(/about (?:Jan|May) 2019/);
    }
  });

  test('what is alleged is who was freed, not that there is a video', async () => {
    const { html, text } = await render('celebrations');
    expect(sectionOf(html, 'Undated')).toMatch(
      /According to Flashpoint, a video .* shows the Taliban freeing militants and other alleged foreign fighters/,
    );
    expect(text).not.toMatch(/alleged video|is alleged to show|passed on as alleged/);
    expect(text).toMatch(/JNIM’s video came before Kabul fell, the other dated messages after it/);
    expect(text).toMatch(/want heard; praise is not proof of cooperation/);
    expect(text).toMatch(/excerpts and paraphrases, through Flashpoint/);
  });

  test('our reading of an explanation is marked, and indicators say what they would suggest', async () => {
    const { html, text } = await render('isis-quieting');
    const explanations = sectionOf(html, 'Other explanations');
    expect(explanations).toMatch(/honeymoon, which we read as: ISIS holds back for a time and may resume/);
    expect(explanations).toMatch(/decision by ISIS; its aim is not stated/);
    const watched = sectionOf(html, 'What would change this');
    expect(watched).toMatch(
      /one claim\. It would suggest that the pause is over and, if it is in Nangarhar, that ISIS can/,
    );
    expect(watched).toMatch(/ISIS is moving its activity there/);
    expect(watched).toMatch(/seven days\. It would suggest that chance explains the silence even less well/);
    expect(watched).not.toMatch(/Any ISIS claim after the Taliban’s arrival/);
    expect(sectionOf((await render('isis-quieting', '2021-08-24')).html, 'What would change this')).toMatch(
      /Any ISIS claim/,
    );
    expect(text).not.toMatch(/cannot be said yet|to stop, for reasons|and will resume/);
  });

  test('claims are not attacks, and a limit above the likelihood word is explained', async () => {
    const { html, text } = await render('isis-quieting');
    const caveats = sectionOf(html, 'What weakens this');
    expect(caveats).toMatch(/The count of at least 105 is of operations that ISIS-K claims; .* not the same/);
    expect(caveats).toMatch(/The rate of at least 0\.99 a day is that count over 106 days/);
    expect(caveats).toMatch(
      /With strong clustering, a run of nine days without a claim somewhere .* at most 28 per cent/,
    );
    expect(caveats).toMatch(/gives no year for its days in August; the year is inferred/);
    expect(text).toMatch(
      /Part of the circle falls in Afghanistan; Flashpoint places the killing in Pakistan/,
    );
    expect(figure(html, 'map')).toContain('city, ±3 miles (5 km)');
    expect(figure(html, 'shares')).toMatch(
      /Since May 2021, Nangarhar saw at least 45 per cent .*, and Jalalabad at least 25/,
    );
  });

  test('the ranking of the meeting in Helmand is that of Flashpoint', async () => {
    for (const brief of ['weekly', 'al-qaeda-ties']) {
      expect((await render(brief, '2021-08-24')).text).not.toMatch(/most notable/);
      expect((await render(brief)).text).toMatch(
        /Of the six meetings in the UN report, Flashpoint calls one the most notable/,
      );
    }
  });

  test('the summary of the sources names each kind that the page cites', async () => {
    expect((await render('al-qaeda-ties', '2020-11-01')).text).toMatch(
      /an interview with its team’s coordinator/,
    );
    const summary = (await render('celebrations', '2021-08-19')).html.split(
      '<div class="source-summary">\n<p>',
    )[1];
    expect(summary).toMatch(/^Reactions: public statements and videos of the groups themselves/);
    expect(summary?.split('</p>')[0]?.match(/href="#note-\d+"/g)).toHaveLength(2);
  });

  test('a page without collection says so of any day, and calls nothing unknown', async () => {
    const { text } = await render('isis-quieting', '2021-08-12');
    expect(text).toMatch(/No collection is on record for any day of this issue\./);
    expect(text).not.toMatch(/for every day of this issue/);
    expect(bottomLine((await render('isis-quieting', '2021-08-19')).html)).toMatch(
      /No collection on ISIS’s own activity is on record/,
    );
    expect(bottomLine((await render('celebrations', '2021-08-12')).html)).toMatch(
      /This edition has no other statement/,
    );
  });

  test('the sheet of the Taliban leads with what they did', async () => {
    for (const asOf of ['2021-08-19', '2021-08-25'])
      expect(bottomLine((await render('actor-sheet', asOf, { actor: 'A-taliban' })).html)).toMatch(
        /^The Taliban took Jalalabad and the rest of Nangarhar on 14–15 August 2021 and Kabul on 15 August 2021/,
      );
  });

  test('the sheet of Al-Qaeda shows what is reported of its branches', async () => {
    for (const [asOf, said] of [
      ['2021-08-12', /of JNIM; statement, year inferred\n.*congratulated the Taliban/],
      ['2021-08-19', /of AQAP; statement, year inferred\n.*“complete victory”/],
      ['2021-08-25', /of AQIM and JNIM; statement, year inferred\n.*in a joint statement/],
    ] as const) {
      const { html, text } = await render('actor-sheet', asOf, { actor: 'A-aq' });
      expect(sectionOf(html, 'Reports about its branches')).toMatch(said);
      expect(text).not.toMatch(/No new reporting\./);
    }
  });
});

describe('counts, names and dates read right', () => {
  const sheet = (actor: string, asOf = '2021-08-25') => render('actor-sheet', asOf, { actor });
  test('the judgments on an organisation are on its own sheet, not again on that of its branch', async () => {
    expect((await sheet('A-isis')).text).toContain('All three judgments are new.');
    const { text, headings } = await sheet('A-isis-k');
    expect(text).toMatch(/^ISIS-K, ISIS’s branch in Afghanistan, has claimed .* on the sheet of ISIS\.$/m);
    expect(headings).not.toContain('Key judgments');
    expect(headings).not.toContain('Assessed');
  });

  test('a sheet says who leads the actor, its branches, where it acted and when last, and leaves out what is not known', async () => {
    const facts = async (actor: string) =>
      /<ul class="facts">[^]*?<\/ul>/.exec((await sheet(actor)).html)?.[0] ?? '';
    expect(readPage(await facts('A-jnim')).text).toMatch(
      /^Leader Iyad ag Ghaly\nLast dated act or statement 23 August 2021, Joint/,
    );
    const aq = readPage(await facts('A-aq')).text;
    expect(aq).toMatch(
      /^Branches AQAP, AQIM, AQIS, JNIM\nReported at Paktika, Sarwan Qal‘ah\nLast dated act or statement 2019 – early 2020, /,
    );
    const isis = await facts('A-isis');
    expect(readPage(isis).text).toMatch(/^Branches ISIS-K\nReported at Jalalabad, Mamuzai, Nangarhar\n/);
    expect(isis.match(/#note-/g)?.length).toBeGreaterThan(3);
    expect(await facts('A-aqap')).not.toMatch(/Leader|Branches|Reported at/);
  });

  test('each status and each part of a grade on a page is explained below the table', async () => {
    let explained = 0;
    for (const { brief, parameters } of await editionsAt(product, '2021-08-25')) {
      const { html } = await render(brief, '2021-08-25', parameters);
      const [, key = ''] = /<p class="keys">([^]*?)<\/p>/.exec(html) ?? [];
      const cells = [...html.matchAll(/<tr id="note-[^]*?<\/tr>/g)].map(([row]) =>
        [...row.matchAll(/<td>([^]*?)<\/td>/g)].map(([, cell = '']) => cell),
      );
      for (const [, , status = '', , grade = ''] of cells) {
        expect(key).toContain(`<b>${status}</b>: `);
        expect(grade).toMatch(/^(?:[A-F][1-6]?|[1-6]|not graded)$/);
        explained += 1;
      }
      expect(key.includes('A link without a letter and an item without a number are not graded.')).toBe(
        cells.some(([, , , , grade = '']) => grade.length === 1),
      );
      expect(key.match(/<b>/g)).toHaveLength(new Set(cells.map(([, , status]) => status)).size);
    }
    expect(explained).toBeGreaterThan(80);
  });

  test('a page explains likelihood, confidence and bounds only if it has them, each range in one piece', async () => {
    const { html } = await render('weekly');
    expect(
      html.match(/<p class="scale-key">almost no chance <span class="scale"[^]*?<\/span> almost certain</g),
    ).toHaveLength(1);
    const method = sectionOf(html, 'Method');
    expect(method).toMatch(/very likely 80–95 %, almost certain 95–99 %\. Confidence/);
    expect(html).toContain('<span class="estimate"><b>almost certain</b> 95–99 %</span>');
    // The weekly takes no share from the whole.
    expect(method).not.toContain('Lower bounds');
    expect(sectionOf((await render('isis-quieting')).html, 'Method')).toContain('Lower bounds');
    const bare = await render('isis-quieting', '2021-08-16');
    expect(bare.html).not.toContain('class="scale-key"');
    expect(sectionOf(bare.html, 'Method')).not.toMatch(/Likelihood|Confidence|Lower bounds/);
  });

  test.each(['A-aq', 'A-taliban'])(
    'the sheet of %s has what both sides did together as its own',
    async (actor) => {
      const { html } = await sheet(actor);
      const own = sectionOf(html, 'Reported actions');
      for (const joint of [
        'Al-Qaeda and the Taliban met in',
        'Sarwan Qal‘ah',
        'six meetings of senior leaders',
      ])
        expect(own).toContain(joint);
      expect(own.includes('signed their deal')).toBe(actor === 'A-taliban');
    },
  );

  test('an actor sheet gives a span no more exactly than it is reported', async () => {
    const own = sectionOf((await sheet('A-aq')).html, 'Reported actions');
    expect(own).toMatch(/^2019 – early 2020$/m);
    expect(own).not.toMatch(/January 2019|February 2020/);
    expect((await sheet('A-isis')).text).toMatch(/^late Jun 2021 – Aug 2021$/m);
  });

  test.each([
    ['A-jnim', 'JNIM, branch of Al-Qaeda. In Mali and neighbouring countries.'],
    ['A-isis-k', 'ISIS-K. Also known as ISKP, IS-K, Khorasan branch. A branch of ISIS.'],
  ])('general knowledge of %s is marked among the names, not in its heading', async (actor, says) => {
    const { blocks, html } = await sheet(actor);
    expect(blocks).toContain(says);
    expect(sectionOf(html, 'Names')).toMatch(
      new RegExp(`^${actor.slice(2).toUpperCase()}, .*: general knowledge`, 'm'),
    );
  });

  test('the days of an issue and those covered are both in words, or both in digits', async () => {
    for (const [asOf, reads] of [
      ['2021-08-27', 'Of the seven days of this issue, five are covered.'],
      ['2021-08-31', 'Of the seven days of this issue, one is covered.'],
    ] as const)
      expect((await render('isis-quieting', asOf)).text).toContain(reads);
    const fourWeeks = withBrief(product, 'isis-quieting', (brief) => ({
      ...brief,
      config: { ...brief.config, period: 'P28D' },
    }));
    const { html } = await renderEdition(fourWeeks, { brief: 'isis-quieting', asOf: '2021-09-18' });
    expect(readPage(html).text).toContain('Of the 28 days of this issue, 4 are covered.');
  });

  test.each(['2020-11-01', '2021-08-12', '2021-08-24', '2021-08-25', '2021-09-06'])(
    'every abbreviation that a page as of %s uses before its apparatus is spelled out on it, and in its names no other',
    async (asOf) => {
      const { actors } = knownBy(tables, asOf);
      const found = new Set<string>();
      let names = 0;
      for (const { name, brief, parameters } of await editionsAt(product, asOf)) {
        const { html, headings } = await render(brief, asOf, parameters);
        const { sentences } = readPage(html.split('<div class="apparatus"')[0] ?? '');
        // A sheet has the full name of its actor for a heading, and the short one below it.
        const who = /<p class="who">[\s\S]*?<\/p>/.exec(html)?.[0] ?? '';
        const spelledOut = [
          ...(headings.includes('Names') ? [sectionOf(html, 'Names')] : []),
          `${headings[0] ?? ''}\n${readPage(who).text}`,
        ];
        const rest = sentences.filter((each) => !spelledOut.some((part) => part.includes(each))).join('\n');
        const used = new Set(rest.replaceAll(/\(\d+Z [A-Z]+ \d+\)/g, '').match(/\b[A-Z]{2,}(?:-[A-Z])?\b/g));
        for (const each of used) found.add(each);
        const missing = [...used].filter((each) => {
          // These two are names that need no explanation; the last is a part of the marking.
          if (['UN', 'BBC', 'CLEAR'].includes(each)) return false;
          if (each === 'TLP') return !html.includes('TLP: Traffic Light Protocol');
          const long = actors.find((actor) => actor.name === each)?.long_name.replace(`${each}, `, '');
          return long === undefined || !spelledOut.some((part) => part.includes(long));
        });
        expect(missing, name).toEqual([]);
        const listed = [...(spelledOut.length > 1 ? (spelledOut[0] ?? '') : '').matchAll(/^([A-Z-]{2,}),/gm)];
        expect(listed.filter(([, each = '']) => !used.has(each))).toEqual([]);
        names += listed.length;
      }
      expect(found.size).toBeGreaterThan(4);
      expect(names).toBeGreaterThan(2);
    },
  );

  test('Hamza bin Laden is identified where a page first names him', async () => {
    let named = 0;
    for (const asOf of ['2020-11-01', '2021-08-25'])
      for (const { name, brief, parameters } of await editionsAt(product, asOf)) {
        const { text } = await render(brief, asOf, parameters);
        const first = /^.*\bHamza\b.*$/m.exec(text)?.[0];
        if (first === undefined) continue;
        named += 1;
        expect(first, name).toMatch(/Hamza bin Laden, a son of Al-Qaeda’s founder|Bin Laden’s son Hamza/);
      }
    expect(named).toBeGreaterThan(4);
  });

  test('no outlet is made up for the words of the former governor', async () => {
    const { html, text } = await render('al-qaeda-ties');
    expect(text).not.toMatch(/outlet/i);
    expect(endnote(html, 'F02')).toContain('Former governor F ← Flashpoint C');
    expect(text).toMatch(/Flashpoint does not say where he spoke/);
  });

  test('a revised row shows when it was revised', async () => {
    const { html } = await render('weekly');
    expect(endnote(html, 'F23')).toMatch(
      /Nangarhar, revised 25 Aug 2021 \| general knowledge \| Public record A/,
    );
    expect(endnote(html, 'F08')).toMatch(/Helmand, revised 25 Aug 2021 \|/);
    expect(endnote(html, 'F20')).not.toContain('revised');
    expect(endnote((await render('weekly', '2021-08-24')).html, 'F23')).not.toContain('revised');
  });

  test('the judgment on the silence cites what says that no attack followed, not the last day named', async () => {
    const { html } = await render('isis-quieting');
    const judgment =
      /<li><div><span class="statement">[^<]*chance and missed claims[\s\S]*?<\/sup>/.exec(html)?.[0] ?? '';
    const rows = html.match(/<tr id="note-\d+"[\s\S]*?<\/tr>/g) ?? [];
    const numberOf = (id: string) =>
      /note-(\d+)/.exec(rows.find((row) => row.includes(`data-row="${id}"`)) ?? '')?.[1] ?? '';
    const spans = [...judgment.matchAll(/#note-(\d+)">\d+<\/a>(?:–<a href="#note-(\d+))?/g)];
    const cited = spans.flatMap(([, from, to = from]) =>
      Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => String(Number(from) + index)),
    );
    expect(cited).toEqual(['F18', 'F20', 'F24'].map(numberOf).toSorted());
  });

  test('the sheet of Al-Qaeda lists the video of prisoners, some of whom are rumoured to be its members', async () => {
    expect(sectionOf((await sheet('A-aq')).html, 'What others did or said')).toMatch(
      /a video on Umar Media, .* shows the Taliban freeing militants/,
    );
  });

  test('a rumour is a gap and no key judgment', async () => {
    const { html } = await render('celebrations');
    expect(sectionOf(html, 'Key judgments')).not.toMatch(/rumour/);
    expect(sectionOf(html, 'Gaps')).toMatch(/if, as is rumoured, some are from Al-Qaeda/);
  });
});

/** Words that only a reader of the analysis of 25 August could write. */
const later = /\banalys[ie]s\b|\bthe authors\b|authors’|\bvendor|\bexcerpts?\b|Flashpoint/i;

describe('before the analysis', () => {
  const days = [...new Set(eachRow(tables).map(({ row }) => row.known_on))].filter(
    (day) => day < '2021-08-25',
  );

  test.each([...days, '2021-08-19', '2021-08-24'].toSorted())('no row as of %s speaks of it', (asOf) => {
    const told = eachRow(knownBy(tables, asOf)).filter(
      // The chain of sources names it on purpose, and coverage says whose it is.
      ({ table, row }) => table !== 'coverage' && row.id !== 'S-article',
    );
    expect(told.length).toBeGreaterThan(0);
    const speaking = told.filter(({ row }) =>
      Object.values(row).some((value) => typeof value === 'string' && later.test(value)),
    );
    expect(speaking.map(({ row }) => row.id)).toEqual([]);
  });

  test.each(['2020-11-01', '2021-08-19', '2021-08-24'])('no page as of %s speaks of it', async (asOf) => {
    const editions = await editionsAt(product, asOf);
    expect(editions.length).toBeGreaterThan(4);
    for (const { brief, parameters } of editions) {
      const { html } = await render(brief, asOf, parameters);
      // Through whom a source reached us stays told: in the endnotes, in what changed, and in
      // the line that says what a reconstruction is.
      const body = html
        .slice(html.indexOf('<body'))
        .replaceAll(/<section class="notes"[\s\S]*?<\/section>/g, '')
        .replaceAll(/<section class="changes">[\s\S]*?<\/section>/g, '');
      const { sentences } = readPage(body);
      expect(
        sentences.filter((each) => later.test(each) && !/reconstruct/i.test(each)),
        `${brief} ${JSON.stringify(parameters)}`,
      ).toEqual([]);
    }
  });
});
