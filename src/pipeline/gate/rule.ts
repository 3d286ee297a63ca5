import type { Brief } from '../../model/brief.ts';
import { AppError, type Fault } from '../../model/fault.ts';

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
}

/** What became of the rules: it stands in the manifest. */
export interface Verdict {
  readonly passed: readonly string[];
  /** Those that were broken, and that the brief waives, each with its reason. */
  readonly waived: readonly { readonly rule: string; readonly reason: string }[];
}

/** Holds `subject` to every rule. Throws `edition-held` with all faults that the brief does not waive. */
export function judge<Subject>(
  rules: readonly Rule<Subject>[],
  subject: Subject & { readonly brief: Brief },
): Verdict {
  const { waive } = subject.brief.config;
  const passed: string[] = [];
  const waived: { rule: string; reason: string }[] = [];
  const faults: Fault[] = [];
  for (const { name, check, binding } of rules) {
    const found = check(subject);
    const waiver = binding ? undefined : waive.find(({ rule }) => rule === name);
    if (found.length === 0) passed.push(name);
    else if (waiver) waived.push({ ...waiver });
    else faults.push(...found.map((fault) => ({ ...fault, problem: `${fault.problem} (${name})` })));
  }
  if (faults.length > 0) throw new AppError('edition-held', faults);
  return { passed, waived };
}

export const together = (...verdicts: readonly Verdict[]): Verdict => ({
  passed: verdicts.flatMap(({ passed }) => passed),
  waived: verdicts.flatMap(({ waived }) => waived),
});
