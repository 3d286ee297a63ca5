import { describe, expect, test } from 'vitest';
import { traceElements, withoutTraces } from '../../src/render/template/trace.ts';
import { parseHtml, textOf } from '../../src/rules/html.ts';
import { unitsOf } from '../../src/rules/units.ts';

const problemsOf = (html: string): string[] => parseHtml(html).errors.map(({ problem }) => problem);

test('reads elements, attributes, entities and raw text', () => {
  const { root, elements, errors } = parseHtml(
    `<!doctype html><style>a>b{}</style><p class="x" title='a > b' hidden>a &amp; b &#x27;c&#39; &eacute;&hellip;<br>d</p>`,
  );
  expect(errors).toEqual([]);
  expect(elements.map(({ name }) => name)).toEqual(['html', 'head', 'style', 'body', 'p', 'br']);
  expect(elements[4]?.attributes).toEqual({ class: 'x', title: 'a > b', hidden: '' });
  expect(textOf(root)).toBe("a & b 'c' é…d");
});

describe('what a browser would put in order is reported', () => {
  test.each([
    ['<div>a', ['<div> is not closed inside its parent element.']],
    [
      'a</p>',
      ['</p> has no open element to close: a block inside the paragraph, such as <ul>, has ended it.'],
    ],
    [
      '<b><i>a</b></i>',
      ['<i> is not closed inside its parent element.', '</i> has no open element to close.'],
    ],
    [
      '<p><div></div></p>',
      ['</p> has no open element to close: a block inside the paragraph, such as <ul>, has ended it.'],
    ],
    ['<b><p>x</b>y</p>', ['<b> is not closed inside its parent element.']],
    ['<table>x<tr><td>y</table>', ['<table> contains text or elements that HTML does not allow there.']],
    [
      '<div/>',
      [
        'HTML does not allow "<div/>": non void html element start tag with trailing solidus.',
        '<div> is not closed inside its parent element.',
      ],
    ],
    ['<p>&nosuch; x</p>', ['HTML does not allow "&nosuch;": unknown named character reference.']],
  ])('%s', (html, problems) => {
    expect(problemsOf(html)).toEqual(problems);
  });

  test('at the line of the template that wrote it', () => {
    const { errors } = parseHtml('<main data-at="a.hbs:3"><p data-at="a.hbs:4">&nosuch; x</p></main></b>');
    expect(errors.map(({ file, line }) => [file, line])).toEqual([
      ['a.hbs', 4],
      ['a.hbs', 4],
    ]);
  });

  test.each([
    '<p>a<br>b<img src="#"></p><svg><path d="M0"/><g/></svg>',
    '<ul><li>a<li>b</ul><p>a<p>b<table><tr><td>c<td>d</table>',
    '<table><!--say F1--><tr><td>c</td></tr><!--end--></table>',
  ])('but not what is right: %s', (html) => {
    expect(problemsOf(html)).toEqual([]);
  });
});

test('traces tell who wrote what, and are taken out', () => {
  const original = '<section>\n<p>{{x}}</p>';
  const traced = `${traceElements(original, { original, file: 'a.hbs', line: 3 }).replace('{{x}}', '<!--say F1-->b <i>c</i><!--end--><!--cite F1 F2-->')}<!--of b.hbs-->d<!--end--></section>`;
  const tree = parseHtml(`<style></style>${traced}`);
  const [section, paragraph] = tree.elements.slice(4);
  expect([section?.file, section?.line, paragraph?.line]).toEqual(['a.hbs', 3, 4]);
  const units = unitsOf(tree);
  expect(units.map(({ text, cites, isLoose }) => [text, [...cites], isLoose])).toEqual([
    ['d', [], true],
    ['b c', ['F1', 'F2'], false],
  ]);
  expect(units[1]?.texts.map(({ text, says }) => [text, says])).toEqual([
    ['b ', ['F1']],
    ['c', ['F1']],
  ]);
  expect(units[0]?.texts.find(({ text }) => text === 'd')?.file).toBe('b.hbs');
  expect(withoutTraces(`<style></style>${traced}`)).toBe(
    '<style></style><section>\n<p>b <i>c</i></p>d</section>',
  );
});
