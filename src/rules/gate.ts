import type { Corrected } from '../dataset/corrections.ts';
import type { ImportRecord } from '../dataset/incidents.ts';
import type { Change } from '../dataset/point-in-time.ts';
import { AppError, type Fault, groupFaults } from '../errors.ts';
import { isSameLanguage } from '../locale.ts';
import type { Brief } from '../project/brief.ts';
import type { EvidenceSet } from '../query/evidence-set.ts';
import type { Illustration } from '../render/illustrate.ts';
import type { Part } from '../render/manifest.ts';
import type { HighlightTexts } from '../render/summary.ts';
import type { Put } from '../render/template/trace.ts';
import type { Draft } from './draft.ts';
import { wordsFor } from './words.ts';

/** One check of an edition. */
export interface Rule<Subject> {
  /** Used in waivers, manifests and docs, so it never changes. */
  readonly id: string;
  /** The requirement, in one line. */
  readonly description: string;
  /** Finds all faults at once, each with its place and how to fix it. */
  readonly check: (subject: Subject) => Iterable<Fault>;
  /** A fault blocks only strict briefs, which promise that each statement is cited and worded as the rules require. */
  readonly strictOnly?: true;
  /** No brief can waive the rule, because a breach could harm a reader. */
  readonly cannotBeWaived?: true;
  /** A rule whose fault at the same place has the same cause: only that fault is reported. */
  readonly follows?: string;
  /** The rule quotes printed text, so one cause gives a separate fault for each iteration of a loop. */
  readonly inLoops?: true;
  /** Without a word list for the edition's language, the rule cannot run, or runs only in part. */
  readonly needsWords?: 'for all of it' | 'for a part' | 'of estimates';
}

/** The results of the rules, for the manifest. */
export interface Verdict {
  readonly passed: readonly string[];
  /** Broken rules that the brief waives, each with its reason. */
  readonly waived: readonly { readonly rule: string; readonly reason: string }[];
  /** Faults that do not block the edition. */
  readonly warnings: readonly Fault[];
}

/**
 * Applies the rules to `subject`; `checkTime`, called between rules, may throw. Throws `edition-held` with all errors
 * that the brief does not waive, and with its warnings.
 */
export function applyRules<Subject>(
  rules: readonly Rule<Subject>[],
  subject: Subject & { readonly brief: Brief; readonly language: string },
  checkTime: () => void = () => {},
): Verdict {
  const { waive, profile } = subject.brief.config;
  const passed: string[] = [];
  const waived: { rule: string; reason: string }[] = [];
  const errors: Fault[] = [];
  const warnings: Fault[] = [];
  const words = wordsFor(subject);
  for (const rule of rules) {
    const { id, check, strictOnly, cannotBeWaived, follows, inLoops = false, needsWords } = rule;
    checkTime();
    if (needsWords && (needsWords === 'of estimates' ? words?.estimates : words) === undefined) {
      warnings.push(withoutWords(rule, subject));
      if (needsWords !== 'for a part') continue;
    }
    const found = [...check(subject)];
    const waiver = cannotBeWaived ? undefined : waive.find((each) => each.rule === id);
    if (found.length === 0) passed.push(id);
    else if (waiver) waived.push({ ...waiver });
    else {
      const isCaused = ({ file, line }: Fault): boolean =>
        line !== undefined &&
        [...errors, ...warnings].some(
          (fault) => fault.rule === follows && fault.file === file && fault.line === line,
        );
      const own = found.filter((each) => !isCaused(each)).map((fault) => ({ ...fault, rule: id }));
      const blocks = profile === 'strict' || !strictOnly;
      (blocks ? errors : warnings).push(...groupFaults(own, { inLoops }));
    }
  }
  if (errors.length > 0) throw new AppError('edition-held', errors, { warnings });
  return { passed, waived, warnings };
}

function withoutWords(
  { id, needsWords }: Pick<Rule<never>, 'id' | 'needsWords'>,
  { brief: { definition, locale }, language }: { readonly brief: Brief; readonly language: string },
): Fault {
  const list = needsWords === 'of estimates' ? 'terms of likelihood and confidence' : 'words';
  const reason = isSameLanguage(language, locale.tag)
    ? `there is no list of ${list} for ${language}`
    : `the brief is in ${locale.tag}, and the texts of its dataset are in ${language}`;
  return {
    file: definition.file,
    rule: id,
    problem: `The rule ${needsWords === 'for a part' ? 'looked at digits only' : 'did not run'}: ${reason}.`,
    hint: 'Check the wording by hand.',
  };
}

export const together = (...verdicts: readonly Verdict[]): Verdict => ({
  passed: verdicts.flatMap(({ passed }) => passed),
  waived: verdicts.flatMap(({ waived }) => waived),
  warnings: verdicts.flatMap(({ warnings }) => warnings),
});

/** An edition before it is printed. */
export interface Rendering extends Pick<Draft, 'period' | 'known' | 'used' | 'sets' | 'freshness'> {
  /** The title of the brief, including the edition's subject. */
  readonly title: string;
  /** The changes that a revision makes. */
  readonly corrected: readonly Corrected[];
  readonly html: string;
  /** The fonts of the page that not every page contains. */
  readonly extraFonts: readonly Part[];
  /** The bottom line as plain text, one item per paragraph. */
  readonly summary: readonly string[];
  /** The headline, the key judgments and the caption of the hero as plain text. */
  readonly highlights: HighlightTexts;
  /** Each chart's drawing and compiled spec. */
  readonly charts: { readonly [name: string]: Illustration };
  /** The evidence sets that the page shows. */
  readonly evidenceSets: readonly EvidenceSet[];
  /** The last import of incidents that the queries saw. */
  readonly lastImport: ImportRecord | null;
  /** What became known since the previous issue, as the page lists it. */
  readonly changes: readonly Change[];
  /** Each expression that printed something, if the edition is rendered for an explanation. */
  readonly puts: readonly Put[];
  /** The page as the gate reads it. */
  readonly draft: Draft;
  /** The results of the rules. */
  readonly rules: Verdict;
}
