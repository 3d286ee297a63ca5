import { expect, test } from 'vitest';
import { noTables } from '../../src/dataset/schema.ts';
import { AppError } from '../../src/errors.ts';
import { openLocale } from '../../src/locale.ts';
import { Evidence } from '../../src/render/citations.ts';
import { pageHelpers } from '../../src/render/template/helpers.ts';
import { rowsAsPrinted } from '../../src/render/template/row-value.ts';
import { compileTemplate } from '../../src/render/template/template.ts';
import type { Put } from '../../src/render/template/trace.ts';

const locale = openLocale(
  'en-GB',
  `
page:
  of: '{day} of <b>{name}</b>'
  level: '{level, select, high {high} other {low}} confidence'
  counted: '{count, plural, one {# row} other {# rows}} from {name}'
  foot: '{page}/{pages} · {day}'
  plain: Words
dates:
  day: '{day} {month} {year}'
  short_months: Jan
`,
);
const helpers = pageHelpers(new Evidence(noTables, {}, { locale }));
const [row] = rowsAsPrinted([{ level: 'high', text: 'A & B' }], () => ({
  from: 'query',
  own: 'F1',
  ids: ['F1'],
}));
const context = { day: '<1>', name: 'x', nothing: null, count: 1, row };

function render(line: string, onPut?: (put: Put) => string): string {
  const template = { file: 'templates/x/brief.hbs', text: `first\n${line}` };
  const partials = { part: { file: 'templates/_shared/partials/part.hbs', text: '{{t "page.none"}}' } };
  return compileTemplate({ template, partials, helpers, ...(onPut && { onPut }) })(context).slice(6);
}

test.each([
  ['{{t "page.plain"}}', 'Words'],
  ['{{t "page.of" day=day name=name}}', '&lt;1&gt; of <b>x</b>'],
  ['{{t "page.of" day="1" name=(t "page.plain")}}', '1 of <b>Words</b>'],
  ['{{t "page.counted" count=count name="a & b"}}', '1 row from a &amp; b'],
  // A row's value leaves its trace, whether it is printed or chooses between words.
  ['{{t "page.of" day="1" name=row.text}}', '1 of <b><!--row query F1 F1-->A &amp; B<!--end--></b>'],
  ['{{t "page.level" level=row.level}}', '<!--row query F1 F1-->high confidence<!--end-->'],
  ["{{css-t 'page.foot' day='5\"'}}", String.raw`counter(page) "\2f " counter(pages) " \b7  5\22 "`],
])('%s prints words of the locale', (line, printed) => {
  expect(render(line)).toBe(printed);
});

test.each([
  ['{{t "page.none"}}', 'locales/en-GB.yaml has no message "page.none".'],
  ['{{t "page.of" day=day}}', 'The message "page.of" gets no value for name.'],
  ['{{t "page.of" day=day name=nothing}}', 'The message "page.of" gets no value for name.'],
  ['{{css-t "page.of"}}', 'The message "page.of" gets no value for day, name.'],
  [
    '{{> part}}',
    'locales/en-GB.yaml has no message "page.none". (In templates/_shared/partials/part.hbs, line 1.)',
  ],
])('%s is a fault with its file and line', (line, problem) => {
  const faults: unknown[] = [];
  try {
    render(line);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    faults.push(
      ...error.faults.map(({ file, line: at, problem: said }) => ({ file, line: at, problem: said })),
    );
  }
  expect(faults).toEqual([{ file: 'templates/x/brief.hbs', line: 2, problem }]);
});

test('a fault in a block that no page renders is found before rendering', () => {
  const text =
    '{{#if nothing}}{{t "page.none"}}\n{{t "page.of" day=(t "page.foot" day=1)}}{{css-t "page.foot"}}{{/if}}';
  const compile = () =>
    compileTemplate({ template: { file: 'brief.hbs', text }, partials: {}, helpers, locale });
  const faults: unknown[] = [];
  try {
    compile();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    faults.push(...error.faults.map(({ line, problem }) => `${line}: ${problem}`));
  }
  expect(faults).toEqual([
    '1: locales/en-GB.yaml has no message "page.none".',
    '2: The message "page.of" gets no value for name.',
    '2: The message "page.foot" gets no value for page, pages.',
    '2: The message "page.foot" gets no value for day.',
  ]);
});

test('each value in a message is explained by its own expression', () => {
  const puts: Put[] = [];
  const page = render('{{t "page.of" day=(short-day "2001-01-05") name=row.text}}', (put) => {
    puts.push(put);
    return `[${put.expression}|`;
  });
  expect(page.replaceAll(/<!--(?:end|row[^>]*)-->/g, ']')).toContain('[row.text|');
  expect(puts.map(({ expression }) => expression)).toEqual([
    // Handlebars reads the last value first.
    'row.text',
    'short-day "2001-01-05"',
    't "page.of" day=(short-day "2001-01-05") name=row.text',
  ]);
});
