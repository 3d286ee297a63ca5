import { InvalidArgumentError } from 'commander';
import { type Day, day, type DayName, dayName, relativeDays } from '../../calendar.ts';
import { tokenName } from '../../ledger/principal.ts';
import { personName } from '../../ledger/records.ts';

export function parseDay(value: string): Day {
  const parsed = day.safeParse(value);
  if (!parsed.success) throw new InvalidArgumentError('It must be a calendar day such as 2021-08-25.');
  return parsed.data;
}

export function parseDayName(value: string): DayName {
  const parsed = dayName.safeParse(value);
  if (!parsed.success)
    throw new InvalidArgumentError(
      `It must be a calendar day such as 2021-08-25, or one of ${relativeDays.join(', ')}.`,
    );
  return parsed.data;
}

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

export function parseCount(value: string): number {
  const count = Number(value);
  if (!/^\d{1,6}$/.test(value) || count < 1)
    throw new InvalidArgumentError('It must be a whole number from 1.');
  return count;
}

export function parseHash(value: string): string {
  if (!/^[0-9a-f]{64}$/i.test(value)) throw new InvalidArgumentError('It must be 64 hexadecimal digits.');
  return value.toLowerCase();
}

export function parsePerson(value: string): string {
  const parsed = personName.safeParse(value);
  if (!parsed.success) throw new InvalidArgumentError('It must be a name of up to 100 characters.');
  return parsed.data;
}

export function parsePort(value: string): number {
  const port = Number(value);
  if (!/^\d{1,5}$/.test(value) || port > 65_535)
    throw new InvalidArgumentError('It must be a port from 0 to 65535.');
  return port;
}

export function parseTokenName(value: string): string {
  if (tokenName.safeParse(value).success) return value;
  throw new InvalidArgumentError('It must have at most 60 letters, digits, dots, hyphens and underscores.');
}

/** Loads a group of commands and runs one of them with the arguments and options of its command line. */
export const run =
  <Group, Given extends unknown[]>(
    load: () => Promise<Group>,
    pick: (group: Group) => (...given: Given) => Promise<void>,
  ) =>
  async (...given: Given): Promise<void> =>
    pick(await load())(...given);
