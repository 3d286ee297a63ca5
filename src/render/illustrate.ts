import { z } from 'zod';
import { chartLocale } from '../charts/chart-locale.ts';
import type { DrawChart, Drawing } from '../charts/draw.ts';
import type { Row, RowSets } from '../dataset/parse-rows.ts';
import type { Tables } from '../dataset/schema.ts';
import type { outlinesWithin as OutlinesWithin } from '../dataset/world.ts';
import { WORLD } from '../dataset/world-source.ts';
import { AppError, type ErrorCode, type Fault, similarTo } from '../errors.ts';
import type { Findings } from '../findings/analyse.ts';
import type { Brief } from '../project/brief.ts';
import { located } from '../project/source-files.ts';
import { Evidence, type Texts } from './citations.ts';
import type { Figure } from './asked-for.ts';

/** A figure with everything that the gate checks. */
export interface Illustration extends Figure, Drawing {
  /** The text for people who cannot see it. */
  readonly alt: string;
}

/** The frame of a map: the first row of the chart's data set `frame`. Its outlines are of the countries that reach into it. */
const box = z.object({ west: z.number(), south: z.number(), east: z.number(), north: z.number() });

/** Draws the brief's charts; a chart whose rows are empty is null. Throws the faults of all charts at once. */
export async function illustrate({
  brief,
  known,
  sets,
  columns,
  findings,
  texts,
  maps,
  outlinesWithin,
  drawChart,
}: {
  brief: Brief;
  known: Tables;
  sets: RowSets;
  /** The columns of queries without rows. */
  columns: { readonly [query: string]: readonly string[] };
  findings: Findings;
  /** What captions are filled with, if the dataset has another language than the brief. */
  texts?: Texts | undefined;
  maps: RowSets;
  outlinesWithin: typeof OutlinesWithin;
  drawChart: DrawChart;
}): Promise<{ [name: string]: Illustration | null }> {
  const { locale } = brief;
  const words = chartLocale(locale);
  const evidence = new Evidence(known, findings, { locale, texts });
  const named = (name: string): readonly Row[] | undefined => {
    if (Object.hasOwn(maps, name)) return maps[name];
    if (Object.hasOwn(brief.config.findings, name)) return findings[name]?.rows ?? [];
    const [, finding = ''] = /^(.*)\.weeks$/.exec(name) ?? [];
    if (brief.config.findings[finding]?.kind === 'activity') return findings[finding]?.weeks ?? [];
    return Object.hasOwn(sets, name) ? sets[name] : undefined;
  };
  const draw = async (name: string, chart: Brief['charts'][string]): Promise<Illustration | null> => {
    const frame = box.safeParse(named(chart.data['frame'] ?? '')?.[0]);
    const world = frame.success ? await outlinesWithin(frame.data) : [];
    const asked = Object.entries({ ...chart.data, '': chart.rows });
    const found = asked.map(([set, query]) => [set, query === WORLD ? world : named(query)] as const);
    const faults = asked.flatMap(([set, query], index): Fault[] => {
      if (found[index]?.[1] !== undefined) return [];
      const field = `charts.${name}.${set === '' ? 'rows' : `data.${set}`}`;
      const problem = `There is no query or finding "${query}".`;
      return [{ file: brief.definition.file, field, problem, hint: meantInstead(query) }];
    });
    if (faults.length > 0) throw new AppError('chart-failed', located(faults, brief.definition));
    const rows = named(chart.rows) ?? [];
    if (rows.length === 0) return null;

    const { title, map, note = null } = chart;
    const caption = newestCaption(known, chart.captions);
    const described = { title, alt: chart.alt };
    const alt =
      caption === null
        ? locale.text('page.chart.alt', described)
        : locale.text('page.chart.alt_with_caption', {
            ...described,
            caption: evidence.fill(caption.text, caption.id),
          });
    const data = Object.fromEntries(found.flatMap(([set, of = []]) => (set === '' ? [] : [[set, of]])));
    const drawing = await drawChart({
      name,
      file: chart.source.file,
      spec: chart.parsed,
      theme: brief.theme.parsed,
      data,
      columns: Object.fromEntries(
        asked.flatMap(([set, query]) => (columns[query] ? [[set, columns[query]]] : [])),
      ),
      locale: words,
      alt,
      fonts: brief.identity.fonts.filter(({ family }) => family === 'Own Sans').map(({ path }) => path),
    }).catch((cause: unknown) => {
      if (!(cause instanceof AppError)) throw cause;
      throw new AppError(cause.code, located(cause.faults, chart.source), { cause });
    });
    return { ...drawing, alt, data, name, rows, cites: citesOf(rows), caption, title, map, note };
  };
  const meantInstead = (query: string): string => {
    if (query === 'outlines' || query === 'borders')
      return 'Declare outlines under sitrep in the datapackage.json of the dataset.';
    const choice = Object.keys({ ...brief.queries, ...brief.config.findings, ...maps, [WORLD]: [] });
    const meant = similarTo(query, choice);
    return meant === undefined ? `Name one of ${choice.join(', ')}.` : `Did you mean "${meant}"?`;
  };
  // Requested all at once, so that the drawing process need not wait for the next one.
  const drawn = await Promise.allSettled(
    Object.entries(brief.charts).map(async ([name, chart]) => [name, await draw(name, chart)] as const),
  );
  const errors = drawn.flatMap((each): AppError[] => {
    if (each.status === 'fulfilled') return [];
    const reason: unknown = each.reason;
    if (!(reason instanceof AppError)) throw reason;
    return [reason];
  });
  if (errors.length > 0)
    throw new AppError(
      worstOf(errors),
      errors.flatMap((error) => error.faults),
    );
  return Object.fromEntries(drawn.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])));
}

/**
 * A fault that needs fixing takes precedence over slowness, which may be temporary, and slowness over a lost process,
 * which is mere bad luck.
 */
function worstOf(errors: readonly AppError[]): ErrorCode {
  const telling = errors.filter(({ code }) => code !== 'chart-unfinished');
  if (telling.length === 0) return 'chart-unfinished';
  return telling.every(({ code }) => code === 'chart-slow') ? 'chart-slow' : 'chart-failed';
}

/** The default ids that a chart cites; the template may pass others. */
function citesOf(rows: readonly Row[]): string[] | null {
  const ids = rows.flatMap(({ cites }) => cites ?? []).filter((id) => typeof id === 'string');
  return ids.length === 0 ? null : ids;
}

function newestCaption(known: Tables, captions: readonly string[]): Figure['caption'] {
  const [newest] = known.judgments
    .filter(({ id, role }) => role === 'caption' && captions.includes(id))
    .toSorted((a, b) => (a.known_on < b.known_on ? 1 : -1));
  return newest ? { id: newest.id, text: newest.text } : null;
}
