import type { Box } from '../charts/scene.ts';
import type { Row } from '../dataset/parse-rows.ts';
import type { Fault } from '../errors.ts';
import type { Brief } from '../project/brief.ts';
import type { Illustration } from '../render/illustrate.ts';
import { type Draft, excerpt } from './draft.ts';

/** Applies a check to each chart; the place of its faults is the chart's spec. */
const perChart = (check: (chart: Illustration, draft: Draft) => Iterable<Fault>) =>
  function* (draft: Draft): Generator<Fault> {
    for (const chart of draft.charts)
      for (const fault of check(chart, draft))
        yield { file: draft.brief.charts[chart.name]?.source.file ?? '', ...fault };
  };

/** Faults of one kind in a chart usually share a cause, so only the first is reported, with a count. */
function* counted<T>(found: readonly T[], problem: (first: T) => string, hint: string): Generator<Fault> {
  const [first] = found;
  if (first !== undefined)
    yield { problem: problem(first), hint, ...(found.length > 1 && { count: found.length }) };
}

export const warned = perChart(({ warnings }) =>
  warnings.map((warning) => ({
    problem: `Vega warns: ${warning}`,
    hint: 'Correct the spec, or the query that feeds it.',
  })),
);

export const empty = perChart(function* ({ scene: { marks, texts } }) {
  const isDrawn =
    marks.some(({ role }) => role === 'mark') ||
    texts.some(({ role, row }) => role === 'mark' && row !== null);
  if (!isDrawn)
    yield {
      problem: 'The chart shows nothing.',
      hint: 'Correct its filters and scales, or the query under rows.',
    };
});

/** Rows that come from no query or finding are the base of a map; parts of the base outside the frame need not show. */
const isOfGround = ({ queries, config }: Brief, set: string | undefined): boolean =>
  set !== undefined && !Object.hasOwn(queries, set) && !Object.hasOwn(config.findings, set);

export const clipped = perChart(function* ({ name, scene }, { brief }) {
  const { width, height, texts, marks, lost } = scene;
  const config = brief.config.charts[name];
  const isGround = ({ row }: { readonly row: string | null }) =>
    row !== null && isOfGround(brief, config?.data[row.slice(0, row.lastIndexOf(' '))]);
  // Labels must lie entirely within the frame; a line may cross the edge by its own width.
  const out = ({ left, top, right, bottom }: Box, slack: number) =>
    left < -slack || top < -slack || right > width + slack || bottom > height + slack;
  const hint =
    'Make room: add padding, raise the width or the label limit, or shorten the label in the query.';
  const cutTexts = texts.filter((text) => text.cut || out(text, 0.01));
  const outside = marks.filter((mark) => out(mark, 1));
  const cutMarks = [...marks.filter(({ cut }) => cut), ...lost].filter((mark) => !isGround(mark));
  yield* counted(cutTexts, ({ text }) => `The label "${excerpt(text)}" is cut off.`, hint);
  yield* counted(outside, ({ type }) => `A mark (${type}) extends beyond the edge of the chart.`, hint);
  yield* counted(
    cutMarks,
    ({ type, row }) =>
      `A mark (${type}${row === null ? '' : `, row ${row}`}) is cut off at the edge of its view.`,
    'Extend its scale to cover the data, or remove "clip".',
  );
});

/** The text that JavaScript writes for a missing value: `undefined`, or `NaN` for a figure that cannot be computed. */
const valueless = /(?<![\p{L}\p{N}])(?:undefined|null|NaN|Invalid Date|\[object Object\])(?![\p{L}\p{N}])/u;

export const valuelessLabels = perChart(function* ({ name, data, scene: { texts } }, { brief }) {
  // In a longer label the word may be ordinary text; it then also occurs in a row or in the spec.
  const worded = JSON.stringify([Object.values(data), brief.charts[name]?.parsed], (_, value: unknown) =>
    value === null ? '' : value,
  );
  // The gate counts identical faults.
  for (const { text, role } of texts) {
    const [word] = valueless.exec(text) ?? [];
    if (word !== undefined && (text.trim() === word || !worded.includes(word)))
      yield {
        problem: `The ${places[role] ?? 'label'} "${excerpt(text)}" shows a missing value.`,
        hint: 'Correct the field or the expression behind it, or make the query return a value: coalesce(column, …).',
      };
  }
});

const places: { readonly [role: string]: string } = {
  'axis-label': 'axis label',
  'axis-title': 'axis title',
  'legend-label': 'legend label',
  'legend-title': 'legend title',
  'title-text': 'title',
  mark: 'text',
};

export const overlapping = perChart(({ scene: { texts } }) =>
  counted(
    texts.flatMap((one, index) =>
      texts.slice(index + 1).flatMap((other) => (covers(one, other) ? [[one.text, other.text]] : [])),
    ),
    ([one = '', other = '']) => `The labels "${excerpt(one)}" and "${excerpt(other)}" overlap.`,
    'Move one of them, or leave more space between the rows.',
  ),
);

type Label = Illustration['scene']['texts'][number];

function covers(one: Label, other: Label): boolean {
  const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
  const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
  if (across <= 0.5 || down <= 0.5) return false;
  // A label and its own halo overlap by design.
  return (
    one.text !== other.text || Math.abs(one.left - other.left) >= 3 || Math.abs(one.top - other.top) >= 3
  );
}

export const undrawn = perChart(function* ({ name, data, scene }, { brief }) {
  const config = brief.config.charts[name];
  const drawn = new Set([...scene.marks, ...scene.texts].map(({ row }) => row));
  const leftOut = (row: Row) =>
    Object.entries(config?.leavesOut?.rows ?? {}).some(([column, value]) => row[column] === value);
  for (const [set, rows] of Object.entries(data)) {
    if (isOfGround(brief, config?.data[set]) || config?.aggregated?.sets.includes(set)) continue;
    const missing = rows.flatMap((row, index) =>
      drawn.has(`${set} ${index}`) || leftOut(row) ? [] : [String(row['id'] ?? `row ${index + 1}`)],
    );
    if (missing.length > 0)
      yield {
        problem: `${missing.length} of ${rows.length} rows of "${set}" are not drawn: ${missing.join(', ')}.`,
        hint: 'Draw them, or give the reason in brief.yaml: "leavesOut" for rows that are left out, "aggregated" for marks that combine several rows.',
      };
  }
});
