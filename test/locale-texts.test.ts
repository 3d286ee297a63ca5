import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import Handlebars from 'handlebars';
import { describe, expect, test } from 'vitest';
import { decisions } from '../src/editions/approvals.ts';
import { transitionNames } from '../src/editions/transitions.ts';
import { auditRecord } from '../src/ledger/principal.ts';
import {
  approvalRecord,
  deliveryStates,
  editionRecord,
  editionStates,
  runRecord,
} from '../src/ledger/records.ts';
import { openLocale } from '../src/locale.ts';
import { channels } from '../src/project/target.ts';
import { steps } from '../src/render/edition.ts';
import { locale } from './support/locale.ts';
import { proseIn } from './support/prose.ts';

const root = join(import.meta.dirname, '..');
const partials = join(root, 'templates/_shared/partials');

test('no shared partial has words of its own', async () => {
  const files = (await readdir(partials)).filter((name) => name.endsWith('.hbs'));
  expect(files.length).toBeGreaterThan(15);
  const found = await Promise.all(
    files.map(async (name) =>
      proseIn(await readFile(join(partials, name), 'utf8')).map((prose) => `${name}: ${prose}`),
    ),
  );
  expect(found.flat()).toEqual([]);
});

test.each([
  ['text', '<p>{{t "page.as_of" day=day}} or so</p>', ['· or so']],
  ['text in a block', '{{#if a}}<p>Yes</p>{{else}}<p>No</p>{{/if}}', ['Yes', 'No']],
  ['text of a table', '<table><tr><td>{{a}}</td><th>No.</th></tr></table>', ['No.']],
  [
    'an attribute that is read out',
    '<section aria-label="Method" class="method">{{a}}</section>',
    ['Method'],
  ],
  [
    'the content of a margin',
    '<style>@page { @top-left { content: "Page " counter(page); } }</style>',
    ['"Page "'],
  ],
  ['none', '<p class="nothing" id="a-{{a}}">{{a}} · {{b}}: 12 — {{! a comment }}</p>', []],
])('finds the words in %s', (_, template, words) => {
  expect(proseIn(template)).toEqual(words);
});

/** Keys that code puts together, such as `web.state.` and the state of an edition. */
const keysFor = (group: string, ids: readonly string[]): string[] =>
  ids.map((id) => `${group}${id.replaceAll(/[- ]/g, '_')}`);
const audited = [...decisions, ...transitionNames, 'backfill', 'prune', 'reissue', 'request', 'resend'];
const computed: readonly string[] = [
  ...keysFor('web.state.', [...new Set([...editionStates, ...deliveryStates])]),
  ...keysFor('web.state.', ['incomplete', 'unreadable', 'unsent']),
  ...keysFor('web.tally.', [...editionStates, 'incomplete']),
  ...keysFor('web.edition.says.', editionStates),
  ...keysFor('web.edition.outcomes.', runRecord.shape.outcome.options),
  ...keysFor('web.edition.step.', steps),
  ...keysFor('web.edition.fact.origin_', editionRecord.shape.origin.options),
  ...keysFor('web.edition.fact.', approvalRecord.shape.decision.options),
  ...keysFor('web.edition.change.', ['new', 'revised', 'withdrawn']),
  ...keysFor('web.edition.changes_count.', ['new', 'revised', 'withdrawn']),
  ...keysFor('web.action.', transitionNames),
  ...keysFor('web.action.', ['cancel_deliveries', 'hold_deliveries', 'release_deliveries']),
  ...keysFor('web.channel.', channels),
  ...keysFor('web.login.refused.', ['token', 'link']),
  ...keysFor('web.preview.', ['faults', 'warnings']),
  ...keysFor('web.record.outcomes.', auditRecord.shape.outcome.options),
  ...keysFor('web.record.changes.', [...audited, 'token add', 'token revoke']),
  ...keysFor('mail.subject.', ['edition', 'notice', 'alert']),
];

/**
 * The keys that files use, in quotes: `t "key"` and `css-t "key"` in templates, and any string in code that has the form
 * of a key and does not name a file.
 */
const groups = [...new Set(locale.keys.map((key) => key.split('.')[0]))];
const keyPattern = new RegExp(`(["'\`])((?:${groups.join('|')})(?:\\.[a-z][a-z0-9_]*)+)\\1`, 'g');
const keysIn = (text: string): string[] =>
  [...text.matchAll(keyPattern)].flatMap(([, , key = '']) => (/\.(?:css|hbs)$/.test(key) ? [] : [key]));

interface Used {
  readonly key: string;
  readonly file: string;
}

async function filesIn(folder: string): Promise<{ file: string; text: string }[]> {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile() && /\.(?:ts|hbs|html|js|sql)$/.test(entry.name));
  return Promise.all(
    names.map(async ({ parentPath, name }) => {
      const path = join(parentPath, name);
      return { file: relative(root, path), text: await readFile(path, 'utf8') };
    }),
  );
}

function compared(used: readonly Used[], keys: readonly string[]): { missing: string[]; unused: string[] } {
  const known = new Set(keys);
  const found = new Set(used.map(({ key }) => key));
  return {
    missing: used.filter(({ key }) => !known.has(key)).map(({ key, file }) => `${file}: ${key}`),
    unused: keys.filter((key) => !found.has(key)),
  };
}

describe('the keys of the locale', () => {
  test('are all used, and every key that is used is there', async () => {
    const folders = ['templates/_shared', 'web', 'src'];
    const files = (await Promise.all(folders.map(filesIn))).flat();
    const used = files.flatMap(({ file, text }) => keysIn(text).map((key) => ({ key, file })));
    expect(used.length).toBeGreaterThan(100);
    used.push(...computed.map((key) => ({ key, file: 'computed' })));
    expect(compared(used, locale.keys)).toEqual({ missing: [], unused: [] });
  });

  test('a missing key and an unused one are found', () => {
    const used = keysIn(
      '{{t "page.a" b="page.not.This"}} text(\'page.b\') html(`page.c`) "page.hbs.x y" "page.css"',
    );
    expect(used).toEqual(['page.a', 'page.b', 'page.c']);
    expect(compared([{ key: 'page.a', file: 'x.hbs' }], ['page.b'])).toEqual({
      missing: ['x.hbs: page.a'],
      unused: ['page.b'],
    });
  });

  test('a message gets the values that it needs in every shared partial', async () => {
    const calls = (await filesIn('templates/_shared')).flatMap(({ file, text }) => callsIn(text, file));
    expect(calls.length).toBeGreaterThan(60);
    expect(calls.filter((call) => !isComplete(call, locale))).toEqual([]);
    const other = openLocale('en-GB', 'page:\n  a: "{x} of {y}"');
    expect(
      callsIn('{{t "page.a" x=1}}{{t "page.a" y=(t "page.a" x=1 y=2) x=3}}', 'x').map((call) =>
        isComplete(call, other),
      ),
    ).toEqual([false, true, true]);
  });
});

interface Call {
  readonly file: string;
  readonly key: string;
  readonly values: readonly string[];
}

/** The messages that a template prints, with the names of their values. */
function callsIn(template: string, file: string): Call[] {
  const calls: Call[] = [];
  const read = ({ path, params, hash }: hbs.AST.MustacheStatement | hbs.AST.SubExpression): void => {
    if (!('original' in path) || (path.original !== 't' && path.original !== 'css-t')) return;
    const [key] = params;
    const pairs = (hash as hbs.AST.Hash | undefined)?.pairs ?? [];
    calls.push({
      file,
      key: key !== undefined && 'value' in key ? String(key.value) : '',
      values: [...pairs.map((pair) => pair.key), ...(path.original === 'css-t' ? ['page', 'pages'] : [])],
    });
  };
  class Messages extends Handlebars.Visitor {
    override MustacheStatement(statement: hbs.AST.MustacheStatement): void {
      read(statement);
      super.MustacheStatement(statement);
    }

    override SubExpression(expression: hbs.AST.SubExpression): void {
      read(expression);
      super.SubExpression(expression);
    }
  }
  new Messages().accept(Handlebars.parse(template));
  return calls;
}

const isComplete = ({ key, values }: Call, { valuesOf }: typeof locale): boolean =>
  valuesOf(key).names.every((name) => values.includes(name));
