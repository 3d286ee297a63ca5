import type { Brief } from '../model/brief.ts';
import type { Tables } from '../model/dataset.ts';
import { AppError, type Fault } from '../model/fault.ts';
import type { Row, RowSets } from '../model/row.ts';
import type { Findings } from './analyse.ts';
import type { ChartRequest, Drawing } from './chart.ts';
import type { Figure } from './compose.ts';
import { Evidence } from './evidence.ts';

/** A figure with all that the gate looks at. */
export interface Illustration extends Figure, Drawing {
  readonly data: { readonly [set: string]: readonly Row[] };
}

/** Draws one chart. Throws `chart-failed`. */
export type DrawChart = (request: ChartRequest) => Promise<Drawing>;

/** Draws the brief's charts; one whose rows are empty is null. Throws the faults of all charts at once. */
export async function illustrate({
  brief,
  known,
  sets,
  findings,
  maps,
  drawChart,
}: {
  brief: Brief;
  known: Tables;
  sets: RowSets;
  findings: Findings;
  maps: RowSets;
  drawChart: DrawChart;
}): Promise<{ [name: string]: Illustration | null }> {
  const faults: Fault[] = [];
  const evidence = new Evidence(known, findings);
  const named = (name: string): readonly Row[] | undefined => {
    if (Object.hasOwn(maps, name)) return maps[name];
    if (Object.hasOwn(brief.config.findings, name)) return findings[name]?.rows ?? [];
    return Object.hasOwn(sets, name) ? sets[name] : undefined;
  };
  const figures: { [name: string]: Illustration | null } = {};
  for (const [name, chart] of Object.entries(brief.charts)) {
    const data = Object.entries({ ...chart.data, '': chart.rows }).map(
      ([set, query]) => [set, query, named(query)] as const,
    );
    for (const [set, query, rows] of data) {
      if (rows !== undefined) continue;
      faults.push({
        file: brief.definition.file,
        field: `charts.${name}.${set === '' ? 'rows' : `data.${set}`}`,
        problem: `There is no query or finding "${query}".`,
        mend: `Name one of ${[...Object.keys(brief.queries), ...Object.keys(brief.config.findings), ...Object.keys(maps)].join(', ')}.`,
      });
    }
    const rows = named(chart.rows) ?? [];
    figures[name] = null;
    if (rows.length === 0 || data.some(([, , found]) => found === undefined)) continue;

    const caption = newestCaption(known, chart.captions);
    const given = Object.fromEntries(
      data.flatMap(([set, , found]) => (set === '' ? [] : [[set, found ?? []] as const])),
    );
    try {
      const drawing = await drawChart({
        name,
        file: chart.source.file,
        spec: chart.parsed,
        theme: brief.theme.parsed,
        data: given,
        alt: `${caption ? `${evidence.fill(caption.text, caption.id)}. ` : ''}${chart.title}. ${chart.alt}`,
      });
      const { title, map } = chart;
      figures[name] = { ...drawing, data: given, name, rows, caption, title, map, note: chart.note ?? null };
    } catch (cause) {
      if (!(cause instanceof AppError)) throw cause;
      faults.push(...cause.faults);
    }
  }
  if (faults.length > 0) throw new AppError('chart-failed', faults);
  return figures;
}

function newestCaption(known: Tables, captions: readonly string[]): Figure['caption'] {
  const [newest] = known.judgments
    .filter(({ id, role }) => role === 'caption' && captions.includes(id))
    .toSorted((a, b) => (a.known_on < b.known_on ? 1 : -1));
  return newest ? { id: newest.id, text: newest.text } : null;
}
