import { InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { day, dayName, relativeDays } from '../../calendar.ts';
import { tokenName } from '../../ledger/principal.ts';
import { personName } from '../../ledger/records.ts';

/** Parses an argument by a schema. `rule` is the message for those that do not fit. */
const parserOf =
  <T>(schema: z.ZodType<T>, rule: string) =>
  (value: string): T => {
    const { success, data } = schema.safeParse(value);
    if (success) return data;
    throw new InvalidArgumentError(rule);
  };

export const parseDay = parserOf(day, 'It must be a calendar day such as 2021-08-25.');
export const parseDayName = parserOf(
  dayName,
  `It must be a calendar day such as 2021-08-25, or one of ${relativeDays.join(', ')}.`,
);
const digits = (most: number) =>
  z
    .string()
    .regex(new RegExp(`^\\d{1,${most}}$`))
    .transform(Number);
export const parseCount = parserOf(digits(6).pipe(z.number().min(1)), 'It must be a whole number from 1.');
export const parseDays = parserOf(digits(4), 'Write a number of days, such as 7.');
export const parsePort = parserOf(
  digits(5).pipe(z.number().max(65_535)),
  'It must be a port from 0 to 65535.',
);
export const parseHash = parserOf(
  z
    .string()
    .regex(/^[0-9a-f]{64}$/i)
    .toLowerCase(),
  'It must be 64 hexadecimal digits.',
);
export const parsePerson = parserOf(personName, 'It must be a name of up to 100 characters.');
export const parseTokenName = parserOf(
  tokenName,
  'It must have at most 60 letters, digits, dots, hyphens and underscores.',
);

/** Adds `name=value` to the parameters given before. */
export function parseParameter(
  value: string,
  before: { readonly [name: string]: string },
): { readonly [name: string]: string } {
  const [, name, given] = /^([^=]+)=([^]*)$/.exec(value) ?? [];
  if (name === undefined || given === undefined)
    throw new InvalidArgumentError('It must be a name and a value, such as region=north.');
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError(`${name} has a value already.`);
  return { ...before, [name]: given };
}

/** Loads a group of commands and runs one of them with the arguments and options of its command line. */
export const run =
  <Group, Given extends unknown[]>(
    load: () => Promise<Group>,
    pick: (group: Group) => (...given: Given) => Promise<void>,
  ) =>
  async (...given: Given): Promise<void> =>
    pick(await load())(...given);
