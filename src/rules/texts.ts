import type { Row } from '../dataset/parse-rows.ts';
import { proseColumns } from '../dataset/schema.ts';
import { quoted } from '../errors.ts';
import type { Brief } from '../project/brief.ts';
import { idsNamed } from '../render/citations.ts';
import type { Illustration } from '../render/illustrate.ts';
import { sourceChain, sourceOf } from '../render/row-details.ts';
import { plainCell } from '../render/template/plain-rows.ts';
import type { Draft } from './draft.ts';
import { type Element, isElement, isText, type Text } from './html.ts';
import { wordsFor } from './words.ts';

/**
 * The texts of the rows that the page shows, in the model's columns and in the dataset's own columns of text: `whole`,
 * and as `text` without quotations, which are someone else's wording.
 */
export function rowTexts({ used, rows, dataset }: Draft) {
  return used.flatMap((id) => {
    const entry = rows.get(id);
    if (entry === undefined) return [];
    const own = (dataset.settings.columns[entry.table] ?? []).flatMap(({ name, type }) =>
      type === 'VARCHAR' ? [name] : [],
    );
    return [...proseColumns(entry.table), ...own].flatMap((field) => {
      const value: unknown = Reflect.get(entry.row, field);
      // A single word in a column of the dataset's own is more likely to be a code than somebody's wording.
      return typeof value === 'string' && (!own.includes(field) || value.trim().includes(' '))
        ? [{ entry, field, text: value.replaceAll(quoted, ' '), whole: value }]
        : [];
    });
  });
}

/** The partial that explains how a brief is produced and what its terms mean. */
export const methodFile = /(?:^|\/)_shared\/partials\/method(?:-keys)?\.hbs$/;

/** Attributes that assistive technology reads out. */
const readOut = ['alt', 'title', 'aria-label', 'aria-description'];

/**
 * The page's own text, unit by unit, and its read-out attributes. Leaves out quotations, the method, row texts (which have their
 * own check), source names that rows print, and names listed as other names of an actor. Only text with a `suspect`
 * word is examined closely.
 */
export function pageTexts(draft: Draft, suspect: RegExp) {
  const { units, tree, known } = draft;
  const alsoSaid = wordsFor(draft)?.alsoNamed ?? '';
  const beside = besideSourceNames(draft);
  const alsoNamed = known.actors.flatMap(({ aliases }) => (aliases.length > 0 ? [aliases.join(', ')] : []));
  const ofRows = [...new Set(rowTexts(draft).map(({ whole }) => whole))];
  const own = (text: string): string => {
    const rest = ofRows.reduce((left, row) => left.replaceAll(row, ' '), text);
    return alsoNamed
      .reduce((left, names) => left.replaceAll(new RegExp(`${alsoSaid}${escaped(names)}`, 'giu'), ' '), rest)
      .replaceAll(quoted, ' ');
  };
  const inUnits = units
    .filter(({ text }) => suspect.test(text))
    .map(({ element, texts }) => ({
      element,
      text: texts
        .map((text) => (text.says.length > 0 ? ' ' : beside(text)))
        .join('')
        .replaceAll(/\s+/g, ' '),
    }));
  const inAttributes = tree.elements
    // A drawing's attributes come from its caption and from brief.yaml, which have their own checks.
    .filter(({ name }) => name !== 'svg')
    .flatMap((element) => readOut.map((name) => ({ element, text: element.attributes[name] ?? '' })));
  return [...inUnits, ...inAttributes]
    .filter(({ element, text }) => suspect.test(text) && !methodFile.test(element.file))
    .map(({ element, text }) => ({ element, text: own(text) }));
}

/** The texts of the charts in `brief.yaml`, by field. */
export const chartTexts = ({ config }: Brief): (readonly [field: string, text: string])[] =>
  Object.entries(config.charts).flatMap(([chart, settings]) =>
    (['title', 'alt', 'note'] as const).map(
      (key) => [`charts.${chart}.${key}`, settings[key] ?? ''] as const,
    ),
  );

export const escaped = (word: string): string => word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/**
 * Returns a function that removes the names of sources, whose wording the authors cannot change. A name counts only if
 * a row prints it: in the endnotes and among the changes; as a whole value of a query whose row names the source or a
 * row from it; or as a whole label of a chart with such a row. A typed name never counts.
 */
function besideSourceNames(draft: Draft): (text: Text) => string {
  let labels: ReadonlySet<Text> | undefined;
  return (text) => {
    if (text.isSourceName) return ' ';
    labels ??= namesDrawn(draft);
    if (labels.has(text)) return ' ';
    return text.row ? withoutItems(text.text, namesBehind(text.row.ids, draft)) : text.text;
  };
}

/** The names of the sources with these ids, and of the sources behind rows with these ids. */
function namesBehind(ids: readonly string[], { rows, known }: Draft): ReadonlySet<string> {
  const find = (id: string) => known.sources.find((each) => each.id === id);
  return new Set(
    ids
      .flatMap((id) => {
        const entry = rows.get(id);
        return entry ? sourceChain(entry.table === 'sources' ? id : sourceOf(entry), find) : [];
      })
      .flatMap((id) => find(id)?.name ?? []),
  );
}

/** Removes the names that are the whole text, or a whole item of a list as tables and templates write it. */
const withoutItems = (text: string, names: ReadonlySet<string>): string =>
  names.has(text.trim())
    ? ' '
    : text
        .split(/(; | ← )/)
        .map((item) => (names.has(item.trim()) ? ' ' : item))
        .join('');

/** The texts in the page's drawings that are the name of a source in a row of the chart. */
function namesDrawn(draft: Draft): Set<Text> {
  const labels = draft.charts.flatMap((chart) => labelsOf(chart, draft));
  const own = new Set(labels.filter(({ isName }) => isName).map(({ text }) => text));
  // The page does not say which chart a drawing belongs to, so a text that any chart spec types counts as typed.
  for (const { text, isName } of labels) if (!isName) own.delete(text);
  return new Set(
    draft.tree.elements
      .filter((element) => element.name === 'text')
      .map(textsIn)
      .filter((texts) => own.has(squeezed(texts.map(({ text }) => text).join(''))))
      .flat(),
  );
}

/** The label of a mark belongs to its own row; that of an axis or legend may belong to any. */
function labelsOf({ rows, data, scene }: Illustration, draft: Draft) {
  const named = new Map<Row, ReadonlySet<string>>();
  for (const row of [rows, ...Object.values(data)].flat()) named.set(row, namesIn(row, draft));
  const any = new Set([...named.values()].flatMap((names) => [...names]));
  return scene.texts.map(({ text, role, row: key }) => {
    const [, set = '', index = ''] = /^(.*) (\d+)$/.exec(key ?? '') ?? [];
    const row = data[set]?.[Number(index)];
    const names = role === 'mark' ? row && named.get(row) : role.endsWith('-label') ? any : undefined;
    return { text: squeezed(text), isName: names?.has(squeezed(text)) ?? false };
  });
}

/** The names of sources that occur as a value of the row. */
function namesIn(row: Row, draft: Draft): Set<string> {
  const names = [...namesBehind(idsNamed([row], draft.rows), draft)].map(squeezed);
  const values = new Set(Object.values(row).map(plainCell).map(squeezed));
  return new Set(names.filter((name) => values.has(name)));
}

/** A label may have several lines. */
const squeezed = (text: string): string => text.replaceAll(/\s+/g, '');

const textsIn = (element: Element): Text[] =>
  element.children.flatMap((child) => (isText(child) ? [child] : isElement(child) ? textsIn(child) : []));
