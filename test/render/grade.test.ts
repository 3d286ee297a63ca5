import { expect, test } from 'vitest';
import { eachRow } from '../../src/dataset/references.ts';
import { gradeOf } from '../../src/render/row-details.ts';
import { loadTestDataset } from '../support/dataset.ts';

const { tables } = await loadTestDataset('base');
const [event] = eachRow(tables).flatMap((entry) => (entry.table === 'events' ? [entry] : []));
if (event === undefined) throw new Error('The test dataset has no event.');

test.each([
  ['the weakest of three links', ['B', 'B', 'C'], '2', 'C2'],
  ['the weakest, wherever it stands', ['E', 'A'], '1', 'E1'],
  ['F if one link cannot be judged', ['F', 'B', 'C'], '6', 'F6'],
  ['F, even if another is unreliable', ['E', 'F'], '5', 'F5'],
  ['that of the carrier if nobody graded the source', [null, 'C'], '3', 'C3'],
  ['the number alone if nobody graded any link', [null, null], '3', '3'],
  ['the letter alone, which nobody reads as C minus, if nobody graded the item', ['B', 'C'], null, 'C'],
  ['nothing if nobody graded anything', [null], null, null],
] as const)('a grade is %s', (_, chain, credibility, grade) => {
  const entry = { ...event, row: { ...event.row, credibility } };
  expect(
    gradeOf(
      entry,
      chain.map((reliability) => ({ reliability })),
    ),
  ).toBe(grade);
});
