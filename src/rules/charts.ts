import type { Box } from '../charts/scene.ts';
import type { Row } from '../dataset/parse-rows.ts';
import type { Fault } from '../errors.ts';
import type { Brief } from '../project/brief.ts';
import type { Illustration } from '../render/illustrate.ts';
import { type Draft, excerpt } from './draft.ts';

/** Applies a check to each chart; the place of its faults is the chart's spec. */
const perChart =
  (check: (chart: Illustration, draft: Draft) => readonly Fault[]) =>
  (draft: Draft): Fault[] =>
    draft.charts.flatMap((chart) =>
      check(chart, draft).map((fault) => ({
        file: draft.brief.charts[chart.name]?.source.file ?? '',
        ...fault,
      })),
    );

/** Faults of one kind in a chart usually share a cause, so only the first is returned, with a count. */
const counted = <F extends Fault>([first, ...others]: readonly F[]): F[] =>
  first === undefined ? [] : others.length === 0 ? [first] : [{ ...first, count: others.length + 1 }];

export const warned = perChart(({ warnings }) =>
  warnings.map((warning) => ({
    problem: `Vega warns: ${warning}`,
    hint: 'Correct the spec, or the query that feeds it.',
  })),
);

export const empty = perChart(({ scene }) => {
  const drawn = [...scene.marks, ...scene.texts].filter(({ role, row }) => role === 'mark' && row !== null);
  const aggregated = scene.marks.some(({ role }) => role === 'mark');
  return drawn.length > 0 || aggregated
    ? []
    : [
        {
          problem: 'The chart shows nothing.',
          hint: 'Correct its filters and scales, or the query under rows.',
        },
      ];
});

/** Rows that come from no query or finding are the base of a map; parts of the base outside the frame need not show. */
const isOfGround = ({ queries, config }: Brief, set: string | undefined): boolean =>
  set !== undefined && !Object.hasOwn(queries, set) && !Object.hasOwn(config.findings, set);

export const clipped = perChart(({ name, scene: { width, height, texts, marks, lost } }, { brief }) => {
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
  return [
    ...counted(cutTexts.map(({ text }) => ({ problem: `The label "${excerpt(text)}" is cut off.`, hint }))),
    ...counted(
      outside.map(({ type }) => ({
        problem: `A mark (${type}) extends beyond the edge of the chart.`,
        hint,
      })),
    ),
    ...counted(
      cutMarks.map(({ type, row }) => ({
        problem: `A mark (${type}${row === null ? '' : `, row ${row}`}) is cut off at the edge of its view.`,
        hint: 'Extend its scale to cover the data, or remove "clip".',
      })),
    ),
  ];
});

/** The text that JavaScript writes for a missing value: `undefined`, or `NaN` for a figure that cannot be computed. */
const valueless = /(?<![\p{L}\p{N}])(?:undefined|null|NaN|Invalid Date|\[object Object\])(?![\p{L}\p{N}])/u;

export const valuelessLabels = perChart(({ name, data, scene: { texts } }, { brief }) => {
  // In a longer label the word may be ordinary text; it then also occurs in a row or in the spec.
  const worded = JSON.stringify([Object.values(data), brief.charts[name]?.parsed], (_, value: unknown) =>
    value === null ? '' : value,
  );
  const found = texts.flatMap(({ text, role }) => {
    const [word] = valueless.exec(text) ?? [];
    return word !== undefined && (text.trim() === word || !worded.includes(word)) ? [{ text, role }] : [];
  });
  // The gate counts identical faults.
  return found.map(({ text, role }) => ({
    problem: `The ${places[role] ?? 'label'} "${excerpt(text)}" shows a missing value.`,
    hint: 'Correct the field or the expression behind it, or make the query return a value: coalesce(column, …).',
  }));
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
      texts.slice(index + 1).flatMap((other) => {
        const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
        const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
        if (across <= 0.5 || down <= 0.5) return [];
        // A label and its own halo overlap by design.
        const halo =
          one.text === other.text && Math.abs(one.left - other.left) < 3 && Math.abs(one.top - other.top) < 3;
        if (halo) return [];
        const problem = `The labels "${excerpt(one.text)}" and "${excerpt(other.text)}" overlap.`;
        return [{ problem, hint: 'Move one of them, or leave more space between the rows.' }];
      }),
    ),
  ),
);

export const undrawn = perChart(({ name, data, scene }, { brief }) => {
  const config = brief.config.charts[name];
  const drawn = new Set([...scene.marks, ...scene.texts].map(({ row }) => row));
  const leftOut = (row: Row) =>
    Object.entries(config?.leavesOut?.rows ?? {}).some(([column, value]) => row[column] === value);
  return Object.entries(data).flatMap(([set, rows]) => {
    if (isOfGround(brief, config?.data[set]) || config?.aggregated?.sets.includes(set)) return [];
    const missing = rows.flatMap((row, index) =>
      drawn.has(`${set} ${index}`) || leftOut(row) ? [] : [String(row['id'] ?? `row ${index + 1}`)],
    );
    if (missing.length === 0) return [];
    return [
      {
        problem: `${missing.length} of ${rows.length} rows of "${set}" are not drawn: ${missing.join(', ')}.`,
        hint: 'Draw them, or give the reason in brief.yaml: "leavesOut" for rows that are left out, "aggregated" for marks that combine several rows.',
      },
    ];
  });
});
