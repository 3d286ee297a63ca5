import { z } from 'zod';
import { AppError, type Fault } from '../errors.ts';

/**
 * The parameter values of a requested edition, sorted by name. Each value is in canonical form, so that two editions
 * with the same values are the same edition.
 */
export type Parameters = { readonly [name: string]: string };

/** Parameters available to every query; a brief's own parameters need other names. */
export const builtInParameters = ['as_of', 'period_start', 'previous_as_of', 'topic', 'topics'] as const;

/** A parameter as declared in `brief.yaml`. */
export const parameter = z
  .strictObject({
    type: z.enum(['string', 'integer', 'date']),
    optional: z.boolean().default(false),
    /** The value is the id of a row in this table: the page prints its name and lists the changes that concern it. */
    idOf: z.enum(['actors', 'places', 'sources']).optional(),
  })
  .refine(({ type, idOf }) => idOf === undefined || type === 'string', {
    path: ['idOf'],
    message: 'belongs to a parameter of type string: ids are strings',
  });
export type ParameterConfig = z.output<typeof parameter>;
type Declared = { readonly [name: string]: ParameterConfig };

export const parameterName = /^[a-z][a-z0-9_]*$/;
const mostCharacters = 200;
const bigintLimit = 2n ** 63n;
const calendarDay = z.iso.date();

/** The canonical form of a value, or the reason why the value does not have that type. */
export function canonicalValue(
  value: unknown,
  type: ParameterConfig['type'],
): { readonly value: string } | { readonly problem: string } {
  if (type === 'integer') return canonicalInteger(value);
  if (typeof value !== 'string') return { problem: `is ${describe(value)}, but must be a ${type}` };
  if (type === 'date') {
    return calendarDay.safeParse(value).success
      ? { value }
      : { problem: `is ${describe(value)}, which is not a calendar day such as 2021-08-25` };
  }
  const text = value.normalize('NFC').trim();
  if (text === '') return { problem: 'is empty' };
  // A lone surrogate has no UTF-8 form, so two different ones would give the same file name.
  if (/[\p{Cc}\p{Cs}]/u.test(text)) return { problem: 'has a character that cannot be printed' };
  if (text.length > mostCharacters) return { problem: `is longer than ${mostCharacters} characters` };
  return { value: text };
}

function canonicalInteger(value: unknown): { value: string } | { problem: string } {
  const text = typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
  if (typeof text !== 'string' || !/^-?\d{1,19}$/.test(text)) {
    return { problem: `is ${describe(value)}, which is not a whole number` };
  }
  const whole = BigInt(text);
  if (whole >= bigintLimit || whole < -bigintLimit) return { problem: `is ${text}, too large` };
  return { value: String(whole) };
}

const describe = (value: unknown): string =>
  value === null || value === undefined ? 'empty' : JSON.stringify(value);

/** Faults in the values of declared parameters, each with the parameter's name. */
type Problem = Pick<Fault, 'problem' | 'hint'> & { readonly name: string };

/** Reads values for the declared parameters. Absent, null and undefined values count as not given. */
export function readParameters(
  declared: Declared,
  given: { readonly [name: string]: unknown },
): { readonly parameters: Parameters; readonly problems: readonly Problem[] } {
  const names = Object.keys(declared).toSorted();
  const known = names.length > 0 ? `Name one of ${names.join(', ')}.` : 'The brief has no parameters.';
  const problems: Problem[] = Object.keys(given)
    .filter((name) => !Object.hasOwn(declared, name))
    .toSorted()
    .map((name) => ({ name, problem: `There is no parameter "${name}".`, hint: known }));
  const values: [string, string][] = [];
  for (const name of names) {
    const config = declared[name];
    if (config === undefined) continue;
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === null || value === undefined) {
      if (config.optional) continue;
      problems.push({ name, problem: 'A required value is not given.', hint: `Give a ${config.type}.` });
      continue;
    }
    const read = canonicalValue(value, config.type);
    if ('value' in read) values.push([name, read.value]);
    else
      problems.push({
        name,
        problem: `The value ${read.problem}.`,
        hint: `Give ${config.type === 'integer' ? 'an' : 'a'} ${config.type}.`,
      });
  }
  return { parameters: Object.fromEntries(values), problems };
}

/** The same for a requested edition. Throws `parameter-invalid` with every fault at once. */
export function requireParameters(
  brief: {
    readonly config: { readonly parameters: Declared };
    readonly definition: { readonly file: string };
  },
  given: { readonly [name: string]: unknown },
): Parameters {
  const { parameters, problems } = readParameters(brief.config.parameters, given);
  const { file } = brief.definition;
  const faults = problems.map(({ name, ...rest }) => ({ file, field: `parameters.${name}`, ...rest }));
  if (faults.length > 0) throw new AppError('parameter-invalid', faults);
  return parameters;
}

/** Whether an edition has all the values required by a target's `only` or by `--param`. */
export function hasValues(parameters: Parameters, wanted: { readonly [name: string]: string }): boolean {
  return Object.entries(wanted).every(
    ([name, value]) => Object.hasOwn(parameters, name) && parameters[name] === value,
  );
}

/** `region=north, year=2021`, for messages; empty without parameters. */
export const describeParameters = (parameters: Parameters): string =>
  Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
