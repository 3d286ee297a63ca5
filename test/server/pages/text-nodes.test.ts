import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { proseIn } from '../../support/prose.ts';

const web = join(import.meta.dirname, '../../../web');

test('no web page has words of its own', async () => {
  const files = (await readdir(web, { recursive: true })).filter((name) => name.endsWith('.hbs'));
  expect(files).toHaveLength(22);
  const found = await Promise.all(
    files.map(async (name) =>
      proseIn(await readFile(join(web, name), 'utf8')).map((prose) => `${name}: ${prose}`),
    ),
  );
  expect(found.flat()).toEqual([]);
});

test.each([
  ['text', '<h1>{{title}} of the week</h1>', ['· of the week']],
  ['a branch', '{{#if a}}<p>{{b}}</p>{{else}}<p>none yet</p>{{/if}}', ['none yet']],
  ['a heading of a column', '<table><tr><th scope="col">State</th></tr></table>', ['State']],
  ['the label of a cell', '<table><tr><td data-label="State">{{a}}</td></tr></table>', ['State']],
  ['a picture', '<img src="a.png" alt="First page">', ['First page']],
  ['none', '<p class="quiet" id="a-{{b}}">{{t "web.none"}} · {{c}}{{! a comment }}</p>', []],
])('finds the words in %s', (_, template, words) => {
  expect(proseIn(template)).toEqual(words);
});
