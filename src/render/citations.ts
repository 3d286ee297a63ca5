import type { Day } from '../calendar.ts';
import { figureOf } from '../dataset/figures.ts';
import type { Row, Value } from '../dataset/parse-rows.ts';
import { eachRow, placeholders, references, type TableRow } from '../dataset/references.ts';
import type { Dataset, RowOf, Tables } from '../dataset/schema.ts';
import { type DatasetSettings, noSettings } from '../dataset/settings.ts';
import { AppError } from '../errors.ts';
import type { Findings } from '../findings/analyse.ts';
import { directionOf, isSameLanguage, type Locale } from '../locale.ts';
import type { Brief } from '../project/brief.ts';
import type { EvidenceSet } from '../query/evidence-set.ts';
import {
  figuresOfSet,
  gradeOf,
  type Link,
  setsByName,
  sourceChain,
  sourceOf,
  titleOf,
  titleOfSet,
} from './row-details.ts';

type Known = Pick<ReadonlySet<string>, 'has'>;

/**
 * The ids of known rows in the rows of a query or finding, in any column, and the names of evidence sets and the ids of
 * incidents in the columns `id`, `cites` and `rests_on`: in other columns, a word such as `week` may be the name of one
 * by chance.
 */
export const idsNamed = (rows: readonly Row[], known: Known, sets: Known = new Map()): string[] => [
  ...new Set([
    ...textsIn(rows).filter((id) => known.has(id)),
    ...rows
      .flatMap(({ id = null, cites = null, rests_on = null }) => textsIn([id, cites, rests_on]))
      .filter((id) => sets.has(id)),
  ]),
];

/** Every text in a value, at any depth; numbers, such as coordinates of outlines, are skipped. */
function textsIn(value: Value): string[] {
  if (typeof value === 'string') return [value];
  if (value === null || typeof value !== 'object') return [];
  const parts: readonly Value[] = isList(value) ? value : Object.values(value);
  return parts.flatMap((part) => (typeof part === 'number' ? [] : textsIn(part)));
}
const isList = (value: object): value is readonly Value[] => Array.isArray(value);

/** What the figures in texts of rows are written with. */
export interface Texts {
  readonly locale: Locale;
  readonly findings: Findings;
}

/** The locale of a dataset whose language is not that of the brief; undefined if it is, or if there is none. */
export const textLocale = ({
  brief,
  dataset: { locale },
}: {
  readonly brief: Pick<Brief, 'locale'>;
  readonly dataset: Pick<Dataset, 'locale'>;
}): Locale | undefined =>
  locale === undefined || isSameLanguage(locale.tag, brief.locale.tag) ? undefined : locale;

/** The evidence that a page can cite and print: the rows known by the cut-off, by id, and their figures. */
export class Evidence {
  readonly #rows: ReadonlyMap<string, TableRow>;
  readonly #findings: Findings;
  readonly #firstKnown = new Map<string, Day>();
  readonly #settings: DatasetSettings;
  /** The words of the page. */
  readonly locale: Locale;
  readonly #sets: ReadonlyMap<string, EvidenceSet>;
  /** The words and findings that texts of rows are filled with. */
  readonly #texts: Texts;
  /** The reasons why findings could not be computed, by name. */
  readonly #missing: { readonly [finding: string]: string };
  /** Each row that is cited, in order, with the number of its endnote and that of the anchor of its first citation. */
  readonly #cited = new Map<string, { readonly number: number; readonly anchor: number }>();
  readonly #used = new Set<string>();

  /** `all` includes the revisions that `known` omits, from which the day a row first became known is read. */
  constructor(
    known: Tables,
    findings: Findings,
    {
      locale,
      all = known,
      settings = noSettings,
      missing = {},
      sets = [],
      texts = { locale, findings },
    }: {
      locale: Locale;
      all?: Tables;
      settings?: DatasetSettings;
      missing?: { readonly [finding: string]: string };
      sets?: readonly EvidenceSet[];
      texts?: Texts | undefined;
    },
  ) {
    this.locale = locale;
    this.#rows = new Map(eachRow(known).map((entry) => [entry.row.id, entry]));
    this.#findings = findings;
    this.#settings = settings;
    this.#missing = missing;
    this.#sets = setsByName(sets);
    this.#texts = texts;
    for (const { row } of eachRow(all)) {
      const first = this.#firstKnown.get(row.id);
      if (first === undefined || row.known_on < first) this.#firstKnown.set(row.id, row.known_on);
    }
  }

  /**
   * The numbers of the endnotes behind `ids`, in the order of first citation, and the anchor to set here if this is the
   * first citation of any of them. Our own judgments, readings and findings are cited through what they rest on.
   */
  cite(ids: readonly string[]): { numbers: number[]; anchor: number | null; cited: string[] } {
    const evidence = [...new Set(ids.flatMap((id) => this.#evidence(id)))];
    const next = this.#cited.size + 1;
    for (const id of evidence)
      if (!this.#cited.has(id)) this.#cited.set(id, { number: this.#cited.size + 1, anchor: next });
    const numbers = evidence.flatMap((id) => this.#cited.get(id)?.number ?? []).toSorted((a, b) => a - b);
    return { numbers, anchor: this.#cited.size < next ? null : next, cited: evidence };
  }

  /** Whether each row behind `ids` has an endnote already. */
  isCited(ids: readonly string[]): boolean {
    return ids.flatMap((id) => this.#evidence(id)).every((id) => this.#cited.has(id));
  }

  /** Replaces each `{id.field}` in a row's text with the figure that it names; `row` is the row's id, for messages. */
  fill(text: string, row?: string): string {
    return placeholders(text).reduce((filled, { source, name, field }) => {
      try {
        return filled.replace(source, () => this.#figure(name, field, this.#texts));
      } catch (cause) {
        if (!(cause instanceof AppError) || row === undefined) throw cause;
        throw new AppError(
          cause.code,
          cause.faults.map((fault) => ({
            ...fault,
            problem: `The text of ${row} refers to ${source}. ${fault.problem}`,
          })),
          { cause },
        );
      }
    }, text);
  }

  /** One figure of a row or finding, formatted for use in a sentence. Throws `citation-unknown`. */
  figure(name: string, field: string): string {
    return this.#figure(name, field, { locale: this.locale, findings: this.#findings });
  }

  #figure(name: string, field: string, { locale, findings }: Texts): string {
    const finding = ownOf(findings, name);
    const set = this.#sets.get(name);
    const computed = finding?.fields ?? (set && figuresOfSet(set, locale));
    if (computed !== undefined) {
      for (const id of finding?.restsOn ?? [name]) this.#used.add(id);
      const value = ownOf(computed, field);
      if (value !== undefined) return value;
      throw unknown(
        finding
          ? `The finding "${name}" has no field "${field}".`
          : `The evidence set "${name}" has no figure "${field}".`,
        `Use one of ${Object.keys(computed).join(', ')}.`,
      );
    }
    const why = ownOf(this.#missing, name);
    if (why !== undefined)
      throw unknown(
        `The finding "${name}" was not computed: ${why}.`,
        `Wrap the text that uses it in {{#if findings.${name}}}, or correct the query.`,
      );
    const value = figureOf(this.#row(name), field, locale);
    if (value !== undefined) return value;
    throw unknown(
      `"${name}" has no figure "${field}".`,
      'See docs/authoring.md for the figures that each table has.',
    );
  }

  /** The language of the rows, if it is not that of the page. */
  get otherLanguage(): Pick<Locale, 'tag' | 'direction'> | null {
    const tag = this.#settings.language ?? this.locale.tag;
    return isSameLanguage(tag, this.locale.tag) ? null : { tag, direction: directionOf(tag) };
  }

  /** The rows that the page cites, each with its title and its source. */
  get endnotes() {
    return [...this.#cited].map(([id, { number, anchor }]) => {
      const set = this.#sets.get(id);
      return {
        number,
        /** The id of its first citation on the page: `#cite-<anchor>`. */
        anchor,
        id,
        ...(set === undefined ? this.#endnote(this.#row(id)) : this.#endnoteOfSet(set)),
      };
    });
  }

  /** The attributions that the licences of the evidence sets cited ask for. */
  get attributions(): string[] {
    return [...new Set([...this.#cited.keys()].flatMap((id) => this.#sets.get(id)?.attributions ?? []))];
  }

  /** The sources behind the endnotes, each with its carriers, in the order of first use. */
  get sources(): (RowOf<'sources'> & { readonly through: string | null })[] {
    const rows = [...this.#cited.keys()].filter((id) => !this.#sets.has(id));
    const ids = rows.flatMap((id) => this.#chain(sourceOf(this.#row(id))));
    return [...new Set(ids)].flatMap((id) => {
      const source = this.#source(id);
      return source ? [{ ...source, through: this.#source(source.via)?.name ?? null }] : [];
    });
  }

  /** The ids of all rows used for the page: those that it shows, and those that they require. */
  get used(): string[] {
    return [...this.#withRequired(this.#used, () => true)].toSorted();
  }

  /** Records that the page shows the row or evidence set `id`, cited or not. */
  use(id: string): void {
    if (this.#rows.has(id) || this.#sets.has(id)) this.#used.add(id);
  }

  /**
   * The day that must be printed with a judgment, as a figure of its row: `until` if the period that it speaks of ended
   * before the cut-off, `date` if it was made before the first day of `currentFrom`; null if neither is so.
   */
  ageOf(id: string, { currentFrom, asOf }: { currentFrom: Day; asOf: Day }): 'until' | 'date' | null {
    const entry = this.#rows.get(id);
    if (entry?.table !== 'judgments') return null;
    const { until, known_on: knownOn } = entry.row;
    return until !== null && until < asOf ? 'until' : knownOn < currentFrom ? 'date' : null;
  }

  /**
   * The rows printed by a page that prints `ids`: those rows, and the rows that judgments, gaps and indicators among
   * them rest on.
   */
  printedWith(ids: Iterable<string>): ReadonlySet<string> {
    return this.#withRequired(ids, ({ table }) => table !== 'events' && table !== 'measures');
  }

  /** `ids`, and the rows that those require which `requires` accepts. */
  #withRequired(ids: Iterable<string>, requires: (entry: TableRow) => boolean): Set<string> {
    const all = new Set(ids);
    // Iterating over a Set also visits entries added during the loop.
    for (const id of all) {
      const entry = this.#rows.get(id);
      if (entry === undefined || !requires(entry)) continue;
      for (const reference of references(entry.table, entry.row)) all.add(reference.id);
    }
    return all;
  }

  named(rows: readonly Row[]): string[] {
    return idsNamed(rows, this.#rows, this.#sets);
  }

  #evidence(id: string): string[] {
    const among = { find: (each: string) => this.#row(each), findings: this.#findings, sets: this.#sets };
    const evidence = evidenceOf(id, among);
    for (const each of evidence) this.#used.add(each);
    return evidence;
  }

  #row(id: string): TableRow {
    const entry = this.#rows.get(id);
    if (entry === undefined) {
      throw unknown(
        `No row "${id}" is known by the cut-off.`,
        'Correct the id, or print this part only if a query returns the row.',
      );
    }
    this.#used.add(id);
    return entry;
  }

  #source(id: string | null): RowOf<'sources'> | undefined {
    const entry = id === null ? undefined : this.#rows.get(id);
    if (entry?.table !== 'sources') return undefined;
    this.#used.add(entry.row.id);
    return entry.row;
  }

  #chain(id: string): string[] {
    return sourceChain(id, (each) => this.#source(each));
  }

  #endnoteOfSet(set: EvidenceSet) {
    const { incident, sources, attached } = set;
    const publishers = sources.join(this.locale.text('page.between.parts'));
    return {
      known_on: set.knownOn,
      revised_on: null,
      title: titleOfSet(set, this.locale),
      status: incident === null ? 'evidence_set' : 'incident',
      chain: [incident?.source ?? [], publishers]
        .flat()
        .map((name): Link => ({ id: set.name, name, reliability: null })),
      grade: null,
      external: false,
      set: {
        attached: incident === null ? attached.kind : attached.kind === 'rows' ? 'row' : 'none',
        sha256: set.sha256.slice(0, 12),
      },
    };
  }

  #endnote(entry: TableRow) {
    const chain = this.#chain(sourceOf(entry)).flatMap((source) => this.#source(source) ?? []);
    const { id, known_on: newest } = entry.row;
    /** The day on which the row first became known. */
    const known_on = this.#firstKnown.get(id) ?? newest;
    return {
      known_on,
      /** The day of the revision shown on the page; null for a row that was never revised. */
      revised_on: known_on < newest ? newest : null,
      title: titleOf(entry, { settings: this.#settings, locale: this.locale }),
      /** How a fact reached us, such as `public_record`, or `judgment`: the locale has the words. */
      status:
        'claim_status' in entry.row ? (entry.row.claim_status ?? 'reported').replace('-', '_') : 'judgment',
      /** From the original source to the one that we read, each with its own reliability. */
      chain: chain.map(({ id: source, name, reliability }): Link => ({ id: source, name, reliability })),
      /** Admiralty grade of the item as it reached us, such as `C2`; null if neither part is given. See `gradeOf`. */
      grade: gradeOf(entry, chain),
      external: 'basis' in entry.row && entry.row.basis === 'external',
      /** For an evidence set or an incident, what the PDF has attached, and the start of its hash; null for a row. */
      set: null,
    };
  }
}

const ownOf = <T>(record: { readonly [name: string]: T }, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

interface Among {
  /** Returns a row by its id, or throws. */
  readonly find: (id: string) => TableRow;
  readonly findings: Findings;
  readonly sets: Known;
}

/**
 * The rows and evidence sets that a citation of `id` leads to: events, measures, other authors' judgments and evidence
 * sets themselves; for all else, what it rests on.
 */
export function evidenceOf(id: string, among: Among): string[] {
  const { find, findings, sets } = among;
  const below = (ids: readonly string[]): string[] =>
    ids.flatMap((basis) => (basis === id ? [id] : evidenceOf(basis, among)));
  if (sets.has(id)) return [id];
  const finding = ownOf(findings, id);
  if (finding !== undefined) return below(finding.restsOn);
  const { table, row } = find(id);
  if (table === 'events' || table === 'measures') return [id];
  if (table === 'readings') return below([row.measure, ...row.rests_on]);
  if (table === 'judgments') return row.author === null ? below(row.rests_on) : [id];
  if (table === 'gaps' || table === 'indicators') return below(row.rests_on);
  throw unknown(
    `"${id}" is a row of ${table}, which cannot be cited.`,
    'Cite an event, a measure or a judgment.',
  );
}

function unknown(problem: string, hint: string): AppError {
  return new AppError('citation-unknown', [{ problem, hint }]);
}
