import { AppError, type Fault, groupFaults } from '../errors.ts';
import type { Brief } from '../project/brief.ts';

/** One thing that an edition must hold to. */
export interface Rule<Subject> {
  /** Named in waivers, manifests and docs: it never changes. */
  readonly name: string;
  /** What it asks for, in one line. */
  readonly sense: string;
  /** Every fault at once, each with its place and a way to mend it. */
  readonly check: (subject: Subject) => readonly Fault[];
  /** No brief can waive it: what it refuses could harm whoever opens the page. */
  readonly binding?: true;
  /** A rule whose fault at the same place has the same cause: it alone is reported. */
  readonly follows?: string;
  /** It quotes what a page prints: each round of a loop makes a fault of its own out of one cause. */
  readonly inLoops?: true;
}

/** What became of the rules: it stands in the manifest. */
export interface Verdict {
  readonly passed: readonly string[];
  /** Those that were broken, and that the brief waives, each with its reason. */
  readonly waived: readonly { readonly rule: string; readonly reason: string }[];
}

/** Holds `subject` to every rule; `checkTime`, between them, may throw. Throws `edition-held` with all faults that the brief does not waive. */
export function judge<Subject>(
  rules: readonly Rule<Subject>[],
  subject: Subject & { readonly brief: Brief },
  checkTime: () => void = () => {},
): Verdict {
  const { waive } = subject.brief.config;
  const passed: string[] = [];
  const waived: { rule: string; reason: string }[] = [];
  const faults: Fault[] = [];
  for (const { name, check, binding, follows, inLoops = false } of rules) {
    checkTime();
    const found = check(subject);
    const waiver = binding ? undefined : waive.find(({ rule }) => rule === name);
    if (found.length === 0) passed.push(name);
    else if (waiver) waived.push({ ...waiver });
    else {
      const isCaused = ({ file, line }: Fault): boolean =>
        line !== undefined &&
        faults.some((fault) => fault.rule === follows && fault.file === file && fault.line === line);
      const own = found.filter((each) => !isCaused(each)).map((fault) => ({ ...fault, rule: name }));
      faults.push(...groupFaults(own, { inLoops }));
    }
  }
  if (faults.length > 0) throw new AppError('edition-held', faults);
  return { passed, waived };
}

export const together = (...verdicts: readonly Verdict[]): Verdict => ({
  passed: verdicts.flatMap(({ passed }) => passed),
  waived: verdicts.flatMap(({ waived }) => waived),
});
