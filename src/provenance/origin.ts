import { z } from 'zod';
import { figureOf } from '../dataset/figures.ts';
import type { Row } from '../dataset/parse-rows.ts';
import { type Placeholder, placeholders } from '../dataset/references.ts';
import { lettersOf } from '../pdf/contents.ts';
import { type Brief, isOnTopic } from '../project/brief.ts';
import { findText } from '../render/template/find-text.ts';
import type { Put } from '../render/template/trace.ts';
import type { Rendering } from '../rules/gate.ts';
import { figuresOfSet } from '../render/row-details.ts';

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
  readonly query?: { readonly name: string; readonly file: string; readonly row: Row };
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

/** What is found out about a text, without its place in the template. */
type Found = Omit<Origin, 'template' | 'expression'>;

/** A text that comes from no row. */
const noRow = (kind: Origin['kind'], says: string): Found => ({ kind, says, rows: [] });

/** The data in which Handlebars evaluated an expression. */
type Context = z.output<typeof record>;
const string = z.string();
const record = z.record(string, z.unknown());

/**
 * The origin of text that an expression printed. `matched` is the part that matches the phrase, `whole` the line that
 * contains it, and `says` the id of the row or finding whose text it is.
 */
export function originOf(put: Put, about: About): Origin {
  const { file, line, expression } = put;
  return { template: { file, line }, expression, ...foundFor(put, about) };
}

interface About {
  readonly matched: string;
  readonly whole: string;
  readonly says: string | undefined;
  readonly rendered: Rendered;
}

function foundFor(put: Put, { matched, whole, says, rendered }: About): Found {
  const { expression } = put;
  const context = record.safeParse(put.context).data ?? {};
  const [, helper = '', argument = ''] = /^([a-z-]+)\s+(.*)$/.exec(expression) ?? [];
  if (helper === 'cite' || helper === 'notes') return noRow('citation', 'The numbers of endnotes.');
  if (expression === 'likelihoods')
    return noRow('template', 'The scale of likelihood, in the words of the locale.');
  if (helper === 'unbroken') return valueOrigin({ ...put, expression: argument }, context, rendered);
  if (helper === 't') return messageOrigin(put, { argument, context, rendered });
  if (helper === 'svg') return chartOrigin(context, { label: whole, rendered });
  if (helper === 'say')
    return { ...textOrigin(context, { argument, matched, rendered }), ...queryOf(put, rendered) };
  if (helper !== 'figure' || says === undefined) return valueOrigin(put, context, rendered);
  const field = /"([^"]+)"\s*$/.exec(argument)?.[1] ?? '';
  if (rendered.rendering.draft.findings[says] === undefined)
    return {
      kind: 'row',
      rows: [says],
      says: `The figure "${field}" of ${says}.`,
      ...queryOf(put, rendered),
    };
  const finding = findingOf(says, { field, rendered });
  return { kind: 'finding', rows: finding.restsOn, findings: [finding], says: saysOf(finding) };
}

/**
 * The rows for the labels of a chart that have this text, as linked in Vega's scene graph. A label of an axis or
 * legend, or one for several rows, has no link.
 */
function chartOrigin(context: Context, { label, rendered }: { label: string; rendered: Rendered }): Found {
  const { brief, rendering } = rendered;
  const name = string.safeParse(context['name']).data ?? '';
  const chart = rendering.charts[name];
  const config = brief.charts[name];
  if (chart === undefined || config === undefined)
    return noRow('unknown', 'A drawing that is not a chart of the brief.');
  const spec = config.source.file;
  const labels = chart.scene.texts.filter((each) => lettersOf(each.text) === lettersOf(label));
  const keys = [...new Set(labels.flatMap(({ row }) => row ?? []))];
  const tied = keys.flatMap((key) => {
    const at = key.lastIndexOf(' ');
    const set = key.slice(0, at);
    const row = chart.data[set]?.[Number(key.slice(at + 1))];
    return row === undefined ? [] : [{ query: config.data[set] ?? '', row }];
  });
  const [first] = tied;
  if (first === undefined)
    return noRow(
      'chart',
      `A label of the chart "${name}" that belongs to no single row: an axis, a legend or a heading that its spec draws (${spec}).`,
    );
  const { query, row: firstRow } = first;
  const finding = Object.hasOwn(brief.config.findings, query) ? findingOf(query, { rendered }) : undefined;
  const own = tied.flatMap(({ row }) => (finding ? countedIn(row, rendered) : idsIn(row, rendered)));
  return {
    kind: 'chart',
    rows: [...new Set(own)],
    says: [
      `A label of the chart "${name}" (${spec}).`,
      `This text represents ${tied.length === 1 ? 'a row' : `${tied.length} rows`} of`,
      finding ? saysOf(finding) : `the query "${query}".`,
      ...(labels.some(({ row }) => row === null)
        ? ['An axis, a legend or a heading has the same text.']
        : []),
    ].join(' '),
    ...(finding
      ? { findings: [finding] }
      : { query: { name: query, file: brief.queries[query]?.file ?? '', row: firstRow } }),
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

/** A message of the locale. Words chosen by a value come from the origin of that value. */
function messageOrigin(
  put: Put,
  { argument, context, rendered }: { argument: string; context: Context; rendered: Rendered },
): Found {
  const { locale } = rendered.brief;
  const key = /^"([^"]+)"/.exec(argument)?.[1] ?? '';
  const says = `Text of the program: the message "${key}" in ${locale.source.file}.`;
  const { choosing } = locale.valuesOf(key);
  const chosenBy = [...argument.matchAll(/(\w+)=([\w.@/-]+)/g)].find(([, name = '']) =>
    choosing.includes(name),
  );
  if (chosenBy === undefined) return noRow('template', says);
  const value = valueOrigin({ ...put, expression: chosenBy[2] ?? '' }, context, rendered);
  // What a page explains depends on what it uses.
  return value.kind === 'unknown'
    ? noRow('edition', `${says} Its wording depends on what the page prints.`)
    : { ...value, says: `${says} Its wording depends on a value. ${value.says}` };
}

/** The text of a row, and the figures in it that match the phrase. */
function textOrigin(
  context: Context,
  { argument, matched, rendered }: { argument: string; matched: string; rendered: Rendered },
): Found {
  const id = string.safeParse(context['id']).data;
  const raw = string.safeParse(context[argument.trim()]).data;
  if (id === undefined || raw === undefined)
    return noRow('unknown', 'A text without the id of a row: it cannot be traced further.');
  const parts = filledParts(raw, rendered);
  const touched = findText(
    parts.map((part) => part.text),
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
function valueOrigin(put: Put, context: Context, rendered: Rendered): Found {
  const { sets, draft } = rendered.rendering;
  const { definition } = rendered.brief;
  const name = put.expression.replace(/^(?:@root|\.\.)[./]/, '');
  const { query } = queryOf(put, rendered);
  if (query !== undefined)
    return {
      kind: 'query',
      rows: idsIn(query.row, rendered),
      says: `The column "${name}" of a row of the query "${query.name}".`,
      query,
    };
  for (const [finding, { rows }] of Object.entries(draft.findings)) {
    const row = rows.find((each) => each === put.context);
    if (row === undefined) continue;
    const found = findingOf(finding, { rendered });
    const says = `The column "${name}" of ${saysOf(found)}`;
    return { kind: 'finding', rows: countedIn(row, rendered), findings: [found], says };
  }
  const chart = z.looseObject({ name: string, svg: string }).safeParse(context).data?.name;
  if (chart !== undefined && ['title', 'note'].includes(name))
    return noRow('settings', `Written in ${definition.file}, charts.${chart}.${name}.`);
  const own = ['id', 'ids'].flatMap((column) => idsOf(context[column], rendered));
  if ('covered' in context) return { kind: 'edition', rows: own, says: fromCoverage };
  if ('label' in context && 'text' in context)
    return { kind: 'settings', rows: own, says: 'A parameter of the edition.' };
  // No row that the page knows: it was withdrawn.
  if (own.length === 0 && 'change' in context && 'title' in context)
    return noRow('edition', 'About a row that was withdrawn since the previous issue.');
  if (own.length > 0 && 'change' in context && ['change', 'how', 'fields', 'count', 'numbers'].includes(name))
    return {
      kind: 'edition',
      rows: own,
      says: `Computed from when ${own.join(', ')} became known, compared with the previous issue.`,
    };
  const ofPage = pageValues.get(/^[^.\s]*/.exec(name)?.[0] ?? '');
  if (ofPage !== undefined) return ofPage(rendered);
  if (own.length > 0) return { kind: 'row', rows: own, says: `A value of the row ${own.join(', ')}.` };
  if ('label' in context) return setting(rendered);
  const isEmpty = Object.keys(sets).length === 0;
  return noRow(
    'unknown',
    `It cannot be traced beyond this expression${isEmpty ? ': no query was run' : ''}.`,
  );
}

const fromCoverage = 'Computed from the days that were covered.';
const setting = ({ brief }: Rendered): Found =>
  noRow('settings', `Set in ${brief.definition.file}, or requested for the edition.`);
/** The values that the page itself has, by name. */
const pageValues = new Map(
  Object.entries<(rendered: Rendered) => Found>({
    counts: ({ rendering }) => ({
      kind: 'edition',
      rows: rendering.changes.map(({ id }) => id),
      says: 'Counted from the rows that became known since the previous issue.',
    }),
    coverage: ({ brief, rendering }) => ({
      kind: 'edition',
      rows: rendering.known.coverage
        .filter(({ topic }) => isOnTopic(brief.config, topic))
        .map(({ id }) => id),
      says: fromCoverage,
    }),
    reconstructed: ({ rendering }) => ({
      kind: 'edition',
      rows: rendering.known.sources
        .filter(({ known_on }) => known_on > rendering.period.asOf)
        .map(({ id }) => id),
      says: 'Computed from the days on which the desk first had the sources that carried other sources.',
    }),
    publisher: () => noRow('settings', 'Set in sitrep.yaml, publisher.'),
    issue: () => noRow('edition', 'Computed from the last day, the period and the time zone of the brief.'),
    brief: setting,
    marking: setting,
    paper: setting,
    parameters: setting,
  }),
);

/** The query that returned the row in which an expression was evaluated. */
function queryOf({ context }: Put, { brief, rendering }: Rendered) {
  for (const [name, rows] of Object.entries(rendering.sets)) {
    const row = rows.find((each) => each === context);
    if (row !== undefined) return { query: { name, file: brief.queries[name]?.file ?? '', row } };
  }
  return {};
}

/** A list of changes names its rows in one string. */
const ids = z.union([string.transform((names) => names.split(' ')), z.array(string)]);

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
