import { z } from 'zod';
import { lettersOf } from '../gate/print.ts';
import { countedIn, findingOf, idsIn, saysOf, type Origin, type Told } from './told.ts';

type Found = Pick<Origin, 'kind' | 'says' | 'rows' | 'query' | 'findings'>;

/**
 * The rows that the labels of a chart which read alike stand for, as Vega's scene graph ties them. A label of an axis
 * or legend, or one that stands for several rows at once, is tied to none.
 */
export function chartOrigin(
  context: { readonly [name: string]: unknown },
  { label, told }: { label: string; told: Told },
): Found {
  const { brief, rendering } = told;
  const name = z.string().safeParse(context['name']).data ?? '';
  const chart = rendering.charts[name];
  const config = brief.charts[name];
  if (chart === undefined || config === undefined)
    return { kind: 'unknown', rows: [], says: 'A drawing that is no chart of the brief.' };
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
      says: `A label of the chart "${name}" that stands for no single row: an axis, a legend or a heading that its spec draws (${spec}).`,
    };
  const isFinding = Object.hasOwn(brief.config.findings, first.query);
  const findings = isFinding ? [findingOf(first.query, { told })] : [];
  const own = tied.flatMap(({ row }) => (isFinding ? countedIn(row, told) : idsIn(row, told)));
  return {
    kind: 'chart',
    rows: [...new Set(own)],
    says: [
      `A label of the chart "${name}" (${spec}).`,
      `What reads so stands for ${tied.length === 1 ? 'a row' : `${tied.length} rows`} of`,
      findings[0] === undefined ? `the query "${first.query}".` : saysOf(findings[0]),
      ...(labels.some(({ row }) => row === null) ? ['An axis, a legend or a heading reads so too.'] : []),
    ].join(' '),
    ...(findings.length > 0
      ? { findings }
      : { query: { name: first.query, file: brief.queries[first.query]?.file ?? '', row: first.row } }),
  };
}
