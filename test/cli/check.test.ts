import { expect, test } from 'vitest';
import { reportOf } from '../../src/cli/check.ts';
import type { Fault } from '../../src/errors.ts';

const counts = '1 dataset, 2 briefs and 3 editions';
const empty = (row: number, field: string): Fault => ({
  file: 'data/x/places.csv',
  row,
  field,
  problem: 'is empty.',
  hint: 'Fill it in.',
});
const uncited = (file: string, line: number): Fault => ({
  file,
  line,
  rule: 'cites-a-row',
  problem: `A paragraph cites no row: "${file} ${line}".`,
  hint: 'Cite.',
});
const none = { errors: [], warnings: [] };

test('faults of one cause are one line with the first place and a count, errors before warnings', () => {
  const rows = Array.from({ length: 6041 }, (_, index) => index + 2);
  const found = [
    { subject: 'data/x', ...none, errors: [...rows.map((row) => empty(row, 'a')), empty(9, 'b')] },
    { subject: 'weekly', ...none, warnings: [uncited('templates/weekly/brief.hbs', 4)] },
    { subject: 'daily', errors: [uncited('templates/daily/brief.hbs', 5)], warnings: [] },
    { subject: 'monthly', ...none },
  ];
  expect(reportOf(found, { all: false, counts })).toEqual([
    'error: data/x/places.csv, row 2, field a: is empty. (6,041 times: also data/x/places.csv, row 3, data/x/places.csv, row 4, data/x/places.csv, row 5) Fill it in.',
    'error: data/x/places.csv, row 9, field b: is empty. Fill it in.',
    expect.stringMatching(/^error: templates\/daily\/brief\.hbs, line 5: .*\(cites-a-row\) Cite\.$/),
    expect.stringMatching(/^warning: templates\/weekly\/brief\.hbs, line 4: /),
    `Errors in ${counts}: data/x 6,042 errors; daily 1 error; weekly 1 warning.`,
  ]);
  expect(reportOf(found, { all: true, counts })).toHaveLength(6042 + 3);
});

test('a rule that is broken in several places is one cause, whatever it quotes', () => {
  const errors = ['a', 'b', 'c'].map((brief, line) => uncited(`templates/${brief}/brief.hbs`, line));
  const [line] = reportOf([{ subject: 'a', errors, warnings: [] }], { all: false, counts });
  expect(line).toContain(
    'cites-a-row, 3 times: also templates/b/brief.hbs, line 1, templates/c/brief.hbs, line 2)',
  );
});

test('what is beyond a screen is counted, and the whole of it is never more than 24 lines', () => {
  const errors = Array.from({ length: 60 }, (_, index): Fault => ({
    file: 'templates/x/brief.yaml',
    problem: `${'no such key '.repeat(index)}.`,
    hint: '',
  }));
  const subjects = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((subject) => ({ subject, errors, warnings: [] }));
  const lines = reportOf(subjects, { all: false, counts });
  expect(lines.at(-2)).toMatch(/^\d+ more causes: sitrep check --all$/);
  expect(lines.at(-1)).toBe(
    `Errors in ${counts}: a 60 errors; b 60 errors; c 60 errors; d 60 errors; e 60 errors; 2 more.`,
  );
  expect(lines.reduce((sum, line) => sum + Math.ceil(line.length / 80), 0)).toBeLessThanOrEqual(24);
});

test('no fault at all is one line', () => {
  expect(reportOf([{ subject: 'a', ...none }], { all: false, counts })).toEqual([`No faults in ${counts}.`]);
});
