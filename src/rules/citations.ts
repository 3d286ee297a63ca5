import { figuresOf } from '../dataset/figures.ts';
import type { Row } from '../dataset/parse-rows.ts';
import type { TableRow } from '../dataset/references.ts';
import type { TableName } from '../dataset/schema.ts';
import type { Fault } from '../errors.ts';
import { isShared, located } from '../project/source-files.ts';
import { methodFile } from './texts.ts';
import { evidenceOf, idsNamed } from '../render/citations.ts';
import { type Draft, excerpt, inRow, onPage } from './draft.ts';
import { ancestorsOf, isElement, isText, type Node, type Text, textOf, tidy } from './html.ts';
import type { Unit } from './units.ts';
import { figuresOfSet } from '../render/row-details.ts';

/** A heading names what follows: it is short, and not a sentence. */
const longestHeading = 8;
const isStatement = (text: string): boolean => text.split(' ').length > longestHeading || /[.!?]$/.test(text);

/**
 * The author of a text, not its class, decides whether it needs a source. A text needs none only if a partial in
 * `_shared/` typed it, it includes no text of a row, and the query values in it are only names. Whatever a brief's own
 * template or a partial of its dataset writes must cite, except short headings and what the dataset adds to the method.
 */
export function* uncited(draft: Draft): Generator<Fault> {
  const { brief, units, tree } = draft;
  const waivesDrawings = brief.config.waive.some(({ rule }) => rule === 'charts-cite');
  const aroundDrawings = new Set(tree.elements.filter(({ name }) => name === 'svg').flatMap(ancestorsOf));
  for (const unit of units) {
    const { element, texts, text, isHeading, isLoose, cites } = unit;
    const worded = texts.filter((each) => /[\p{L}\p{N}]/u.test(each.text));
    const says = worded.some(({ says: ids }) => ids.length > 0);
    const isStanding = (file: string) => isShared(file) || methodFile.test(element.file);
    // A query's value is never typed text, even where a shared partial prints it.
    const typed = worded.some((each) =>
      each.row ? !isOfRegister(each, draft) : each.says.length === 0 && !isStanding(each.file),
    );
    // A drawing without citations is one fault, reported by the rule charts-cite.
    const isDrawing = element.name === 'figure' && aroundDrawings.has(element);
    if (isHeading) {
      if (typed && isStatement(text))
        yield onPage(
          element,
          `The heading "${excerpt(text)}" reads as a statement.`,
          `Shorten it to ${longestHeading} words without a full stop, or print the text of a row.`,
        );
    } else if (isLoose && typed)
      yield onPage(
        element,
        `"${excerpt(text)}" is not inside a paragraph.`,
        'Put it in a <p> with a citation.',
      );
    else if (cites.size === 0 && (says || typed) && !isEmptyTable(unit) && (!isDrawing || waivesDrawings))
      yield onPage(
        element,
        `${whatIs[element.name] ?? 'A paragraph'} cites no row: "${excerpt(text)}".`,
        element.name === 'table'
          ? 'Cite the evidence in each row, for example <td>{{title}}{{cite id}}</td>.'
          : 'Cite the evidence: {{cite id}}. If there is nothing to report, use {{> no-reporting}}.',
      );
  }
}

const whatIs: { readonly [element: string]: string } = { figure: 'A figure', table: 'A table' };

/** Whether a table has only a head of short names and no rows, and so makes no statement. */
function isEmptyTable({ element, texts }: Unit): boolean {
  if (element.name !== 'table' || texts.some(({ says, row }) => says.length > 0 || row)) return false;
  const isEmpty = (part: Node): boolean => {
    if (isText(part)) return !/[\p{L}\p{N}]/u.test(part.text);
    if (!isElement(part)) return true;
    return part.name === 'th' && part.parent?.parent?.name === 'thead'
      ? !isStatement(textOf(part))
      : part.children.every(isEmpty);
  };
  return element.children.every(isEmpty);
}

const registers: ReadonlySet<TableName> = new Set(['actors', 'places', 'sources', 'coverage']);

/**
 * The text of a row must be cited with the rows that it rests on. A heading may leave the citation to the rest of the
 * page.
 */
export function* unfounded(draft: Draft): Generator<Fault> {
  const { units, rows, findings, evidenceSets: sets } = draft;
  const everywhere = new Set(units.flatMap(({ cites }) => [...cites]));
  const find = (id: string) => {
    const found = rows.get(id);
    if (found === undefined) throw new Error(`${id} is not known.`);
    return found;
  };
  for (const { element, texts, isHeading, cites } of units) {
    const known = isHeading ? everywhere : cites;
    for (const id of new Set(
      texts.flatMap(({ says, row }) => [...says, ...(row ? [row.own ?? row.from] : [])]),
    )) {
      const entry = rows.get(id);
      const isFinding = Object.hasOwn(findings, id);
      if (entry === undefined && !isFinding && !sets.has(id)) continue;
      // The identity of an actor needs no report: a register in the dataset provides it.
      if (entry && registers.has(entry.table)) continue;
      const basis = evidenceOf(id, { find, findings, sets });
      const lacking = [...new Set(basis)].filter((each) => !known.has(each));
      if (entry && basis.length === 0)
        yield inRow(draft, entry, 'has neither evidence nor an author.', 'Fill in rests_on or author.');
      else if (entry && lacking.length > 0)
        yield onPage(
          element,
          `The text of "${id}" is printed without a citation of its evidence: ${lacking.join(', ')}.`,
          'Add a citation beside the text: {{cite rests_on}} or {{cite id}}.',
        );
      else if (lacking.length > 0)
        yield onPage(
          element,
          `A figure of the ${isFinding ? 'finding' : 'evidence set'} "${id}" is printed without a citation of its evidence: ${lacking.join(', ')}.`,
          `Cite it beside the figure: {{cite "${id}"}}.`,
        );
    }
  }
}

/** Text printed as a row's must be the row's own: a query may choose texts but not write them. */
export function* madeUp({ brief, units, rows, findings, evidenceSets }: Draft): Generator<Fault> {
  for (const { element, texts } of units)
    for (const { id, text } of saidTexts(texts)) {
      const set = evidenceSets.get(id);
      const entry = rows.get(id);
      const isRight =
        Object.hasOwn(findings, id) ||
        (set && Object.values(figuresOfSet(set, brief.locale)).includes(text)) ||
        (entry && isOwnText(text, { entry, locale: brief.locale }));
      const why = entry
        ? `is printed as the text of "${id}", but differs from it`
        : 'is not the text of a known row';
      if (!isRight)
        yield onPage(
          element,
          `The text "${excerpt(text)}" ${why}.`,
          'Make the query return the id and the text of the same row.',
        );
    }
}

/** Each text of a row, rejoined where a name within it is marked up. */
function saidTexts(texts: readonly Text[]): { id: string; text: string }[] {
  const said: { id: string; text: string }[] = [];
  let last: string | undefined;
  for (const { text, says } of texts) {
    const [id] = says;
    if (id !== undefined && id === last) (said.at(-1) ?? { text: '' }).text += text;
    else if (id !== undefined) said.push({ id, text });
    last = id;
  }
  return said;
}

function isOwnText(
  text: string,
  { entry, locale }: { entry: TableRow; locale: Draft['brief']['locale'] },
): boolean {
  const wanted = tidy(text);
  const texts = Object.values(entry.row).filter((value) => typeof value === 'string');
  return texts.some((own) => isFilled(own, wanted)) || figuresOf(entry, locale).includes(wanted);
}

/**
 * Whether `text` equals the row's own text with each placeholder filled in. The parts between placeholders are searched
 * from left to right, because a regular expression built from a long text is rejected or never finishes.
 */
function isFilled(own: string, text: string): boolean {
  const [first = '', ...others] = tidy(own).split(/\{[\w.-]+\}/);
  const last = others.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let end = first.length;
  for (const part of others) {
    const start = text.indexOf(part, end + 1);
    if (start === -1) return false;
    end = start + part.length;
  }
  return text.endsWith(last) && text.length - last.length > end;
}

/**
 * Nothing on the page became known after the cut-off. The check uses the dataset itself, whatever a query returns.
 * Sources that only relayed an earlier source are exempt, because the whole chain of sources is shown.
 */
export function* unknownRows(draft: Draft): Generator<Fault> {
  const { dataset, knownUntil, used, units, rows, known, evidenceSets } = draft;
  const carriers = new Set(known.sources.map(({ via }) => via));
  for (const id of new Set([...used, ...units.flatMap(({ cites }) => [...cites])])) {
    const set = evidenceSets.get(id);
    const entry = rows.get(id);
    const isInTime = entry && (entry.row.known_on <= knownUntil || carriers.has(id));
    if (set !== undefined && set.unknown > 0)
      yield {
        ...(set.query && { file: set.query.file }),
        problem: `${set.unknown} of the ${set.rows} rows of the evidence set "${id}" are not incidents known by ${knownUntil}.`,
        hint: 'Make its query select rows of the table incidents with their own ids.',
      };
    if (set === undefined && !(isInTime && entry.row.status === 'current'))
      yield {
        file: dataset.folder,
        problem: `The page uses "${id}", which was not known by ${knownUntil}.`,
        hint: 'Print this part only if a query returns the row.',
      };
  }
}

/** Every drawing is in a figure that cites, whichever template placed it. */
export function* uncitedDrawings({ brief, tree, units }: Draft): Generator<Fault> {
  const citing = new Set(units.filter(({ cites }) => cites.size > 0).map(({ element }) => element));
  for (const svg of tree.elements.filter(({ name }) => name === 'svg')) {
    const around = ancestorsOf(svg);
    if (around.some((element) => citing.has(element))) continue;
    const chart = around
      .filter(({ name }) => name === 'figure')
      .flatMap(({ attributes }) => attributes['class']?.split(' ') ?? [])
      .find((name) => Object.hasOwn(brief.config.charts, name));
    if (chart === undefined)
      yield onPage(
        svg,
        'A chart cites no row.',
        'Pass the ids behind the chart to the partial: cites=(column rows "id").',
      );
    else {
      const fault: Fault = {
        file: brief.definition.file,
        field: `charts.${chart}`,
        problem: `The chart "${chart}" cites no row.`,
        hint: `Add a column "cites" with the ids behind each row to the query under "rows", or pass the ids in the template: {{> chart cites=(column rows "id")}}.`,
      };
      yield* located([fault], brief.definition);
    }
  }
}

/**
 * Each row that a query passes to the page, or that a chart draws, names a row of the dataset. Without it, the row's
 * origin, its marking and later revisions cannot be traced.
 */
export function untraceable(draft: Draft): Fault[] {
  const { waive } = draft.brief.config;
  // A query without "cites" leaves its chart without citations: charts-cite reports that, unless it is waived.
  const reported = waive.some(({ rule }) => rule === 'charts-cite') ? [] : [...uncitedDrawings(draft)];
  return nameless(draft)
    .filter(({ chart }) => !reported.some(({ field }) => field === `charts.${chart}`))
    .map(({ file, query, row }) => ({
      file,
      problem: `The query "${query}" returns a row without the id of a known row: ${excerpt(JSON.stringify(row))}.`,
      hint: 'Make the query return id, or a list of the ids behind each row: list(id) AS cites.',
    }));
}

/**
 * The first row of each query that names no row of the dataset, with the chart that draws it if no template requests the
 * query.
 */
export function nameless({ brief, asked, charts, rows: known, evidenceSets }: Draft) {
  const { config, queries, definition } = brief;
  const drawn = charts.flatMap(({ name, rows }) => {
    const query = config.charts[name]?.rows ?? '';
    return Object.hasOwn(config.findings, query) ? [] : [{ query, chart: name, rows }];
  });
  const given = [
    ...Object.entries(asked).map(([query, rows]) => ({ query, chart: undefined, rows })),
    ...drawn.filter(({ query }) => !Object.hasOwn(asked, query)),
  ];
  return given.flatMap(({ query, chart, rows }) => {
    const row = rows.find((each) => idsNamed([each], known, evidenceSets).length === 0 && !saysNothing(each));
    return row === undefined ? [] : [{ query, chart, file: queries[query]?.file ?? definition.file, row }];
  });
}

/** Whether a row says nothing: each of its values is null, zero, a date or an empty list. */
const saysNothing = (row: Row): boolean =>
  Object.values(row).every(
    (value) =>
      value === null ||
      value === 0 ||
      (typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value)) ||
      (Array.isArray(value) && value.length === 0),
  );

/**
 * Whether a query's value occurs, word for word, in a text of its own actor's, place's or source's row (such as the
 * name), in the title of the actor's affiliation or in the day of the source. Such facts need no report: a register in
 * the dataset provides them.
 */
function isOfRegister({ text, row }: Text, { rows, dataset, brief }: Draft): boolean {
  const entry = row?.own == null ? undefined : rows.get(row.own);
  if (entry?.table !== 'actors' && entry?.table !== 'places' && entry?.table !== 'sources') return false;
  const titles = dataset.settings.affiliations.filter(
    ({ name }) => entry.table === 'actors' && name === entry.row.affiliation,
  );
  const texts = Object.values(entry.row).flatMap((value) =>
    typeof value === 'string' ? [value] : Array.isArray(value) ? [value.join(' ')] : [],
  );
  const published = entry.table === 'sources' ? entry.row.published : null;
  const days = published === null ? [] : [brief.locale.shortDay(published)];
  const wanted = ` ${wordsOf(text)} `;
  return [...texts, ...titles.map(({ title }) => title), ...days].some((own) =>
    ` ${wordsOf(own)} `.includes(wanted),
  );
}

const wordsOf = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
