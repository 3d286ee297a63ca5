import { expect, test } from 'vitest';
import {
  auditCursor,
  deliveryCursor,
  editionCursor,
  readCursor,
  writeCursor,
} from '../../src/editions/visibility.ts';

test('a cursor says where a list goes on', () => {
  expect(readCursor(editionCursor, writeCursor(['2021-08-22', '2', 'weekly/2021-08-22-r2']))).toEqual({
    asOf: '2021-08-22',
    revision: 2,
    id: 'weekly/2021-08-22-r2',
  });
  expect(
    readCursor(deliveryCursor, writeCursor(['2021-08-22T00:00:00.000Z', 'weekly/2021-08-22', 'abc'])),
  ).toMatchObject({ createdAt: new Date('2021-08-22T00:00:00Z'), id: 'abc' });
  expect(readCursor(auditCursor, writeCursor(['17']))).toBe(17);
  expect(readCursor(editionCursor, undefined)).toBeUndefined();
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
  expect(() => readCursor(editionCursor, text)).toThrow('is not the \\"next\\" of a list');
  expect(() => readCursor(deliveryCursor, text)).toThrow('is not the \\"next\\" of a list');
  expect(() => readCursor(auditCursor, text)).toThrow('is not the \\"next\\" of a list');
});
