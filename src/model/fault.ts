/** One thing wrong with what a user gave us: where it is, what it is, and how to mend it. */
export interface Fault {
  /** Path as the user would type it, relative to the working folder where possible. */
  readonly file?: string;
  /** Row as a spreadsheet numbers it: the header is row 1. */
  readonly row?: number;
  /** Line of a text file, from 1. */
  readonly line?: number;
  readonly field?: string;
  readonly problem: string;
  readonly mend: string;
}

/** The same, where what is not given may also be undefined. */
type Loose<T> = { readonly [key in keyof T]: T[key] | undefined };

/** `data/x/events.csv, row 4, field source: no source "S9". Add it to sources.csv, or correct the id.` */
export function describeFault({ file, row, line, field, problem, mend }: Loose<Fault>): string {
  const where = [
    file,
    row === undefined ? undefined : `row ${row}`,
    line === undefined ? undefined : `line ${line}`,
    field === undefined ? undefined : `field ${field}`,
  ].filter((part) => part !== undefined);
  return `${where.length > 0 ? `${where.join(', ')}: ` : ''}${problem} ${mend}`.trim();
}

export type ErrorCode =
  | 'dataset-invalid'
  | 'brief-invalid'
  | 'brief-unknown'
  | 'template-invalid'
  | 'query-failed'
  | 'chart-failed'
  | 'citation-unknown'
  | 'browser-missing'
  | 'browser-failed'
  | 'edition-held'
  | 'print-failed'
  | 'pdf-invalid'
  | 'output-unwritable'
  | 'parameter-invalid'
  | 'edition-unknown'
  | 'edition-delivered'
  | 'golden-differs'
  | 'ledger-in-use'
  | 'ledger-unusable'
  | 'operation-refused'
  | 'operation-forbidden'
  | 'queue-full'
  | 'settings-invalid';

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
