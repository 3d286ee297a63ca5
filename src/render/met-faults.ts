import { AppError, type ErrorCode, type Fault } from '../errors.ts';

/** What goes wrong while one page is rendered, each fault once, so that its author sees all of it together. */
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

  /** For a helper that cannot take what it is given: an unknown name, told already, gives it nothing. */
  addUnlessMetAt(fault: Fault, cause: unknown): void {
    const isMet = [...this.#faults.values()].some(
      ({ file, line }) => file === fault.file && line === fault.line,
    );
    if (!isMet) this.add('template-invalid', [fault], cause);
  }

  /** Throws all of it, if there is any, under the code of what came first. */
  throw(): void {
    if (this.#code !== undefined)
      throw new AppError(this.#code, [...this.#faults.values()], { cause: this.#cause });
  }
}
