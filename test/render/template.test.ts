import type Handlebars from 'handlebars';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { AppError, type Fault } from '../../src/errors.ts';
import { compileTemplate } from '../../src/render/template/template.ts';
import { strip } from '../../src/render/template/trace.ts';

const helpers = {
  shout: (text: unknown) => String(text).toUpperCase(),
  pair: (a: unknown, b: unknown) => `${String(a)}+${String(b)}`,
  box(this: unknown, _: unknown, options: Handlebars.HelperOptions) {
    return options.fn(this);
  },
  cited: () => {
    throw new AppError('citation-unknown', [{ problem: 'No row "F99".', hint: 'Correct the id.' }]);
  },
  parsed: () => z.string().parse(7),
};

const context = {
  title: 'News',
  nothing: null,
  list: [{ name: 'a', inner: [{ deep: 'x' }] }],
  row: { name: 'b', inner: { deep: 'y' } },
};

/** Renders a template whose second line is `line`, with partials of one line each, without traces. */
function render(line: string, partials: { readonly [name: string]: string } = {}): string {
  const template = compileTemplate({
    template: { file: 'templates/x/brief.hbs', text: `first\n${line}` },
    partials: Object.fromEntries(
      Object.entries(partials).map(([name, text]) => [
        name,
        { file: `templates/_shared/partials/${name}.hbs`, text },
      ]),
    ),
    helpers,
  });
  return strip(template(context));
}

function faultsOf(...given: Parameters<typeof render>): readonly Fault[] {
  try {
    render(...given);
    return [];
  } catch (error) {
    if (error instanceof AppError) return error.faults;
    throw error;
  }
}

/** The one fault of a template: its line, file and problem. */
function faultOf(...given: Parameters<typeof render>): unknown {
  const faults = faultsOf(...given);
  expect(faults).toHaveLength(1);
  expect(faults[0]?.hint).toMatch(/\.$/);
  const { file, line, problem } = faults[0] ?? {};
  return [file, line, problem];
}

const forgery =
  'A template may not contain an HTML comment, the attribute "data-at", or a tag with a computed name.';
const here = (problem: string) => ['templates/x/brief.hbs', 2, problem];
const unknown = (name: string) => here(`Nothing is named "${name}" here.`);

describe('what is known is printed', () => {
  test.each([
    ['{{title}}', 'News'],
    ['{{row.inner.deep}}', 'y'],
    ['{{shout title}}', 'NEWS'],
    ['{{shout (pair title row.name)}}', 'NEWS+B'],
    [
      '{{#each list}}{{name}}{{#each inner}}{{deep}}{{../name}}{{@root.title}}{{@index}}{{/each}}{{/each}}',
      'axaNews0',
    ],
    ['{{#each list as |item|}}{{item.name}}{{/each}}', 'a'],
    ['{{#with row}}{{#with inner}}{{deep}}{{../name}}{{/with}}{{/with}}', 'yb'],
    ['{{#if title}}yes{{else if row}}no{{else}}no{{/if}}', 'yes'],
    ['{{#unless nothing}}yes{{/unless}}', 'yes'],
    ['[{{nothing}}]', '[]'],
    ['{{#box title}}{{title}}{{/box}}', 'News'],
  ])('%s', (line, printed) => {
    expect(render(line)).toBe(`first\n${printed}`);
  });

  test('a partial with its arguments, and a layout', () => {
    expect(render('{{> card row label=title}}', { card: '{{label}}: {{name}}' })).toBe('first\nNews: b');
    expect(render('{{#> page}}{{title}}{{/page}}', { page: '[{{> @partial-block}}]' })).toBe('first\n[News]');
  });
});

describe('an unknown name is refused at its place', () => {
  test.each([
    ['printed', '{{missing}}', 'missing'],
    ['below a name that is known', '{{row.missing}}', 'row.missing'],
    ['below one that is not', '{{missing.name}}', 'missing.name'],
    ['a literal name', '{{[no such]}}', 'no such'],
    ['helper argument', '{{shout missing}}', 'missing'],
    ['second helper argument', '{{pair title missing}}', 'missing'],
    ['helper hash', '{{shout title loud=missing}}', 'missing'],
    ['argument of a nested helper', '{{shout (pair title row.missing)}}', 'row.missing'],
    ['hash of a nested helper', '{{shout (pair title title x=missing)}}', 'missing'],
    ['if', '{{#if missing}}{{/if}}', 'missing'],
    ['else if', '{{#if nothing}}{{else if missing}}{{/if}}', 'missing'],
    ['unless', '{{#unless missing}}{{/unless}}', 'missing'],
    ['each', '{{#each missing}}{{/each}}', 'missing'],
    ['with', '{{#with row.missing}}{{/with}}', 'row.missing'],
    ['block helper of ours', '{{#box missing}}{{/box}}', 'missing'],
    ['hash of a block', '{{#box title x=missing}}{{/box}}', 'missing'],
    ['inside each', '{{#each list}}{{missing}}{{/each}}', 'missing'],
    ['inside each in each', '{{#each list}}{{#each inner}}{{shout missing}}{{/each}}{{/each}}', 'missing'],
    ['a name of the outside inside each', '{{#each list}}{{title}}{{/each}}', 'title'],
    ['one level up', '{{#each list}}{{../missing}}{{/each}}', '../missing'],
    ['block parameter', '{{#each list as |item|}}{{item.missing}}{{/each}}', 'item.missing'],
    ['inside with in with', '{{#with row}}{{#with inner}}{{missing}}{{/with}}{{/with}}', 'missing'],
    ['the root', '{{#with row}}{{@root.missing}}{{/with}}', '@root.missing'],
    ['data variable', '{{@missing}}', '@missing'],
    ['else of each', '{{#each nothing}}{{else}}{{missing}}{{/each}}', 'missing'],
  ])('%s', (_, line, name) => {
    expect(faultOf(line)).toEqual(unknown(name));
  });

  test.each([
    ['context of a partial', '{{> card missing}}', 'missing'],
    ['hash of a partial', '{{> card label=missing}}', 'missing'],
    ['helper in the hash of a partial', '{{> card label=(shout missing)}}', 'missing'],
    ['block of a layout', '{{#> page}}{{missing}}{{/page}}', 'missing'],
    ['argument of a layout', '{{#> page missing}}{{/page}}', 'missing'],
  ])('%s', (_, line, name) => {
    expect(faultOf(line, { card: 'card', page: '{{> @partial-block}}' })).toEqual(unknown(name));
  });

  test('inside a shared partial that another calls, at the call of the author', () => {
    expect(faultOf('{{> outer}}', { outer: '{{> card}}', card: 'one\n\n{{missing}}' })).toEqual([
      'templates/x/brief.hbs',
      2,
      'Nothing is named "missing" here. (In templates/_shared/partials/card.hbs, line 3.)',
    ]);
  });

  test('all of them at once, each once, with what helpers cannot take and the rows that are not known', () => {
    const faults = faultsOf(
      '{{missing}}{{#if row.missing}}{{/if}}\n{{#each list}}{{cited "F99"}}{{lost}}{{/each}}\n{{shout gone}}{{> card}}\n{{parsed title}}{{row.inner.away}}',
      { card: '{{nowhere}}' },
    );
    expect(faults.map(({ file, line, problem }) => [file?.split('/').at(-1), line, problem])).toEqual([
      ['brief.hbs', 2, 'Nothing is named "missing" here.'],
      ['brief.hbs', 2, 'Nothing is named "row.missing" here.'],
      ['brief.hbs', 3, 'No row "F99".'],
      ['brief.hbs', 3, 'Nothing is named "lost" here.'],
      ['brief.hbs', 4, 'Nothing is named "gone" here.'],
      ['brief.hbs', 4, 'Nothing is named "nowhere" here. (In templates/_shared/partials/card.hbs, line 1.)'],
      ['brief.hbs', 5, 'The arguments of "parsed" are invalid: expected string, received number.'],
      ['brief.hbs', 5, 'Nothing is named "row.inner.away" here.'],
    ]);
  });

  test('up to a name below an unknown one', () => {
    const faults = faultsOf('{{lost}}{{missing.name}}{{never}}');
    expect(faults.map(({ problem }) => problem)).toEqual([
      'Nothing is named "lost" here.',
      'Nothing is named "missing.name" here.',
    ]);
  });

  test.each(['{{"missing"}}', '{{missing "argument"}}', '{{lookup row "missing"}}'])(
    '%s prints nothing',
    (line) => {
      expect(faultsOf(line)).not.toEqual([]);
    },
  );
});

describe('faults that need no data are found before rendering', () => {
  test.each([
    ['helper', '{{shoot title}}', 'There is no helper "shoot".'],
    ['block helper', '{{#whenever title}}{{/whenever}}', 'There is no helper "whenever".'],
    ['nested helper', '{{shout (pear title title)}}', 'There is no helper "pear".'],
    ['helper in a block argument', '{{#if (not title)}}{{/if}}', 'There is no helper "not".'],
    ['helper in a branch not taken', '{{#if nothing}}{{shoot title}}{{/if}}', 'There is no helper "shoot".'],
    ['implied block', '{{#list}}{{/list}}', 'There is no helper "list".'],
    ['lookup', '{{lookup row "name"}}', 'There is no helper "lookup".'],
    ['log', '{{log title}}', 'There is no helper "log".'],
    ['partial', '{{> crad}}', 'There is no partial "crad".'],
    ['layout', '{{#> crad}}{{/crad}}', 'There is no partial "crad".'],
    ['partial by expression', '{{> (shout title)}}', 'The name of a partial must be written out.'],
    ['triple brace', '{{{title}}}', 'A triple brace or & prints data without escaping it.'],
    ['ampersand', '{{&title}}', 'A triple brace or & prints data without escaping it.'],
    ['triple brace on a helper', '{{{shout title}}}', 'A triple brace or & prints data without escaping it.'],
    ['comment', '<p>a</p><!-- b -->', forgery],
    ['tag that data would name', '<{{title}} a="b">', forgery],
    ['trace', '<p data-at="templates/_shared/partials/page.hbs:1">a</p>', forgery],
  ])('%s', (_, line, problem) => {
    expect(faultOf(line, { card: '' })).toEqual(here(problem));
  });

  test.each([
    ['{{#if title}}', 2, 'A block or an expression is open at the end of the file.'],
    ['{{#if title}}{{#each a}}\n{{/if}}', 2, 'The block "each" ends with {{/if}}.'],
    ['<p>\n{{shout "a}} b</p>', 3, 'The template has a mistake near "first<p>{{shout "a}} b</p>".'],
    ['<p>{{/if}}', 2, 'The template has a mistake near "first<p>{{/if}}".'],
  ])('a template that cannot be parsed: %j', (text, line, problem) => {
    expect(faultOf(text)).toEqual(['templates/x/brief.hbs', line, problem]);
  });

  test('all faults at once, over all files', () => {
    const faults = faultsOf('{{shoot title}} {{{title}}} {{> crad}}', {
      card: '{{#nope}}{{/nope}}',
      other: '{{',
    });
    expect(faults.map(({ file, problem }) => `${file?.split('/').at(-1)} ${problem}`)).toEqual([
      'card.hbs There is no helper "nope".',
      'other.hbs A block or an expression is open at the end of the file.',
      'brief.hbs There is no helper "shoot".',
      'brief.hbs A triple brace or & prints data without escaping it.',
      'brief.hbs There is no partial "crad".',
    ]);
  });
});

describe('data cannot break out', () => {
  test.each([
    'constructor',
    '__proto__',
    'toString',
    'row.constructor',
    'list.length.constructor',
    'title.trim',
  ])('no property of a prototype is accessible: %s', (name) => {
    expect(faultOf(`{{${name}}}`)).toEqual(unknown(name));
    expect(faultOf(`{{shout ${name}}}`)).toEqual(unknown(name));
  });

  test('markup in data is text', () => {
    const hostile = `</p><script>alert("1")</script><img src=x onerror='y'>{{title}}&`;
    const template = compileTemplate({
      template: { file: 'brief.hbs', text: '<p title="{{title}}">{{title}} {{shout title}}</p>' },
      partials: {},
      helpers,
    });
    const page = strip(template({ title: hostile }));
    const escaped =
      '&lt;/p&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&lt;img src&#x3D;x onerror&#x3D;&#x27;y&#x27;&gt;{{title}}&amp;';
    expect(page.startsWith(`<p title="${escaped}">${escaped} &lt;/P&gt;&lt;SCRIPT&gt;`)).toBe(true);
    expect(page.match(/<[a-z/]+/gi)).toEqual(['<p', '</p']);
  });
});

describe('a rendering that takes too much stops itself', () => {
  /** As `render`, over a thousand rows and a text of many characters. */
  const renderMany = (line: string, partials: { readonly [name: string]: string } = {}) => {
    const file = (name: string) => `templates/_shared/partials/${name}.hbs`;
    return compileTemplate({
      template: { file: 'templates/x/brief.hbs', text: `first\n${line}` },
      partials: Object.fromEntries(
        Object.entries(partials).map(([name, text]) => [name, { file: file(name), text }]),
      ),
      helpers: { ...helpers, many: () => '' },
    });
  };
  const rows = Array.from({ length: 1000 }, (_, n) => ({ n }));
  const keys = Object.fromEntries(rows.map(({ n }) => [`k${n}`, n]));
  const given = { rows, keys, text: 'x'.repeat(100_000) };
  const stopped = (...args: Parameters<typeof renderMany>): readonly Fault[] => {
    try {
      return [{ problem: `${renderMany(...args)(given).length} characters`, hint: '' }];
    } catch (error) {
      if (error instanceof AppError && error.code === 'template-invalid') return error.faults;
      throw error;
    }
  };
  const rounds = {
    file: 'templates/x/brief.hbs',
    problem: 'The page needs more than 200,000 rounds of loops, partials and lists.',
    hint: 'Select fewer rows, or join them in SQL instead of in nested loops.',
  };
  /** Each layout holds its block twice: thirty of them hold it a thousand million times. */
  const layouts = Object.fromEntries(
    Array.from({ length: 30 }, (_, n) => [
      `p${n}`,
      n === 29
        ? '{{> @partial-block}}'
        : `{{#> p${n + 1}}}{{> @partial-block}}{{> @partial-block}}{{/p${n + 1}}}`,
    ]),
  );
  const doubled = Object.fromEntries(
    Array.from({ length: 30 }, (_, n) => [`p${n}`, n === 29 ? '-' : `{{> p${n + 1}}}{{> p${n + 1}}}`]),
  );

  test.each([
    ['loops', '{{#each rows}}{{#each @root.rows}}{{#each @root.rows}}{{/each}}{{/each}}{{/each}}'],
    ['loops over fields', '{{#each keys}}{{#each @root.keys}}{{/each}}{{/each}}'],
    ['lists for a helper', '{{#each rows}}{{many @root.rows}}{{/each}}'],
  ])('%s', (_, line) => {
    expect(stopped(line)).toEqual([{ ...rounds, line: 2 }]);
  });

  test.each([
    ['partials', doubled, '{{> p0}}'],
    ['layouts', layouts, '{{#> p0}}-{{/p0}}'],
  ])('%s within one another', (_, partials, line) => {
    expect(stopped(line, partials)).toEqual([rounds]);
  });

  test.each([
    ['in a loop', '{{#each rows}}{{@root.text}}{{/each}}', 2],
    ['one by one', '{{text}}'.repeat(201), undefined],
  ])('a page that grows %s', (_, line, at) => {
    expect(stopped(line)).toEqual([
      {
        file: 'templates/x/brief.hbs',
        ...(at === undefined ? {} : { line: at }),
        problem: 'The page is longer than 20,000,000 characters.',
        hint: 'Select fewer rows, or print less of each.',
      },
    ]);
  });

  test('and the next one starts anew', () => {
    const template = renderMany('{{#each rows}}{{many @root.list}}{{/each}}');
    const list = rows.slice(0, 150);
    expect(() => template({ ...given, list })).not.toThrow();
    expect(() => template({ ...given, list })).not.toThrow();
    expect(() => template({ ...given, list: rows })).toThrow(/200,000 rounds/);
    expect(template({ ...given, list })).toBe('first\n');
  });
});

describe('a helper that fails says where it was called', () => {
  test('with faults of its own', () => {
    expect(faultOf('{{#each list}}\n{{cited "F99"}}{{/each}}')).toEqual([
      'templates/x/brief.hbs',
      3,
      'No row "F99".',
    ]);
    const inCard = '(In templates/_shared/partials/card.hbs, line 1.)';
    expect(faultsOf('{{> card}}', { card: '{{cited name}}' }).map(({ problem }) => problem)).toEqual([
      `Nothing is named "name" here. ${inCard}`,
      `No row "F99". ${inCard}`,
    ]);
    expect(faultOf('{{> card row}}', { card: '{{cited name}}' })).toEqual([
      'templates/x/brief.hbs',
      2,
      `No row "F99". ${inCard}`,
    ]);
  });

  test('with a value that it cannot take', () => {
    expect(faultOf('{{parsed title}}')).toEqual(
      here('The arguments of "parsed" are invalid: expected string, received number.'),
    );
  });
});

describe('a name that is not known', () => {
  const mendOf = (...given: Parameters<typeof render>) => faultsOf(...given)[0]?.hint;
  test.each([
    ['{{tilte}}', 'Did you mean "title"?'],
    ['{{shout tilte}}', 'Did you mean "title"?'],
    ['{{#each list}}{{shout nmae}}{{/each}}', 'Did you mean "name"?'],
    ['{{row.inner.dep}}', 'Did you mean "deep"?'],
    ['{{#with row}}{{@root.tilte}}{{/with}}', 'Did you mean "title"?'],
    ['{{#with row.inner}}{{qqq}}{{/with}}', 'There are "deep".'],
  ])('%s: names what is like it, or what there is', (template, says) => {
    expect(mendOf(template)).toContain(says);
  });
});

test('a column may have the name of a helper', () => {
  const page = compileTemplate({
    template: { file: 'a.hbs', text: '{{#each rows}}{{shout}} {{shout shout}}{{/each}}' },
    partials: {},
    helpers,
  });
  expect(page({ rows: [{ shout: 'b' }] })).toBe('b B');
});

test('a fault in a partial is reported where the template calls it, and names the partial', () => {
  expect(faultOf('{{> chart}}', { chart: '<p>{{missing}}</p>' })).toEqual([
    'templates/x/brief.hbs',
    2,
    'Nothing is named "missing" here. (In templates/_shared/partials/chart.hbs, line 1.)',
  ]);
});
