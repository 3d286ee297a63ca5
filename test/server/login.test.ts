import { expect, test } from 'vitest';
import { ownPath } from '../../src/server/auth.ts';

test.each([
  ['/', '/'],
  ['/editions/weekly/2021-08-22?a=b#c', '/editions/weekly/2021-08-22?a=b#c'],
  ['//evil.example', '/'],
  ['/\\evil.example', '/'],
  ['https://evil.example', '/'],
  ['javascript:alert(1)', '/'],
  ['/a\nb', '/'],
  ['', '/'],
])('after the login %j leads to %j: never to another server', (next, path) => {
  expect(ownPath(next)).toBe(path);
});
