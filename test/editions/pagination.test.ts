import { expect, test } from 'vitest';
import {
  readDeliveryCursor,
  readEditionCursor,
  readNumber,
  writeCursor,
} from '../../src/editions/visibility.ts';

test('a cursor says where a list goes on', () => {
  expect(readEditionCursor(writeCursor(['2021-08-22', '2', 'weekly/2021-08-22-r2']))).toEqual({
    asOf: '2021-08-22',
    revision: 2,
    id: 'weekly/2021-08-22-r2',
  });
  expect(
    readDeliveryCursor(writeCursor(['2021-08-22T00:00:00.000Z', 'weekly/2021-08-22', 'abc'])),
  ).toMatchObject({ createdAt: new Date('2021-08-22T00:00:00Z'), id: 'abc' });
  expect(readNumber(writeCursor(['17']))).toBe(17);
  expect(readEditionCursor(undefined)).toBeUndefined();
});

test.each([
  '',
  'nonsense',
  '%00',
  writeCursor(['one']),
  writeCursor(['2021-08-22', 'x', 'weekly/2021-08-22', 'y']),
  writeCursor(['\0', 'x']),
  Buffer.from('{}').toString('base64url'),
])('one that was made up is refused: %j', (text) => {
  expect(() => readEditionCursor(text)).toThrow('is not the \\"next\\" of a list');
  expect(() => readDeliveryCursor(text)).toThrow('is not the \\"next\\" of a list');
  expect(() => readNumber(text)).toThrow('is not the \\"next\\" of a list');
});
