import { z } from 'zod';
import type { Brief } from '../../model/brief.ts';
import type { Put } from '../trace.ts';
import { chartOrigin } from './chart-origin.ts';
import { filledParts } from './filled.ts';
import { findText } from './find-text.ts';
import { countedIn, findingOf, idsIn, idsOf, saysOf, type Origin, type Told } from './told.ts';

const record = z.record(z.string(), z.unknown());
const helperCall = /^([a-z-]+)\s+(.*)$/;

/** Where what an expression printed comes from; `matched` is the part of it that is asked for, `whole` the line that
 * it stands in, `says` what it is the text of. */
export function originOf(
  put: Put,
  { matched, whole, says, told }: { matched: string; whole: string; says: string | undefined; told: Told },
): Origin {
  const { file, line, expression } = put;
  const base = { template: { file, line }, expression };
  const context = record.safeParse(put.context).data ?? {};
  const [, helper = '', argument = ''] = helperCall.exec(expression) ?? [];
  const { findings } = told.rendering.draft;
  if (helper === 'cite' || helper === 'notes')
    return { ...base, kind: 'citation', rows: [], says: 'The numbers of endnotes.' };
  if (helper === 'svg') return { ...base, ...chartOrigin(context, { label: whole, told }) };
  if (helper === 'figure' && says !== undefined) {
    const field = /"([^"]+)"\s*$/.exec(argument)?.[1] ?? '';
    if (findings[says] !== undefined) {
      const finding = findingOf(says, { field, told });
      return { ...base, kind: 'finding', rows: finding.restsOn, findings: [finding], says: saysOf(finding) };
    }
    return {
      ...base,
      kind: 'row',
      rows: [says],
      says: `The figure "${field}" of ${says}.`,
      ...queryOf(put, told),
    };
  }
  if (helper === 'say')
    return { ...base, ...textOrigin(context, { argument, matched, told }), ...queryOf(put, told) };
  return { ...base, ...valueOrigin(put, context, told) };
}

/** The text of a row, and the figures in it that are asked for. */
function textOrigin(
  context: { readonly [name: string]: unknown },
  { argument, matched, told }: { argument: string; matched: string; told: Told },
): Pick<Origin, 'kind' | 'says' | 'rows' | 'findings'> {
  const id = z.string().safeParse(context['id']).data;
  const raw = z.string().safeParse(context[argument.trim()]).data;
  if (id === undefined || raw === undefined)
    return { kind: 'unknown', rows: [], says: 'A text that names no row: it cannot be traced further.' };
  const parts = filledParts(raw, told);
  const touched = findText(
    parts.map(({ text }) => text),
    matched,
  ).flatMap(({ parts: numbers }) => [...numbers.keys()]);
  const figures = [...new Set(touched)].flatMap((number) => parts[number]?.figure ?? []);
  const { findings } = told.rendering.draft;
  const ofFindings = figures
    .filter(({ name }) => findings[name] !== undefined)
    .map(({ name, field }) => findingOf(name, { field, told }));
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

/** What a name was looked up in: a row of a query or of a finding, a note, a change, the settings, or the calendar. */
function valueOrigin(
  put: Put,
  context: { readonly [name: string]: unknown },
  told: Told,
): Pick<Origin, 'kind' | 'says' | 'rows' | 'query' | 'findings'> {
  const { sets, draft, known } = told.rendering;
  const name = put.expression.replace(/^(?:@root|\.\.)[./]/, '');
  const query = queryOf(put, told);
  if (query.query?.row !== undefined)
    return {
      kind: 'query',
      rows: idsIn(query.query.row, told),
      says: `The column "${name}" of a row of the query "${query.query.name}".`,
      ...query,
    };
  for (const [finding, { rows }] of Object.entries(draft.findings)) {
    const row = rows.find((each) => each === put.context);
    if (row === undefined) continue;
    const found = findingOf(finding, { told });
    const rests = countedIn(row, told);
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
      says: `Written in ${told.brief.definition.file}, charts.${chart}.${name}.`,
    };
  const own = idsOf(context['id'], told).concat(idsOf(context['ids'], told));
  if ('covered' in context)
    return { kind: 'edition', rows: own, says: 'Computed from the days that were covered.' };
  if ('label' in context && 'text' in context)
    return { kind: 'settings', rows: own, says: 'A parameter that the edition was asked for with.' };
  if (own.length > 0 && 'change' in context && name === 'change')
    return {
      kind: 'edition',
      rows: own,
      says: `Told from when ${own.join(', ')} became known, against the issue before.`,
    };
  if (own.length > 0 && !roots.has(root))
    return { kind: 'row', rows: own, says: `What the row ${own.join(', ')} says of itself.` };
  if (root === 'counts')
    return {
      kind: 'edition',
      rows: told.rendering.changes.map(({ id }) => id),
      says: 'Counted from the rows that became known since the issue before.',
    };
  if (root === 'coverage')
    return {
      kind: 'edition',
      rows: known.coverage.filter(({ topic }) => isOnTopic(topic, told.brief)).map(({ id }) => id),
      says: 'Computed from the days that were covered.',
    };
  if (root === 'reconstructed')
    return {
      kind: 'edition',
      rows: known.sources.filter(({ known_on }) => known_on > told.rendering.period.asOf).map(({ id }) => id),
      says: 'Computed from the days on which the desk had the sources that carried others.',
    };
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
      says: `Set by ${told.brief.definition.file}, or asked for with the edition.`,
    };
  const isEmpty = Object.keys(sets).length === 0;
  return {
    kind: 'unknown',
    rows: [],
    says: `It cannot be traced further than to this expression${isEmpty ? ': no query was run' : ''}.`,
  };
}

const roots = new Set(['issue', 'coverage', 'counts', 'brief', 'marking', 'paper', 'parameters']);
const isOnTopic = (topic: string, { config }: Brief): boolean =>
  config.topic === 'all' || config.topic === topic;

/** The query that gave the row that an expression stands in. */
function queryOf({ context }: Put, { brief, rendering }: Told): Pick<Origin, 'query'> {
  for (const [name, rows] of Object.entries(rendering.sets)) {
    const row = rows.find((each) => each === context);
    if (row !== undefined) return { query: { name, file: brief.queries[name]?.file ?? '', row } };
  }
  return {};
}
