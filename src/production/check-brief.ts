import { type Day, periodEnding } from '../calendar.ts';
import { computedNames, eachRow } from '../dataset/references.ts';
import { type Dataset, noTables } from '../dataset/schema.ts';
import { noSettings } from '../dataset/settings.ts';
import { AppError, type Fault } from '../errors.ts';
import { analyse } from '../findings/analyse.ts';
import type { Brief } from '../project/brief.ts';
import { topicFaults } from '../project/load.ts';
import { located } from '../project/source-files.ts';
import { type OpenQueries, select, type Selection } from '../query/select.ts';
import { Evidence } from '../render/citations.ts';
import { namesIn } from '../render/compose.ts';
import { pageHelpers } from '../render/template/helpers.ts';
import { compileTemplate } from '../render/template/template.ts';
import { applyRules, type Verdict } from '../rules/gate.ts';
import { briefRules } from '../rules/rules.ts';
import { runForEach } from './fan-out.ts';

/**
 * Throws `brief-invalid` with every fault of a brief that does not depend on its data: in its template, chart specs,
 * topic and queries. The queries run over empty tables with the dataset's columns, if the dataset could be read, so
 * that a fault in the dataset or in one query does not hide others.
 */
export async function checkBrief(
  brief: Brief,
  openQueries: OpenQueries,
  /** Absent if the dataset could not be read. */
  { settings }: Pick<Dataset, 'settings'> = { settings: noSettings },
): Promise<Pick<Verdict, 'warnings'>> {
  const faults: Fault[] = [];
  const warnings: Fault[] = [];
  const collect = async (work: () => unknown): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      faults.push(...error.faults);
      warnings.push(...error.warnings);
    }
  };
  const { template, partials, charts, config, locale } = brief;
  await collect(() =>
    compileTemplate({
      template,
      partials,
      locale,
      names: namesIn(brief),
      helpers: pageHelpers(new Evidence(noTables, {}, { locale })),
    }),
  );
  await collect(() => {
    warnings.push(...applyRules(briefRules, { brief, language: settings.language ?? locale.tag }).warnings);
  });
  faults.push(...topicFaults(brief, { settings }));
  let selected: Pick<Selection, 'columns' | 'forCharts'> = { columns: {}, forCharts: {} };
  for (const { asOf } of config.golden.slice(0, 1)) {
    const period = periodEnding(asOf, config.period);
    const over = { known: noTables, settings, period, openQueries };
    await collect(async () => {
      const selection = await select({ ...over, brief, parameters: {} });
      analyse(brief, await selection.all, { period, imports: [] });
      selected = selection;
    });
    if (config.forEach !== null) await collect(() => runForEach(brief, over));
  }
  // Vega takes longer to load than everything else here, and commands that check nothing need not wait for it.
  const { checkChart } = await import('../charts/draw.ts');
  const { columns, forCharts } = selected;
  for (const { parsed, source, data } of Object.values(charts)) {
    const known = Object.entries(data).map(([set, query]) => {
      const [row] = forCharts[query] ?? [];
      return [set, row ? Object.keys(row) : (columns[query] ?? null)];
    });
    const found = checkChart(parsed, {
      theme: brief.theme.parsed,
      file: source.file,
      columns: Object.fromEntries(known),
    });
    faults.push(...located(found, source));
  }
  if (faults.length > 0) throw new AppError('brief-invalid', faults, { warnings });
  return { warnings };
}

/**
 * Warnings about findings that texts of a dataset name but none of its briefs computes; every brief leaves out the rows
 * that name them.
 */
export function unknownFindings({ tables, folder }: Dataset, briefs: readonly Brief[]): Fault[] {
  const computed = new Set(
    briefs.flatMap(({ config }) => [...Object.keys(config.findings), ...Object.keys(config.evidence)]),
  );
  const named = eachRow(tables).flatMap(({ row }) =>
    computedNames(row)
      .filter((name) => !computed.has(name))
      .map((name) => ({ name, id: row.id })),
  );
  return [...Map.groupBy(named, ({ name }) => name)].map(([name, rows]) => ({
    file: folder,
    problem: `No brief has the finding or evidence set "${name}", so every brief leaves out ${[...new Set(rows.map(({ id }) => id))].join(', ')}.`,
    hint: 'Add it under findings or evidence of a brief, or correct the row that refers to it.',
  }));
}

/** Warnings about rows that become known after `today`: with a mistyped year, a row is in no edition. */
export function knownLater({ tables, folder }: Dataset, today: Day): Fault[] {
  const later = eachRow(tables).filter(({ row }) => row.known_on > today);
  return [...Map.groupBy(later, ({ table }) => table)].map(([table, rows]) => {
    const named = rows.slice(0, 5).map(({ row }) => `${row.id} (${row.known_on})`);
    const more = rows.length > named.length ? ` and ${rows.length - named.length} more` : '';
    return {
      file: `${folder}/${table}`,
      field: 'known_on',
      problem: `is after today, and until that day no edition has the row: ${named.join(', ')}${more}.`,
      hint: 'Correct the day if it is wrong.',
    };
  });
}

/** Warnings about captions that the charts of a brief name but that no row of its dataset is, on any day. */
export function unknownCaptions({ tables, folder }: Dataset, { config, definition }: Brief): Fault[] {
  const captions = new Set(tables.judgments.filter(({ role }) => role === 'caption').map(({ id }) => id));
  const named = new Set(Object.values(config.charts).flatMap((chart) => chart.captions));
  return [...named]
    .filter((id) => !captions.has(id))
    .map((id) => ({
      file: definition.file,
      problem: `${folder} has no judgment "${id}" with the role "caption", so its chart has no caption.`,
      hint: 'Correct the id under captions, or remove it.',
    }));
}
