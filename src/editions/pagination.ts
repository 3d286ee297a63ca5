import { z } from 'zod';
import { storable } from '../ledger/edition.ts';

/** The cursor of a list's next page. It is opaque to callers, and invalid cursors are refused. */
export const writeCursor = (keys: readonly string[]): string =>
  Buffer.from(JSON.stringify(keys)).toString('base64url');

const read = <T extends z.ZodType>(keys: T, text: string | undefined): z.output<T> | undefined => {
  if (text === undefined) return undefined;
  let given: unknown;
  try {
    given = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    given = undefined;
  }
  const parsed = keys.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new z.ZodError([
    { code: 'custom', path: ['after'], message: 'is not the "next" of a list', input: text },
  ]);
};

export function readEditionCursor(text: string | undefined) {
  const keys = read(z.tuple([storable, z.string().regex(/^[1-9]\d{0,8}$/), storable]), text);
  return keys && { asOf: keys[0], revision: Number(keys[1]), id: keys[2] };
}

export function readDeliveryCursor(text: string | undefined) {
  const keys = read(z.tuple([z.iso.datetime(), storable, storable]), text);
  return keys && { createdAt: new Date(keys[0]), edition: keys[1], id: keys[2] };
}

export function readNumber(text: string | undefined): number | undefined {
  const keys = read(z.tuple([z.string().regex(/^\d{1,15}$/)]), text);
  return keys && Number(keys[0]);
}
