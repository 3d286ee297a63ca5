import { join, relative, resolve } from 'node:path';
import { z } from 'zod';

/** One fault in the user's input: its place, the problem and how to fix it. */
export const fault = z.object({
  /** Path as the user would type it, relative to the working folder where possible. */
  file: z.string().optional(),
  /** Row number as a spreadsheet shows it: the header is row 1. */
  row: z.number().optional(),
  /** Line of a text file, from 1. */
  line: z.number().optional(),
  field: z.string().optional(),
  /** The id of the rule that found the fault; docs/rules.md has a section on each rule. */
  rule: z.string().optional(),
  problem: z.string(),
  hint: z.string(),
  /** How often the fault occurs, if more than once; the place is that of the first occurrence. */
  count: z.number().optional(),
  /** What some of the other occurrences quote, or their rows. */
  also: z.array(z.string()).optional(),
});
export type Fault = Readonly<z.output<typeof fault>>;

/** `data/x/events.csv, row 4, field source: no source "S9". Add it to sources.csv, or correct the id.` */
export function describeFault(given: Fault): string {
  const where = placeOf(given);
  const note = noteOf(given);
  const parts = [where && `${where}:`, given.problem, note && `(${note})`, given.hint];
  return withDocs(parts.filter(Boolean).join(' ')).trim();
}

/** `data/x/events.csv, row 4, field source`; empty if the fault has no place. */
const placeOf = ({ file, row, line, field }: Fault): string =>
  [file, row && `row ${row}`, line && `line ${line}`, field && `field ${field}`].filter(Boolean).join(', ');

export const docsFolder = join(import.meta.dirname, '../docs');
const ownDocs = /(?<![\w/.-])docs(?=\/[a-z-]+\.md\b)/g;
/**
 * Names each file of our docs, such as `docs/data.md`, by a path that can be opened from `folder`: relative if the program
 * is within it, as in a project's `node_modules`.
 */
export function withDocs(text: string, folder = resolve()): string {
  const path = relative(folder, docsFolder);
  return text.replaceAll(ownDocs, path.startsWith('..') ? docsFolder : path);
}
/** The same for readers of the API and its web pages: by the address at which the service has it. */
export const withServedDocs = (text: string): string => text.replaceAll(ownDocs, '/docs');

/** The rule that found the fault, how often, and further places; empty if there is nothing to add. */
export function noteOf({ rule, count = 1, also = [] }: Fault): string {
  const times = count > 1 ? `${count.toLocaleString('en-GB')} times` : undefined;
  return [rule, also.length > 0 ? `${times ?? 'more than once'}: also ${also.join(', ')}` : times]
    .filter((part) => part !== undefined)
    .join(', ');
}

const quotedPart = /"[^"]*"/g;
const MOST_EXAMPLES = 3;

/**
 * Merges faults with one cause: the same problem on one line of a file or in one column of a table. The quoted parts of
 * the problem may differ between the rows of a table and, with `inLoops`, between the iterations of a template's loop.
 */
export function groupFaults(
  faults: readonly Fault[],
  { inLoops = false }: { inLoops?: boolean } = {},
): Fault[] {
  const causes = Map.groupBy(faults, ({ file, row, line, field, rule, problem }) => {
    const isAlike = row !== undefined || (inLoops && line !== undefined);
    return JSON.stringify([
      file,
      line,
      field,
      rule,
      isAlike ? problem.replaceAll(quotedPart, '""').replaceAll(/\d[\d,.:-]*/g, '0') : problem,
    ]);
  });
  return [...causes.values()].flatMap((alike) =>
    merged(alike, (first, others) => [
      ...(first.also ?? []),
      ...others.flatMap((each) => [...exampleOf(each, first), ...(each.also ?? [])]),
    ]),
  );
}

/**
 * Merges faults with one cause, wherever they occur: the same rule (or, without a rule, the same field) and the same
 * problem and hint, ignoring quotations and numbers. Keeps the first fault, with the number of occurrences and a few
 * other places.
 */
export function causesOf(faults: readonly Fault[]): Fault[] {
  const plain = (text: string): string => text.replaceAll(quotedPart, '""').replaceAll(/\d[\d,.]*/g, '0');
  const causes = Map.groupBy(faults, ({ rule, field, problem, hint }) =>
    JSON.stringify([rule ?? field, rule === undefined ? '' : 'rule', plain(problem), plain(hint)]),
  );
  const place = (given: Fault): string => placeOf({ ...given, field: undefined });
  return [...causes.values()].flatMap((alike) =>
    merged(alike, (first, others) =>
      others.map(place).filter((each) => each !== '' && each !== place(first)),
    ),
  );
}

/** The first of several faults of one cause, with their number and a few of the examples from the others. */
function merged(
  alike: Fault[],
  examplesIn: (first: Fault, others: readonly Fault[]) => readonly string[],
): Fault[] {
  const [first, ...others] = alike;
  if (first === undefined || others.length === 0) return alike;
  const count = alike.reduce((sum, each) => sum + (each.count ?? 1), 0);
  const also = [...new Set(examplesIn(first, others))].slice(0, MOST_EXAMPLES);
  return [{ ...first, count, ...(also.length > 0 && { also }) }];
}

/** What distinguishes a fault from the first of its group: the text that it quotes, and its row. */
function exampleOf({ row, problem }: Fault, first: Fault): string[] {
  const parts = problem.match(quotedPart) ?? [];
  const others = first.problem.match(quotedPart) ?? [];
  const differs = parts.find((part, index) => part !== others[index]);
  const place = row === undefined ? '' : `row ${row}`;
  const example = [place, differs].filter((part) => part !== '' && part !== undefined).join(' ');
  return example === '' ? [] : [example];
}

export const errorCodes = [
  'dataset-invalid',
  'import-failed',
  'brief-invalid',
  'brief-unknown',
  'template-invalid',
  'query-failed',
  'chart-failed',
  'chart-unfinished',
  'chart-slow',
  'citation-unknown',
  'browser-missing',
  'browser-failed',
  'edition-held',
  'print-failed',
  'pdf-invalid',
  'output-unwritable',
  'parameter-invalid',
  'edition-unknown',
  'edition-delivered',
  'golden-differs',
  'ledger-in-use',
  'ledger-unavailable',
  'ledger-unusable',
  'operation-refused',
  'operation-forbidden',
  'queue-full',
  'settings-invalid',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** An error that a user can act on. Programs match on `code`, never on the message. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  /** One fault for each cause. */
  readonly faults: readonly Fault[];
  /** Other faults found, which would not have caused a failure by themselves. */
  readonly warnings: readonly Fault[];

  constructor(
    code: ErrorCode,
    faults: Fault | readonly Fault[],
    { warnings = [], ...options }: { cause?: unknown; warnings?: readonly Fault[] } = {},
  ) {
    const causes = groupFaults('problem' in faults ? [faults] : faults);
    super(causes.map(describeFault).join('\n'), options);
    this.code = code;
    this.faults = causes;
    this.warnings = warnings;
  }
}

/** For `catch`: what `handle` makes of an error that a user can act on. Others are thrown again. */
export const onAppError =
  <T>(handle: (error: AppError) => T) =>
  (error: unknown): T => {
    if (error instanceof AppError) return handle(error);
    throw error;
  };

/** For `catch`: collects an error that a user can act on, so that the work can continue. */
export const collectIn = (errors: AppError[]) => onAppError((error): undefined => void errors.push(error));

/** The faults of several errors, without duplicates. */
export const distinct = (errors: readonly AppError[]): Fault[] =>
  withoutRepeats(errors.flatMap((error) => error.faults));

export const withoutRepeats = (faults: readonly Fault[]): Fault[] => [
  ...new Map(faults.map((each) => [JSON.stringify(each), each])).values(),
];

/** The choice that a misspelt word most likely means, if any is close enough. */
export function similarTo(
  word: string,
  choices: Iterable<string>,
  most = word.length < 4 ? 1 : word.length < 8 ? 2 : 3,
): string | undefined {
  let nearest: { readonly choice: string; readonly edits: number } | undefined;
  for (const choice of choices) {
    if (Math.abs(choice.length - word.length) > most) continue;
    const edits = editsBetween(word.toLowerCase(), choice.toLowerCase());
    if (edits <= most && edits < choice.length && (nearest === undefined || edits < nearest.edits))
      nearest = { choice, edits };
  }
  return nearest?.choice;
}

/** How to fix a word that is not one of `allowed`. */
export function meantBy(word: string, allowed: readonly string[]): string {
  const meant = similarTo(word, allowed);
  return meant === undefined ? `Use one of: ${allowed.join(', ')}.` : `Did you mean "${meant}"?`;
}

/** Damerau–Levenshtein distance, restricted to swaps of neighbours (optimal string alignment). */
function editsBetween(one: string, other: string): number {
  let [twoBefore, before]: number[][] = [[], Array.from({ length: other.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= one.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const at = (cells: number[] | undefined, index: number) => cells?.[index] ?? Infinity;
      const change = one[i - 1] === other[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      row[j] = Math.min(
        at(before, j) + 1,
        at(row, j - 1) + 1,
        at(before, j - 1) + change,
        swapped ? at(twoBefore, j - 2) + 1 : Infinity,
      );
    }
    [twoBefore, before] = [before ?? [], row];
  }
  return before?.[other.length] ?? Infinity;
}

/** Text between quotation marks, which is someone else's wording. */
export const quoted = /[“"][^”"]*[”"]/g;

/** The sentences of a paragraph. A colon and a semicolon do not end one. */
export const sentencesOf = (text: string): string[] =>
  text.split(/(?<=[.?!]["”]?\d*[\d,–]*)\s+(?=[\p{Lu}“"])/u);
