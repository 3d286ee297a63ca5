import { relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { AppError, describeFault, groupFaults, withDocs } from '../src/errors.ts';

const unknownKind = (row: number, kind: string) => ({
  file: 'data/x/sources.csv',
  row,
  field: 'kind',
  problem: `"${kind}" is not allowed.`,
  hint: 'Use one of: report, video.',
});

test('groups one problem of one column, with the first row, a count and examples', () => {
  const faults = ['media', 'media', 'press', 'tv', 'radio'].map((kind, index) =>
    unknownKind(index + 2, kind),
  );
  const [fault, ...others] = groupFaults(faults);
  expect(others).toEqual([]);
  expect(fault).toEqual({
    ...unknownKind(2, 'media'),
    count: 5,
    also: ['row 3', 'row 4 "press"', 'row 5 "tv"'],
  });
  expect(fault && describeFault(fault)).toBe(
    'data/x/sources.csv, row 2, field kind: "media" is not allowed. (5 times: also row 3, row 4 "press", row 5 "tv") Use one of: report, video.',
  );
});

test('leaves apart what differs in place or problem', () => {
  const faults = [
    unknownKind(2, 'media'),
    { ...unknownKind(2, 'media'), field: 'name' },
    { ...unknownKind(3, 'media'), problem: 'is empty.' },
    { file: 'brief.hbs', line: 4, problem: 'Nothing is named "a" here.', hint: 'Correct it.' },
    { file: 'brief.hbs', line: 5, problem: 'Nothing is named "a" here.', hint: 'Correct it.' },
    { file: 'brief.yaml', problem: 'There is no query "a".', hint: 'Correct it.' },
    { file: 'brief.yaml', problem: 'There is no query "b".', hint: 'Correct it.' },
  ];
  expect(groupFaults(faults)).toEqual(faults);
});

test('groups what a loop prints from one line, and adds counts up where faults are collected again', () => {
  const said = ['a', 'b'].map((each) => ({
    file: 'brief.hbs',
    line: 4,
    rule: 'cites-a-row',
    problem: `A paragraph cites no row: "${each}".`,
    hint: '',
  }));
  expect(groupFaults(said)).toHaveLength(2);
  const held = () => new AppError('edition-held', groupFaults(said, { inLoops: true }));
  const { faults, message } = new AppError('edition-held', [...held().faults, ...held().faults]);
  expect(faults).toHaveLength(1);
  expect(faults[0]?.count).toBe(4);
  expect(message).toBe('brief.hbs, line 4: A paragraph cites no row: "a". (cites-a-row, 4 times: also "b")');
});

test('our docs are named by a path that can be opened', () => {
  const docs = resolve('docs');
  const text = 'See docs/data.md, and data/docs/data.md.';
  expect(withDocs(text)).toBe(text);
  expect(withDocs(text, resolve('..'))).toBe(
    `See ${relative(resolve('..'), docs)}/data.md, and data/docs/data.md.`,
  );
  expect(withDocs(text, resolve('test'))).toBe(`See ${docs}/data.md, and data/docs/data.md.`);
  expect(describeFault({ problem: 'a', hint: 'See docs/data.md.' })).toBe('a See docs/data.md.');
});
