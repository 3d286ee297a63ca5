import { z } from 'zod';

/** One thing wrong with what a user gave us: where it is, what it is, and how to mend it. */
export const fault = z.object({
  /** Path as the user would type it, relative to the working folder where possible. */
  file: z.string().optional(),
  /** Row as a spreadsheet numbers it: the header is row 1. */
  row: z.number().optional(),
  /** Line of a text file, from 1. */
  line: z.number().optional(),
  field: z.string().optional(),
  problem: z.string(),
  mend: z.string(),
});
export type Fault = Readonly<z.output<typeof fault>>;

/** `data/x/events.csv, row 4, field source: no source "S9". Add it to sources.csv, or correct the id.` */
export function describeFault({ file, row, line, field, problem, mend }: Fault): string {
  const where = [
    file,
    row === undefined ? undefined : `row ${row}`,
    line === undefined ? undefined : `line ${line}`,
    field === undefined ? undefined : `field ${field}`,
  ].filter((part) => part !== undefined);
  return `${where.length > 0 ? `${where.join(', ')}: ` : ''}${problem} ${mend}`.trim();
}

export const errorCodes = [
  'dataset-invalid',
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
  readonly faults: readonly Fault[];

  constructor(code: ErrorCode, faults: readonly Fault[], options: { cause?: unknown } = {}) {
    super(faults.map(describeFault).join('\n'), options);
    this.code = code;
    this.faults = faults;
  }
}
