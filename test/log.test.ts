import { expect, test } from 'vitest';
import { redactAddress, redactText } from '../src/log.ts';

test.each([
  ['ana.lyst@example.org', 'a…@example.org'],
  ['a@example.org', 'a…@example.org'],
  ['"a@b"@example.org', '"…@example.org'],
  ['nobody', '…'],
  ['@example.org', '…'],
])('%s shows as %s', (address, shown) => {
  expect(redactAddress(address)).toBe(shown);
});

test.each([
  ['550 <ana.lyst@example.org>: unknown', '550 <a…@example.org>: unknown'],
  ['550 no ana.lyst+x@mail.example.org, nor bo@x.org.', '550 no a…@mail.example.org, nor b…@x.org.'],
  ['two\r\nlines\u0000 and\ttabs', 'two lines and tabs'],
  ['no mailbox ana.lyst here', 'no mailbox a… here'],
  ['ANA.LYST is unknown', 'a… is unknown'],
  ['analyst xana.lyst ana.lysts', 'analyst xana.lyst ana.lysts'],
  ['said hunter2 and hunter2', 'said … and …'],
])('%j becomes %j', (text, shown) => {
  expect(redactText(text, { address: 'ana.lyst@example.org', secrets: ['', 'hunter2'] })).toBe(shown);
});
