import { describe, expect, test } from 'vitest';
import { changesBetween, changesConcerning } from '../../src/dataset/point-in-time.ts';
import { AppError, describeFault } from '../../src/errors.ts';
import { checkBrief } from '../../src/production/check-brief.ts';
import { editionsAskedFor, fanOut, resolveEdition } from '../../src/production/fan-out.ts';
import type { Brief } from '../../src/project/brief.ts';
import type { Parameters } from '../../src/project/parameters.ts';
import { inputsOf } from '../../src/provenance/inputs.ts';
import { openQueries } from '../../src/query/database.ts';
import { briefOf } from '../support/brief-of.ts';
import { changesOn, readPage, sectionOf } from '../support/page.ts';
import { findBrief, loadProduct, renderEdition, swapText, withBrief, withRow } from '../support/product.ts';

const product = await loadProduct();
const { dataset } = product;
const sheet = findBrief(product, 'actor-sheet');
const actorsAt = async (asOf: string, brief: Brief = sheet) =>
  (await fanOut({ brief, dataset, asOf }, { openQueries })).map(({ actor }) => actor);

/** A brief whose editions a query gives. */
const fanning = (sql: string, parameters: object, forEach: string | null = 'editions'): Brief => ({
  ...briefOf({
    parameters,
    forEach,
    golden: [{ asOf: '2021-08-25', ...(forEach === null ? { parameters: { a: '1', b: '1' } } : {}) }],
  }),
  queries: { editions: { file: 'templates/test/editions.sql', text: sql } },
});
const asked = async (brief: Brief, given: { readonly [name: string]: string } = {}) =>
  (await editionsAskedFor({ brief, dataset, asOf: '2021-08-25', given }, { openQueries })).map(
    ({ parameters }) => parameters,
  );

async function faultsOf(work: Promise<unknown>, code: string): Promise<string[]> {
  const error: unknown = await work.then(
    (made) => new Error(`it was made: ${JSON.stringify(made)}`),
    (cause: unknown) => cause,
  );
  if (!(error instanceof AppError)) throw error;
  expect(error.code).toBe(code);
  return error.faults.map(describeFault);
}

describe('the actors who get a sheet', () => {
  test.each([
    ['2019-06-30', []],
    ['2020-06-30', ['A-aq', 'A-taliban']],
    ['2021-08-22', ['A-aq', 'A-taliban']],
    ['2021-08-23', ['A-aq', 'A-jnim', 'A-taliban']],
    ['2021-08-25', ['A-aq', 'A-aqap', 'A-isis', 'A-isis-k', 'A-jnim', 'A-taliban']],
  ])('as of %s are those of whom enough was known by then', async (asOf, actors) => {
    expect(await actorsAt(asOf)).toEqual(actors);
  });

  test('an actor that is unknown on the day has no sheet, even on request', async () => {
    const early = { brief: sheet, dataset, asOf: '2021-08-22', given: { actor: 'A-isis-k' } };
    expect(await faultsOf(editionsAskedFor(early, { openQueries }), 'parameter-invalid')).toEqual([
      expect.stringContaining(
        'templates/actor-sheet/brief.yaml, field parameters: There is no edition with actor=A-isis-k as of 2021-08-22. There are editions with actor=A-aq; actor=A-taliban.',
      ),
    ]);
    const later = withRow(product, 'actors', 'A-isis-k', { known_on: '2021-08-24' });
    const edition = { brief: 'actor-sheet', asOf: '2021-08-22', parameters: { actor: 'A-isis-k' } };
    expect(await faultsOf(renderEdition(later, edition), 'parameter-invalid')).toEqual([
      expect.stringContaining(
        'templates/actor-sheet/brief.yaml, field parameters.actor: No row "A-isis-k" of actors is known by the cut-off. Correct the id, or choose a later day.',
      ),
    ]);
  });
});

test('a query of editions that takes longer than limits.seconds is stopped, and named', async () => {
  const slow = 'SELECT max(a.range * b.range % 7)::VARCHAR AS a FROM range(2000000) a, range(2000000) b';
  const brief = fanning(slow, { a: { type: 'string' } });
  const limits = { ...brief.config.limits, seconds: 0.2 };
  expect(await faultsOf(asked({ ...brief, config: { ...brief.config, limits } }), 'print-failed')).toEqual([
    expect.stringMatching(
      /field limits\.seconds: The query "editions" of forEach took longer than 0\.2 s\. /,
    ),
  ]);
});

describe('the editions of a query', () => {
  const ab = { a: { type: 'string' }, b: { type: 'integer', optional: true } };

  test('are sorted, in canonical form, and without NULL values', async () => {
    const sql = `SELECT * FROM (VALUES ('y', 2), ('x', 10), ('x', NULL)) AS t(a, b)`;
    expect(await asked(fanning(sql, ab))).toEqual([{ a: 'x', b: '10' }, { a: 'x' }, { a: 'y', b: '2' }]);
    expect(await asked(fanning(sql, ab), { a: 'x' })).toEqual([{ a: 'x', b: '10' }, { a: 'x' }]);
    expect(await asked(fanning(sql, ab), { a: 'x', b: '010' })).toEqual([{ a: 'x', b: '10' }]);
  });

  test('see the days of the period and no parameter of the brief', async () => {
    const days = fanning('SELECT $as_of AS a, $period_start AS b', {
      a: { type: 'date' },
      b: { type: 'date' },
    });
    expect(await asked(days)).toEqual([{ a: '2021-08-25', b: '2021-08-19' }]);
    expect(await faultsOf(asked(fanning('SELECT $a AS a, 1 AS b', ab)), 'query-failed')).toEqual([
      expect.stringMatching(/^templates\/test\/editions\.sql: There is no parameter \$a/),
    ]);
  });

  test('without a row there is none', async () => {
    expect(await asked(fanning(`SELECT 'x' AS a, 1 AS b WHERE false`, ab))).toEqual([]);
    expect(
      await faultsOf(
        asked(fanning(`SELECT 'x' AS a, 1 AS b WHERE false`, ab), { a: 'x' }),
        'parameter-invalid',
      ),
    ).toEqual([expect.stringContaining('There are no editions as of that day.')]);
  });

  test('that do not fit are faults, all at once, with query and column', async () => {
    const sql = `SELECT * FROM (VALUES ('x', '1', 0), ('x', '01', 0), (NULL, '1', 0), ('z', 'b', 0)) AS t(a, b, c)`;
    const where = 'templates/test/editions.sql';
    expect(await faultsOf(asked(fanning(sql, ab)), 'brief-invalid')).toEqual([
      expect.stringContaining(`${where}, field c: The query has a column "c", which is not a parameter`),
      expect.stringContaining(`${where}, field a: Row 3 of the query: A required value is not given.`),
      expect.stringContaining(
        `${where}, field b: Row 4 of the query: The value is "b", which is not a whole`,
      ),
    ]);
    const twice = `SELECT * FROM (VALUES ('x', '1'), ('x', '01')) AS t(a, b)`;
    expect(await faultsOf(asked(fanning(twice, ab)), 'brief-invalid')).toEqual([
      `${where}: Row 2 of the query repeats a=x, b=1. Return each edition once, for example with DISTINCT.`,
    ]);
    expect(await faultsOf(asked(fanning(`SELECT 'x' AS a`, ab)), 'brief-invalid')).toEqual([
      expect.stringContaining(`${where}, field b: The query has no column "b", which is a parameter`),
    ]);
  });

  test('are run over empty tables when a brief is checked', async () => {
    const broken = {
      ...sheet,
      queries: { ...sheet.queries, editions: { file: 'e.sql', text: 'SELECT nothing' } },
    };
    expect(await faultsOf(checkBrief(broken, openQueries), 'brief-invalid')).toEqual([
      expect.stringMatching(/^e\.sql.*nothing/),
    ]);
  });
});

describe('a brief that does not fan out', () => {
  const optional = { a: { type: 'string', optional: true }, b: { type: 'integer', optional: true } };

  test('has one edition, with the values that are given', async () => {
    expect(await asked(briefOf())).toEqual([{}]);
    expect(await asked(fanning('', optional, null))).toEqual([{}]);
    expect(await asked(fanning('', optional, null), { b: '07' })).toEqual([{ b: '7' }]);
    expect(await faultsOf(asked(briefOf(), { a: 'x' }), 'parameter-invalid')).toEqual([
      'templates/test/brief.yaml, field parameters.a: There is no parameter "a". The brief has no parameters.',
    ]);
    expect(
      await faultsOf(asked(fanning('', { ...optional, a: { type: 'string' } }, null)), 'parameter-invalid'),
    ).toEqual([expect.stringContaining('parameters.a: A required value is not given.')]);
  });
});

describe('the page of an edition with parameters', () => {
  const hostile = `<script>alert("x")</script>{{brief}}</style>`;
  const withPlace = withBrief(product, 'celebrations', (brief) => ({
    ...brief,
    config: {
      ...brief.config,
      // A query that makes a text up shows how its parameters are bound.
      waive: [{ rule: 'row-texts', reason: 'a test' }],
      parameters: {
        place: { type: 'string', optional: true },
        since: { type: 'date', optional: true },
        most: { type: 'integer', optional: true },
      },
    },
    queries: {
      ...brief.queries,
      undated: {
        file: 'templates/celebrations/undated.sql',
        text: `SELECT 'F14' AS id, concat_ws('|', $place, typeof($since), $since, typeof($most), $most) AS text, NULL AS caveat`,
      },
    },
  }));
  const rendered = (parameters: Parameters, template = (text: string) => text) =>
    renderEdition(
      withBrief(withPlace, 'celebrations', (brief) => ({
        ...brief,
        template: { ...brief.template, text: template(brief.template.text) },
      })),
      { brief: 'celebrations', asOf: '2021-08-25', parameters },
    );

  test('prints the values that were applied, escaped, and in its title', async () => {
    const { html, title } = await rendered({ place: hostile, since: '2021-08-01' });
    const [line = ''] = /<p class="dateline">.*<\/p>/.exec(html) ?? [];
    expect(line).toContain(
      'Place <b>&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;{{brief}}&lt;/style&gt;</b>',
    );
    expect(line).toContain('Since <b>1 August 2021</b>');
    expect(line).not.toContain('Most');
    expect(html).not.toMatch(/<script|<\/script/i);
    expect(html.match(/<\/style>/g)).toHaveLength(2);
    expect(title).toContain(hostile);
    const plain = await rendered({});
    expect(plain.title).toBe('Jihadist reactions');
    expect(plain.html).not.toContain('Place <b>');
  });

  test('binds them by their types, and NULL for what is not given', async () => {
    const given = await rendered({ place: '2021-08-25', since: '2021-08-01', most: '9007199254740993' });
    expect(sectionOf(given.html, 'Undated')).toContain('2021-08-25|DATE|2021-08-01|BIGINT|9007199254740993');
    const without = await rendered({});
    expect(sectionOf(without.html, 'Undated')).toMatch(/^"NULL"\|"NULL"/);
  });

  test('its template knows the declared names, given or not, and no other', async () => {
    const shown = await rendered({ place: 'Kabul' }, (text) =>
      swapText(
        text,
        '<h2>Undated</h2>',
        '<h2>Undated {{parameters.place}}{{#if parameters.most}}most{{/if}}</h2>',
      ),
    );
    expect(readPage(shown.html).headings).toContain('Undated Kabul');
    const wrong = rendered({}, (text) => swapText(text, '<h2>Undated</h2>', '{{parameters.palce}}'));
    expect(await faultsOf(wrong, 'template-invalid')).toEqual([
      expect.stringMatching(
        /celebrations\/brief\.hbs, line \d+: Nothing is named "parameters\.palce"\. Did you mean "place"\?/,
      ),
    ]);
  });
});

describe('what changed', () => {
  const days = { previousAsOf: '2021-08-18', asOf: '2021-08-25' };

  test('lists only what concerns the actor', async () => {
    const { html } = await renderEdition(product, {
      brief: 'actor-sheet',
      asOf: '2021-08-25',
      parameters: { actor: 'A-aqap' },
    });
    expect(changesOn(html)).toEqual(['new X-cel-1']);
  });

  test('concerns whom a row names, and whom the rows name that it goes back to', () => {
    const changes = changesBetween(dataset.tables, days);
    const of = (id: string) =>
      changesConcerning(changes, { id, tables: dataset.tables, ...days }).map((change) => change.id);
    expect(of('A-isis-k')).toEqual(['F18']);
    expect(of('A-jnim')).toEqual(['F13']);
    // F28 is a judgment of the source on the attacks of F20.
    expect(of('A-isis')).toEqual(['F19', 'F20', 'F21', 'F22', 'F24', 'F28', 'F29', 'F30']);
    expect(of('P-nowhere')).toEqual([]);
  });
});

test('the hash of the inputs names the parameters', () => {
  const request = (parameters: Parameters) =>
    resolveEdition({ brief: sheet, dataset, asOf: '2021-08-25', parameters });
  const settings = { engine: 'test', material: 'm', formats: ['pdf'] };
  const [one, other] = ['A-isis', 'A-isis-k'].map((actor) => inputsOf(request({ actor }), settings));
  expect(one).not.toBe(other);
});
