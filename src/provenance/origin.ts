import { z } from 'zod';
import { figureOf } from '../dataset/figures.ts';
import type { Row } from '../dataset/parse-rows.ts';
import { type Placeholder, placeholders } from '../dataset/references.ts';
import { lettersOf } from '../pdf/contents.ts';
import { type Brief, isOnTopic } from '../project/brief.ts';
import { figuresOfSet } from '../render/evidence-text.ts';
import { findText } from '../render/template/find-text.ts';
import type { Put } from '../render/template/trace.ts';
import type { Rendering } from '../rules/gate.ts';

type Found = Pick<Origin, 'kind' | 'says' | 'rows' | 'query' | 'findings'>;

/**
 * The rows for the labels of a chart that have this text, as linked in Vega's scene graph. A label of an axis or
 * legend, or one for several rows, has no link.
 */
function chartOrigin(
  context: { readonly [name: string]: unknown },
  { label, rendered }: { label: string; rendered: Rendered },
): Found {
  const { brief, rendering } = rendered;
  const name = z.string().safeParse(context['name']).data ?? '';
  const chart = rendering.charts[name];
  const config = brief.charts[name];
  if (chart === undefined || config === undefined)
    return { kind: 'unknown', rows: [], says: 'A drawing that is not a chart of the brief.' };
  const spec = config.source.file;
  const labels = chart.scene.texts.filter(({ text }) => lettersOf(text) === lettersOf(label));
  const keys = [...new Set(labels.flatMap(({ row }) => row ?? []))];
  const tied = keys.flatMap((key) => {
    const at = key.lastIndexOf(' ');
    const set = key.slice(0, at);
    const row = chart.data[set]?.[Number(key.slice(at + 1))];
    return row === undefined ? [] : [{ query: config.data[set] ?? '', row }];
  });
  const [first] = tied;
  if (first === undefined)
    return {
      kind: 'chart',
      rows: [],
      says: `A label of the chart "${name}" that belongs to no single row: an axis, a legend or a heading that its spec draws (${spec}).`,
    };
  const isFinding = Object.hasOwn(brief.config.findings, first.query);
  const findings = isFinding ? [findingOf(first.query, { rendered })] : [];
  const own = tied.flatMap(({ row }) => (isFinding ? countedIn(row, rendered) : idsIn(row, rendered)));
  return {
    kind: 'chart',
    rows: [...new Set(own)],
    says: [
      `A label of the chart "${name}" (${spec}).`,
      `This text represents ${tied.length === 1 ? 'a row' : `${tied.length} rows`} of`,
      findings[0] === undefined ? `the query "${first.query}".` : saysOf(findings[0]),
      ...(labels.some(({ row }) => row === null)
        ? ['An axis, a legend or a heading has the same text.']
        : []),
    ].join(' '),
    ...(findings.length > 0
      ? { findings }
      : { query: { name: first.query, file: brief.queries[first.query]?.file ?? '', row: first.row } }),
  };
}

/** A part of a row's text: as written, or a figure that was filled in. */
interface FilledPart {
  readonly text: string;
  readonly figure?: Placeholder;
}

/** A row's text as printed, with its figures separate. */
export function filledParts(raw: string, { brief, rendering }: Rendered): FilledPart[] {
  const { findings, rows, evidenceSets } = rendering.draft;
  const parts: FilledPart[] = [];
  let at = 0;
  for (const figure of placeholders(raw)) {
    const next = raw.indexOf(figure.source, at);
    parts.push({ text: raw.slice(at, next) });
    const entry = rows.get(figure.name);
    const set = evidenceSets.get(figure.name);
    const text =
      findings[figure.name]?.fields[figure.field] ??
      (entry && figureOf(entry, figure.field, brief.locale)) ??
      (set && figuresOfSet(set, brief.locale)[figure.field]) ??
      figure.source;
    parts.push({ text, figure });
    at = next + figure.source.length;
  }
  return [...parts, { text: raw.slice(at) }];
}

const record = z.record(z.string(), z.unknown());
const helperCall = /^([a-z-]+)\s+(.*)$/;

/**
 * The origin of text that an expression printed. `matched` is the part that matches the phrase, `whole` the line that
 * contains it, and `says` the id of the row or finding whose text it is.
 */
export function originOf(
  put: Put,
  {
    matched,
    whole,
    says,
    rendered,
  }: { matched: string; whole: string; says: string | undefined; rendered: Rendered },
): Origin {
  const { file, line, expression } = put;
  const base = { template: { file, line }, expression };
  const context = record.safeParse(put.context).data ?? {};
  const [, helper = '', argument = ''] = helperCall.exec(expression) ?? [];
  const { findings } = rendered.rendering.draft;
  if (helper === 'cite' || helper === 'notes')
    return { ...base, kind: 'citation', rows: [], says: 'The numbers of endnotes.' };
  if (expression === 'likelihoods')
    return {
      ...base,
      kind: 'template',
      rows: [],
      says: 'The scale of likelihood, in the words of the locale.',
    };
  if (helper === 'unbroken')
    return { ...base, ...valueOrigin({ ...put, expression: argument }, context, rendered) };
  if (helper === 't') return { ...base, ...messageOrigin(put, { argument, context, rendered }) };
  if (helper === 'svg') return { ...base, ...chartOrigin(context, { label: whole, rendered }) };
  if (helper === 'figure' && says !== undefined) {
    const field = /"([^"]+)"\s*$/.exec(argument)?.[1] ?? '';
    if (findings[says] !== undefined) {
      const finding = findingOf(says, { field, rendered });
      return { ...base, kind: 'finding', rows: finding.restsOn, findings: [finding], says: saysOf(finding) };
    }
    return {
      ...base,
      kind: 'row',
      rows: [says],
      says: `The figure "${field}" of ${says}.`,
      ...queryOf(put, rendered),
    };
  }
  if (helper === 'say')
    return { ...base, ...textOrigin(context, { argument, matched, rendered }), ...queryOf(put, rendered) };
  return { ...base, ...valueOrigin(put, context, rendered) };
}

/** A message of the locale. Words chosen by a value come from the origin of that value. */
function messageOrigin(
  put: Put,
  {
    argument,
    context,
    rendered,
  }: { argument: string; context: { readonly [name: string]: unknown }; rendered: Rendered },
): Found {
  const { locale } = rendered.brief;
  const key = /^"([^"]+)"/.exec(argument)?.[1] ?? '';
  const says = `Text of the program: the message "${key}" in ${locale.source.file}.`;
  const { choosing } = locale.valuesOf(key);
  const chosenBy = [...argument.matchAll(/(\w+)=([\w.@/-]+)/g)].find(([, name = '']) =>
    choosing.includes(name),
  );
  if (chosenBy === undefined) return { kind: 'template', rows: [], says };
  const value = valueOrigin({ ...put, expression: chosenBy[2] ?? '' }, context, rendered);
  // What a page explains depends on what it uses.
  if (value.kind === 'unknown')
    return { kind: 'edition', rows: [], says: `${says} Its wording depends on what the page prints.` };
  return { ...value, says: `${says} Its wording depends on a value. ${value.says}` };
}

/** The text of a row, and the figures in it that match the phrase. */
function textOrigin(
  context: { readonly [name: string]: unknown },
  { argument, matched, rendered }: { argument: string; matched: string; rendered: Rendered },
): Pick<Origin, 'kind' | 'says' | 'rows' | 'findings'> {
  const id = z.string().safeParse(context['id']).data;
  const raw = z.string().safeParse(context[argument.trim()]).data;
  if (id === undefined || raw === undefined)
    return {
      kind: 'unknown',
      rows: [],
      says: 'A text without the id of a row: it cannot be traced further.',
    };
  const parts = filledParts(raw, rendered);
  const touched = findText(
    parts.map(({ text }) => text),
    matched,
  ).flatMap(({ parts: numbers }) => [...numbers.keys()]);
  const figures = [...new Set(touched)].flatMap((number) => parts[number]?.figure ?? []);
  const { findings } = rendered.rendering.draft;
  const ofFindings = figures
    .filter(({ name }) => findings[name] !== undefined)
    .map(({ name, field }) => findingOf(name, { field, rendered }));
  const ofRows = figures.filter(({ name }) => findings[name] === undefined);
  const named = figures.map(({ name, field }) => `{${name}.${field}}`);
  return {
    kind: ofFindings.length > 0 ? 'finding' : 'row',
    says: [
      `The ${argument.trim()} of ${id}${named.length === 0 ? '' : `, with its figure${named.length > 1 ? 's' : ''} ${named.join(', ')}`}.`,
      ...ofFindings.map((finding) => `It is ${saysOf(finding)}`),
    ].join(' '),
    rows: [
      ...new Set([...ofRows.map(({ name }) => name), ...ofFindings.flatMap(({ restsOn }) => restsOn), id]),
    ],
    ...(ofFindings.length > 0 && { findings: ofFindings }),
  };
}

/** Where a name was looked up: in a row of a query or of a finding, a note, a change, the settings, or the calendar. */
function valueOrigin(
  put: Put,
  context: { readonly [name: string]: unknown },
  rendered: Rendered,
): Pick<Origin, 'kind' | 'says' | 'rows' | 'query' | 'findings'> {
  const { sets, draft, known } = rendered.rendering;
  const name = put.expression.replace(/^(?:@root|\.\.)[./]/, '');
  const query = queryOf(put, rendered);
  if (query.query?.row !== undefined)
    return {
      kind: 'query',
      rows: idsIn(query.query.row, rendered),
      says: `The column "${name}" of a row of the query "${query.query.name}".`,
      ...query,
    };
  for (const [finding, { rows }] of Object.entries(draft.findings)) {
    const row = rows.find((each) => each === put.context);
    if (row === undefined) continue;
    const found = findingOf(finding, { rendered });
    const rests = countedIn(row, rendered);
    return {
      kind: 'finding',
      rows: rests,
      findings: [found],
      says: `The column "${name}" of ${saysOf(found)}`,
    };
  }
  const [root = ''] = name.split(/[.\s]/);
  const chart = z.looseObject({ name: z.string(), svg: z.string() }).safeParse(context).data?.name;
  if (chart !== undefined && ['title', 'note'].includes(name))
    return {
      kind: 'settings',
      rows: [],
      says: `Written in ${rendered.brief.definition.file}, charts.${chart}.${name}.`,
    };
  const own = idsOf(context['id'], rendered).concat(idsOf(context['ids'], rendered));
  if ('covered' in context)
    return { kind: 'edition', rows: own, says: 'Computed from the days that were covered.' };
  if ('label' in context && 'text' in context)
    return { kind: 'settings', rows: own, says: 'A parameter of the edition.' };
  // No row that the page knows: it was withdrawn.
  if (own.length === 0 && 'change' in context && 'title' in context)
    return { kind: 'edition', rows: [], says: 'About a row that was withdrawn since the previous issue.' };
  if (own.length > 0 && 'change' in context && ['change', 'how', 'fields', 'count', 'numbers'].includes(name))
    return {
      kind: 'edition',
      rows: own,
      says: `Computed from when ${own.join(', ')} became known, compared with the previous issue.`,
    };
  if (own.length > 0 && !roots.has(root))
    return { kind: 'row', rows: own, says: `A value of the row ${own.join(', ')}.` };
  if (root === 'counts')
    return {
      kind: 'edition',
      rows: rendered.rendering.changes.map(({ id }) => id),
      says: 'Counted from the rows that became known since the previous issue.',
    };
  if (root === 'coverage')
    return {
      kind: 'edition',
      rows: known.coverage.filter(({ topic }) => isOnTopic(rendered.brief.config, topic)).map(({ id }) => id),
      says: 'Computed from the days that were covered.',
    };
  if (root === 'reconstructed')
    return {
      kind: 'edition',
      rows: known.sources
        .filter(({ known_on }) => known_on > rendered.rendering.period.asOf)
        .map(({ id }) => id),
      says: 'Computed from the days on which the desk first had the sources that carried other sources.',
    };
  if (root === 'publisher') return { kind: 'settings', rows: [], says: 'Set in sitrep.yaml, publisher.' };
  if (root === 'issue')
    return {
      kind: 'edition',
      rows: [],
      says: 'Computed from the last day, the period and the time zone of the brief.',
    };
  if (['brief', 'marking', 'paper', 'parameters'].includes(root) || Object.hasOwn(context, 'label'))
    return {
      kind: 'settings',
      rows: [],
      says: `Set in ${rendered.brief.definition.file}, or requested for the edition.`,
    };
  const isEmpty = Object.keys(sets).length === 0;
  return {
    kind: 'unknown',
    rows: [],
    says: `It cannot be traced beyond this expression${isEmpty ? ': no query was run' : ''}.`,
  };
}

const roots = new Set([
  'publisher',
  'issue',
  'coverage',
  'counts',
  'brief',
  'marking',
  'paper',
  'parameters',
]);

/** The query that returned the row in which an expression was evaluated. */
function queryOf({ context }: Put, { brief, rendering }: Rendered): Pick<Origin, 'query'> {
  for (const [name, rows] of Object.entries(rendering.sets)) {
    const row = rows.find((each) => each === context);
    if (row !== undefined) return { query: { name, file: brief.queries[name]?.file ?? '', row } };
  }
  return {};
}

/** The origin of a piece of text on the page. */
export interface Origin {
  readonly kind:
    'row' | 'finding' | 'query' | 'chart' | 'settings' | 'edition' | 'template' | 'citation' | 'unknown';
  /** A sentence. */
  readonly says: string;
  readonly template: { readonly file: string; readonly line: number };
  /** The expression as written in the template; null for text typed there. */
  readonly expression: string | null;
  /** The ids of the rows that supplied the text. */
  readonly rows: readonly string[];
  readonly query?: { readonly name: string; readonly file: string; readonly row?: Row };
  readonly findings?: readonly FindingOrigin[];
}

interface FindingOrigin {
  readonly name: string;
  readonly kind: string;
  /** The printed figure of the finding, and its value. */
  readonly field?: string;
  readonly value?: string;
  /** The query that supplied the finding's rows. */
  readonly query: string;
  readonly file: string;
  readonly restsOn: readonly string[];
}

/** The brief and rendering from which origins are derived. */
export interface Rendered {
  readonly brief: Brief;
  readonly rendering: Pick<Rendering, 'known' | 'period' | 'draft' | 'charts' | 'sets' | 'changes'>;
}

/** A list of changes names its rows in one string. */
const ids = z.union([z.string().transform((names) => names.split(' ')), z.array(z.string())]);

/** The ids that a query's row names: its own, and those that it cites. */
function idsIn(row: Row, rendered: Rendered): string[] {
  const named = ['id', 'cites', 'rests_on', 'ids'].flatMap((column) => idsOf(row[column], rendered));
  return [...new Set(named)];
}

const idsOf = (value: unknown, { rendering }: Rendered): string[] =>
  (ids.safeParse(value).data ?? []).filter(
    (id) =>
      rendering.draft.rows.has(id) ||
      rendering.draft.evidenceSets.has(id) ||
      rendering.changes.some((each) => each.id === id),
  );

function findingOf(name: string, { field, rendered }: { field?: string; rendered: Rendered }): FindingOrigin {
  const config = rendered.brief.config.findings[name];
  const finding = rendered.rendering.draft.findings[name];
  const query = config?.rows ?? '';
  const value = field === undefined ? undefined : finding?.fields[field];
  return {
    name,
    kind: config?.kind ?? '',
    ...(field !== undefined && { field }),
    ...(value !== undefined && { value }),
    query,
    file: rendered.brief.queries[query]?.file ?? '',
    restsOn: finding?.restsOn ?? [],
  };
}

const saysOf = ({ name, kind, field, value, query, file }: FindingOrigin): string =>
  `the finding "${name}" (${kind})${field === undefined ? '' : `, its figure "${field}"`}${value === undefined ? '' : ` = ${value}`}, computed from the query "${query}" (${file}).`;

/** The ids behind a finding's row: those that it names and, for a reading, the measure that it counts. */
function countedIn(row: Row, rendered: Rendered): string[] {
  const named = idsIn(row, rendered).flatMap((id) => {
    const entry = rendered.rendering.draft.rows.get(id);
    return entry?.table === 'readings' ? [id, entry.row.measure] : [id];
  });
  return [...new Set(named)];
}
