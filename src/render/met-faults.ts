import { AppError, type ErrorCode, type Fault } from '../errors.ts';

/** Collects faults found while rendering one page, without duplicates, so that the author sees all of them at once. */
export class MetFaults {
  readonly #faults = new Map<string, Fault>();
  #code: ErrorCode | undefined;
  #cause: unknown;

  restart(): void {
    this.#faults.clear();
    this.#code = undefined;
    this.#cause = undefined;
  }

  add(code: ErrorCode, faults: readonly Fault[], cause?: unknown): void {
    for (const fault of faults) {
      const { file, line, problem } = fault;
      this.#faults.set(JSON.stringify([file, line, problem]), fault);
    }
    this.#code ??= code;
    this.#cause ??= cause;
  }

  /**
   * For a helper with an invalid argument: an unknown name on the same line is already reported, and is the likely
   * cause.
   */
  addUnlessMetAt(fault: Fault, cause: unknown): void {
    const isMet = [...this.#faults.values()].some(
      ({ file, line }) => file === fault.file && line === fault.line,
    );
    if (!isMet) this.add('template-invalid', [fault], cause);
  }

  /** Throws all faults, if there are any, with the code of the first. */
  throw(): void {
    if (this.#code !== undefined)
      throw new AppError(this.#code, [...this.#faults.values()], { cause: this.#cause });
  }
}
